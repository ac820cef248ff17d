"""The only part that talks to servers of OpenAI's dialect: LM Studio, llama.cpp's server, vLLM, SGLang, Ollama's /v1.

Importing it needs neither httpx nor a server.
"""

from __future__ import annotations

from .models import SeenModel, seen_models
from .server import OpenAIServer, base_url
from .vision_model import OpenAIVisionModel

__all__ = ["OpenAIServer", "OpenAIVisionModel", "SeenModel", "base_url", "seen_models"]
