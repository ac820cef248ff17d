"""Reading answers: what is badly written is read, what is missing is never made up."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.judge import json_answer
from pack.engine.judge.json_answer import read_object
from pack.engine.judge.plain_answer import read_plain
from pack.engine.judge.vision_model import AnswerUnusable

from ...steps import growth

FULL = {
    "changes": {"cfg": 6.5, "neg_append": "blur", "prompt_append": "a red cube", "seed": "keep", "steps": None},
    "done": False,
    "reason": "The cube is missing.",
}
GOOD = json.dumps(FULL)
PLAIN = '{"done": true, "changes": {"prompt_append": "a hat"}, "reason": "ok"}'


def read_answer(text):
    return read_plain(read_object(text))


READ = {
    "clean": GOOD,
    "white space": f"\n\n {GOOD}  \n",
    "fenced": f"```json\n{GOOD}\n```",
    "fenced in prose": f"Here's the JSON:\n```\n{GOOD}\n```\nIs that what you wanted?",
    "thoughts": f'<think>maybe {{"done": true}}</think>\n{GOOD}',
    "two thoughts": f"<think>a</think><thinking>b {{</thinking>{GOOD}",
    "thoughts opened by the template": f'so {{"done": true, "reason": "draft"}} hmm</think>{GOOD}',
    "channel marks": f"<|channel>thought\nhmm<channel|>{GOOD}",
    "trailing commas": GOOD.replace("}", ",}"),
    "single quotes": GOOD.replace('"', "'"),
    "Python": repr(FULL),
    "Python with an apostrophe": repr(FULL | {"reason": "It isn't there."}),
    "single quotes and JSON words": GOOD.replace('"', "'").replace("None", "null"),
    "line break in a text": GOOD.replace("The cube", "The\ncube"),
    "repeated": f"{GOOD}\n{GOOD}",
    "unknown field": json.dumps(FULL | {"mood": "dark"}),
    "a remark in brackets first": f"[note] [1] {GOOD}",
    "format shown first": 'Format: {"done": true or false}. ' + GOOD,
}


@pytest.mark.parametrize("name", READ)
def test_badly_written_answers_are_read(name):
    answer = read_answer(READ[name])
    assert answer.done is False
    assert (answer.changes.prompt_append, answer.changes.cfg) == ("a red cube", 6.5)


UNUSABLE = {
    "empty": ("", "empty"),
    "white space": ("  \n\n ", "empty"),
    "prose": ("The image looks good. I would give it 8/10.", "no JSON"),
    "two answers": (f"{PLAIN}\n{GOOD}", "more than one"),
    "list": (f"[{GOOD}]", "not one JSON object"),
    "list in prose": (f"Answer: [{GOOD}]", "not one JSON object"),
    "text": (json.dumps(GOOD), "not one JSON object"),
    "cut in a text": (GOOD[:-10], "cut off"),
    "cut after a part": ('{"draft": {"done": true, "reason": "x"}, "done": fal', "cut off"),
    "only thoughts": (f"<think>{GOOD}", "no JSON"),
    "broken inside": ('{"draft": {"done": true, "reason": "x"}, "done": ?}', "no JSON"),
    "done missing": ('{"changes": {}, "reason": "fine"}', '"done"'),
    "done as text": (PLAIN.replace("true", '"true"'), '"done"'),
    "done as number": (PLAIN.replace("true", "1"), '"done"'),
    "done is null": (PLAIN.replace("true", "null"), '"done"'),
    "done twice": ('{"done": true, "reason": "x", "done": false}', "contradicts itself"),
    "schema echoed": ('{"type": "object", "properties": {"done": {"type": "boolean"}}}', '"done"'),
    "reason is a list": ('{"done": true, "reason": ["x"]}', "reason"),
    "unquoted quotes": ('{"done": true, "reason": "the "hand" is bad"}', "no JSON"),
    "comment": ('{"done": true, // fine\n "reason": "x"}', "no JSON"),
    "deep nesting": ('{"a":[' * 3000, "sensible"),
    "brace flood": ("{" * 100_000, "long"),
    "bracket flood": ("[" * 50_000, "sensible"),
    "too long": (GOOD + " x" * 40_000, "long"),
    "huge number": (GOOD.replace("6.5", "9" * 5000), "JSON"),
    "not a number": (GOOD.replace("6.5", "NaN"), "no JSON"),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_what_is_no_clear_verdict_is_none(name):
    text, word = UNUSABLE[name]
    with pytest.raises(AnswerUnusable, match=re.escape(word)):
        read_answer(text)


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        '{"done": true, "reason": "ok"}',
        '{"done": true}',
        '{"done":true,"changes":[],"reason":null}',
    ],
)
def test_a_plain_yes_or_no_is_enough(text):
    assert read_answer(text).done is True


@pytest.mark.parametrize("end", range(len(GOOD)))
def test_no_beginning_of_an_answer_is_an_answer(end):
    with pytest.raises(AnswerUnusable):
        read_answer(GOOD[:end])


SLOW = {
    "thoughts": lambda n: "<think>" * n,
    "quotes": lambda n: "'" * 7 * n,
    "escapes": lambda n: '"\\' * 3 * n,
    "braces": lambda n: "{'" * 199 + "a" * 7 * n,
    "brackets": lambda n: "[" * 399 + "x'" * 3 * n,
}


@pytest.mark.parametrize("name", SLOW)
def test_twice_the_text_takes_twice_the_steps(name):
    def read(size):
        with pytest.raises(AnswerUnusable):
            read_answer(SLOW[name](size))

    assert growth(read, 500) < 2.4
    read(9000)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 20) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
dictionaries = st.fixed_dictionaries(
    {},
    optional={
        "changes": st.dictionaries(st.sampled_from([*FULL["changes"], "x"]), values) | values,
        "done": st.booleans() | values,
        "reason": values,
        "extra": values,
    },
)
written = dictionaries.flatmap(lambda found: st.sampled_from([json.dumps(found), repr(found), str([found])]))


@st.composite
def damaged(draw):
    text = draw(st.sampled_from([GOOD, PLAIN, repr(FULL), f"```json\n{GOOD}\n```"]) | written)
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        patch = draw(st.sampled_from(["", '"', "'", "{", "}", "[", "]", ",", ":", "\\", "true", "<think>", "</think>"]))
        text = text[:start] + patch + text[end:]
    return draw(st.sampled_from(["", "Sure! ", "{a} "])) + text + draw(st.sampled_from(["", " done", "\n{}"]))


@settings(max_examples=1000, deadline=None)
@given(damaged() | st.text(max_size=200))
def test_a_thousand_malformed_answers_never_crash_nor_become_a_verdict_of_ours(text):
    try:
        answer = read_answer(text)
    except AnswerUnusable as problem:
        assert str(problem).strip()
        return
    said = "true" if answer.done else "false"
    assert re.search(rf"""(["'])done\1\s*:\s*{said}""", text, re.IGNORECASE)


def quoted(text):
    """Every string that single and double quotes of a text close, found the plain way: one pattern, from the left."""
    return [m[0] for m in re.finditer(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|[{}]', text, re.DOTALL)]


@given(st.text("\"'\\{}ab ", max_size=40))
def test_an_open_quote_changes_nothing_behind_it(text):
    found = [token[0] for token in json_answer._Tokens(text).after(0)]
    assert found == quoted(text)


@pytest.mark.parametrize(
    "flood",
    ["\\'", '\\"', "'\\'", "{\\'}", "{'}", ", ", "<think>", "</think>", "\\", "True", '[{"', '{"a":1,}'],
    ids=repr,
)
@pytest.mark.parametrize("head", ["{'", '{"', "{", ""], ids=repr)
def test_whatever_a_model_writes_is_read_once(monkeypatch, head, flood):
    """A million characters: what looks at them more than once each never comes to an end."""
    monkeypatch.setattr(json_answer, "MAX_CHARACTERS", 10**8)
    monkeypatch.setattr(json_answer, "MAX_BRACKETS", 10**8 if "{}" not in flood and "[" not in flood else 400)
    try:
        read_object(head + flood * (1_000_000 // len(flood)))
    except AnswerUnusable:
        pass
