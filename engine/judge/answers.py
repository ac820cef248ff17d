"""Answers of a vision model read: to the questions of one look, or in the plain contract of simple models. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import scoring
from .checklist import Ask, Checklist
from .clip_answers import join_frames
from .critique import UNANSWERED, Check, Item
from .json_answer import read_object
from .language_words import yes_or_no
from .plain_answer import PlainAnswer, is_plain, owned_clauses, read_plain
from .questions import LEVELS, MOST_COUNTED, OPEN_LENGTH, AskedQuestion, LookQuestions, quality_key
from .scoring import CERTAIN, NO_BIAS, UNKNOWN, Bias, correct_logit_bias, inherited, orphans
from .vision_model import AnswerUnusable, Reply, Token
from .words import plain_words, spoken

NOT_APPLICABLE = ("none", "n/a", "not applicable")
IMAGINED = "the judge sees it in an empty picture too"
_DENIALS = {"no", "not", "without", "non"}


@dataclass(frozen=True)
class AnsweredQuestions:
    """One call to the model, answered. votes: further answers, drawn anew, where there are no probabilities."""

    questions: LookQuestions
    reply: Reply
    votes: tuple[Reply, ...] = ()


@dataclass(frozen=True)
class LookResult:
    """What one look saw.

    items: in the order of the checklist. certain: by requirement id, what the surest right answer counts on the scale
    on which it was answered, before any correction. levels: 0..1 by check, None where a check does not apply; empty
    after a plain answer. unrated: checks that were asked for and not answered. soft: every item's p comes from token
    probabilities. plain: the answer, if it followed the plain contract.
    """

    items: tuple[Item, ...]
    certain: Mapping[str, float]
    levels: Mapping[Check, float | None]
    unrated: tuple[Check, ...] = ()
    soft: bool = False
    plain: PlainAnswer | None = None


@dataclass(frozen=True)
class _GivenAnswer:
    """An answer that was given. shown: for people. raw: as it stands in the JSON text. right: by the word itself."""

    shown: str
    raw: str
    right: bool


@dataclass(frozen=True)
class _Probability:
    """p: of the right answer, 0..1. certain: what a sure right answer counts there. right: whether it was given."""

    p: float
    certain: float
    right: bool


def read_look(answered: Sequence[AnsweredQuestions], checklist: Checklist, bias: Bias = NO_BIAS) -> LookResult:
    """What a look saw that took one call or more. Raises AnswerUnusable where one of them answered nothing."""
    parts = [read_answers(one, bias)[0] for one in answered]
    items = {item.id: item for part in parts for item in part.items}
    return LookResult(
        items=_with_parents(items, checklist),
        certain={name: p for part in parts for name, p in part.certain.items()},
        levels={check: level for part in parts for check, level in part.levels.items()},
        unrated=tuple(check for part in parts for check in part.unrated),
        soft=all(part.soft for part in parts),
        plain=next((part.plain for part in parts if part.plain is not None), None),
    )


def read_answers(answered: AnsweredQuestions, bias: Bias = NO_BIAS, plain: bool = True) -> tuple[LookResult, str]:
    """What the answers to the questions of one call say, in the order asked, and what they lack, as a sentence to ask
    again with ("" when nothing).

    plain: whether the plain contract will do instead. A question without a usable answer is unknown: p .5, never
    passed. Raises AnswerUnusable when nothing at all was answered.
    """
    questions, reply = answered.questions, answered.reply
    found = read_object(reply.text)
    if plain and is_plain(found):
        return _read_vote(read_plain(found), questions, bias), ""
    votes = [_object_or_nothing(vote) for vote in answered.votes]
    items: list[Item] = []
    lacking, certain, soft = [], {}, bool(reply.tokens) and not votes
    for key, asked in questions.asked.items():
        requirement = asked.requirement
        said = _said(found.get(key), asked)
        if said is None:
            lacking.append(key)
            items.append(Item(id=requirement.id, answer=UNANSWERED, p=UNKNOWN, passed=False))
            continue
        told = (
            _told(reply.tokens, key, asked, said)
            if not votes
            else _voted(said, [_said(v.get(key), asked) for v in votes])
        )
        certain[requirement.id] = min(told.certain, certain.get(requirement.id, told.certain))
        soft = soft and told.certain == 1.0
        p = correct_logit_bias(told.p, requirement, bias, asked.wording)
        # After the correction: no threshold makes a wrong word a right one.
        p = p if told.right else min(p, UNKNOWN)
        passed = p > UNKNOWN
        evidence = IMAGINED if said.right and not passed and bias.imagined(requirement) else ""
        items.append(Item(id=requirement.id, answer=said.shown, p=p, passed=passed, evidence=evidence))
    if len(lacking) == len(questions.asked):
        raise AnswerUnusable(f'The model\'s answer has no usable value for "{lacking[0]}" nor for any other question.')
    levels, unrated = _levels(found, reply.tokens, questions)
    missing = [*lacking, *(quality_key(check) for check in unrated)]
    lack = f"It has no usable value for {', '.join(missing)}." if missing else ""
    return LookResult(_joined(items, questions), certain, levels, unrated, soft), lack


def _joined(items: Sequence[Item], questions: LookQuestions) -> tuple[Item, ...]:
    """One item for each requirement: of a clip, its frames' answers together."""
    if not questions.moments:
        return tuple(items)
    by_requirement: dict[str, list[tuple[AskedQuestion, Item]]] = {}
    for asked, item in zip(questions.asked.values(), items, strict=True):
        by_requirement.setdefault(asked.requirement.id, []).append((asked, item))
    return tuple(
        join_frames(several[0][0].requirement, [(asked.frame, item) for asked, item in several], questions.moments)
        for several in by_requirement.values()
    )


def right_probabilities(reply: Reply, questions: LookQuestions, plain: bool = False) -> tuple[dict[str, float], bool]:
    """By requirement id, how probable the right answer was, before any correction, and whether tokens told all of it.

    plain: whether `done` of the plain contract counts as the answer to every question. Requirements without a usable
    answer are left out. Raises AnswerUnusable when the reply holds no JSON object.
    """
    found = read_object(reply.text)
    if plain and is_plain(found):
        done = read_plain(found).done
        return {asked.requirement.id: scoring.plain(done) for asked in questions.asked.values()}, False
    values, soft = {}, True
    for key, asked in questions.asked.items():
        said = _said(found.get(key), asked)
        if said is not None:
            told = _told(reply.tokens, key, asked, said)
            soft = soft and told.certain == 1.0
            values[asked.requirement.id] = told.p if told.right else min(told.p, UNKNOWN)
    return values, soft


def _with_parents(items: Mapping[str, Item], checklist: Checklist) -> tuple[Item, ...]:
    """In the checklist's order. Children of a failed parent fail with it: no umbrella, no red umbrella."""
    failed = [item.id for item in items.values() if not item.passed]
    lost = orphans(checklist.requirements, failed)
    ps = inherited(checklist.requirements, {item.id: item.p for item in items.values()}, failed)
    ordered = [items[requirement.id] for requirement in checklist.requirements]
    return tuple(i.model_copy(update={"p": ps[i.id], "passed": False}) if i.id in lost else i for i in ordered)


def _told(tokens: Sequence[Token], key: str, asked: AskedQuestion, said: _GivenAnswer) -> _Probability:
    """By the tokens where they tell it, else by the word alone."""
    p = None
    if asked.ask == "yesno" and spoken(said.raw) not in ("yes", "no", "true", "false"):
        pass  # "ja": the tokens of "yes" tell nothing about it
    elif asked.ask == "yesno":
        right = asked.expect[0]
        p = scoring.of_choice(tokens, key, said.raw, right, "no" if right == "yes" else "yes")
    elif not said.right or said.shown in asked.expect:
        # "dark red" for red is right, but its tokens tell nothing about red.
        p = scoring.of_answer(tokens, key, said.raw, asked.expect)
    if p is None:
        return _Probability(scoring.plain(said.right), CERTAIN, said.right)
    return _Probability(p, 1.0, said.right)


def _voted(said: _GivenAnswer, again: Sequence[_GivenAnswer | None]) -> _Probability:
    votes = 1 + len(again)
    p = scoring.voted(said.right + sum(one is not None and one.right for one in again), votes)
    return _Probability(p, scoring.voted(votes, votes), p > UNKNOWN)


def _said(value: Any, asked: AskedQuestion) -> _GivenAnswer | None:
    """None for anything that does not answer the question."""
    shown = _READERS[asked.ask](value)
    if shown is None:
        return None
    expected = {spoken(answer) for answer in asked.expect}
    right = shown in expected or (asked.ask == "open" and any(_contains(shown, answer) for answer in expected))
    return _GivenAnswer(shown, value if isinstance(value, str) else str(value).lower(), right)


def _yes_or_no(value: Any) -> str | None:
    """In any language: a model may answer in that of the goal."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return yes_or_no(value) if isinstance(value, str) else None


def _number(value: Any) -> str | None:
    if isinstance(value, str):
        word = spoken(value)
        value = int(word) if word.isascii() and word.isdigit() and len(word) <= 3 else None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= MOST_COUNTED or value % 1:
        return None
    return str(int(value))


def _words(value: Any) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)[:OPEN_LENGTH]
    return spoken(plain_words(value, OPEN_LENGTH)) or None


_READERS: Mapping[Ask, Any] = {"yesno": _yes_or_no, "count": _number, "open": _words}


def _contains(shown: str, answer: str) -> bool:
    """Whether an answer in more words says it, and does not deny it."""
    words = shown.replace("-", " ").split()
    return not _DENIALS & set(words) and bool(answer) and set(answer.split()) <= set(words)


def _levels(
    found: Mapping[str, Any], tokens: Sequence[Token], questions: LookQuestions
) -> tuple[dict[Check, float | None], tuple[Check, ...]]:
    """The level of each check that was asked for, and those that were not answered."""
    levels: dict[Check, float | None] = {}
    unrated: list[Check] = []
    for check in questions.quality:
        key = quality_key(check)
        value = found.get(key)
        word = spoken(value) if isinstance(value, str) else ""
        if word in LEVELS:
            mean = scoring.of_levels(tokens, key, value, LEVELS)
            levels[check] = LEVELS[word] if mean is None else mean
        elif word in NOT_APPLICABLE:
            levels[check] = None
        else:
            unrated.append(check)
    return levels, tuple(unrated)


def _object_or_nothing(reply: Reply) -> Mapping[str, Any]:
    try:
        return read_object(reply.text)
    except AnswerUnusable:
        return {}


def _read_vote(answer: PlainAnswer, questions: LookQuestions, bias: Bias) -> LookResult:
    """A vote about what was asked: done stands for every item of these questions. Else those with a clause of their own
    failed, and of the rest nothing is known."""
    requirements = tuple({asked.requirement.id: asked.requirement for asked in questions.asked.values()}.values())
    owned = {edit.requirement for edit in owned_clauses(answer, requirements)}
    items = []
    for asked in questions.asked.values():
        requirement = asked.requirement
        if not (answer.done or requirement.id in owned):
            items.append(Item(id=requirement.id, answer=UNANSWERED, p=UNKNOWN, passed=False))
            continue
        p = correct_logit_bias(scoring.plain(answer.done), requirement, bias, asked.wording)
        p = p if answer.done else min(p, UNKNOWN)
        evidence = IMAGINED if answer.done and p <= UNKNOWN and bias.imagined(requirement) else ""
        word = "done" if answer.done else "not done"
        items.append(Item(id=requirement.id, answer=word, p=p, passed=p > UNKNOWN, evidence=evidence))
    return LookResult(_joined(items, questions), {r.id: CERTAIN for r in requirements}, {}, plain=answer)
