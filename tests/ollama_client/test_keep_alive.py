"""The keep_alive widget's text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack.ollama_client import parse_keep_alive


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        (" 300 ", 300),
        ("-1", -1),
        ("1.5", 1.5),
        ("60.0", 60),
        ("5m", "5m"),
        ("1h30m", "1h30m"),
        ("-1m", "-1m"),
        ("90s", "90s"),
        ("1.5h", "1.5h"),
        ("0s", 0),
        ("0h0m", 0),
        ("8760h", "8760h"),
    ],
)
def test_times(text, value):
    read = parse_keep_alive(text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    "text", ["", " ", "1d", "five minutes", "5 m", "m", "nan", "inf", "1e3", "true", "--1", "5m!", "\u0665"]
)
def test_nonsense_is_refused_with_examples(text):
    with pytest.raises(ValueError, match="5m"):
        parse_keep_alive(text)


@pytest.mark.parametrize("text", ["99999999999", "9000000h"])
def test_times_that_overflow_in_the_server_are_refused(text):
    with pytest.raises(ValueError, match="Use -1"):
        parse_keep_alive(text)


@given(st.text(max_size=12))
def test_any_text_is_read_or_refused(text):
    try:
        value = parse_keep_alive(text)
    except ValueError:
        return
    assert isinstance(value, (int, float)) or value[-1] in "smh"
