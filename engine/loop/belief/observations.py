"""What a run has shown, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

OWN = 0
"""The arm of the user's own words."""


@dataclass(frozen=True)
class Observations:
    """n pictures by K requirements.

    logits [n,K]: mean over the looks that each is met; nan where they tell nothing. looks [n]: 1 or 2.
    arms [n,K]: the wording that asked for it: OWN, or a clause of this requirement, from 1 on.
    beside [n,K]: how many clauses of other requirements were in the prompt.
    seeds [n]: alike where the seed was. edit_of [n]: the earlier picture that this one is a local edit of, -1 for none;
    target [n]: the requirement that the edit was for, -1 for a wish of the user's own. Edited pictures say nothing
    about wordings.
    truth [n,K]: 1 where the user says that it is met, 0 where the user says that it is not, nan where nobody told; the
    judge's logits stay, and tell what its answers to that question are worth.
    said [K]: whether the user's own words ask for it. blank [K]: the logit on a blank picture, nan where unknown.
    known: by (requirement, arm), pictures of past runs that met and that missed it.
    """

    logits: np.ndarray
    looks: np.ndarray
    arms: np.ndarray
    beside: np.ndarray
    seeds: np.ndarray
    edit_of: np.ndarray
    target: np.ndarray
    truth: np.ndarray
    said: np.ndarray
    blank: np.ndarray
    known: dict[tuple[int, int], tuple[float, float]] = field(default_factory=dict)
