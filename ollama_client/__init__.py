"""The only part that talks to Ollama. Importing it needs neither the ollama package nor a server."""

from __future__ import annotations

from .client_package import client_problem
from .failures import GOOD_MODEL
from .installed import Listed
from .keep_alive import AUTO, AUTO_SECONDS, parse_keep_alive
from .residence import Residence
from .vision_model import Connection, OllamaVisionModel

__all__ = [
    "AUTO",
    "AUTO_SECONDS",
    "GOOD_MODEL",
    "Connection",
    "Listed",
    "OllamaVisionModel",
    "Residence",
    "client_problem",
    "parse_keep_alive",
]
