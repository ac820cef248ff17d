"""How long Ollama keeps the model in memory after an answer, from what the user typed."""

from __future__ import annotations

import re

AUTO = "auto"
"""Typed for: keep the model while it fits beside what ComfyUI renders with, else unload it after each picture."""
AUTO_SECONDS = 300
"""What is sent to the server with AUTO: its own default, so that a model nobody unloads leaves by itself."""
LONGEST = 365 * 24 * 3600
"""Seconds. Longer times overflow in the server; -1 says "for ever" without that."""
_UNIT_SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = r"(\d+(?:\.\d*)?|\.\d+)(ns|us|ms|s|m|h)"


def parse_keep_alive(text: str) -> int | float | str:
    """0 to unload at once, seconds, a duration such as "5m" or "1h30m", or a negative number for ever.

    Numeric text becomes a number, because the server refuses numbers in quotes: "300" and "-1" are status 400
    (docs/design-notes.md, 7.3). Raises ValueError with a sentence for the user.
    """
    typed = text.strip()
    if re.fullmatch(r"[+-]?\d+(\.\d+)?", typed, re.ASCII):
        seconds = float(typed)
        value: int | float | str = int(seconds) if seconds.is_integer() else seconds
    elif re.fullmatch(rf"[+-]?({_PART})+", typed, re.ASCII):
        seconds = sum(float(number) * _UNIT_SECONDS[unit] for number, unit in re.findall(_PART, typed))
        value = typed if seconds else 0
    else:
        raise ValueError(
            f'keep_alive "{typed}" is not a time. Use auto, 0 to unload at once, seconds such as 300, a duration such '
            "as 5m or 1h30m, or -1 to keep the model loaded."
        )
    if seconds > LONGEST:
        raise ValueError(f'keep_alive "{typed}" is longer than a year. Use -1 to keep the model loaded.')
    return value
