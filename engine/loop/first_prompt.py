"""The first prompt of a run whose prompt was left empty: made from the goal alone, in the order subject, action,
context, style (docs/design-notes.md, 12.1). Pure, the same for every model family; the words stay the user's own.
"""

from __future__ import annotations

import re

from ..judge.absence import without_denials
from ..judge.checklist_rules import kind_of
from ..judge.language_words import likely_languages
from ..judge.requirement_time import happens
from ..judge.text_segmentation import parts_of

_WISH = re.compile(
    r"^(?:please\s+)?"
    r"(?:(?:i|we)\s+(?:want|need|would like)(?:\s+to see)?"
    r"|(?:show|give|make|draw|paint|create|generate|render)(?:\s+me)?"
    r"|the (?:picture|image|photo|video|clip) (?:must|should|shall|has to) (?:show|have|contain))\s+"
    r"(?:(?:an?|the) (?:picture|image|video|clip) (?:of|with|that shows|showing)\s+"
    r"|(?=(?:an?|the|some|one|two|three|\d+)\s))",
    re.IGNORECASE,
)
_ACTION = re.compile(
    r"(?:(?:slowly|quickly|while|then|it|he|she|they|is|are)\s+)*(\w{3,}ing)\b(?!\s+(?:light|style))", re.I
)
_NOT_ACTIONS = frozenset(
    "building ceiling clothing drawing evening king lighting lightning morning painting ring something spring string "
    "thing wedding wing".split()
)
_STYLE = re.compile(
    r"\b(?:style|styled|aesthetic|painting|painted|drawing|drawn|sketch|illustration|watercolou?r|oil on canvas|render"
    r"|photo|photograph|photography|photorealistic|realistic|cinematic|film|anime|comic|cartoon|pixel art|vintage"
    r"|minimalist|monochrome|black and white|macro|bokeh|depth of field|close-up|wide shot|wide angle|\d+k|hdr"
    r"|highly detailed|sharp focus)\b",
    re.IGNORECASE,
)
_CONTEXT = re.compile(
    r"^(?:in|on|at|under|against|during|before|behind|outside|inside|among|amid|near|beside|surrounded by|set in)\b"
    r"|\b(?:background|foreground|lights?|lighting|lit|shadows?|sunlight|moonlight|sunset|sunrise|dawn|dusk|morning"
    r"|noon|evening|night|sky|weather|fog|mist|rain|winter|summer|autumn|spring|mood|atmosphere)\b",
    re.IGNORECASE,
)


def prompt_of_goal(goal: str, moves_picture: bool = False) -> str:
    """The parts of a goal, parted by commas, semicolons, sentences, list marks and line breaks, as one prompt.

    The first part is the subject and stays first, with whatever is neither action, context nor style behind it. Words
    that only ask for a picture are left out, and so is what must not be there: named in a prompt, it is drawn. "" for
    a goal that holds nothing else.
    moves_picture: whether a picture of the user's own begins to move: then only what moves or changes is asked for, as
    far as the goal says any (docs/design-notes.md, 20.5).
    """
    languages = likely_languages(goal)
    parts = (_WISH.sub("", part, count=1) for part in parts_of(goal))
    wanted = [part for part in (without_denials(part, languages) for part in parts) if part]
    if moves_picture:
        wanted = [part for part in wanted if happens(part)] or wanted
    first, rest = wanted[:1], wanted[1:]
    return ", ".join([*first, *sorted(rest, key=_place)])


def _place(part: str) -> int:
    """0 subject, 1 action, 2 context, 3 style. Writing in quotes belongs to the subject, whatever it says."""
    if kind_of(part) == "text":
        return 0
    action = _ACTION.match(part)
    if action and action[1].casefold() not in _NOT_ACTIONS:
        return 1
    if _STYLE.search(part):
        return 3
    return 2 if _CONTEXT.search(part) else 0
