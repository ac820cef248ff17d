"""What past runs taught, in one JSON file of the user folder. The rules are in engine/loop/past_runs.py."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from ..engine.files import write_atomically
from ..engine.judge.checklist import Checklist
from ..engine.loop.plan import PastWording
from ..engine.loop.run import Run
from ..engine.loop.wording_memory import RememberedWordings, learn_wordings, recall_wordings

LOG = logging.getLogger(__name__)


class WordingFile:
    """The driver's Teacher. path, enabled: asked anew each time; switched off, the file is not even read.

    Runs may end at the same time, so one call at a time has the file. Both calls raise OSError where it cannot be read
    or written; a file that is there but cannot be read is never replaced.
    """

    def __init__(self, path: Callable[[], Path], enabled: Callable[[], bool]) -> None:
        self._path, self._enabled = path, enabled
        self._lock = threading.Lock()

    def recall(self, family: str, checklist: Checklist) -> dict[str, tuple[PastWording, ...]]:
        """By requirement id, the clauses that past runs tried."""
        if not self._enabled():
            return {}
        with self._lock:
            memory = _load(self._path())
        return recall_wordings(memory, family, checklist, time.time())

    def learn(self, run: Run) -> None:
        """Keep what an ended run found out. A run that taught nothing leaves the file as it is."""
        if not self._enabled():
            return
        with self._lock:
            path = self._path()
            before = _load(path)
            after = learn_wordings(before, run, time.time())
            if after != before:
                path.parent.mkdir(parents=True, exist_ok=True)
                text = after.model_dump_json(indent=1).encode("utf-8")
                write_atomically(path, lambda stream: stream.write(text) and None)


def _load(path: Path) -> RememberedWordings:
    """What the file holds. A damaged one is kept aside and counts as empty. Raises OSError."""
    try:
        return RememberedWordings.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return RememberedWordings()
    except ValidationError as problem:
        aside = path.with_name(f"{path.name}.damaged")
        path.replace(aside)
        what = problem.errors(include_url=False, include_input=False)[0]["msg"]
        LOG.warning("Imitatoes: %s is damaged, kept as %s; past runs are forgotten: %s", path, aside.name, what)
        return RememberedWordings()
