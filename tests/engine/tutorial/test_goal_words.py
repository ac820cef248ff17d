import pytest
from pack.engine.tutorial.goal_words import unknown_words, why_not_judged
from pack.engine.tutorial.vocabulary import COLOURS, SHAPES


@pytest.mark.parametrize(
    "goal",
    [
        "three red circles to the left of a blue square, four green stars at the top, on a white background",
        "Five yellow stars above two blue squares; a green ring in the top-left corner.",
        'The word "Good morning" below exactly one purple diamond, no red squares',
        "some discs, more than two grey triangles, without any text",
        "",
    ],
)
def test_goals_of_its_words_are_judged(goal):
    assert unknown_words(goal) == []
    assert why_not_judged(goal) == ""


@pytest.mark.parametrize(
    ("goal", "unknown"),
    [
        ("a cat on a sofa", ["cat", "sofa"]),
        ("three red circles and a Cat", ["cat"]),
        ("three crimson circles, crimson squares", ["crimson"]),
        ("13 red circles", ["13"]),
        ("drei rote Kreise", ["drei", "rote", "kreise"]),
        ("\u4e09\u4e2a\u7ea2\u8272\u7684\u5706", ["\u4e09\u4e2a\u7ea2\u8272\u7684\u5706"]),
        ('a cat with the word "CAT"', ["cat"]),
    ],
)
def test_other_words_are_named(goal, unknown):
    assert unknown_words(goal) == unknown
    said = why_not_judged(goal)
    assert said.startswith(f"the tutorial's judge does not know '{unknown[0]}'")
    assert all(f"{shape}s" in said for shape in SHAPES)
    assert all(colour in said for colour in COLOURS)
    assert "another template" not in said and "take a template with a real model" in said


def test_a_long_foreign_goal_stays_a_short_sentence():
    said = why_not_judged(" ".join(f"foreign{n}" for n in "abcdefghij" * 30))
    assert "and 6 more" in said
    assert len(said) < 600
