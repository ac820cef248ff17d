"""Answers to questions about a picture, by what is seen in it alone. Pure."""

from __future__ import annotations

from collections import Counter

from .facts import BESIDE, LEAST_SHARPNESS, MOST_SCRATCHES, OVER_SATURATED, WASHED_OUT, lead, margin, members
from .questions import At, Before, Fact, Ground, Number, Query, Tinted, Written
from .reading import comparable
from .scene import Group
from .seeing import SeenPicture


def answer(query: Query, asked: str, view: SeenPicture) -> str | int:
    """The answer in the form that was asked for: "yes/no", "number" or "one word".

    A question that is not understood is answered no, 0 or unknown: what cannot be told is never there.
    """
    if asked == "yes/no":
        return "yes" if query.facts and all(holds(f, view) for f in query.facts) != query.denied else "no"
    number = len(members(query.group, view)) if query.wanted == "number" and query.group else 0
    if asked == "number":
        return number
    match query.wanted:
        case "background":
            return view.background
        case "colour":
            colours = Counter(s.colour for s in members(Group(query.group.shape), view))
            return colours.most_common(1)[0][0] if colours else "none"
        case "word":
            return view.word or "none"
        case "number":
            return str(number)
    return "unknown"


def holds(fact: Fact, view: SeenPicture) -> bool:
    """Whether the picture shows it."""
    match fact:
        case Number(group, low, high):
            return low <= len(members(group, view)) <= high
        case Before(first, axis, second, any_of):
            ahead = lead(first, axis, second, view, any_of)
            return ahead is not None and ahead > BESIDE
        case At(group, where):
            room = margin(group, where, view)
            return room is not None and room > 0
        case Ground(colour):
            return view.background == colour
        case Written(word):
            return view.word is not None and (word is None or comparable(word) == comparable(view.word))
        case Tinted(group, colour):
            seen = members(group, view)
            return bool(seen) and all(shape.colour == colour for shape in seen)


def levels(view: SeenPicture) -> dict[str, str]:
    """In one word each, by check: excellent, good, fair, poor or bad. There are no faces in this world."""
    soft = view.sharpness is not None and view.sharpness < LEAST_SHARPNESS
    toned = view.vividness is not None and not WASHED_OUT <= view.vividness <= OVER_SATURATED
    scratched = view.scratches > MOST_SCRATCHES
    return {
        "artifacts": "bad" if scratched and soft else "poor" if scratched or soft else "excellent",
        "composition": "fair" if toned else "excellent" if view.shapes or view.word else "fair",
        "faces": "excellent",
        "text": "fair" if view.word and soft else "excellent",
    }
