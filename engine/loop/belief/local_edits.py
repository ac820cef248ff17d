"""Repair in place as an action of the policy: when it is allowed, what it promises, and what it risks. Pure.

Whoever can edit says so by Run.can_edit_locally; the plan of an edit (Plan.action "local_edit") names the picture and
the requirement. Its worth is compared with that of every other render (worth.RenderCandidate). What an edit promises
starts from EDIT_MENDS and EDIT_KEEPS and is learned from the edits of the run: where they harm, no more are made
(docs/design-notes.md, 4.6).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .observations import Observations
from .posterior import EDIT_KEEPS, EDIT_MENDS, Belief
from .worth import RenderCandidate

EDITS_OF_ONE = 3
"""Local edits of one picture for one requirement."""
EDITED_LEADERS = 2
"""Pictures that an edit may set out from: the leading ones."""
PRIOR_EDITS = 4.0
"""The figures that an edit starts from count as so many edits."""
MET = 0.5
"""What a picture meets as probably as this is not mended."""


@dataclass(frozen=True)
class EditPromise:
    """mends: how often an edit brings a requirement that its picture misses. keeps: how often another that the picture
    meets is still met. The risk that an edit of a picture with n other requirements harms it is 1 - keeps ** n."""

    mends: float = EDIT_MENDS
    keeps: float = EDIT_KEEPS


def edit_promise(belief: Belief, seen: Observations) -> EditPromise:
    """By what the edits of this run did, as far as their looks tell."""
    mended = missed = kept = met = 0.0
    for at in np.flatnonzero(seen.edit_of >= 0):
        before, after, target = belief.met[seen.edit_of[at]], belief.met[at], int(seen.target[at])
        if target < 0:
            continue
        others = np.delete(before, target)
        lost = float(1 - before[target])
        missed += lost
        mended += lost * float(after[target])
        met += float(others.sum())
        kept += float((others * np.delete(after, target)).sum())
    return EditPromise(
        mends=(PRIOR_EDITS * EDIT_MENDS + mended) / (PRIOR_EDITS + missed),
        keeps=(PRIOR_EDITS * belief.met.shape[1] * EDIT_KEEPS + kept) / (PRIOR_EDITS * belief.met.shape[1] + met),
    )


def may_edit(seen: Observations, belief: Belief, picture: int, target: int) -> bool:
    """Whether a picture may be edited for a requirement: it probably misses it, and was not edited for it too often."""
    tries = int(((seen.edit_of == picture) & (seen.target == target)).sum())
    return tries < EDITS_OF_ONE and float(belief.met[picture, target]) < MET


def edit_worth(belief: Belief, picture: int, target: int, promise: EditPromise) -> float:
    """How probable it is that the edited picture meets everything while the picture that it is made from does not."""
    met = belief.met[picture]
    others = float(np.prod(np.delete(met, target) * promise.keeps))
    return others * (1 - float(met[target])) * promise.mends


def edit_candidates(
    belief: Belief, seen: Observations, leading: list[int], mendable: np.ndarray
) -> list[RenderCandidate]:
    """A local edit of each of the leading pictures, for the requirement that it most probably misses.

    mendable [K]: whether a requirement is about a part of the picture, so that painting one anew may bring it.
    """
    promise, found = edit_promise(belief, seen), []
    for picture in leading[:EDITED_LEADERS] if mendable.any() else []:
        target = int(np.argmin(np.where(mendable, belief.met[picture], np.inf)))
        if may_edit(seen, belief, picture, target):
            worth = edit_worth(belief, picture, target, promise)
            arms = tuple(seen.arms[picture].tolist())
            found.append(RenderCandidate("local_edit", worth, arms, picture, target))
    return found
