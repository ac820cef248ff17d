"""Malformed answers of servers, as strategies: what no client may make a verdict of. MALFORMED: how many of each."""

from __future__ import annotations

import json
import os

from hypothesis import strategies as st
from pack.engine.judge.critique import Critique
from pack.engine.judge.language_words import language_words
from pack.engine.judge.letters import comparable

MALFORMED = int(os.environ.get("MALFORMED", "40"))
"""Of each dialect; a thousand take some minutes."""
WORDS = st.sampled_from(
    ["q01", "q02", "done", "yes", "no", "choices", "message", "content", "logprobs", "error", "thinking", "3"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 10**12) | st.floats(allow_nan=False) | WORDS | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
QUOTE = '"'
TEXTS = st.one_of(
    st.text(max_size=60),
    VALUES.map(lambda value: json.dumps(value)),
    VALUES.map(lambda value: json.dumps(value)[:-1]),
    VALUES.map(lambda value: f"<think>{json.dumps(value)}"),
    st.sampled_from(["{" * 500, "[" * 90_000, QUOTE * 999, '{"q01": 3, "q01": 4}', '{"q01": "3"} {"q01": "2"}']),
)
STATUSES = st.sampled_from([200] * 12 + [400, 404, 422, 500])


def assert_nothing_invented(critique: Critique, status: int, message: object) -> None:
    """Nothing passes, and every item that was found met was said in so many words. message: what the model said."""
    assert not critique.passed
    if critique.outcome != "judged":
        assert critique.score is None
        return
    assert status == 200
    spoken = json.dumps(message, ensure_ascii=False)
    for item in critique.items:
        assert was_said(item.answer, spoken), (item, spoken)
    assert any(word in spoken for word in ("q01", "q02", "done"))


def was_said(answer: str, text: str) -> bool:
    """An answer stands in the text: by itself, as JSON's true or false, or as yes or no of any language."""
    if answer == "unknown":
        return True
    rows = language_words().values()
    words = {
        "yes": ("true", *(word for row in rows for word in row.yes)),
        "no": ("false", *(word for row in rows for word in row.no)),
    }
    return any(word in comparable(text) for word in words.get(answer, (comparable(answer.strip(QUOTE)),)))
