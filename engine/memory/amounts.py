"""Amounts of memory in words. Everything in this room is counted in bytes; GiB = 2**30 bytes."""

from __future__ import annotations

GIB = 2**30
SMALL = GIB // 10
"""Below this an amount is said in MiB: one decimal of a GiB would hide it."""


def in_words(amount: float) -> str:
    """ "3.1 GiB", "0.25 GiB", or "64 MiB" for less than a tenth of one."""
    if abs(amount) < SMALL:
        return f"{amount / 2**20:.0f} MiB"
    return f"{amount / GIB:.{1 if abs(amount) >= GIB else 2}f} GiB"
