"""Run ids: safe as folder names, and sorted by time."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from datetime import datetime, timedelta

RUN_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{8}")
"""Local time, and eight hex digits."""
_TIME = "%Y%m%d-%H%M%S"
_SPREAD = 1 << 24
"""Ids of one second grow by up to this much, drawn, so that servers which share a folder do not meet. More than a
hundred fit in."""


def new_run_id(now: float, others: Iterable[str]) -> str:
    """An id greater than all others, also where the clock was set back or an hour comes twice. now: epoch seconds."""
    time = datetime.fromtimestamp(now).replace(microsecond=0)
    lowest = 0
    newest = _newest(others)
    if newest is not None and newest[0] >= time:
        time, lowest = newest[0], newest[1] + 1
        if lowest + _SPREAD > 0xFFFFFFFF:
            time, lowest = time + timedelta(seconds=1), 0
    return f"{time.strftime(_TIME)}-{random.SystemRandom().randrange(lowest, lowest + _SPREAD):08x}"


def time_of(run_id: str) -> datetime | None:
    """The local time in a run id; None where it is none, as in a folder that somebody named so."""
    try:
        return datetime.strptime(run_id[:15], _TIME)
    except ValueError:
        return None


def _newest(run_ids: Iterable[str]) -> tuple[datetime, int] | None:
    for run_id in sorted(run_ids, reverse=True):
        if (time := time_of(run_id)) is not None:
            return time, int(run_id[16:], 16)
    return None
