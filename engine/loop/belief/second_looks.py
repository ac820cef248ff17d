"""Which pictures are worth a second look, in other words."""

from __future__ import annotations

from ..run import Iteration
from .run_belief import RunBelief

FINAL_LOOKS = 3
"""The leading pictures that are looked at again before a run ends unconfirmed (docs/design-notes.md, 4.7)."""
RENDERS_A_LOOK = 3
"""One of them for so many renders, so that a short run stays near 1.5 calls of a model for each."""


def confirming_look(beliefs: RunBelief, confidence: float) -> tuple[int, ...]:
    """The iteration of the best picture, where a second look that agrees with the first would end the run."""
    front = beliefs.front
    if front is None or not _can_look(beliefs, front):
        return ()
    return (front.number,) if beliefs.if_confirmed(front) >= confidence else ()


def final_looks(beliefs: RunBelief) -> tuple[int, ...]:
    """The leading pictures that were looked at once: each owes part of its place to one look's luck."""
    leading = min(FINAL_LOOKS, max(1, len(beliefs.run.iterations) // RENDERS_A_LOOK))
    return tuple(i.number for i in beliefs.ranking[:leading] if _can_look(beliefs, i))


def _can_look(beliefs: RunBelief, iteration: Iteration) -> bool:
    """Whether there is a picture, and nobody tried a second look at it."""
    looked = iteration.critique.looks > 1 or iteration.number in beliefs.run.relooks
    return not looked and iteration.picture is not None
