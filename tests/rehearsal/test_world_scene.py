import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack.rehearsal.world.scene import Group, Place, Relation, ShapeScene, opposite, parse

from .scenes import goal_of, random_scene


def groups(text: str) -> list[tuple[int | None, str | None, str]]:
    return [(g.count, g.colour, g.shape) for g in parse(text).groups]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("three red circles", [(3, "red", "circle")]),
        ("Three RED Circles!", [(3, "red", "circle")]),
        ("3 red circles and a blue square", [(3, "red", "circle"), (1, "blue", "square")]),
        ("some red circles", [(None, "red", "circle")]),
        ("a few red circles", [(None, "red", "circle")]),
        ("circles", [(None, None, "circle")]),
        ("star", [(1, None, "star")]),
        ("two big shiny gray rings", [(2, "grey", "ring")]),
        ("an orange diamond, six stars", [(1, "orange", "diamond"), (6, None, "star")]),
        ("some red circles, exactly three red circles", [(3, "red", "circle")]),
        ("three red circles, the red circles are sharp", [(3, "red", "circle")]),
        ("three red circles, circles left of the square", [(3, "red", "circle"), (1, None, "square")]),
        ("circles, then two green circles", [(2, "green", "circle")]),
        ("a red circle without squares", [(1, "red", "circle")]),
        ("(three red circles:1.3) blue square", [(3, "red", "circle"), (1, "blue", "square")]),
        ("100 red circles", [(None, "red", "circle")]),
        ("an old sailor in the rain", []),
        ("", []),
    ],
)
def test_groups(text, expected):
    assert groups(text) == expected


@pytest.mark.parametrize(
    ("text", "emphatic"),
    [
        ("three red circles", False),
        ("exactly three red circles", True),
        ("some circles, precisely three red circles", True),
        ("exactly three red circles, two red circles", False),
        ("exactly three red circles, the red circles", True),
        ("three red circles, the red circles clearly", True),
        ("sharp, exactly, three red circles", False),
    ],
)
def test_emphasis_of_a_group(text, emphatic):
    assert parse(text).groups[0].emphatic is emphatic


@pytest.mark.parametrize(
    ("text", "relation"),
    [
        ("three red circles to the left of a blue square", Relation(0, "left", 1)),
        ("three red circles to the right of a blue square", Relation(1, "left", 0)),
        ("a star above two rings", Relation(0, "above", 1)),
        ("a star under two rings", Relation(1, "above", 0)),
        ("a star, two rings, stars left of the rings", Relation(0, "left", 1, emphatic=True)),
        ("a star clearly above two rings", Relation(0, "above", 1, emphatic=True)),
        ("a star left of a ring, the star right of the ring", Relation(1, "left", 0, emphatic=True)),
    ],
)
def test_relations(text, relation):
    assert parse(text).relations == (relation,)


def test_a_relation_to_nothing_is_none():
    assert parse("a red circle left of the tower").relations == ()
    assert parse("left of a red circle").relations == ()
    assert parse("a red circle left of the red circle").relations == ()


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a red circle in the top left", "top left"),
        ("a red circle in the upper-left corner of the picture", "top left"),
        ("a red circle on the left of the image", "left"),
        ("a red circle at the bottom", "bottom"),
        ("a red circle in the center", "centre"),
        ("in the centre a red circle", "centre"),
        ("a red circle in the bottom middle", "bottom centre"),
    ],
)
def test_places(text, where):
    scene = parse(text)
    assert scene.places == (Place(0, where),)
    assert scene.relations == ()


@pytest.mark.parametrize(
    ("text", "background"),
    [
        ("a red circle on a white background", "white"),
        ("white background, a red circle", "white"),
        ("a red circle, the background is black", "black"),
        ("a red circle, background: blue", None),
        ("a red circle on a nice background", None),
    ],
)
def test_backgrounds(text, background):
    scene = parse(text)
    assert scene.background == background
    assert groups(text) == [(1, "red", "circle")]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('a star and the word "HELLO"', "HELLO"),
        ("the text “Open now”", "OPEN NOW"),
        ("a banner saying 'hello'", "HELLO"),
        ('a sign that reads "Café 42!"', "CAF 42"),
        ("the word HELLO spelled exactly", "HELLO"),
        ('the word "HELO", the word CAFE 42 spelled exactly', "CAFE 42"),
        ("in other words a star", None),
        ('a "red" star', None),
    ],
)
def test_words(text, word):
    assert parse(text).word == word


def test_an_emphatic_word_and_background():
    scene = parse('the word "HELLO" spelled exactly, a plain white background')
    assert scene.word_emphatic
    assert scene.background_emphatic
    assert not parse('the word "HELLO" on a white background').word_emphatic


def test_length_counts_all_words():
    assert parse("a sharp, clean red circle").length == 5


def test_the_opposite_of_a_place():
    assert opposite("top left") == "bottom right"
    assert opposite("centre") == "top left"
    assert opposite("bottom centre") == "top centre"


def plain(scene: ShapeScene) -> tuple:
    return (
        [(g.shape, g.colour, g.count) for g in scene.groups],
        [(r.first, r.axis, r.second) for r in scene.relations],
        [(p.group, p.where) for p in scene.places],
        scene.background,
        scene.word,
    )


@given(st.randoms(use_true_random=False))
def test_a_scene_survives_being_said(dice):
    scene = random_scene(dice)
    assert plain(parse(goal_of(scene))) == plain(scene)


@given(st.text(max_size=200))
def test_any_text_can_be_read(text):
    parse(text)


def test_phrases():
    assert Group("circle", "red", 3).phrase == "three red circles"
    assert Group("star", None, 1).phrase == "one star"
    assert Group("star", "green").phrase == "some green stars"
