"""How well vision models are known to judge pictures, by their names in Ollama."""

from __future__ import annotations

import re
from collections.abc import Iterable

_PAIRS = (
    (r"qwen3-?vl.*\b32b", 64.1),
    (r"qwen3-?vl.*\b8b", 59.4),
    (r"qwen2\.?5-?vl.*\b7b", 58.3),
    (r"gemma-?3\b.*\b27b", 58.3),
    (r"gemma-?3\b.*\b12b", 56.0),
    (r"gemma-?3\b.*\b4b", 51.7),
)
"""Share of 1,000 pairs of generated pictures judged as people do, in per cent; 50 is chance (design-notes, 2.2)."""
_THINKS = re.compile(r"qwen3-?vl(?!.*instruct)", re.IGNORECASE)
"""The plain tags think before they answer and lose the answer's form on the way (docs/design-notes.md, 7.6)."""


def best_known_judge(names: Iterable[str]) -> str | None:
    """The installed model with the best published figure; None where none has one.

    One that answers at once comes before one that thinks. Of a tag without a size the size is not known.
    """
    figures = [(name, figure) for name in names if (figure := _figure(name)) is not None]
    return max(figures, key=lambda found: (not _THINKS.search(found[0]), found[1]), default=(None, 0.0))[0]


def _figure(name: str) -> float | None:
    return next((figure for pattern, figure in _PAIRS if re.search(pattern, name, re.IGNORECASE)), None)
