"""When in a clip a requirement must hold, by the usual words: "at the end", "the door opens". Pure.

The rules here are English; the words of other languages are rows of time_words.json.

The rows are tried in order. What happens (a motion, a change) is asked about the whole clip, in the words as they are;
of everything else single frames are asked, so the words about time are taken out.
"""

from __future__ import annotations

import re
from functools import cache

from .checklist import When
from .time_words import find_time

_CLIP = r"(?:clip|video|shot|film|footage|scene|animation)"
_MOMENT = r"(?:start|beginning|outset|opening)"
_CAMERA = (
    r"\b(?:camera|shot|view|viewpoint)\b.*\b(?:pans?|tilts?|zooms?|moves?|dollies|tracks?|orbits?|circles|rises|follows?"
    r"|pulls? (?:back|out)|pushes in|panning|tilting|zooming|moving|tracking|orbiting|following|flies|flying)\b"
    r"|\b(?:pan|tilt|zoom|dolly|tracking shot|orbit|crane|push)[- ]?(?:in|out|left|right|up|down|shot)\b"
    r"|\b(?:slow|quick|fast|gentle|smooth) (?:pan|tilt|zoom|dolly|push|orbit)\b"
)
_MOVES = (
    "moves walks rotates swims rises gallops pours flows blows crawls strolls glides flaps trembles nods looks-up "
    "looks-down looks-back looks-around ripples scrolls orbits zooms speeds descends ascends approaches strides drifts "
    "sways blinks breathes laughs speaks sings eats hugs swirls spreads lifts raises lowers reaches grabs throws kicks "
    "pushes leans glances stares reveals"
)
_CHANGES = (
    "turns-into turns becomes transforms opens closes appears disappears vanishes melts explodes grows shrinks fades "
    "shatters ignites enters lights-up goes-out goes-from switches dissolves emerges morphs wilts unfolds collapses "
    "burns-down freezes thaws smiles sits-down stands-up wakes arrives departs evaporates"
)
_MOVES_TOO = (
    "runs flies falls rolls spins jumps slides floats bounces climbs travels passes sails hops marches races swings "
    "shakes pans tilts drives dances paces"
)
"""Also names of things ("two rolls"): a motion only where a way follows."""
_A_WAY = (
    r"(?=\s+(?:left|right|up|down|away|across|past|through|towards?|into|forwards?|back|backwards?|around|slowly|quickly"
    r"|gently|off|by|over|along|out|to)\b)"
)
_LEAVES = r"leaves(?=\s+(?:the|his|her|its|through|from)\b)|sets(?=\s+(?:behind|over|slowly)\b)"
_WAVES = r"waves(?=\s+(?:at|goodbye|his|her|its|back)\b)"
_PARTICIPLES = {
    "run": "running", "swim": "swimming", "hop": "hopping", "flap": "flapping", "zoom": "zooming", "pan": "panning",
    "spin": "spinning", "nod": "nodding", "sit": "sitting",
}  # fmt: skip
_NO_ARTICLE = r"(?<!^)(?<!\ba)(?<!\ban)(?<!\bthe)"


def _stem(verb: str) -> str:
    for ending, stem in (("ies", "y"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch"), ("xes", "x"), ("s", "")):
        if verb.endswith(ending):
            return verb[: -len(ending)] + stem
    return verb


def _participle(stem: str) -> str:
    return _PARTICIPLES.get(stem) or (f"{stem[:-1]}ing" if stem.endswith("e") else f"{stem}ing")


def _verbs(words: str, follower: str = "") -> str:
    """A pattern of these verbs as somebody does them: "opens", "starts to open", "people walking", never "opening
    hours" or "a smiling woman". follower: what must come behind a form in -s."""
    forms = []
    for word in words.split():
        verb, _, rest = word.partition("-")
        stem, after = _stem(verb), rf"\s+{rest}" if rest else ""
        forms.append(rf"(?<=\w)\s{verb}{after}\b{follower}")
        forms.append(rf"\b(?:starts?|begins?|will)\s+(?:to\s+)?{stem}{after}\b")
        forms.append(rf"{_NO_ARTICLE}\s{_participle(stem)}{after}\b(?!\s+(?:hours|shoes?|water|machine))")
    return "|".join(forms)


@cache
def _rows() -> tuple[tuple[When, re.Pattern[str]], ...]:
    """What happens. The first row that fits counts. Made for the first clip: it takes some hundredths of a second."""
    return (
        ("motion", re.compile(_CAMERA, re.I)),
        ("motion", re.compile(_verbs("turns-left turns-right turns-around turns-back turns-towards"), re.I)),
        ("change", re.compile(rf"{_verbs(_CHANGES)}|(?<=\w)\s(?:{_LEAVES})", re.I)),
        ("motion", re.compile(_verbs(_MOVES), re.I)),
        ("motion", re.compile(rf"{_verbs(_MOVES_TOO, _A_WAY)}|(?<=\w)\s(?:{_WAVES})", re.I)),
    )


_WORDS: tuple[tuple[When, re.Pattern[str]], ...] = (
    (
        "start",
        re.compile(
            rf"\b(?:(?:right )?(?:at|in|from) the (?:very )?{_MOMENT}(?: of the {_CLIP}|(?!\s+of\b))|at first|initially"
            rf"|to begin with|in the first (?:frames?|seconds?|moments?)"
            rf"|(?:the {_CLIP} )?(?:starts|begins|opens) (?:with|on))\b",
            re.I,
        ),
    ),
    (
        "end",
        re.compile(
            rf"\b(?:(?:right )?(?:at|in|by) the (?:very )?end(?:ing)?(?: of the {_CLIP}|(?!\s+of\b))|finally|at last"
            rf"|in the (?:last|final) (?:frames?|seconds?|moments?)|(?:the {_CLIP} )?ends (?:with|on))\b",
            re.I,
        ),
    ),
    (
        "sometime",
        re.compile(
            r"\b(?:at some (?:point|time|moment)|for (?:a|one) (?:brief )?moment|for an instant|briefly|at least once"
            r"|once in a while|now and then|in between|sometimes?|in the middle of the (?:clip|video|shot))\b",
            re.I,
        ),
    ),
    (
        "throughout",
        re.compile(
            rf"\b(?:throughout(?: the (?:whole )?{_CLIP})?|all the time|the (?:whole|entire) time|in every frame|always"
            rf"|from start to (?:end|finish)|(?:during|for) the (?:whole|entire) {_CLIP}|at all times|the whole way)\b",
            re.I,
        ),
    ),
)
"""When something is seen, by words that are taken out of the question."""
_AROUND = " ,;:.-\u3001\u3002\uff0c\uff1b\uff1a"


def time_of(text: str) -> tuple[When | None, str]:
    """When a requirement in words must hold, and the words without those about time; None where they do not say.

    What happens keeps all its words, for it is asked about the whole clip.
    """
    line = " ".join(text.split())
    for when, pattern in _rows():
        if pattern.search(line):
            return when, line
    for when, pattern in _WORDS:
        if found := pattern.search(line):
            return when, _without(line, found.start(), found.end())
    if (told := find_time(line)) is None:
        return None, line
    return told.when, _without(line, told.start, told.end)


def _without(line: str, start: int, end: int) -> str:
    if start == end:
        return line
    return f"{line[:start].rstrip(_AROUND)} {line[end:].lstrip(_AROUND)}".strip(_AROUND)


def happens(text: str) -> bool:
    """Whether the words say that something moves or changes."""
    when, _ = time_of(text)
    return when is not None and is_event(when)


def is_event(when: When) -> bool:
    """Whether it is asked about the whole clip: something moves or changes."""
    return when in ("change", "motion")
