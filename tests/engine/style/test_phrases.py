from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.style.phrases import contains, find, negated, phrase, words


def found(text, *phrases):
    return [(one.said, one.label) for one in find(text, {phrase(p): p for p in phrases})]


def test_the_longest_phrase_wins_where_some_overlap():
    assert found("shot on 35mm Film  grain", "film", "film grain", "35mm film", "35mm film grain") == [
        ("35mm Film grain", "35mm film grain")
    ]
    assert found("film grain, film", "film", "film grain") == [("film grain", "film grain"), ("film", "film")]
    assert found("a b c", "a b", "b c") == [("a b", "a b")]


@pytest.mark.parametrize("text", ["pixel art", "Pixel-Art", "pixel_art", "(pixel art:1.2)", "PIXEL\nART!"])
def test_blanks_hyphens_and_underscores_join_a_phrase(text):
    assert contains(text, "pixel art")


@pytest.mark.parametrize("text", ["pixel, art", "pixel. Art", "pixel/art", "pixelart", "pixels art", "art pixel", ""])
def test_other_marks_part_it(text):
    assert not contains(text, "pixel art")


def test_nothing_is_in_no_text():
    assert not contains("anything", "")
    assert not contains("anything", " -, ")


@pytest.mark.parametrize(
    "text",
    [
        "no anime",
        "not an anime",
        "a photo without anime",
        "non-anime",
        "never the anime",
        "instead of anime",
        "oil rather than an anime",
        "anime-free",
        "it isn\u2019t anime",
        "avoid any anime",
    ],
)
def test_what_is_not_wanted_is_seen(text):
    (one,) = find(text, {("anime",): None})
    assert negated(text, words(text), one)


@pytest.mark.parametrize(
    "text", ["anime", "no people, anime", "a knot of anime", "anime free of charge", "notanime and anime", "do anime"]
)
def test_a_no_about_something_else_is_none_about_this(text):
    (one,) = find(text, {("anime",): None})
    assert not negated(text, words(text), one)


@settings(deadline=None)
@given(st.text())
def test_words_lie_where_they_say(text):
    for word in words(text):
        assert text[word.start : word.end].casefold().replace("\u2019", "'") == word.text
        assert word.text


@settings(deadline=None)
@given(st.text("ab ,-", max_size=30), st.lists(st.text("ab ", min_size=1, max_size=6), max_size=4))
def test_found_phrases_never_overlap(text, phrases):
    every = find(text, {phrase(p): p for p in phrases if phrase(p)})
    for one, other in itertools.pairwise(every):
        assert one.first + one.count <= other.first
