"""Words inside a phrase that say which thing is meant: "leftmost cat", "second person from the left", "cat number 2".

Segmenters see things, not ranks: asked for "leftmost cat" they find every cat. So these words are taken out of the
phrase and done by selection (docs/design-notes.md, 10.2).
"""

from __future__ import annotations

import re

from ..judge.number_words import NUMBERS
from .selection import ALL, Order, Selection

_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth".split()
_ORDINAL = rf"(?P<nth>{'|'.join(_ORDINALS)}|\d{{1,2}}(?:st|nd|rd|th))"
_COUNT = rf"(?P<count>{'|'.join(word for word, number in NUMBERS.items() if 1 <= number <= 10)}|\d{{1,2}})"
_SUPERLATIVES: dict[Order, str] = {
    "leftmost": r"left-?most|(?:furthest|farthest) left",
    "rightmost": r"right-?most|(?:furthest|farthest) right",
    "topmost": r"top-?most|upper-?most|highest",
    "bottommost": r"bottom-?most|lower-?most|lowest",
    "largest": r"largest|biggest",
    "smallest": r"smallest|tiniest",
    "center": r"cent(?:er|re)-?most|middle-?most|middle(?! finger)",
}
_SUPERLATIVE = "|".join(f"(?P<{order}>{words})" for order, words in _SUPERLATIVES.items())
_PLACES: dict[str, Order] = {
    "left": "leftmost",
    "right": "rightmost",
    "top": "topmost",
    "bottom": "bottommost",
    "middle": "center",
    "center": "center",
    "centre": "center",
}
_NOT_COUNTED = r"(?! (?:aid|class|hand|floor|base|lady|place)\b)"
"""After an ordinal these make a name: "first aid kit", "second hand"."""

_ARTICLE = re.compile(r"^(?:the|a|an)\b ?", re.IGNORECASE)
_BEFORE = re.compile(
    rf"^(?:{_ORDINAL} )?(?:{_COUNT} )?(?:{_SUPERLATIVE})(?: {_COUNT.replace('count', 'count_after')})?(?= |$)",
    re.IGNORECASE,
)
_AFTER = re.compile(rf"(?:^| )(?:{_SUPERLATIVE.replace('middle(?! finger)', 'middlemost')})$", re.IGNORECASE)
_PLACE = re.compile(
    r"(?:^| )(?:(?:that is )?(?:on|at|in|from|to)) the (?:far |very )?"
    rf"(?P<place>{'|'.join(_PLACES)})(?: side| edge| corner)?(?: of the (?:picture|image|photo|frame))?$",
    re.IGNORECASE,
)
_RANK = re.compile(rf"^{_ORDINAL}{_NOT_COUNTED}(?= |$)", re.IGNORECASE)
_NUMBERED = re.compile(r"(?:^| )(?:number|no\.?|nr\.?|#) ?(?P<nth>\d{1,2})$", re.IGNORECASE)
_EVERY = re.compile(r"^(?:all(?: of)?(?: the)?|every|each)(?= |$)", re.IGNORECASE)


def take_apart(phrase: str) -> tuple[str, Selection | None]:
    """The thing itself, and which of them is meant; None when the phrase does not say.

    phrase: one line with single blanks. The thing is "" when nothing but such words was written.
    """
    rest = _ARTICLE.sub("", phrase)
    if every := _EVERY.match(rest):
        return rest[every.end() :].strip(), ALL
    if found := _BEFORE.match(rest):
        count = found["count"] or found["count_after"]
        selection = Selection(_order(found), _rank(found["nth"]) - 1, _number(count) if count else 1)
        return _ARTICLE.sub("", rest[found.end() :].strip()), selection
    if found := _AFTER.search(rest):
        return rest[: found.start()].strip(), Selection(_order(found), 0, 1)
    if found := _NUMBERED.search(rest):
        return rest[: found.start()].strip(), Selection("leftmost", max(0, int(found["nth"]) - 1), 1)
    place = _PLACE.search(rest)
    if place:
        rest = rest[: place.start()].strip()
    rank = _RANK.match(rest)
    if rank:
        rest = rest[rank.end() :].strip()
    if not place and not rank:
        return rest, None
    order = _PLACES[place["place"].lower()] if place else "leftmost"
    return rest, Selection(order, _rank(rank["nth"]) - 1 if rank else 0, 1)


def _order(found: re.Match[str]) -> Order:
    return next(order for order in _SUPERLATIVES if found[order])


def _number(word: str) -> int:
    return max(1, NUMBERS.get(word.lower(), 0) or int(word))


def _rank(word: str | None) -> int:
    if not word:
        return 1
    return _ORDINALS.index(word.lower()) + 1 if word.lower() in _ORDINALS else max(1, int(word[:-2]))
