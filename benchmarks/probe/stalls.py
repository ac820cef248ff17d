"""How long the server's event loop is not free for others, and what it was at then.

late: how much later than it should a task of the loop is woken. So it counts what runs on the loop, what holds Python's
lock in other threads, and what other programs take of the processors. collected: what Python's garbage collector took
of that. ours: the rest of it, without the time that the loop's thread waited for a processor (Linux tells), and, unless
the loop was seen in the pack's own code, no more than the processor time that this process used meanwhile; on a machine
that others use it may still be too much. busy: the processor time of the loop's own thread alone, collecting included.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

TICK = 0.002
KEPT = 5
LOOKED_AT = 0.02
"""Seconds without a tick after which a thread looks what all threads are at."""
LOOK_EVERY = 0.01
DEEP = 6
PACK = "imitatoes."


@dataclass(frozen=True)
class Stall:
    """Seconds, see above. at: what the threads were at, the innermost calls first; empty where nobody could look."""

    late: float
    collected: float
    ours: float
    busy: float
    at: tuple[str, ...]


class Stalls:
    """Watches the loop it is started on until the process ends."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self._ticked = time.perf_counter()
        self._seen: tuple[str, ...] = ()
        self._seen_in_pack = False
        self._loop_thread = 0
        self._schedule: Path | None = None
        self._collecting: float | None = None
        self._collected = 0.0
        self.clear()

    def clear(self) -> None:
        self._ticks = 0
        self._longest: dict[str, list[Stall]] = {"late": [], "collected": [], "ours": [], "busy": []}

    def watch(self) -> None:
        self.clear()
        if self._task is None:
            self._loop_thread = threading.get_ident()
            schedule = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")
            self._schedule = schedule if schedule.is_file() else None
            self._task = asyncio.get_running_loop().create_task(self._watch_collections())
            threading.Thread(target=self._look, name="benchmark-stalls", daemon=True).start()

    def told(self) -> dict[str, Any]:
        """Milliseconds, the longest first; at, late_at: what was going on in the longest of ours, and of the late."""
        told: dict[str, Any] = {"ticks": self._ticks}
        for name, found in self._longest.items():
            told[f"{name}_ms"] = [round(1000 * getattr(one, name), 1) for one in found]
        return told | {
            "at": [list(one.at) for one in self._longest["ours"]],
            "late_at": [list(one.at) for one in self._longest["late"]],
        }

    async def _watch_collections(self) -> None:
        gc.callbacks.append(self._collects)
        try:
            await self._watch()
        finally:
            gc.callbacks.remove(self._collects)

    async def _watch(self) -> None:
        while True:
            # In one go with the clock: _waited reads a file, and whoever has Python's lock meanwhile may collect.
            began, collected = time.perf_counter(), self._collected_until_now()
            used, busy, waited = time.process_time(), time.thread_time(), self._waited()
            self._ticked, self._seen, self._seen_in_pack = began, (), False
            await asyncio.sleep(TICK)
            late = time.perf_counter() - began - TICK
            busy, used = time.thread_time() - busy, time.process_time() - used
            collected = self._collected_until_now() - collected
            waited = self._waited() - waited
            self._ticks += 1
            ours = late - waited if self._seen_in_pack else min(late - waited, used)
            ours = max(0.0, ours - collected)
            self.note(Stall(late, collected, ours, busy, self._seen))

    def _waited(self) -> float:
        """Seconds that the loop's thread has waited for a processor."""
        return int(self._schedule.read_text().split()[1]) / 1e9 if self._schedule is not None else 0.0

    def _collects(self, phase: str, _: Any) -> None:
        self._collected = self._collected_until_now()
        self._collecting = time.process_time() if phase == "start" else None

    def _collected_until_now(self) -> float:
        """Processor seconds. Also in the middle of a collection: what it deletes may let other threads in between."""
        began = self._collecting
        return self._collected + (0.0 if began is None else time.process_time() - began)

    def note(self, stall: Stall) -> None:
        for name, found in self._longest.items():
            if len(found) < KEPT or getattr(stall, name) > getattr(found[-1], name):
                found.append(stall)
                found.sort(key=lambda one, name=name: -getattr(one, name))
                del found[KEPT:]

    def _look(self) -> None:
        """In a thread of its own. What holds Python's lock is seen as soon as it lets go."""
        while self._task is not None and not self._task.done():
            time.sleep(LOOK_EVERY)
            if time.perf_counter() - self._ticked > LOOKED_AT and not self._seen:
                self._seen = self._calls()

    def _calls(self) -> tuple[str, ...]:
        frames = sys._current_frames()
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        self._seen_in_pack = _in_pack(frames[self._loop_thread])
        told = [f"loop: {_calls_of(frames[self._loop_thread])}"]
        for ident, frame in frames.items():
            if ident not in (self._loop_thread, threading.get_ident()) and not _waits(frame):
                told.append(f"{names.get(ident, '?')}: {_calls_of(frame)}")
        return tuple(told)


def _calls_of(frame: FrameType | None) -> str:
    calls = []
    while frame is not None and len(calls) < DEEP:
        module = frame.f_globals.get("__name__", "?")
        calls.append(f"{module}.{frame.f_code.co_name}:{frame.f_lineno}")
        frame = frame.f_back
    return " < ".join(calls)


def _in_pack(frame: FrameType | None) -> bool:
    while frame is not None:
        if PACK in str(frame.f_globals.get("__name__")):
            return True
        frame = frame.f_back
    return False


def _waits(frame: FrameType) -> bool:
    return frame.f_globals.get("__name__") in ("threading", "selectors", "queue", "concurrent.futures.thread")
