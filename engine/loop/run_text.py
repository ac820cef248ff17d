"""run.json as text, made anew at every change of a run without making the text of every iteration anew.

After 300 iterations the file has 1.4 MB, which took 10 to 15 ms of processor for each render.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from .run import Iteration, Run

REMEMBERED_RUNS = 4
"""Runs whose iterations' texts are kept: those that are going on, and hardly ever are there more."""
_FIRST, _LAST = "{\n", "\n}"


class RunTexts:
    """For any thread. What was read once is known by being the very object: iterations are never changed, but
    replaced."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[tuple[Iteration, str], ...]] = OrderedDict()
        self._guard = threading.Lock()

    def text_of(self, run: Run) -> str:
        """JSON of a run: an entry a line, an iteration a line. Fingerprints are long and stay in the iterations' own
        files."""
        with self._guard:
            known = self._known.pop(run.id, ())
        texts = tuple(
            known[at] if at < len(known) and known[at][0] is iteration else (iteration, _text_of(iteration))
            for at, iteration in enumerate(run.iterations)
        )
        with self._guard:
            self._known[run.id] = texts
            while len(self._known) > REMEMBERED_RUNS:
                self._known.popitem(last=False)
        rest = run.model_dump_json(indent=1, exclude={"iterations"}).removeprefix(_FIRST).removesuffix(_LAST)
        told = ",\n".join(f"  {text}" for _, text in texts)
        return f'{_FIRST} "iterations": [\n{told}\n ],\n{rest}{_LAST}'


def _text_of(iteration: Iteration) -> str:
    return iteration.model_dump_json(exclude={"fingerprint"})
