"""What was asked: the node's text read into things to find and things to take away."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .selecting_words import take_apart
from .selection import ALL, Selection, selection_of

MOST_PHRASES = 32
LONGEST_PHRASE = 200
"""Characters. CLIPSeg and SAM 3 read no more than 77 and 32 tokens anyway."""

_SEPARATORS = re.compile(r"[,\n\r]")
_MINUS = re.compile(r"^[-\u2212\u2013\u2014]+ ?")
"""Also what editors make of a minus."""
_AROUND = " .;:\"'"


@dataclass(frozen=True)
class RequestedThing:
    """One thing: the phrase that a segmenter gets, and which of those found are meant."""

    phrase: str
    selection: Selection = ALL


@dataclass(frozen=True)
class MaskRequest:
    """wanted: at least one. taken_away: cut out of what was found, wherever both are."""

    wanted: tuple[RequestedThing, ...]
    taken_away: tuple[RequestedThing, ...] = ()

    @property
    def phrases(self) -> tuple[str, ...]:
        """What a segmenter looks for: each phrase once, in the order of the text."""
        return tuple(dict.fromkeys(asked.phrase for asked in (*self.wanted, *self.taken_away)))


def read_request(text: str, select: str = "all", number: int = 1) -> MaskRequest:
    """The request of a text: things separated by commas or new lines, "-collar" takes away, twice counts once.

    select, number: the node's inputs, for wanted phrases that do not say themselves which one is meant. Raises
    ValueError, with a sentence that says what to write, for a text that names nothing to find.
    """
    default = selection_of(select, number)
    wanted: dict[tuple[str, Selection], RequestedThing] = {}
    taken_away: dict[tuple[str, Selection], RequestedThing] = {}
    spelling: dict[str, str] = {}
    for part in _SEPARATORS.split(text):
        written = " ".join(part.split()).strip(_AROUND)
        bare = _MINUS.sub("", written).strip(_AROUND)
        if not bare:
            continue
        if len(bare) > LONGEST_PHRASE:
            raise ValueError(
                f'text: "{bare[:40]}..." has {len(bare)} characters. Name the thing in {LONGEST_PHRASE} at most, '
                "and separate several things with commas."
            )
        thing, selection = take_apart(bare)
        thing = thing.strip(_AROUND)
        if not thing:
            raise ValueError(f'text: "{bare}" says which one, but not of what. Write for example "{bare} cat".')
        thing = spelling.setdefault(thing.casefold(), thing)
        minus = written != bare and bool(_MINUS.match(written))
        asked = RequestedThing(thing, selection or (ALL if minus else default))
        (taken_away if minus else wanted).setdefault((asked.phrase, asked.selection), asked)
    if not wanted and taken_away:
        example = next(iter(taken_away.values())).phrase
        raise ValueError(
            f'text only says what to take away. Name what to find first, for example "cat, -{example}", or write '
            f'"{example}" and switch invert on to get everything else.'
        )
    if not wanted:
        raise ValueError('text is empty. Write what to find in the picture, for example "cat" or "cat, red car".')
    request = MaskRequest(tuple(wanted.values()), tuple(taken_away.values()))
    if len(request.phrases) > MOST_PHRASES:
        raise ValueError(
            f"text names {len(request.phrases)} things; at most {MOST_PHRASES} are looked for at once. "
            "Use a second node for the rest."
        )
    return request
