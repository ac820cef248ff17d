"""How many of what a text asks for: "three ducks", "at least 3 ducks", "two to four boats". Pure, English grammar.

A number counts only the noun that it stands before. In "12 year old boy", "8 bit pixel art" or "one point perspective"
it is part of a description. Where the grammar does not tell for sure, there is no count, and the requirement is asked
as any other. The rules are ours, after English grammar: what is counted stands in the plural, from two on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from .letters import comparable
from .number_words import MOST_SPOKEN, leading_number, whole_number
from .words import vocabulary

MOST_COUNTED = 120
"""The highest number that a judge can answer: a hundred and what may still pass for it."""
MOST_EXACT = 20
"""More of one thing nobody counts in a picture; such a number is met within a fifth (ours)."""
ABOUT = 0.2


class Count(NamedTuple):
    """low, high: how many there may be, both included. things: what is counted, in the plural, as one asks for it, up
    to the end of the text. named: the beginning of that, up to its noun: "red ducks" of "red ducks in a pond".
    """

    low: int
    high: int
    things: str
    named: str = ""

    @property
    def answers(self) -> tuple[str, ...]:
        """The right answers, as digits."""
        return tuple(str(number) for number in range(self.low, self.high + 1))


_LEAD = re.compile(r"(?:there (?:are|is|should be|must be) |(?:exactly|only|just|precisely|a total of) )*", re.I)
_AT_LEAST = re.compile(r"(?:at least|no (?:fewer|less) than|not (?:fewer|less) than|a minimum of|minimum) ", re.I)
_AT_MOST = re.compile(r"(?:at most|no more than|not more than|a maximum of|maximum) ", re.I)
_ABOVE, _BELOW = re.compile(r"more than ", re.I), re.compile(r"(?:fewer|less) than ", re.I)
_UP_TO = re.compile(r"up to ", re.I)
_ROUGHLY = re.compile(r"(?:about|around|roughly|approximately|circa|ca\.|some|nearly|almost) ", re.I)
_FROM = re.compile(r"(?:between|from) ", re.I)
_TO = re.compile(r" ?(?:to|and|or|until|-|\u2010|\u2011|\u2012|\u2013|\u2014|~) ?", re.I)
_OR_MORE = re.compile(r" ?\+ | (?:or|and) more ", re.I)
_OR_FEWER = re.compile(r" or (?:fewer|less) ", re.I)
_NUMBER = re.compile(r"[^\W_]+(?:-[^\W\d_]+)?", re.I)
_MOST_NUMBER_WORDS = 3
_MOST_LOOKED_THROUGH = 60

_DESCRIBING = frozenset(
    "year bit story storey star point piece part panel door seat seater wheel wheeler way lane tone color colour "
    "colored coloured sided headed eyed legged armed handed dimensional person man woman point stop string speed mast "
    "masted petal leaf ply stroke pack course room bedroom car bed mile metre meter inch foot pound ton degree hour "
    "minute second day week month quarter third half line level layer pointed cornered tier tiered fold axis finger "
    "button burner engine cylinder blade letter digit word page track hole".split()
)
"""After a number and before another noun, these describe: "a 5 star hotel", "two tone car"."""
_MEASURES = frozenset(
    "year years hour hours minute minutes second seconds day days week weeks month months century centuries decade "
    "decades metre meter metres meters centimetre centimeter centimetres centimeters millimetre millimeter millimetres "
    "millimeters kilometre kilometer kilometres kilometers inch inches mile miles yard yards pound pounds kilogram "
    "kilograms kilo kilos gram grams litre liter litres liters gallon gallons ton tons tonne tonnes degree degrees "
    "percent percents pixel pixels megapixel megapixels px dpi fps mp mm cm km m kg g lb lbs ft in k d x hz mhz bits "
    "am pm o'clock oclock third thirds quarter quarters half halves fourths fifths tenths times time fold st nd rd th "
    "dollars dollar euros euro cents percentages point points morning evening night moment".split()
)
"""These are measured, not seen side by side."""
_UNITS_WHEN_TALL = re.compile(r"(?:feet|foot)(?: (?:tall|high|long|wide|deep|away|thick|in)\b|$)", re.I)
_STEMS_OF_MANY = {
    "man": "men", "woman": "women", "child": "children", "person": "people", "mouse": "mice", "foot": "feet",
    "tooth": "teeth", "goose": "geese", "ox": "oxen", "louse": "lice", "cactus": "cacti", "fungus": "fungi",
    "die": "dice", "wolf": "wolves", "leaf": "leaves", "knife": "knives", "shelf": "shelves", "loaf": "loaves",
    "calf": "calves", "wife": "wives", "life": "lives", "thief": "thieves", "scarf": "scarves", "elf": "elves",
    "potato": "potatoes", "tomato": "tomatoes", "hero": "heroes", "policeman": "policemen", "fireman": "firemen",
    "snowman": "snowmen", "fisherman": "fishermen", "policewoman": "policewomen",
}  # fmt: skip
_SAME_FOR_MANY = frozenset(
    "sheep fish deer series species aircraft spacecraft salmon moose bison trout shrimp koi squid offspring swine "
    "jellyfish goldfish catfish starfish reindeer elk".split()
)
_MANY = frozenset(_STEMS_OF_MANY.values()) | _SAME_FOR_MANY | frozenset("grandchildren schoolchildren".split())
_SINGULAR_IN_S = frozenset(
    "lens gas bus canvas atlas christmas pancreas chess tennis cosmos chaos pathos thermos rhinoceros abs corps texas "
    "kansas paris news mars venus".split()
)
_NOUNS_IN_ING = frozenset(
    "building ceiling clothing drawing earring evening king lighting lightning morning painting ring sling something "
    "spring string swing thing wedding wing railing awning sibling duckling gosling dumpling pudding stocking herring "
    "sapling viking darling sterling opening crossing carving engraving".split()
)
_NOUNS_IN_ED = frozenset("bed seed weed reed shed sled steed moped biped feed deed breed".split())
_ENDS = frozenset(
    "in on at under over above below beneath behind beside besides between near by with without against around "
    "across along among inside outside into onto from to of for that which who whose while when where as but is are "
    "was has have holds hold wears wear made per each together alone asleep side outdoors indoors left right next "
    "facing".split()
)


def counted(line: str) -> Count | None:
    """The count that a whole line asks for; None where its number, if any, counts nothing."""
    text = " ".join(line.split()).rstrip(" .!?")
    lead = _LEAD.match(text).end()
    return _range_at(text[lead:])


def counts_within(part: str) -> list[Count]:
    """The counts in a part of a wish: "a photo of two red ducks left of three blue ducks" has two."""
    words = part.split()[:_MOST_LOOKED_THROUGH]
    found: list[Count] = []
    lead = ""
    for at in range(len(words)):
        inside = at and leading_number([comparable(words[at - 1])]) is not None  # as "five" in "twenty five"
        count = None if inside else counted(" ".join(words[at:]))
        # "at least 3 ducks" is found once more from its number on.
        if count is not None and count.named != lead:
            found.append(count)
            lead = count.named
    return found


def count_of(part: str, text: str) -> Count | None:
    """The count in a part of a wish that a text speaks of, by the words for what is counted."""
    said = vocabulary(text)
    fitting = [count for count in counts_within(part) if vocabulary(count.named.rsplit(" ", 1)[-1]) & said]
    return max(fitting, key=lambda count: len(vocabulary(count.named) & said), default=None)


def numbers_said(given: Sequence[str]) -> tuple[int, int] | None:
    """(low, high) of a number or a range that a model gave as the answer: "3", "3-5", "at least 3", or all of its
    numbers, one by one; None for anything else."""
    ranges = []
    for text in given:
        number = whole_number(comparable(text).strip(" ."))
        count = None if number is not None else counted(f"{text} things")
        if number is not None:
            ranges.append(widened(number, number))
        elif count is not None:
            ranges.append((count.low, count.high))
        else:
            return None
    ranges.sort()
    if not ranges or any(later[0] > before[1] + 1 for before, later in pairwise(ranges)):
        return None
    return ranges[0][0], max(high for _, high in ranges)


def number_describes(text: str) -> bool:
    """Whether a number in the text stands before a word that it describes rather than counts ("12 year old")."""
    words = comparable(text).replace("-", " ").split()
    for at in range(len(words) - 1):
        found = leading_number(words[at : at + _MOST_NUMBER_WORDS])
        if found is not None and words[at + found[1] : at + found[1] + 1]:
            after = words[at + found[1]].strip(",.;")
            if after in _DESCRIBING or after in _MEASURES:
                return True
    return False


def widened(low: int, high: int) -> tuple[int, int]:
    """What passes for an exact number that nobody counts; ranges and small numbers as they are."""
    return about(low) if low == high and low > MOST_EXACT else (low, high)


def about(number: int) -> tuple[int, int]:
    """Within a fifth, but at least one off."""
    off = max(1, round(ABOUT * number))
    return max(0, number - off), min(MOST_COUNTED, number + off)


def _range_at(text: str) -> Count | None:
    """text: from where a number or its limit begins."""
    for pattern, limits in (
        (_AT_LEAST, lambda n: (n, MOST_COUNTED)),
        (_AT_MOST, lambda n: (0, n)),
        (_UP_TO, lambda n: (1, n)),
        (_ABOVE, lambda n: (n + 1, MOST_COUNTED)),
        (_BELOW, lambda n: (0, n - 1)),
        (_ROUGHLY, about),
    ):
        if match := pattern.match(text):
            number = _number_at(text, match.end())
            return None if number is None else _counting(*limits(number[0]), text[number[1] :].lstrip())
    between = _FROM.match(text)
    first = _number_at(text, between.end() if between else 0)
    if first is None:
        return None
    number, end = first
    if (more := _OR_MORE.match(text, end)) is not None:
        return _counting(number, MOST_COUNTED, text[more.end() :])
    if (fewer := _OR_FEWER.match(text, end)) is not None:
        return _counting(0, number, text[fewer.end() :])
    to = _TO.match(text, end)
    second = _number_at(text, to.end()) if to is not None else None
    if second is not None and number < second[0] and (between or "and" not in to[0].casefold()):
        return _counting(number, second[0], text[second[1] :].lstrip())
    if between or second is not None or text[end : end + 1] != " ":
        return None
    return _counting(*widened(number, number), text[end + 1 :])


def _number_at(text: str, start: int) -> tuple[int, int] | None:
    """(number, where it ends) at that place, None without one."""
    words: list[str] = []
    ends: list[int] = []
    at = start
    while len(words) < _MOST_NUMBER_WORDS and (match := _NUMBER.match(text, at)):
        words.append(comparable(match[0]))
        ends.append(match.end())
        at = match.end() + 1
        if text[match.end() : at] != " ":
            break
    found = leading_number(words)
    return None if found is None else (found[0], ends[found[1] - 1])


def _counting(low: int, high: int, rest: str) -> Count | None:
    """The count, where what follows the number is a noun that can be counted in a picture."""
    if not 0 <= low <= high <= MOST_COUNTED or high < 1 or (low > MOST_SPOKEN):
        return None
    things = _things(rest, single=low == high == 1)
    return None if things is None else Count(low, high, *things)


def _things(rest: str, single: bool) -> tuple[str, str] | None:
    """The phrase with its noun in the plural, and its beginning up to the noun. single: whether it must stand in the
    singular ("one duck")."""
    words = rest.split(" ")
    first = comparable(words[0]).strip(",;:")
    if (
        not first[:1].isalpha()
        or first in _MEASURES
        or first in _ENDS
        or first in ("and", "or", "to")
        or _UNITS_WHEN_TALL.match(rest)
    ):
        return None
    if re.search(r"[,;:()]", rest) or _counts_again(words):
        return None
    head = _head(words, single)
    if head is None:
        return None
    noun = comparable(words[head])
    if head > 0 and first in _DESCRIBING:
        return None
    if not single:
        return (rest, " ".join(words[: head + 1])) if _plural(noun) else None
    if noun == "one" or (_plural(noun) and noun not in _SAME_FOR_MANY):
        return None
    named = " ".join([*words[:head], _pluralised(words[head])])
    return " ".join([named, *words[head + 1 :]]), named


def _head(words: list[str], single: bool) -> int | None:
    """Where the noun stands: before the first word that begins something else, else at the end."""
    for at, word in enumerate(words):
        bare = comparable(word)
        if at == 0:
            if bare in _ENDS:
                return None
            continue
        joins = bare in ("and", "or") and (_plural(comparable(words[at - 1])) or _starts_phrase(words[at + 1 : at + 2]))
        ends = joins or bare in _ENDS or bare.endswith("n't")
        said = single or _plural(comparable(words[at - 1]))
        ing = bare.endswith("ing") and len(bare) > 4 and bare not in _NOUNS_IN_ING
        participle = ing or (bare.endswith("ed") and len(bare) > 4 and bare not in _NOUNS_IN_ED)
        if ends or (participle and said and (not single or _starts_phrase(words[at + 1 : at + 2]))):
            return at - 1
    return len(words) - 1


def _starts_phrase(following: list[str]) -> bool:
    """Whether what follows, if anything does, is no longer part of the thing that was named."""
    word = comparable(following[0]) if following else ""
    return not word or word in _ENDS or word in ("a", "an", "the", "his", "her", "its", "their")


def _counts_again(words: list[str]) -> bool:
    """Whether a second number is joined by "and": then one question cannot ask for both."""
    return any(
        comparable(word) in ("and", "or")
        and leading_number([comparable(w) for w in words[at + 1 : at + 4]]) is not None
        for at, word in enumerate(words[:-1])
    )


def _plural(noun: str) -> bool:
    bare = noun.rstrip("'\u2019")
    if bare in _MANY:
        return True
    return (
        len(bare) > 2
        and bare.endswith("s")
        and not bare.endswith(("ss", "us", "is", "'s", "\u2019s"))
        and (bare not in _SINGULAR_IN_S)
    )


def _pluralised(noun: str) -> str:
    low = comparable(noun)
    if low in _SAME_FOR_MANY:
        return noun
    if low in _STEMS_OF_MANY:
        return noun[:1] + _STEMS_OF_MANY[low][1:] if _STEMS_OF_MANY[low][0] == low[0] else _STEMS_OF_MANY[low]
    if low.endswith(("s", "x", "z", "ch", "sh")):
        return f"{noun}es"
    if low.endswith("y") and low[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}s"
