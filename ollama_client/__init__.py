"""The only part that talks to Ollama. Importing it needs neither the ollama package nor a server."""

from __future__ import annotations

from .client_package import client_problem
from .connection import is_this_computer
from .failures import GOOD_MODEL
from .installed import Listed
from .keep_alive import AUTO, AUTO_SECONDS, parse_keep_alive
from .known_judges import DOWNLOADS, best_known_first
from .library import ModelLibrary
from .residence import Residence
from .vision_model import Connection, OllamaVisionModel

__all__ = [
    "AUTO",
    "AUTO_SECONDS",
    "DOWNLOADS",
    "GOOD_MODEL",
    "Connection",
    "Listed",
    "ModelLibrary",
    "OllamaVisionModel",
    "Residence",
    "best_known_first",
    "client_problem",
    "is_this_computer",
    "parse_keep_alive",
]
