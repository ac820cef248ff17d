from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pack.engine.style.catalogue import Catalogue, extended
from pack.engine.style.detection import detect
from pack.engine.style.phrases import phrase

from .shelf import STYLES

WORDS = sorted({text for style in STYLES.listed() for text in style.words})


def style_in(prompt):
    found = detect(prompt, STYLES.listed())
    return found.chosen.name if found.chosen else ""


@pytest.mark.parametrize(
    ("prompt", "style"),
    [
        ("anime girl under cherry trees", "anime"),
        ("a castle, manga style, ink", "anime"),
        ("highly detailed anime of a city", "detailed anime"),
        ("photorealistic portrait of an old sailor", "photorealistic"),
        ("a photo-realistic cat", "photorealistic"),
        ("cinematic shot of a lonely road", "cinematic"),
        ("film still of two detectives", "cinematic"),
        ("35mm film grain, a street in Rome", "vintage photo"),
        ("a street in Rome with film grain", "vintage photo"),
        ("old photo of a farm, film grain, 35mm film", "vintage photo"),
        ("oil painting of a ship in a storm", "oil painting"),
        ("a ship, oil on canvas", "oil painting"),
        ("loose watercolour of a harbour", "watercolor"),
        ("3D render of a robot", "3d render"),
        ("a robot, 3d, soft light", "3d render"),
        ("octane render, glass sphere", "3d render"),
        ("an 8-bit hero", "pixel art"),
        ("pixel_art, knight", "pixel art"),
        ("stop-motion puppet in a kitchen", "claymation"),
        ("lineart of a rose", "line art"),
        ("coloring page with a dragon", "line art"),
        ("sticker design of a happy whale", "sticker"),
        ("die-cut sticker, cat", "sticker"),
        ("a minimalist logo with a fox", "logo"),
        ("logo for a bakery", "logo"),
        ("fashion editorial, red coat", "fashion"),
        ("architectural rendering of a library", "architecture"),
        # Longer phrases hold shorter ones of other styles.
        ("photorealistic architectural rendering of a library", "architecture"),
        ("3d render of an anime girl", "3d render"),
        ("watercolor painting, cinematic", "watercolor"),
        # What is named and not wanted.
        ("not an anime, oil painting of a girl", "oil painting"),
        ("an oil painting without film grain", "oil painting"),
        ("watercolor on watercolor paper", "watercolor"),
        ("(watercolor painting:1.3), boat", "watercolor"),
        ("A FOX, WATERCOLOR", "watercolor"),
    ],
)
def test_the_style_that_a_prompt_asks_for(prompt, style):
    assert style_in(prompt) == style


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "a fox in the snow",
        "a rendering of a house at dusk",
        "he is rendering fat in a pan",
        "a film crew at work",
        "a roll of film on a table",
        "3d printed dragon on a desk",
        "children with 3D glasses",
        "a vintage car in Havana",
        "a blender full of fruit",
        "a clay pot",
        "a girl reading manga in a train",
        "anime poster on the wall of a bedroom",
        "an oil painting on the wall above the sofa",
        "a box of paints, watercolor set, brushes",
        "a laptop with a sticker on it",
        "a shirt with the logo of a band",
        "a photo without film grain",
        "no anime",
        "non-anime portrait",
        "oil, painting tools",
        "pixel, art supplies",
        "an artistic gymnast",
        "a dramatic sunset",
        "architecture students in class",
        "a fashionable street",
        "retro computer on a desk",
        "a watercolorist at work",
        "animes",
        "cinematics",
        "<lora:anime_style:0.8>",
    ],
)
def test_words_that_only_look_like_a_style(prompt):
    from pack.engine.style.lora_tags import without_tags

    assert style_in(without_tags(prompt)[0]) == ""


@pytest.mark.parametrize(
    ("prompt", "listed"),
    [
        ("a cinematic anime fox", ["anime", "cinematic"]),
        ("oil painting, pixel art", ["oil painting", "pixel art"]),
        ("anime, cinematic, photorealistic", ["anime", "photorealistic", "cinematic"]),
    ],
)
def test_a_tie_lists_the_candidates_and_chooses_none(prompt, listed):
    found = detect(prompt, STYLES.listed())
    assert found.chosen is None
    assert [sign.style.name for sign in found.signs] == listed
    assert all(name in found.reason for name in listed)
    assert "Write one of them in style." in found.reason


def test_the_reason_quotes_the_prompt():
    found = detect("Old  Photo of a barn, 35mm film-grain; cinematic", STYLES.listed())
    assert found.reason == (
        'Style: vintage photo, because the prompt says "Old Photo" and "35mm film-grain". '
        'Weaker: cinematic ("cinematic").'
    )


def test_the_same_words_twice_count_once():
    assert style_in("anime, anime, anime, oil painting") == "oil painting"


@settings(deadline=None)
@given(st.sampled_from(WORDS), st.text("abcdefghijklmnopqrstuvwxyz", max_size=4), st.text("aeioust", max_size=4))
def test_a_style_word_inside_another_word_never_triggers(words, before, after):
    assume(before or after)
    glued = f"{before}{words}{after}"
    # Unless what is glued on makes another listed phrase, or leaves one of its words whole.
    whole = phrase(glued)
    assume(not any(_inside(phrase(other), whole) for other in WORDS))
    assert style_in(f"a fox, {glued}, snow") == ""


def _inside(part, whole):
    return any(whole[n : n + len(part)] == part for n in range(len(whole)))


@settings(deadline=None)
@given(st.sampled_from(WORDS), st.sampled_from(["a fox, {}", "{} of a fox", "A fox ({}:1.2) at night", "{}"]))
def test_every_listed_phrase_finds_a_style(words, sentence):
    found = detect(sentence.format(words), STYLES.listed())
    assert found.signs
    assert words in {text for sign in found.signs for text in sign.style.words}


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_has_an_answer(prompt):
    assert detect(prompt, STYLES.listed()).reason


def test_no_word_belongs_to_two_styles():
    assert len(WORDS) == sum(len(style.words) for style in STYLES.listed())


def test_own_phrases_are_found_as_the_shipped_ones():
    own = extended(STYLES, '{"ukiyo-e": {"words": ["ukiyo-e", "woodblock print"], "files": ["*ukiyo*"]}}', "mine.json")
    assert detect("a wave, ukiyo e", own.listed()).chosen.name == "ukiyo-e"
    assert detect("a wave", Catalogue().listed()).chosen is None
