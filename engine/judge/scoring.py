"""From answers to one score: how probable each answer was, and what that makes of the picture. Pure.

The probability of an answer is read from the tokens in which the model gave it. The server's values come before the
grammar's mask: the list at a token may hold words that the schema forbids, so only candidate answers count, and they
are compared among each other (docs/design-notes.md, 2.6). Tokens may cut an answer anywhere ("y", "es") and hold quotes
or blanks, so a value is found by its place in the text, never by counting tokens.

Constants and formulas of the score: docs/design-notes.md, 2.10 to 2.12. Bias in logits, clipping, a weighted geometric
mean, .85 of it plus .15 of quality.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from .checklist import Checklist, Kind, Requirement
from .letters import comparable, letters_of
from .number_words import NUMBERS
from .vision_model import Token

CERTAIN = 0.9
"""What a plain word counts where there are no probabilities: right CERTAIN, wrong 1 - CERTAIN."""
UNKNOWN = 0.5


class _Option(NamedTuple):
    """One listed token. piece: its letters and digits, lower case. mass: its probability."""

    piece: str
    mass: float


def plain(right: bool) -> float:
    """The probability that a word alone stands for."""
    return CERTAIN if right else 1 - CERTAIN


def voted(agreeing: int, votes: int) -> float:
    """The probability that repeated answers stand for: (k + .5) / (n + 1) (docs/design-notes.md, 2.9)."""
    return (agreeing + 0.5) / (votes + 1)


def of_choice(tokens: Sequence[Token], key: str, said: str, right: str, wrong: str) -> float | None:
    """How probable `right` was against `wrong`, the only two answers, at the token where the value of `key` starts.

    said: the value as the answer holds it. None when the tokens do not tell: no such value, or no list with either.
    """
    start = next(_steps(tokens, key, said), None)
    if start is None:
        return None
    options = [option for option in start.options if option.piece]
    return _share(options, right.startswith, wrong.startswith)


def of_answer(tokens: Sequence[Token], key: str, said: str, right: Sequence[str]) -> float | None:
    """How probable one of the `right` answers was against all others, for a number or a word in free form.

    Goes on through the tokens of the value as long as what was written may still become a right answer, so that "1"
    is told from "12" and "green" from "grey". said, None: as in of_choice.
    """
    wanted = [_piece(answer) for answer in right]
    value = _piece(said)
    digits = value.isdigit()
    path = value if digits and value in wanted else None
    probability, known = 1.0, False
    for step in _steps(tokens, key, said):
        written = step.written
        # A number ends where its digits end; before its first digit, other words are no answer.
        options = [o if o.piece.isdigit() or not digits else o._replace(piece="") for o in step.options]
        options = [o for o in options if o.piece or written]
        share = _share(options, lambda piece, written=written: _leads(written, piece, wanted, path), lambda _: True)
        if share is not None:
            probability, known = probability * share, True
        now = written + step.piece
        if not any(answer.startswith(now) for answer in wanted) or (now == value and now in wanted):
            break
    return probability if known else None


def of_levels(tokens: Sequence[Token], key: str, said: str, levels: Mapping[str, float]) -> float | None:
    """The expectation over the level words at the token where the value of `key` starts. said, None: as in of_choice.

    The mean of the distribution tells more than its mode (docs/design-notes.md, 2.7).
    """
    start = next(_steps(tokens, key, said), None)
    if start is None:
        return None
    total = mean = 0.0
    for option in start.options:
        if not option.piece:
            continue
        matching = [value for word, value in levels.items() if word.startswith(option.piece)]
        if matching:
            total += option.mass
            mean += option.mass * sum(matching) / len(matching)
    return mean / total if total > 0 else None


class _Step(NamedTuple):
    """One token of a value. written: the value's pieces before it. piece: what it adds. options: what was listed."""

    written: str
    piece: str
    options: list[_Option]


def _steps(tokens: Sequence[Token], key: str, said: str) -> Iterator[_Step]:
    """The tokens of a value from its first letter or digit on, and the one after it. None when it is not there."""
    text = "".join(token.text for token in tokens)
    # The last one counts: a model may have written a draft first.
    places = list(re.finditer(rf"""["']{re.escape(key)}["']\s*:\s*["']?\s*""", text))
    if not places or not said or not text.startswith(said, places[-1].end()):
        return
    start, end = places[-1].end(), places[-1].end() + len(said)
    at, written = 0, ""
    for token in tokens:
        begins, at = at, at + len(token.text)
        if at <= start:
            continue
        lead = text[begins:start] if begins < start else ""
        piece = _piece(text[max(begins, start) : min(at, end)])
        yield _Step(written, piece, _options(token, lead))
        if begins >= end:
            return
        written += piece


def _options(token: Token, lead: str) -> list[_Option]:
    """What was listed at a token, the token itself included. lead: its part before the value, mostly a quote.

    Empty where the server listed nothing: a token's own value, before the mask, says nothing without the others.
    """
    if not token.top:
        return []
    listed = {token.text: token.logprob} | dict(token.top)
    bare = _piece(lead)
    options = []
    for text, logprob in listed.items():
        if math.isnan(logprob):
            continue
        piece = _piece(text)
        if bare:
            # The token began inside the key: only those that begin so as well are about this value.
            if not piece.startswith(bare):
                continue
            piece = piece.removeprefix(bare)
        options.append(_Option(piece, math.exp(min(logprob, 0.0))))
    return options


def _share(options: list[_Option], right: Callable[[str], bool], other: Callable[[str], bool]) -> float | None:
    """mass(right) / (mass(right) + mass(others)). A side that is not listed has the smallest listed value.

    None when neither is listed: then the list only says that the model would rather have written something else.
    """
    rights = [option.mass for option in options if right(option.piece)]
    others = [option.mass for option in options if not right(option.piece) and other(option.piece)]
    if not rights and not others:
        return None
    smallest = min(option.mass for option in options)
    for_it, against = sum(rights) if rights else smallest, sum(others) if others else smallest
    return for_it / (for_it + against) if for_it + against > 0 else None


def _leads(written: str, piece: str, wanted: Sequence[str], path: str | None) -> bool:
    """Whether a piece after what was written may be a right answer; no piece means that the value ends here.

    path: the right number that was written, if one was. Of a range, "2" leads to 20 but mostly means 2: another number
    than that counts as right only where it is complete.
    """
    if not piece:
        return bool(written) and written in wanted
    if path is not None and not path.startswith(written + piece):
        return written + piece in wanted
    return any(answer.startswith(written + piece) for answer in wanted)


def _piece(text: str) -> str:
    """Letters and digits alone, lower case, number words as digits."""
    bare = comparable(letters_of(text))
    return str(NUMBERS[bare]) if bare in NUMBERS else bare


LEAST, MOST = 0.02, 0.98
"""Probabilities are clipped to this: no judge is surer, and one item must not decide alone."""
MATCH_WEIGHT = 0.85
"""Share of the checklist in the score; the rest separates pictures that meet it equally well."""
POOR_QUALITY = 0.4
"""A quality level whose expectation is below this prevents passing."""
TREACHEROUS_BLANK, LOW_TRUST = 1.5, 0.5
"""From this logit on a blank picture, an item's answer is trusted by half (docs/design-notes.md, 2.11)."""


@dataclass(frozen=True)
class Bias:
    """What is known of a judge's bias, in logits of the right answer.

    weak: kinds that its self-test found it too weak for; they have no threshold, for theirs would be noise.
    thresholds: by kind, from the self-test: the logit above which a right answer is to be believed.
    again: the same for the second wording, where it differs: a judge that likes to say yes errs the other way there.
    blank: by requirement id: the logit with which the judge found it met on a blank picture (see blank); None as long
    as nobody asked. It only ever raises the threshold: on a blank picture "no" is the right answer, so subtracting it
    would push a good judge towards yes.
    """

    thresholds: Mapping[Kind, float] = field(default_factory=dict)
    again: Mapping[Kind, float] = field(default_factory=dict)
    blank: Mapping[str, float] | None = None
    weak: frozenset[Kind] = frozenset()

    def can_tell(self, checklist: Checklist) -> bool:
        """Whether the judge is good enough for a requirement of this checklist at all."""
        return any(requirement.kind not in self.weak for requirement in checklist.requirements)

    def of(self, requirement: Requirement, wording: Literal[1, 2] = 1) -> float:
        """The logit to take off this requirement's answers in that wording."""
        threshold = self.thresholds.get(requirement.kind, 0.0)
        if wording == 2:
            threshold = self.again.get(requirement.kind, threshold)
        blank = self._blank(requirement)
        return max(threshold, blank) if blank > 0 else threshold

    def imagined(self, requirement: Requirement) -> bool:
        """Whether the judge finds it met with nothing there to see."""
        return self._blank(requirement) > 0

    def trust(self, requirement: Requirement) -> float:
        """How far this requirement's answers are to be believed, 0..1."""
        return min(requirement.trust, LOW_TRUST) if self._blank(requirement) > TREACHEROUS_BLANK else requirement.trust

    def _blank(self, requirement: Requirement) -> float:
        """0 for an absence: a blank picture meets it."""
        return 0.0 if requirement.kind == "absence" else (self.blank or {}).get(requirement.id, 0.0)


NO_BIAS = Bias()


def logit(p: float) -> float:
    """Natural log-odds, finite for every p in 0..1."""
    p = min(max(p, 1e-9), 1 - 1e-9)
    return math.log(p / (1 - p))


def sigmoid(value: float) -> float:
    """The probability of log-odds. Never overflows."""
    if value < 0:
        return math.exp(value) / (1 + math.exp(value)) if value > -700 else 0.0
    return 1 / (1 + math.exp(-value)) if value < 700 else 1.0


def clip(p: float) -> float:
    """p within LEAST and MOST."""
    return min(max(p, LEAST), MOST)


def correct_logit_bias(p: float, requirement: Requirement, bias: Bias = NO_BIAS, wording: Literal[1, 2] = 1) -> float:
    """The probability without the judge's known bias, clipped."""
    return clip(sigmoid(logit(p) - bias.of(requirement, wording)))


def average_in_logits(first: float, second: float) -> float:
    """The mean of two looks, in logits."""
    return clip(sigmoid((logit(first) + logit(second)) / 2))


def orphans(requirements: Sequence[Requirement], failed: Collection[str]) -> set[str]:
    """Ids of requirements with a failed one among their parents, or the parents of those. Cycles do no harm."""
    lost: set[str] = set()
    while True:
        gone = lost | set(failed)
        more = {r.id for r in requirements if r.id not in lost and any(parent in gone for parent in r.parents)}
        if not more:
            return lost
        lost |= more


def inherited(
    requirements: Sequence[Requirement], probabilities: Mapping[str, float], failed: Collection[str]
) -> dict[str, float]:
    """The probabilities, where no child of a failed requirement is more probable than that one. Cycles do no harm.

    A red umbrella is not there where no umbrella is, whatever was said of its colour.
    """
    values, gone = dict(probabilities), set(failed)
    gone |= orphans(requirements, gone)
    for _ in requirements:
        limits = {
            r.id: min((values[parent] for parent in r.parents if parent in gone and parent in values), default=1.0)
            for r in requirements
        }
        after = {name: min(p, limits.get(name, 1.0)) for name, p in values.items()}
        if after == values:
            break
        values = after
    return values


def match_goal(checklist: Checklist, probabilities: Mapping[str, float], bias: Bias = NO_BIAS) -> float:
    """How well a picture meets the checklist: the geometric mean weighted by weight and trust, 0..1.

    probabilities: by requirement id; one without a value is unknown. Children of a failed requirement count as failed
    with it. 0 for an empty checklist.
    """
    requirements = checklist.requirements
    if not requirements:
        return 0.0
    values = {r.id: probabilities.get(r.id, UNKNOWN) for r in requirements}
    values = inherited(requirements, values, [name for name, p in values.items() if p <= UNKNOWN])
    weights = [r.weight * bias.trust(r) for r in requirements]
    if not sum(weights) > 0:
        weights = [r.weight for r in requirements]
    total = sum(w * math.log(max(values[r.id], 1e-9)) for w, r in zip(weights, requirements, strict=True))
    return math.exp(total / sum(weights))


def highest_score(checklist: Checklist, certain: Mapping[str, float], rated: bool, bias: Bias = NO_BIAS) -> float:
    """The score of a flawless picture on the scale of a judge's answers, before any correction.

    certain: by requirement id, what the surest right answer counts, 1 where nothing is known. rated: whether quality
    levels count.
    """
    matched = match_goal(checklist, {r.id: clip(certain.get(r.id, 1.0)) for r in checklist.requirements}, bias)
    return overall_score(matched, [1.0] if rated else [])


def overall_score(matched: float, quality: Collection[float | None]) -> float:
    """The score 0..1. quality: one level 0..1 for each check that counts, None where it does not apply."""
    levels = [level for level in quality if level is not None]
    score = MATCH_WEIGHT * matched + (1 - MATCH_WEIGHT) * sum(levels) / len(levels) if levels else matched
    # Without the dust of floating point, so that .85 * .8 + .15 * .8 reaches a pass score of .8.
    return round(min(max(score, 0.0), 1.0), 4)
