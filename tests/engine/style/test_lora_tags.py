from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.style.lora_tags import LoraTag, without_tags


@pytest.mark.parametrize(
    ("text", "bare", "tags"),
    [
        ("a fox", "a fox", []),
        ("  a fox,  snow ", "  a fox,  snow ", []),
        ("<lora:ghibli:0.8>", "", [LoraTag("ghibli", (0.8, 0.8))]),
        ("a fox, <lora:ghibli>, snow", "a fox, snow", [LoraTag("ghibli", None)]),
        ("a fox <lora:sub/ghibli_v2:0.7:0.3> in snow", "a fox in snow", [LoraTag("sub/ghibli_v2", (0.7, 0.3))]),
        ("<LORA: my lora : -1 >a fox", "a fox", [LoraTag("my lora", (-1.0, -1.0))]),
        ("<lyco:a:1> x <lora:b:.5>", "x", [LoraTag("a", (1.0, 1.0)), LoraTag("b", (0.5, 0.5))]),
        ("5 < 6 and <b>", "5 < 6 and <b>", []),
    ],
)
def test_tags_are_read_and_taken_out(text, bare, tags):
    assert without_tags(text) == (bare, tags)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<lora:>", "not a LoRA tag"),
        ("<lora::0.5>", "not a LoRA tag"),
        ("<lora:a:1:2:3>", "not a LoRA tag"),
        ("<lora:a:much>", "'much' is not a strength"),
        ("<lora:a:9>", "'9' is not a strength"),
        ("<lora:a:nan>", "'nan' is not a strength"),
        ("<lora:a:>", "'' is not a strength"),
        ("<lora:a>" * 5, "at most 4"),
    ],
)
def test_a_tag_that_cannot_be_read_is_told(text, told):
    with pytest.raises(ValueError, match=told):
        without_tags(text)


@settings(deadline=None)
@given(st.text(max_size=100))
def test_a_text_without_tags_stays_as_it_is(text):
    if "<" not in text:
        assert without_tags(text) == (text, [])
