"""How well vision models are known to judge pictures, by their names in Ollama."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..engine.judge.judge_setup import KnownSize

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

DOWNLOADS = (
    KnownSize("qwen3-vl:2b-instruct", 1_900_000_000),
    KnownSize("qwen3-vl:4b-instruct", 3_300_000_000),
    KnownSize("qwen3-vl:8b-instruct", 6_100_000_000),
    KnownSize("qwen3-vl:32b-instruct", 21_000_000_000),
)
"""Judges that can be got by a click, and bytes of the download at 4 bits as Ollama's library lists them: see
docs/design-notes.md, 16.6. The server tells the exact figure as soon as it downloads."""


def best_known_judge(names: Iterable[str]) -> str | None:
    """The installed model with the best published figure; None where none has one.

    One that answers at once comes before one that thinks. Of a tag without a size the size is not known.
    """
    figures = [(name, figure) for name in names if (figure := _figure(name)) is not None]
    return max(figures, key=lambda found: (not _THINKS.search(found[0]), found[1]), default=(None, 0.0))[0]


def _figure(name: str) -> float | None:
    return next((figure for pattern, figure in _PAIRS if re.search(pattern, name, re.IGNORECASE)), None)


def best_known_first(names: Iterable[str]) -> list[str]:
    """The names: those of DOWNLOADS, the largest first, then those with the best published figures, then the others."""
    sizes = {known.model: known.download for known in DOWNLOADS}

    def rank(name: str) -> tuple[int, bool, float]:
        return -sizes.get(name.lower(), 0), bool(_THINKS.search(name)), -(_figure(name) or 0.0)

    return sorted(names, key=rank)
