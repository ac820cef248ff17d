"""Reading a look: what is badly said is understood, what is missing is unknown, nothing is made up."""

from __future__ import annotations

import json
import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.judge.answers import AnsweredQuestions, read_answers, read_look
from pack.engine.judge.questions import look_questions
from pack.engine.judge.scoring import Bias
from pack.engine.judge.verdict import critique_of, holds, merge_looks
from pack.engine.judge.vision_model import AnswerUnusable, Reply, Token

from .memory_model import CHECKLIST, answers

FIRST, SECOND = look_questions(CHECKLIST, 7, 1), look_questions(CHECKLIST, 7, 2)
KEYS = {one.requirement.id: key for key, one in FIRST.asked.items()}


def read(text, wording=1, bias=None, more=()):
    questions = FIRST if wording == 1 else SECOND
    reply = text if isinstance(text, Reply) else Reply(text)
    answered = AnsweredQuestions(questions, reply, tuple(Reply(one) for one in more))
    return read_look([answered], CHECKLIST, bias or Bias()), read_answers(answered, bias or Bias())[1]


def items(text, wording=1, **more):
    result, _ = read(text, wording, **more)
    return {item.id: item for item in result.items}


def test_plain_words_count_nine_tenths():
    result, lack = read(answers())
    assert lack == ""
    assert [(item.id, item.answer, item.passed) for item in result.items] == [
        ("r1", "3", True),
        ("r2", "yes", True),
        ("r3", "yes", True),
    ]
    assert all(item.p == pytest.approx(0.9) for item in result.items)
    assert (result.soft, result.levels["faces"]) == (False, 0.75)
    assert items(answers(r1=2))["r1"].p == pytest.approx(0.1)
    assert items(answers(2), 2)["r2"].passed
    assert not items(answers(2, r2="yes"), 2)["r2"].passed


@pytest.mark.parametrize(
    ("name", "value", "answer", "passed"),
    [
        ("r1", "3", "3", True),
        ("r1", "three", "3", True),
        ("r1", 3.0, "3", True),
        ("r1", 4, "4", False),
        ("r2", "Yes.", "yes", True),
        ("r2", True, "yes", True),
        ("r2", "NO", "no", False),
        ("r2", False, "no", False),
        ("r2", "Ja!", "yes", True),
        ("r2", "\u3044\u3044\u3048", "no", False),
        ("r2", "yes, there is", "yes", True),
        ("r1", "twenty five", "25", False),
    ],
)
def test_careless_words_are_understood(name, value, answer, passed):
    found = items(answers(**{name: value}))[name]
    assert (found.answer, found.passed) == (answer, passed)


@pytest.mark.parametrize(
    ("value", "passed"),
    [("Red", True), ("dark red", True), ("crimson", True), ("blue", False), ("not red", False), ("reddish", False)],
)
def test_open_answers(value, passed):
    assert items(answers(2, r3=value), 2)["r3"].passed is passed


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("r1", -1),
        ("r1", 121),
        ("r1", 2.5),
        ("r1", "about 3"),
        ("r1", True),
        ("r1", None),
        ("r1", [3]),
        ("r1", "9" * 5000),
        ("r2", "maybe"),
        ("r2", "yes and no"),
        ("r2", 1),
        ("r2", {"yes": True}),
        ("r2", ""),
        ("r2", None),
    ],
)
def test_other_values_are_unknown_and_named(name, value):
    result, lack = read(answers(**{name: value}))
    found = {item.id: item for item in result.items}[name]
    assert (found.answer, found.p, found.passed) == ("unknown", 0.5, False)
    assert KEYS[name] in lack


def test_no_bias_makes_an_unknown_pass():
    lenient = Bias(thresholds={"count": -5.0, "object": -5.0, "attribute": -5.0})
    assert not items(answers(r1=None), bias=lenient)["r1"].passed


def test_nothing_answered_is_no_look():
    with pytest.raises(AnswerUnusable, match="usable value"):
        read('{"quality_faces": "good"}')


def test_a_child_fails_with_its_parent():
    found = items(answers(r2="no"))
    assert (found["r3"].passed, found["r3"].p, found["r3"].answer) == (False, pytest.approx(0.1), "yes")


def test_levels_that_are_missing_count_as_unknown_and_none_does_not_apply():
    result, lack = read(answers(levels={"faces": "none", "text": "superb"}))
    assert result.levels == {"faces": None, "artifacts": 0.75, "composition": 0.75}
    assert result.unrated == ("text",)
    assert "quality_text" in lack and "quality_faces" not in lack


def stream(text, **listed):
    """Tokens of an answer: each listed value, by requirement id, stands alone with its list."""
    marks = {KEYS[name]: table for name, table in listed.items()}
    made, at = [], 0
    for key in sorted(marks):
        start = text.index(f'"{key}": ') + len(key) + 4
        start += text[start] == '"'
        end = min(text.index(c, start) for c in '",}' if c in text[start:])
        top = tuple((word, math.log(p)) for word, p in marks[key].items())
        made += [Token(text[at:start], -0.1, (("x", -0.1),)), Token(text[start:end], -0.1, top)]
        at = end
    return Reply(text, (*made, Token(text[at:], -0.1, (("x", -0.1),))))


def test_probabilities_are_used_where_there_are_any():
    reply = stream(answers(), r1={"3": 0.6, "2": 0.3}, r2={"yes": 0.8, "no": 0.1}, r3={"yes": 0.55, "no": 0.45})
    result, _ = read(reply)
    assert result.soft
    assert [round(item.p, 4) for item in result.items] == [round(0.6 / 0.9, 4), round(0.8 / 0.9, 4), 0.55]


def test_bias_moves_them():
    reply = stream(answers(), r1={"3": 0.6, "2": 0.3}, r2={"yes": 0.8, "no": 0.1}, r3={"yes": 0.55, "no": 0.45})
    found = items(reply, bias=Bias(thresholds={"attribute": 0.5}))
    assert not found["r3"].passed
    assert found["r1"].passed


def test_a_wrong_word_never_counts_for_more_than_unknown():
    reply = stream(answers(r2="no"), r1={"3": 0.9, "2": 0.1}, r2={"yes": 0.8, "no": 0.1}, r3={"yes": 0.9, "no": 0.1})
    assert items(reply)["r2"].p == 0.5
    assert not items(reply)["r2"].passed


@pytest.mark.parametrize("threshold", [-0.5, -1.7, -5.0])
@pytest.mark.parametrize("listed", [{"7": 0.5, "3": 0.45}, {"7": 0.9, "3": 0.1}, {}])
def test_no_threshold_makes_a_wrong_number_a_right_one(threshold, listed):
    text = answers(r1=7)
    bias = Bias(thresholds={"count": threshold}, again={"count": threshold})
    reply = stream(text, r1=listed, r2={"yes": 0.9}, r3={"yes": 0.9}) if listed else Reply(text)
    found = items(reply, bias=bias)["r1"]
    assert (found.answer, found.passed) == ("7", False)
    assert found.p <= 0.5


def test_votes_replace_plain_words():
    found = items(answers(), more=[answers(r1=2), answers(r1="?", r2="no")])
    assert [round(found[name].p, 3) for name in ("r1", "r2", "r3")] == [0.375, 0.625, 0.875]
    assert items(answers(), more=["", "no JSON"])["r1"].p == pytest.approx(0.375)


def test_the_majority_of_votes_is_the_word():
    lenient = Bias(thresholds={"count": -5.0})
    assert not items(answers(r1=7), bias=lenient, more=[answers(r1=7), answers()])["r1"].passed
    assert items(answers(r1=7), bias=lenient, more=[answers(), answers()])["r1"].passed


def test_the_plain_contract_is_a_vote_about_the_whole():
    result, lack = read('{"done": true, "changes": {}, "reason": "ok"}')
    assert (lack, result.levels) == ("", {})
    assert all(item.passed and item.p == pytest.approx(0.9) for item in result.items)
    result, _ = read('{"done": false, "changes": {"prompt_append": "three ducks"}, "reason": "two ducks"}')
    assert [(item.p, item.passed) for item in result.items] == [(pytest.approx(0.1), False), (0.5, False), (0.5, False)]


values = (
    st.none()
    | st.booleans()
    | st.integers(-5, 120)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["yes", "no", "3", "three", "red", "good", "bad", "none", "Yes", "excellent"])
    | st.lists(st.just("yes"), max_size=2)
)
objects = st.dictionaries(
    st.sampled_from(["q01", "q02", "q03", "q04", "quality_faces", "quality_text", "done", "reason", "x"]), values
)
written = objects.flatmap(lambda found: st.sampled_from([json.dumps(found), repr(found), str([found])]))


@st.composite
def damaged(draw):
    text = draw(st.sampled_from([answers(), answers(2), answers(r1=2), "{}", repr(json.loads(answers()))]) | written)
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        patch = draw(st.sampled_from(["", '"', "'", "{", "}", "[", ",", ":", "\\", "yes", "3", "<think>", "</think>"]))
        text = text[:start] + patch + text[end:]
    return draw(st.sampled_from(["", "Sure! ", "```json\n"])) + text + draw(st.sampled_from(["", " ok", "\n{}"]))


@settings(max_examples=1000, deadline=None)
@given(damaged() | st.text(max_size=200), st.sampled_from([1, 2]))
def test_a_thousand_malformed_answers_never_become_a_pass_of_ours(text, wording):
    """An item passes only where the right word stands in the text beside its own key, or the model said done."""
    questions = FIRST if wording == 1 else SECOND
    try:
        result, _ = read(text, wording)
    except AnswerUnusable as problem:
        assert str(problem).strip()
        return
    if result.plain is not None:
        assert re.search(r"""["']done["']\s*:\s*true""", text, re.IGNORECASE) or not any(i.passed for i in result.items)
        return
    flat = re.sub(r"</?think>", "", text).lower()
    words = {"yes": "yes|y|true", "no": "no|n|false", "3": "0?3|three"}
    for key, one in questions.asked.items():
        item = next(item for item in result.items if item.id == one.requirement.id)
        assert 0.02 <= item.p <= 0.98
        right = "|".join(words.get(answer, answer) for answer in one.expect)
        if item.passed:
            # Nothing but punctuation between a question's key and the right word.
            assert re.search(rf"{key}[^a-z0-9]*(?:{right})\b", flat), (key, item, text)
    critique = critique_of(result, CHECKLIST, 0.5, ("prompt_match",))
    assert not critique.passed
    if holds(critique, 0.5):
        assert all(key in text for key in questions.asked)


@settings(max_examples=300, deadline=None)
@given(*[st.sampled_from([3, 2, None])] * 2, *[st.sampled_from(["yes", "no", "?"])] * 2)
def test_two_looks_pass_only_together(first_count, second_count, first_hat, second_hat):
    one, _ = read(answers(r1=first_count, r2=first_hat))
    two, _ = read(answers(2, r1=second_count, r2=second_hat), 2)
    checks = ("prompt_match", "artifacts")
    looks = [critique_of(result, CHECKLIST, 0.8, checks) for result in (one, two)]
    found = merge_looks(*looks, CHECKLIST, 0.8)
    right = (first_count, second_count, first_hat, second_hat) == (3, 3, "yes", "no")
    assert found.passed is right
    assert all(item.passed for item in found.items) is right
    assert found.looks == 2
