"""The one-sided blank check: which requirements a judge calls met with nothing there to see.

A judge that follows its habits more than the picture says yes to "Is the banana yellow?" on an empty frame too. What it
says there is a bias of this very question, which the self-test of kinds cannot know. It only ever counts against a
requirement; see scoring.Bias and docs/design-notes.md, 2.11.
"""

from __future__ import annotations

import io
import re
from functools import cache

from PIL import Image

from .ask import calibration_query
from .checklist import Checklist, Requirement
from .requirement_time import is_event
from .scoring import logit
from .vision_model import Asked

SIDE, GREY = 256, 128
"""Pixels and level of the blank picture. Small: it has nothing in it, and costs a tenth of a picture of 1024."""
_MET_BY_GREY = re.compile(
    r"\b(?:gr[ea]y|plain|blank|empty|bare|flat|uniform|single[- ]colou?r|monochrom\w*|minimal\w*|fog\w*|mist\w*|haz[ey]"
    r"|smoke|background|wall|sky)\b",
    re.IGNORECASE,
)
"""Words of what an even grey may truly show."""


async def blank_check(model: Asked, checklist: Checklist, seed: int, plain: bool = False) -> dict[str, float]:
    """By requirement id, the logit with which the model finds it met on an even grey picture: one look.

    Only of requirements that such a picture cannot meet; nothing is asked when there are none. plain: of a model that
    answers every look with one vote about the whole: it is asked about everything that grey does not plainly show.
    Raises ModelUnreachable.
    """
    impossible = _not_plainly_met if plain else impossible_on_blank
    asked = tuple(requirement for requirement in checklist.requirements if impossible(requirement))
    if not asked:
        return {}
    some = checklist.model_copy(update={"requirements": asked})
    found, _ = await calibration_query(model, _blank_jpeg(), some, 1, seed, plain)
    return {name: logit(p) for name, p in found.items()}


def _not_plainly_met(requirement: Requirement) -> bool:
    if is_event(requirement.when):  # of one picture, nobody can tell
        return False
    met = requirement.kind == "absence" or (requirement.kind == "count" and "0" in requirement.expect)
    return not met and not _MET_BY_GREY.search(requirement.text)


def impossible_on_blank(requirement: Requirement) -> bool:
    """Whether an even grey picture surely fails it: a thing, some of them, their relation, writing.

    Style and composition of nothing are anybody's guess, an absence is met, and a colour is only a thing's when it has
    a parent.
    """
    if is_event(requirement.when):
        return False
    about_things = {"object": True, "relation": True, "text": True, "count": "0" not in requirement.expect}
    about_things["attribute"] = bool(requirement.parents)
    return about_things.get(requirement.kind, False) and not _MET_BY_GREY.search(requirement.text)


@cache
def _blank_jpeg() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (SIDE, SIDE), (GREY, GREY, GREY)).save(stream, "JPEG", quality=85)
    return stream.getvalue()
