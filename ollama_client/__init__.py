"""The only part that talks to Ollama. Importing it needs neither the ollama package nor a server."""

from __future__ import annotations

from .keep_alive import parse_keep_alive
from .vision_model import Connection, OllamaVisionModel

__all__ = ["Connection", "OllamaVisionModel", "parse_keep_alive"]
