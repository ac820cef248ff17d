"""What must not be in the picture: the denials in a wish, what they rule out, and what is left without them. Pure.

Named in a prompt, a thing is drawn, whatever word stands before it: so a denial never goes into a positive prompt. In
English the rules read what it rules out ("a dog without a collar" loses the collar). In other languages they see that
something is denied, and keep the rest where grammar is simple. What is in quotation marks denies nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from .foreign_denials import foreign_denial
from .language_words import Language, likely_languages
from .letters import comparable, unspaced, words_in
from .number_words import leading_number
from .quotations import FILLER, without_quotations

_WORD = re.compile(rf"w/o\b|[^\W_]+(?:['\u2019\-\u2010\u2011][^\W_]+)*|{FILLER}+|[^\w\s]")
_DETERMINERS = frozenset("any a an the some visible single other kind sort of".split())
_BEFORE_NO = frozenset(
    "with and but or nor has have had be is are was were shows show contains contain includes include absolutely "
    "definitely see want need wears wear holds hold there there's of".split()
)
"""After these, and after words in -ing, "no" denies what follows."""
_ARTICLES = frozenset("a an the this that one each every dr mr".split())
"""After these it is part of a name: "a no parking sign"."""
_COMPARING = frozenset("more less fewer matter doubt sooner wonder".split())
_SHOWING = frozenset("show include draw add paint render put use depict feature contain".split())
_RULING_OUT = frozenset("without w/o lacking lacks avoid avoiding exclude excluding omit omitting".split())
_EMPTY = frozenset("free devoid empty void absence lack".split())
_DENYING = frozenset("not never nobody nothing nowhere none neither nor cannot noone lacking".split())
_ENDS = frozenset(
    "on in at under over against by near beside beneath below above behind before after during while that which who "
    "but with next around across along inside outside into onto from through between toward towards as where when is "
    "are was were has have".split()
)
_TOGETHER = frozenset("it them him her its his their there this these those".split())
"""After a preposition they belong to what is ruled out: "a room without people in it"."""
_VERBS = frozenset("is are was were has have must should can will does do did looks look be".split())
_LEFT_HANGING = frozenset("with and but or that which who there to do does did please".split()) | _VERBS

_PLACE = re.compile(
    r",? (?:anywhere|at all|visible|in (?:the|this) (?:picture|image|photo|scene|frame))$", re.IGNORECASE
)
_CARRIED = frozenset(
    "has have had having wears wear contains contain includes include shows show holds hold with".split()
)
"""Go with what is ruled out: "a man wearing no hat"."""

Keeps = Literal["around", "before", "nothing"]


class Denial(NamedTuple):
    """text[start:end] denies. thing: what it rules out, the end of that; "" where the rules cannot tell.

    keeps: what else of the text may go into a positive prompt.
    """

    start: int
    end: int
    thing: str
    keeps: Keeps


class _Word(NamedTuple):
    low: str
    start: int
    end: int


@lru_cache(maxsize=512)
def denials(text: str, languages: frozenset[Language] | None = None) -> tuple[Denial, ...]:
    """The denials of one part of a wish, in order. languages: those of the whole wish, for a part that shows none."""
    bare = without_quotations(text)
    likely = likely_languages(bare) or languages or frozenset()
    words = [_Word(comparable(m[0]).replace("\u2019", "'"), m.start(), m.end()) for m in _WORD.finditer(bare)]
    found: list[Denial] = []
    at = 0
    while at < len(words):
        denial, at = _denial_at(text, words, at, likely)
        if denial is not None:
            found.append(denial)
    foreign = foreign_denial(bare, likely)
    if foreign is not None:
        found.append(Denial(foreign.start, foreign.end, "", foreign.keeps))
    return tuple(found)


def denies(text: str, languages: frozenset[Language] | None = None) -> bool:
    """Whether a part of a wish asks for something not to be there."""
    return bool(denials(text, languages))


def absent_thing(line: str, languages: frozenset[Language] | None = None) -> str:
    """What a whole line rules out ("no people in the picture": people); "" where it says more, or where that cannot be
    told."""
    text = " ".join(line.split()).rstrip(" .!?")
    lead = re.match(r"(?:(?:there (?:is|are|should be|must be)|with|and|but) )?", text, re.IGNORECASE).end()
    first = next(iter(denials(text, languages)), None)
    if first is None or first.start > lead or not first.thing:
        return ""
    thing = text[first.end - len(first.thing) :]
    thing = _PLACE.sub("", thing)
    bare = without_quotations(thing)
    said = comparable(bare).split()
    if (
        not said
        or leading_number(said[:3])
        or _VERBS & set(said)
        or re.search(r"[,;:]", bare)
        or denies(thing, languages)
    ):
        return ""
    return thing


def things_absent(text: str) -> tuple[str, ...]:
    """Everything that a text rules out in words that the rules can read."""
    return tuple(denial.thing for denial in denials(text) if denial.thing)


def without_denials(text: str, languages: frozenset[Language] | None = None) -> str:
    """A part of a wish without what must not be there: what may go into a positive prompt. "" where nothing is left, or
    where the rules cannot tell what is."""
    found = denials(text, languages)
    if not found:
        return text
    if any(denial.keeps == "nothing" for denial in found):
        return ""
    last = min((denial.start for denial in found if denial.keeps == "before"), default=len(text))
    pieces, at = [], 0
    for denial in sorted(found):
        if at <= denial.start <= last and denial.keeps == "around":
            pieces.append(text[at : denial.start])
            at = denial.end
    left = ""
    for piece in [*pieces, text[at : max(at, last)]]:
        piece = piece.strip()
        dense = left and piece and unspaced(left[-1]) and unspaced(piece[0])
        left += piece if dense else f" {piece}"
    left = _PLACE.sub("", left)
    left = _without_hanging_words(re.sub(r"\s+([,;:.])", r"\1", " ".join(left.split())))
    return left if words_in(without_quotations(left)) and not denies(left, languages) else ""


def _without_hanging_words(text: str) -> str:
    """Without joining words and verbs at the end, and joining words at the start, that have lost what they joined."""
    words = text.split(" ")
    while words and (comparable(words[-1]).strip(",;:") in _LEFT_HANGING or not comparable(words[-1]).strip(",;: ")):
        words.pop()
    while words and comparable(words[0]).strip(",;:") in ("and", "but", "or", "", "with"):
        words.pop(0)
    return " ".join(words).strip(" ,;:")


def _denial_at(text: str, words: Sequence[_Word], at: int, likely: Collection[Language]) -> tuple[Denial | None, int]:
    """The English denial at that word, and where to go on."""
    begins = _thing_begins(words, at, likely)
    if begins is None:
        return None, at + 1
    if begins < 0:
        begun = words[at].start
        return Denial(begun, words[at].end, "", "before"), len(words)
    end = _thing_ends(words, begins)
    while begins < end and words[begins].low in _DETERMINERS:
        begins += 1
    if begins >= end:
        return None, at + 1
    first = at
    if words[at].low == "no" and at:
        existing = words[at - 1].low in ("is", "are", "was", "were") and at > 1 and words[at - 2].low == "there"
        carried = words[at - 1].low in _CARRIED or words[at - 1].low.endswith("ing")
        first = at - 2 if existing else at - 1 if carried else at
    start, stop = words[first].start, words[end - 1].end
    return Denial(start, stop, text[words[begins].start : stop], "around"), end


def _thing_begins(words: Sequence[_Word], at: int, likely: Collection[Language]) -> int | None:
    """Where the thing begins that the word there rules out; -1 where that cannot be told; None where it rules out
    nothing."""
    low = words[at].low
    before = words[at - 1].low if at else ""
    after = words[at + 1].low if at + 1 < len(words) else ""
    then = words[at + 2].low if at + 2 < len(words) else ""
    if low == "no":
        return _after_no(before, after, at, likely)
    if low in _RULING_OUT:
        return None if not after or (after in ("a", "any") and then == "doubt") else at + 1
    if low in _EMPTY and after == "of":
        return None if then == "charge" else at + 2
    if low in ("do", "does") and after == "not" and then in _SHOWING:
        return at + 3
    if low in ("don't", "dont", "never") and after in _SHOWING:
        return at + 2
    if low == "not" and after == "any":
        return at + 2
    if low == "nor" and before:
        return at + 1
    if (low in ("not", "nothing") and after in ("only", "but", "just")) or (low == "none" and after == "other"):
        return None
    if low in _DENYING or (low.endswith("n't") and len(low) > 3):
        comparing = low == "not" and after in _COMPARING
        return None if comparing else -1
    return None


def _after_no(before: str, after: str, at: int, likely: Collection[Language]) -> int | None:
    if not after or not (after[0].isalpha() or after[0] == FILLER) or before in _ARTICLES or after in _COMPARING:
        return None
    if before == ".":
        return None  # sentences were parted before, so this is a name: "Dr. No"
    if after in ("one", "longer"):
        return -1
    if "pt" in likely and "en" not in likely:
        return None  # "um gato no telhado": on the roof
    if before in _BEFORE_NO or not before or not before[0].isalnum() or before.endswith("ing"):
        return at + 1
    if "en" in likely or not likely:
        return at + 1
    return None  # that of Spanish is found as a foreign one


def _thing_ends(words: Sequence[_Word], begins: int) -> int:
    """Behind the last word of the thing that begins there."""
    at = begins
    while at < len(words):
        low = words[at].low
        after = words[at + 1].low if at + 1 < len(words) else ""
        if low in _ENDS and at > begins:
            if after not in _TOGETHER:
                return at
            at += 1
        elif low in ("wearing", "holding", "carrying", "riding") and at > begins:
            return at
        elif low == "and" and (after in _DETERMINERS or after in ("no", "without", "one", "two", "three") or not after):
            return at
        elif low in ("no", "without", "not", "never") or (len(low) == 1 and not low.isalnum() and low not in "&/"):
            return at
        at += 1
    return at
