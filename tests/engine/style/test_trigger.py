from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.style.phrases import contains
from pack.engine.style.trigger import missing_triggers, place_triggers, triggers_for

from .shelf import STYLES, lora

LINE_ART = STYLES.named("line art")


@pytest.mark.parametrize(
    ("file", "style", "amount", "texts", "source"),
    [
        (lora("a", triggers=("inkwash, 1girl, brush",)), LINE_ART, "add first", ("inkwash",), "the file's own notes"),
        (lora("a", triggers=("1girl, solo", "inkwash")), None, "add first", ("inkwash",), "the file's own notes"),
        (lora("a", triggers=("inkwash", "brush, Inkwash")), None, "add all", ("inkwash", "brush"), "own notes"),
        (lora("a", triggers=("1girl",), guessed_triggers=("tok",)), LINE_ART, "add first", ("line art",), "the style"),
        (lora("a", guessed_triggers=("tok",)), LINE_ART, "add all", ("line art", "lineart"), "the style"),
        (lora("a", guessed_triggers=("tok", "paper")), None, "add first", ("tok",), "its training"),
        (lora("a", triggers=("inkwash",)), None, "none", (), "the file's own notes"),
        (lora("a"), STYLES.named("photorealistic"), "add first", ("detailed",), "the style"),
        (lora("a"), None, "add first", (), ""),
    ],
)
def test_which_words(file, style, amount, texts, source):
    found = triggers_for(file, style, amount)
    assert found.texts == texts
    assert source in found.source


@pytest.mark.parametrize(
    ("triggers", "prompt", "left"),
    [
        (["anime style"], "a fox", ("anime style",)),
        (["anime style"], "a fox, Anime-Style", ()),
        (["anime style"], "anime, style", ("anime style",)),
        (["anime"], "animetarot", ("anime",)),
        (["ink", "ink", "INK"], "a fox", ("ink",)),
        (["line art", "line art style"], "a fox", ("line art", "line art style")),
        (["line art style", "line art"], "a fox", ("line art style",)),
        (["ink"], "", ("ink",)),
    ],
)
def test_never_doubled(triggers, prompt, left):
    assert missing_triggers(triggers, prompt) == left


@pytest.mark.parametrize(
    ("prompt", "position", "family", "result"),
    [
        ("a fox, snow", "auto", "SDXL", "ink, a fox, snow"),
        ("a fox, snow", "auto", "SD 1.5", "ink, a fox, snow"),
        ("a fox, snow", "auto", "", "ink, a fox, snow"),
        ("A fox in the snow.", "auto", "FLUX.1", "A fox in the snow, ink."),
        ("A fox in the snow", "auto", "Qwen-Image", "A fox in the snow, ink"),
        ("A fox in the snow!", "auto", "Z-Image", "A fox in the snow! ink"),
        ("A fox in the snow, ", "auto", "FLUX.2 dev", "A fox in the snow, ink"),
        ("a fox", "end", "SDXL", "a fox, ink"),
        ("A fox.", "start", "FLUX.1", "ink, A fox."),
        (" , a fox", "start", "", "ink, a fox"),
        ("", "auto", "FLUX.1", "ink"),
        ("  ", "auto", "SDXL", "ink"),
    ],
)
def test_where_they_go(prompt, position, family, result):
    assert place_triggers(prompt, ["ink"], position, family) == result


def test_without_words_the_prompt_stays_as_it_is():
    assert place_triggers("  a fox ,", [], "auto", "SDXL") == "  a fox ,"


@settings(deadline=None)
@given(
    st.text(max_size=60),
    st.lists(st.sampled_from(["ink", "ink wash", "gh1bl1 style"]), max_size=3),
    st.sampled_from(["auto", "start", "end"]),
    st.sampled_from(["SDXL", "FLUX.1", ""]),
)
def test_asked_again_nothing_is_added_again(prompt, triggers, position, family):
    once = place_triggers(prompt, missing_triggers(triggers, prompt), position, family)
    assert missing_triggers(triggers, once) == ()
    assert all(contains(once, trigger) for trigger in triggers)
    assert ",," not in once or ",," in prompt
