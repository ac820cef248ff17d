"""The scenes of the self-test: balanced, the same everywhere, and true to what they say."""

from __future__ import annotations

from collections import Counter

from pack.engine.judge.checklist_rules import first_wording, kind_of, second_wording
from pack.engine.judge.number_words import NUMBERS
from pack.engine.judge.self_test_scenes import KINDS, SIDE, self_test_scenes

SCENES = self_test_scenes()
TRIALS = [(scene, trial) for scene in SCENES for trial in scene.trials]


def there(scene, words):
    """How many shapes of "red circle" or "circles" there are."""
    *colour, name = words.split()
    return sum(s.name == name.removesuffix("s") and (not colour or s.colour == colour[0]) for s in scene.shapes)


def test_sixty_scenes_with_as_many_true_as_false_of_each_kind():
    assert len(SCENES) == 60
    assert Counter((t.requirement.kind, t.holds) for _, t in TRIALS) == {
        (k, h): 10 for k in KINDS for h in (True, False)
    }
    self_test_scenes.cache_clear()
    assert self_test_scenes() == SCENES


def test_the_truth_is_what_was_drawn():
    for scene, trial in TRIALS:
        text = trial.requirement.text
        match trial.requirement.kind:
            case "count":
                number, things = text.split(" ", 1)
                holds = there(scene, things) == NUMBERS[number]
            case "object":
                holds = there(scene, text.removeprefix("a ")) > 0
            case "absence":
                holds = there(scene, text.removeprefix("no ")) == 0
            case "text":
                holds = f'"{scene.word}"' in text
            case "attribute":
                _, name, _, colour = text.split()
                holds = there(scene, f"{colour} {name}") == there(scene, name) == 1
            case "relation":
                words = text.split()
                first, second = (next(s for s in scene.shapes if s.name == words[at]) for at in (1, -1))
                assert max(abs(first.x - second.x), abs(first.y - second.y)) > 150
                holds = {
                    "left": first.x < second.x - 150,
                    "right": first.x > second.x + 150,
                    "above": first.y < second.y - 150,
                    "below": first.y > second.y + 150,
                }[words[2]]
        assert holds == trial.holds, text


def test_what_is_asked_is_what_a_checklist_asks():
    for _, trial in TRIALS:
        asked = trial.requirement
        assert kind_of(asked.text) in (asked.kind, "object")
        first = first_wording(asked.text, asked.kind)
        assert (asked.question, asked.ask, asked.expect) == tuple(first)
        assert (asked.alt_question, asked.alt_ask, asked.alt_expect) == tuple(
            second_wording(asked.text, asked.kind, first)
        )


def test_nothing_overlaps_or_leaves_the_picture():
    for scene in SCENES:
        assert scene.picture().size == (SIDE, SIDE)
        for at, one in enumerate(scene.shapes):
            assert one.radius < min(one.x, one.y) and max(one.x, one.y) < SIDE - one.radius
            assert not scene.word or one.y + one.radius < 395, "over the sign"
            for other in scene.shapes[at + 1 :]:
                assert ((one.x - other.x) ** 2 + (one.y - other.y) ** 2) ** 0.5 > one.radius + other.radius
