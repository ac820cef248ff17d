"""The Python package that talks to Ollama: whether it is there, and new enough."""

from __future__ import annotations

import functools
import importlib.metadata
import re

OLDEST = (0, 6, 0)
"""As requirements.txt has it. Another node pack may have put an older one in its place; calls then fail on arguments
that it does not know."""
MISSING_PACKAGE = (
    'The Python package "ollama" is missing. Install it into ComfyUI\'s Python with: pip install ollama '
    "Then restart ComfyUI."
)
_OUTDATED = (
    'The Python package "ollama" is version {found}, and {oldest} is needed. Update it in ComfyUI\'s Python with: '
    "pip install -U ollama Then restart ComfyUI."
)


@functools.lru_cache(maxsize=1)
def outdated_client() -> str:
    """What to do about a client that is too old; "" where it will do, or says no version."""
    try:
        found = importlib.metadata.version("ollama")
    except importlib.metadata.PackageNotFoundError:
        return ""
    numbers = tuple(int(part) for part in re.findall(r"\d+", found)[: len(OLDEST)])
    oldest = ".".join(map(str, OLDEST))
    return _OUTDATED.format(found=found, oldest=oldest) if numbers and numbers < OLDEST else ""


def client_problem() -> str:
    """What keeps the package from being used, and what to do; "" for nothing. Imports it."""
    try:
        import ollama  # noqa: F401
    except ImportError:
        return MISSING_PACKAGE
    return outdated_client()
