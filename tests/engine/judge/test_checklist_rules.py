"""Checklists without a model: the user's lines as they are, or the goal taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack.engine.judge.checklist_rules import checklist_of_goal, checklist_of_lines, kind_of


def of(line):
    (one,) = checklist_of_lines("the goal", [line]).requirements
    assert (one.text, one.span, one.source) == (line, line, "user")
    return one


def asked(line):
    one = of(line)
    return one.kind, one.question, one.ask, one.expect


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("three ducks", ("count", "How many ducks are there?", "count", ("3",))),
        ("exactly 12 red cars", ("count", "How many red cars are there?", "count", ("12",))),
        ("one blue duck", ("count", "How many blue ducks are there?", "count", ("1",))),
        ("no people", ("absence", "Is there any people in the picture?", "yesno", ("no",))),
        ("without a hat", ("absence", "Is there any hat in the picture?", "yesno", ("no",))),
        ('a sign saying "OPEN"', ("text", 'Is "OPEN" written in the picture, spelled exactly so?', "yesno", ("yes",))),
        ("a red umbrella", ("object", "Does the picture show a red umbrella?", "yesno", ("yes",))),
        ("the hat is red", ("object", "Does the picture show that the hat is red?", "yesno", ("yes",))),
        ("a cat left of a dog", ("relation", "Does the picture show a cat left of a dog?", "yesno", ("yes",))),
        ("Is the sky blue?", ("object", "Is the sky blue?", "yesno", ("yes",))),
    ],
)
def test_lines(line, expected):
    assert asked(line) == expected


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("a dog's 3D render", "object"),
        ("1950 car", "object"),
        ("notes on a table", "object"),
        ("one-eyed pirate", "object"),
        ("the dogs' bowl and cats' bed", "object"),
        ("the word 'hello'", "text"),
        ("a lamp above the door", "relation"),
        ("No, never", "object"),
    ],
)
def test_kinds_do_not_jump_to_conclusions(line, kind):
    assert kind_of(line) == kind


@pytest.mark.parametrize("line", ["three ducks", "no people", 'a sign "OPEN"', '"GO HOME"', "a hat", "Is it day?"])
def test_every_line_has_a_second_wording(line):
    one = of(line)
    assert one.alt_question != one.question
    assert one.alt_expect


def test_second_wordings_turn_the_answer_round():
    assert (of("a hat").alt_question, of("a hat").alt_expect) == (
        "Is this missing or wrong in the picture: a hat?",
        ("no",),
    )
    assert of("no cars").alt_expect == ("yes",)
    assert (of('a sign "OPEN"').alt_ask, of('a sign "OPEN"').alt_expect) == ("open", ("open",))
    assert of('"GO HOME"').alt_expect == ("no",)
    assert of("three ducks").alt_expect == ("3",)


def test_hard_ones_are_trusted_by_half():
    trusts = [of(line).trust for line in ("four ducks", "five ducks", "a cat left of a dog", "a hat")]
    assert trusts == [1.0, 0.5, 0.5, 1.0]


def test_list_marks_empty_and_repeated_lines_are_left_out():
    found = checklist_of_lines("g", ["- a hat", " ", "2. a cat", "a hat", "\u2022 three ducks"])
    assert [one.text for one in found.requirements] == ["a hat", "a cat", "three ducks"]
    assert [one.id for one in found.requirements] == ["r1", "r2", "r3"]


@pytest.mark.parametrize(
    ("lines", "words"),
    [([], "empty"), ([" ", ""], "empty"), ([f"thing {n}" for n in range(31)], "at most 30"), (["x" * 201], "200")],
)
def test_lines_that_cannot_be_used_are_explained(lines, words):
    with pytest.raises(ValueError, match=words):
        checklist_of_lines("g", lines)


def test_the_goal_taken_apart():
    found = checklist_of_goal('three ducks, a black and white cat and a sign "SALT, PEPPER and MORE"; no people.')
    assert [one.text for one in found.requirements] == [
        "three ducks",
        "a black and white cat",
        'a sign "SALT, PEPPER and MORE"',
        "no people",
    ]
    assert [one.kind for one in found.requirements] == ["count", "object", "text", "absence"]


def test_what_is_too_much_is_said_not_to_be_covered():
    found = checklist_of_goal(", ".join(f"thing {n}" for n in range(34)))
    assert len(found.requirements) == 30
    assert found.uncovered == ("thing 30", "thing 31", "thing 32", "thing 33")
    assert found.digest == found.model_copy(update={"uncovered": ()}).digest
    long = checklist_of_goal(f"a fox, {'very ' * 1000}old, a hat")
    assert next(one.text for one in long.requirements) == "a fox"
    assert long.uncovered == ("a hat",)
    assert checklist_of_goal("  ").requirements == ()


@pytest.mark.parametrize(
    ("goal", "texts"),
    [
        ("\u4e00\u53ea\u732b\uff0c\u4e00\u53ea\u72d7\u3002", ["\u4e00\u53ea\u732b", "\u4e00\u53ea\u72d7"]),
        ("- a cat\n- a dog", ["a cat", "a dog"]),
        ("Dr. Smith, e.g. in a coat. A 2.5 meter wall", ["Dr. Smith", "e.g. in a coat", "A 2.5 meter wall"]),
        ("a red car?", ["a red car"]),
        ("Is the sky blue?", ["Is the sky blue?"]),
    ],
)
def test_goals_are_parted_as_people_do(goal, texts):
    assert [one.text for one in checklist_of_goal(goal).requirements] == texts


@pytest.mark.parametrize(
    ("line", "kind", "question", "expect"),
    [
        ("keine Menschen", "absence", "Is this true of the picture: keine Menschen?", ("yes",)),
        ("The sky isn't blue", "object", "Is this true of the picture: The sky isn't blue?", ("yes",)),
        ("a dog without a collar", "object", "Does the picture show a dog without a collar?", ("yes",)),
        ("no people in the back", "absence", "Is there any people in the back?", ("no",)),
        ('a shop with no sign saying "OPEN"', "object", None, ("yes",)),
        ("two to four ducks", "count", "How many ducks are there?", ("2", "3", "4")),
        ("12 year old boy", "object", "Does the picture show 12 year old boy?", ("yes",)),
        ("\u00ab5% OFF!\u00bb", "text", 'Is "5% OFF!" written in the picture, spelled exactly so?', ("yes",)),
        ('the words \u201esay "hi"\u201c', "text", None, ("yes",)),
    ],
)
def test_lines_of_all_kinds(line, kind, question, expect):
    one = of(line)
    assert (one.kind, one.expect) == (kind, expect)
    assert question is None or one.question == question
    assert one.alt_question != one.question


def test_a_denial_is_asked_twice_in_the_same_sense():
    one = of("keine Menschen")
    assert (one.alt_question, one.alt_expect) == ("Does the picture contradict this: keine Menschen?", ("no",))


def test_the_ends_of_a_range_decide_how_far_it_is_trusted():
    trusts = [of(line).trust for line in ("at least 3 ducks", "at least 6 ducks", "at most 4 ducks", "2 to 7 ducks")]
    assert trusts == [1.0, 0.5, 1.0, 0.5]


def test_a_checklist_by_rule_says_that_it_is_one():
    assert {one.source for one in checklist_of_goal("a hat, a cat").requirements} == {"rule"}
    assert checklist_of_goal("a hat").notes == ()
    (note,) = checklist_of_goal("a hat", "The model wrote none.").notes
    assert note.startswith("The model wrote none. So the goal was taken apart by rule")


@given(st.text(max_size=300))
def test_any_goal_is_taken_apart(goal):
    found = checklist_of_goal(goal)
    assert len(found.requirements) <= 10
    assert found.goal == goal
    assert found.digest == checklist_of_goal(goal).digest
    for one in found.requirements:
        assert one.question.strip() and one.alt_question.strip() and one.expect and one.alt_expect


@given(st.lists(st.text(max_size=60), max_size=10))
def test_any_lines_make_a_checklist_or_say_why_not(lines):
    try:
        found = checklist_of_lines("g", lines)
    except ValueError as problem:
        assert "empty" in str(problem)
    else:
        assert 1 <= len(found.requirements) <= 10
