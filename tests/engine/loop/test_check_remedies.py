"""A check that is poor although all requirements are met: what is changed, and what the reason says."""

from __future__ import annotations

import pytest
from pack.engine.judge.critique import Edit
from pack.engine.loop.evidence import RunEvidence
from pack.engine.loop.policy import clauses_wanted, next_step
from pack.engine.loop.run import Stop

from .runs import advanced, checklist, itemised, judged, run

GOOD = {"artifacts": 0.9, "faces": 0.9, "text": 0.9, "composition": 0.9}


def poor(*checks, level=0.2, edits=None):
    """All requirements met, these checks poor."""
    found = itemised(0.9, 0.9, score=0.75, edits=edits)
    return found.model_copy(update={"checks": {"prompt_match": 0.9, **GOOD, **dict.fromkeys(checks, level)}})


def story(family="SDXL", goal="a red fox, a sign", **fields):
    return run(iterations_per_loop=20, goal=goal, **fields).model_copy(
        update={"family": family, "checklist": checklist("a red fox", 'a sign "OPEN 24/7"')}
    )


def plans(now, verdict, count):
    """The next plans, where every picture gets the same verdict: none is better than the first."""
    found = []
    for _ in range(count):
        now = judged(now, verdict)
        step = next_step(now)
        assert not isinstance(step, Stop), step
        found.append(step)
        now = advanced(now)
    return found


def test_artifacts_get_more_steps_twice_then_cfg_towards_the_middle_then_a_new_seed():
    first, second, third, fourth, fifth = plans(story(), poor("artifacts"), 5)
    assert [plan.settings.steps for plan in (first, second, third)] == [25, 30, 20]
    assert [plan.settings.cfg for plan in (first, second, third)] == [7.0, 7.0, 6.5], "the middle of 4 to 9"
    assert [plan.settings.seed for plan in (first, second, third)] == [5, 5, 5], "what is met stays met"
    assert len({plan.settings.seed for plan in (fourth, fifth)} - {5}) == 2
    assert "parts of the picture are broken: steps 20 to 25" in first.reason
    assert "cfg 7 to 6.5" in third.reason
    assert fourth.reason.startswith("A new seed") and "nothing is left to change about it" in fourth.reason
    assert (first.action, fourth.action) == ("parameters", "compose")


def test_where_more_steps_give_the_same_picture_the_seed_changes_before_the_run_gives_up():
    now = judged(story(), poor("artifacts"))
    more_steps = next_step(now)
    assert more_steps.settings.steps == 25
    now = judged(advanced(now), poor("artifacts"), duplicate_of=1)
    another = next_step(now)
    assert not isinstance(another, Stop), another
    assert another.settings.seed != 5 and "nothing is left to change about it" in another.reason


def test_steps_stay_inside_the_familys_range():
    turbo = story("SDXL Turbo", settings=run().start.settings.model_copy(update={"steps": 7, "cfg": 1.0}))
    first, second, *_ = plans(turbo, poor("artifacts"), 2)
    assert first.settings.steps == 8
    assert (second.settings.steps, second.settings.cfg) == (7, 1.0), "cfg of a distilled model stays"
    assert second.settings.seed != 5


@pytest.mark.parametrize(
    ("family", "cfg", "negative", "clause"),
    [
        ("SDXL", 7.0, True, ""),
        ("FLUX.2 klein distilled", 1.0, False, "a natural, well-proportioned face"),
        ("SDXL Turbo", 1.0, False, "detailed natural face"),
        ("SDXL", 1.0, False, "detailed natural face"),
        ("", 7.0, True, ""),
    ],
)
def test_faces_go_into_the_negative_where_the_family_has_one_else_into_the_prompt(family, cfg, negative, clause):
    now = story(family, settings=run().start.settings.model_copy(update={"cfg": cfg}))
    (plan,) = plans(now, poor("faces"), 1)
    assert ("malformed hands" in plan.settings.negative) is negative
    assert (clause in plan.settings.prompt) and (bool(clause) or plan.settings.prompt == "a red fox")
    assert "faces or hands look wrong: " in plan.reason
    assert ("avoid deformed face" in plan.reason) is negative
    assert plan.settings.seed == 5


def test_a_remedy_that_helped_stays_with_the_picture_it_helped():
    now = judged(advanced(judged(story(), poor("faces"))), poor("faces", level=0.3).model_copy(update={"score": 0.78}))
    assert now.best.number == 2
    for _ in range(3):
        now = judged(advanced(now), poor("faces"))
        assert "malformed hands" in now.iterations[-1].settings.negative


@pytest.mark.parametrize(
    ("family", "clause"),
    [
        ("SDXL", '"OPEN 24/7" text'),
        ("SD3.5 Large", 'the writing reads "OPEN 24/7" in clear letters'),
    ],
)
def test_writing_is_quoted_again_in_the_familys_way(family, clause):
    (plan,) = plans(story(family), poor("text"), 1)
    assert clause in plan.settings.prompt
    assert "the writing is malformed: add" in plan.reason


def test_writing_that_nobody_asked_for_goes_into_the_negative():
    now = story().model_copy(update={"checklist": checklist("a red fox", "snow")})
    (plan,) = plans(now, poor("text"), 1)
    assert "gibberish text" in plan.settings.negative


def test_the_composition_gets_a_clause_by_the_editor_and_a_new_seed():
    asked = judged(story(), poor("composition"))
    assert clauses_wanted(asked) == ("composition",)
    now = judged(story(), poor("composition", edits={"composition": "the whole fox in the middle"}))
    assert clauses_wanted(now) == ()
    plan = next_step(now)
    assert "the whole fox in the middle" in plan.settings.prompt
    assert plan.wording.owned == {"composition": "the whole fox in the middle"}
    assert plan.settings.seed != 5
    assert "the composition is poor: add" in plan.reason
    again = judged(advanced(now), poor("composition"))
    assert clauses_wanted(again) == ("composition",), "what was tried is not tried again"
    assert "nothing is left to change about it" in next_step(again).reason


def test_the_poorest_check_comes_first_and_then_the_next():
    found = poor("artifacts").model_copy(update={"checks": {**poor("artifacts").checks, "faces": 0.1}})
    first, second, *_ = plans(story(), found, 2)
    assert "faces or hands" in first.reason
    assert "parts of the picture are broken" in second.reason


def test_where_a_requirement_fails_nothing_of_it_happens():
    failing = itemised(0.9, 0.2).model_copy(update={"checks": {"prompt_match": 0.4, **GOOD, "faces": 0.1}})
    plan = next_step(judged(story(), failing))
    assert plan.remedy == ""
    assert "faces" not in plan.reason


@pytest.mark.parametrize(("policy", "keeps"), [("keep", True), ("new", False)])
def test_the_users_seed_policy_holds(policy, keeps):
    (plan,) = plans(story(seed_policy=policy), poor("artifacts"), 1)
    assert (plan.settings.seed == 5) is keeps


def test_the_prompt_grows_no_further_than_other_clauses_may():
    evidence = RunEvidence(judged(story("FLUX.2 klein distilled"), poor("faces")))
    assert evidence.best is not None
    edit = Edit(requirement="composition", clause=" ".join(["wide"] * 12))
    verdict = poor("composition").model_copy(update={"edits": (edit,) * 3})
    plan = next_step(judged(story("FLUX.2 klein distilled"), verdict))
    assert len(plan.settings.prompt.split()) <= 3 + 12


def test_where_nothing_is_left_to_change_the_words_are_those_worth_most_on_a_new_seed():
    """The leading picture meets by luck what its words bring in one of four pictures."""
    now = advanced(judged(story(), poor("artifacts")))
    for _ in range(3):
        now = advanced(judged(now, itemised(0.03, 0.95, edits={"r1": "one bright red fox"})))
    plan = now.pending.plan
    assert "nothing is left to change about it" in plan.reason and plan.settings.seed != 5
    assert plan.wording.owned == {"r1": "one bright red fox"}
