"""Which server has a run, where several share one output folder, as two cards in one computer do.

<root>/.servers/<server id>         one for each server that has had runs: locked, and touched every few seconds
<root>/<run id>/.owner-<server id>  empty; its name says whose run it is. .owner-none: nobody's, as after its end

A run changes hands by renaming that file: of several servers that try, one succeeds. So runs that lie ready, with
nobody's name on them, can be taken one by one by whoever is free.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import re
import threading
import time
import uuid
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..files import hold_lock, is_lock_held
from .refusals import NotNow

BEAT_SECONDS = 5.0
"""How often a server that has runs touches its file."""
TAKE_OVER_SECONDS = 30.0
"""A server whose file was not touched for so long has lost its runs to whoever wants them. One that ended on this very
computer is known at once, by its lock."""
ELSEWHERE = "It is running on another server that shares this output folder. Stop it there, or wait for its end."

CLAIMS = 4
"""Looks at a run's owner before a claim is given up: two are needed where nobody else wants the run."""

_SERVERS, _OWNER, _NOBODY = ".servers", ".owner-", "none"
_NAME = re.compile(rf"{re.escape(_OWNER)}([0-9a-f]{{32}}|{_NOBODY})")
LOG = logging.getLogger(__name__)


class RunOwners:
    """One for each server process. root: the folder of all runs, asked anew each time. Every call may block."""

    def __init__(self, root: Callable[[], Path], server_id: str = "", machine: str = "") -> None:
        self._root = root
        self.server_id = server_id or uuid.uuid4().hex
        self._machine = machine or _this_machine()
        self.held: set[str] = set()
        """Ids of the runs that are ours at this moment."""
        self._locked: dict[Path, Any] = {}
        self._heard: dict[Path, tuple[int, float]] = {}
        self._gone = threading.Event()
        self._guard = threading.Lock()
        self._beating: threading.Thread | None = None

    def is_elsewhere(self, run_id: str) -> bool:
        """Whether another server that lives has the run."""
        return any(name != self.server_id and self._lives(name) for name in self._names(run_id))

    def is_ours(self, run_id: str) -> bool:
        """Whether the run may be written: False once another server has taken it over."""
        names = self._names(run_id)
        if self.server_id in names or not any(self._lives(name) for name in names):
            return True
        self.held.discard(run_id)
        return False

    def claim(self, run_id: str) -> bool:
        """Make an existing run ours; False where it was that already.

        Raises NotNow while a living server has it, OSError.
        """
        self._appear()
        folder = self._root() / run_id
        ours, new = folder / f"{_OWNER}{self.server_id}", False
        for _ in range(CLAIMS):
            names = self._names(run_id)
            others = [name for name in names if name != self.server_id]
            if any(self._lives(name) for name in others):
                ours.unlink(missing_ok=True)  # two that took a run without any owner at the same moment
                raise NotNow(ELSEWHERE)
            if self.server_id in names:
                for name in others:
                    (folder / f"{_OWNER}{name}").unlink(missing_ok=True)
                self.held.add(run_id)
                return new
            if not names:
                with suppress(FileExistsError):
                    (folder / f"{_OWNER}{_NOBODY}").open("xb").close()
                continue
            with suppress(FileNotFoundError):  # somebody else was faster: the next look tells who
                (folder / f"{_OWNER}{others[0]}").rename(ours)
                new = True
        raise NotNow(ELSEWHERE)

    def release(self, run_id: str) -> None:
        """The run has ended: whoever wants to continue it may."""
        folder = self._root() / run_id
        self.held.discard(run_id)
        with suppress(OSError):
            (folder / f"{_OWNER}{self.server_id}").rename(folder / f"{_OWNER}{_NOBODY}")

    def join(self, place: str) -> None:
        """Be at something that several servers may be at, as a series is. Raises OSError."""
        self._appear()
        (self._root() / place / f"{_OWNER}{self.server_id}").touch()
        self.held.add(place)

    def part(self, place: str) -> None:
        """Be at it no longer."""
        self.held.discard(place)
        with suppress(OSError):
            (self._root() / place / f"{_OWNER}{self.server_id}").unlink()

    def look_around(self) -> None:
        """Begin to listen to the other servers of this folder, and clear away what dead ones left of themselves."""
        with suppress(OSError):
            for path in (self._root() / _SERVERS).iterdir():
                if path.name != self.server_id and not self._lives(path.name):
                    path.unlink(missing_ok=True)

    def leave(self) -> None:
        """The server ends. What it has is anybody's from now on."""
        self._gone.set()
        with self._guard:
            for path, lock in self._locked.items():
                lock.close()
                path.unlink(missing_ok=True)
            self._locked.clear()
            self.held.clear()

    def _names(self, run_id: str) -> list[str]:
        try:
            files = os.listdir(self._root() / run_id)
        except OSError:
            return []
        return sorted(found[1] for name in files if (found := _NAME.fullmatch(name)))

    def _lives(self, server_id: str) -> bool:
        if server_id == self.server_id:
            return not self._gone.is_set()
        path = self._root() / _SERVERS / server_id
        try:
            touched = path.stat().st_mtime_ns
            there = json.loads(path.read_text(encoding="utf-8")).get("machine")
        except FileNotFoundError:
            return False
        except (OSError, ValueError, AttributeError):
            there, touched = None, 0
        if there == self._machine and is_lock_held(path) is False:
            return False
        # Its clock may be another than ours: what counts is how long nothing has changed for our own.
        heard = self._heard.get(path)
        if heard is None or heard[0] != touched:
            heard = self._heard[path] = (touched, time.monotonic())
        return time.monotonic() - heard[1] < TAKE_OVER_SECONDS

    def _appear(self) -> None:
        """Make our file in the present root, and keep touching it from now on. Raises OSError."""
        path = self._root() / _SERVERS / self.server_id
        with self._guard:
            if path not in self._locked:
                self._make(path)
            if self._beating is None:
                arguments = (weakref.ref(self), self._gone)
                self._beating = threading.Thread(target=_beat, args=arguments, name="imitatoes-heartbeat", daemon=True)
                self._beating.start()

    def _make(self, path: Path) -> None:
        """Our file, locked. Before it is locked another server may take it for a dead one's and clear it away."""
        path.parent.mkdir(parents=True, exist_ok=True)
        while path not in self._locked or not path.exists():
            if path in self._locked:
                self._locked.pop(path).close()
            path.write_text(json.dumps({"machine": self._machine, "computer": platform.node()}), encoding="utf-8")
            with suppress(FileNotFoundError):  # cleared away that very moment
                self._locked[path] = hold_lock(path)

    def touch(self) -> None:
        """Tell the other servers that this one lives."""
        for path in list(self._locked):
            try:
                with self._guard:
                    self._make(path)
                os.utime(path)
            except OSError as problem:
                LOG.debug("Imitatoes: %s could not be touched: %s", path, problem)


def _beat(owners: weakref.ref[RunOwners], gone: threading.Event) -> None:
    while not gone.wait(BEAT_SECONDS) and (living := owners()) is not None:
        living.touch()
        del living


def _this_machine() -> str:
    """The same for all servers between which locks of files are seen: those of one running system."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return platform.node()
