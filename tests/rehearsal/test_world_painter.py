import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.rehearsal.world.misreading import misread, misspelt, scratched
from pack.rehearsal.world.painter import draw, paint
from pack.rehearsal.world.scene import parse
from pack.rehearsal.world.verdict import look

from .scenes import photographed

GOAL = "three red circles to the left of a blue square, on a white background"
START = "some red circles and a blue square"
GOOD = "exactly three red circles to the left of exactly one blue square, white background"
BEST = "exactly three red circles, exactly one blue square, circles clearly left of the square, plain white background"


def meets_goal(prompt: str, seed: int) -> bool:
    return not look(GOAL, paint(prompt, "", seed, 20, 7.0, 384, 384)).unmet


def mistakes(prompt: str, renders: int = 400) -> float:
    """Share of renders whose scene is not what the prompt says."""
    meant = parse(prompt)
    return np.mean([misread(meant, prompt, seed) != meant for seed in range(renders)])


def test_a_picture_is_what_its_settings_say():
    picture = paint(GOAL, "", 7, 20, 7.0, 320, 192)
    assert picture.shape == (192, 320, 3)
    assert picture.dtype == np.uint8
    assert (picture == paint(GOAL, "", 7, 20, 7.0, 320, 192)).all()


@pytest.mark.parametrize(
    "change",
    [{"prompt": START}, {"seed": 8}, {"steps": 4}, {"cfg": 14.0}, {"cfg": 2.0}],
)
def test_every_setting_matters(change):
    settings = {"prompt": GOAL, "negative": "", "seed": 7, "steps": 20, "cfg": 7.0, "width": 128, "height": 128}
    assert (paint(**settings) != paint(**settings | change)).any()


def test_cfg_does_nothing_for_a_model_without_guidance():
    assert (paint(GOAL, "", 7, 20, 1.0, 128, 128) == paint(GOAL, "", 7, 20, 7.0, 128, 128)).all()


def test_a_huge_seed_is_a_seed():
    assert paint(GOAL, "", 2**64 - 1, 20, 7.0, 64, 64).shape == (64, 64, 3)


@pytest.mark.parametrize(("width", "height"), [(64, 64), (64, 1024), (1000, 70), (2048, 1152), (4096, 4096)])
def test_sizes(width, height):
    assert paint(GOAL + ', the word "HI"', "", 1, 20, 7.0, width, height).shape == (height, width, 3)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=120), st.integers(0, 2**64 - 1))
def test_any_prompt_gives_a_picture(prompt, seed):
    picture = paint(prompt, "", seed, 20, 7.0, 96, 64)
    assert picture.shape == (64, 96, 3)
    assert picture.std() > 1


def test_prompts_without_shapes_differ():
    assert np.abs(paint("a sailor", "", 1, 20, 7, 96, 96).astype(int) - paint("rain", "", 1, 20, 7, 96, 96)).mean() > 4


def test_a_clean_picture_is_neither_flat_nor_blocky():
    grey = draw(parse(GOAL), 3, 512, 512).astype(float).mean(axis=2)
    assert grey[:60, :20].std() > 1
    steps = np.abs(np.diff(grey, axis=1))
    seams = steps[:, 7::8].mean() / steps.mean()
    assert 0.8 < seams < 1.2


def test_a_weak_prompt_rarely_meets_the_goal():
    assert sum(meets_goal(START, seed) for seed in range(20)) <= 1
    assert sum(meets_goal(GOAL, seed) for seed in range(40)) < 0.25 * 40


def test_a_good_prompt_meets_the_goal_about_half_the_time():
    assert 0.35 < np.mean([meets_goal(GOOD, seed) for seed in range(80)]) < 0.65


def test_wording_cures_what_luck_cannot():
    assert mistakes("three red circles") > 0.6
    assert mistakes("exactly three red circles") < 0.2
    assert mistakes(BEST) < mistakes(GOOD) < mistakes(GOAL)


def test_an_endless_prompt_dilutes():
    filler = ", ".join(["very sharp and clean"] * 30)
    assert mistakes(f"{BEST}, {filler}") > mistakes(BEST) + 0.2


def test_an_edit_leaves_most_of_the_rest_as_it_was():
    scene = parse(GOOD)
    same = [misread(scene, GOOD, seed).groups == misread(scene, GOOD + ", sharp", seed).groups for seed in range(300)]
    assert 0.6 < np.mean(same) < 1


def test_the_negative_prompt_keeps_scratches_away():
    def share(negative: str) -> float:
        return np.mean([scratched(negative, GOAL, seed) for seed in range(500)])

    assert share("") > 0.15
    assert share("blurry, Scratches") < 0.1


@given(st.text("ABEL0 ", min_size=1, max_size=12), st.floats(0, 1, exclude_max=True))
def test_a_misspelt_word_is_another_word(word, draw_of_luck):
    if word.strip():
        assert misspelt(word, draw_of_luck) != word


def test_damage_is_visible():
    scene = parse(GOAL)
    clean = look(GOAL, photographed(draw(scene, 5, 512, 512)))
    assert not (clean.scratched or clean.blurred)
    assert clean.tone == "natural"
    assert look(GOAL, photographed(draw(scene, 5, 512, 512, scratches=True))).scratched
    assert look(GOAL, photographed(draw(scene, 5, 512, 512, steps=7))).blurred
    assert look(GOAL, photographed(draw(scene, 5, 512, 512, cfg=3.0))).tone == "washed out"
    assert look(GOAL, photographed(draw(scene, 5, 512, 512, cfg=13.0))).tone == "over-saturated"
