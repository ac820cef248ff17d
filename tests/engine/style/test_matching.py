from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.style.matching import Corpus, leading, match_name, match_prompt, match_style, nearest

from .shelf import STYLES, lora

FILES = [
    lora("drawn/ghibli_style_v2", title="Studio Ghibli XL"),
    lora("inkflux", triggers=("ink wash, brush",)),
    lora("castle"),
    lora("castle_ruins_v1"),
    lora("anime_style_xl_v3"),
    lora("animetarot_v2"),
    lora("my-Watercolor v3"),
    lora("aqua", title="Loose Watercolour Painting"),
    lora("miku", title="Anime girl Miku", triggers=("miku, anime",)),
]


def names(matches):
    return [match.file.stem for match in matches]


@pytest.mark.parametrize(
    ("name", "best", "score"),
    [
        ("inkflux", "inkflux", 1.0),
        ("INKFLUX.safetensors", "inkflux", 1.0),
        ("drawn/ghibli_style_v2", "ghibli_style_v2", 1.0),
        ("drawn\\ghibli_style_v2.safetensors", "ghibli_style_v2", 1.0),
        ("ghibli style v2", "ghibli_style_v2", 1.0),
        ("Studio Ghibli XL", "ghibli_style_v2", 1.0),
        ("ghibli", "ghibli_style_v2", 0.85),
        ("ghibli style", "ghibli_style_v2", 0.85),
        ("castle", "castle", 1.0),
        ("ruins", "castle_ruins_v1", 0.85),
    ],
)
def test_a_written_name(name, best, score):
    found = match_name(name, FILES)
    assert names(found)[0] == best
    assert found[0].score == pytest.approx(score)


@pytest.mark.parametrize("name", ["style", "xl", "v2", "", "gothic", "1girl", "..", "/etc/passwd", "ghibli_style_v3"])
def test_a_name_that_says_nothing_or_another_version_matches_nothing(name):
    assert match_name(name, FILES) == []


def test_half_the_words_are_half_the_score():
    (found,) = match_name("ghibli meadow", FILES)
    assert 0.2 < found.score < 0.6


@pytest.mark.parametrize(
    ("prompt", "best", "score"),
    [
        ("a hill, ink wash, autumn", "inkflux", 0.5),
        ("the castle ruins v1 at dusk", "castle_ruins_v1", 1.0),
        ("a valley in Studio Ghibli XL", "ghibli_style_v2", 1.0),
        ("ruins of a castle", "castle_ruins_v1", 0.5),
        ("an old castle", "castle", 0.25),
        ("a hill in autumn", None, 0),
        ("an xl style v2 of the model", None, 0),
    ],
)
def test_a_prompt_that_names_a_lora(prompt, best, score):
    found = match_prompt(prompt, FILES)
    assert (names(found)[0] if found else None) == best
    assert (found[0].score if found else 0) == pytest.approx(score)


@pytest.mark.parametrize(
    ("style", "found"),
    [
        ("anime", ["anime_style_xl_v3", "animetarot_v2"]),
        ("detailed anime", ["animetarot_v2"]),
        ("watercolor", ["my-Watercolor v3", "aqua"]),
        ("logo", []),
    ],
)
def test_files_of_a_style(style, found):
    assert names(match_style(STYLES.named(style), FILES)) == found


@pytest.mark.parametrize(
    ("style", "no"),
    [("3d render", "r3d_camera"), ("logo", "monologue"), ("claymation", "barclay_x"), ("pixel art", "subpixel")],
)
def test_short_patterns_do_not_match_inside_words(style, no):
    assert match_style(STYLES.named(style), [lora(no)]) == []


def test_a_pattern_with_a_folder_sees_the_folder():
    style = STYLES.named("anime").model_copy(update={"files": ("drawn/*",)})
    assert names(match_style(style, FILES)) == ["ghibli_style_v2"]


def test_a_word_on_many_files_says_nothing():
    files = [lora(f"acme_{n}_{word}") for n, word in enumerate(["ink", "oil", "clay", "fog", "sea"])]
    corpus = Corpus(files)
    assert corpus.weight("acme") == 0
    assert corpus.weight("ink") > 0
    assert match_name("acme", files) == []
    assert names(leading(match_name("acme ink", files))) == ["acme_0_ink"]


def test_a_tie_is_all_within_ten_percent():
    files = [lora("a/ghibli_v1"), lora("b/ghibli_v2"), lora("other")]
    assert names(leading(match_name("ghibli", files))) == ["ghibli_v1", "ghibli_v2"]


def test_nearest_names_for_one_that_is_not_there():
    assert nearest("watercolour", FILES)[0] == "my-Watercolor v3"
    assert len(nearest("x", FILES)) == 3
    assert nearest("x", []) == []


@settings(deadline=None)
@given(st.text(max_size=60), st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=12), max_size=5))
def test_scores_are_0_to_1_and_in_order(text, stems):
    files = [lora(stem) for stem in stems]
    for found in (match_name(text, files), match_prompt(text, files), match_style(STYLES.named("anime"), files)):
        scores = [match.score for match in found]
        assert scores == sorted(scores, reverse=True)
        assert all(0 < score <= 1 for score in scores)
