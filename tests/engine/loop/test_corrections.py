"""The user's word against the judge's, and another checklist in the middle of a run."""

from __future__ import annotations

import asyncio

import pytest
from pack.engine.judge.scoring import LEAST, MOST
from pack.engine.loop.corrections import correct_judge, edit_checklist, join_corrections
from pack.engine.loop.journal import Journal
from pack.engine.loop.plan import Pending
from pack.engine.loop.policy import first_plan
from pack.engine.loop.run_context import Report

from .runs import advanced, checklist, itemised, judged, run
from .stage import Stage

TEXTS = ("a duck", "a red umbrella", "snow")


def judged_run(*verdicts, **fields):
    one = run(**fields)
    pending = Pending(prompt_id="p1", plan=first_plan(one))
    one = one.model_copy(update={"checklist": checklist(*TEXTS), "pending": pending})
    for number, verdict in enumerate(verdicts):
        one = judged(one if number == 0 else advanced(one), verdict)
    return one


def items(one, number):
    return {item.id: item for item in one.iterations[number - 1].critique.items}


def score(one, number):
    return one.score_of(one.iterations[number - 1])


def test_a_picture_that_the_user_calls_right_becomes_the_best():
    before = judged_run(itemised(0.9, 0.1, 0.9, score=0.4), itemised(0.9, 0.5, 0.6, score=0.6))
    after = correct_judge(before, 1, "r2", True)
    item = items(after, 1)["r2"]
    assert (item.p, item.passed, item.judged) == (MOST, True, 0.1)
    assert score(after, 1) > 0.9 and after.best.number == 1
    assert after.iterations[0].critique.passed, "the user has looked as well"
    assert "Everything asked for is there" in after.iterations[0].critique.reason
    assert items(after, 2) == items(before, 2)
    assert after.standing[1] > 2 * before.standing.get(1, 0.0), "belief goes by it too"
    surely = correct_judge(correct_judge(after, 1, "r1", True), 1, "r3", True)
    assert surely.standing[1] > 0.9, "what the user says is the truth"


def test_a_picture_that_the_user_calls_wrong_no_longer_passes():
    before = judged_run(itemised(0.95, 0.95, 0.95, passed=True))
    after = correct_judge(before, 1, "r3", False)
    item, verdict = items(after, 1)["r3"], after.iterations[0].critique
    assert (item.p, item.passed, item.judged) == (LEAST, False, 0.95)
    assert not verdict.passed and not verdict.done and verdict.score < 0.5
    assert verdict.reason == "You do not see snow."


def test_it_can_be_taken_back():
    before = judged_run(itemised(0.9, 0.1, 0.9))
    after = correct_judge(correct_judge(before, 1, "r2", True), 1, "r2", None)
    assert items(after, 1) == items(before, 1)
    assert (
        correct_judge(correct_judge(before, 1, "r2", True), 1, "r2", False).iterations[0].critique.items[1].judged
        == 0.1
    )


def test_the_same_picture_and_its_second_look_are_told_the_same():
    before = judged_run(itemised(0.9, 0.1, 0.9))
    repeated = judged(advanced(before), itemised(0.9, 0.1, 0.9), duplicate_of=1)
    looked = repeated.model_copy(update={"relooks": {1: itemised(0.8, 0.2, 0.8)}})
    after = correct_judge(looked, 2, "r2", True)
    assert items(after, 1)["r2"].passed and items(after, 2)["r2"].passed
    assert after.relooks[1].items[1].passed


@pytest.mark.parametrize(
    ("number", "requirement", "words"),
    [(0, "r1", "no iteration 0"), (9, "r1", "It has 1"), (1, "r9", "nothing about 'r9'"), (1, "../x", "nothing about")],
)
def test_what_cannot_be_corrected_is_said(number, requirement, words):
    with pytest.raises(ValueError, match=words):
        correct_judge(judged_run(itemised(0.9, 0.1, 0.9)), number, requirement, True)


def test_before_a_wish_nothing_is_corrected():
    before = judged_run(itemised(0.9, 0.1, 0.9)).model_copy(update={"fresh_from": 2})
    with pytest.raises(ValueError, match="before your instruction"):
        correct_judge(before, 1, "r2", True)


@pytest.mark.parametrize(
    ("status", "chances", "met", "then", "words"),
    [
        ("limit", (0.9, 0.1, 0.9), True, "done", "By your word the goal is met in iteration 1"),
        ("limit", (0.1, 0.1, 0.9), True, "limit", "You put the judge right. Best: iteration 1"),
        ("failed", (0.9, 0.1, 0.9), True, "failed", "Why it failed."),
        ("done", (0.9, 0.9, 0.9), False, "stopped", "By your word the goal is not met"),
    ],
)
def test_an_ended_run_says_how_it_stands_now(status, chances, met, then, words):
    verdict = itemised(*chances, passed=status == "done")
    before = judged_run(verdict).model_copy(update={"status": status, "phase": "waiting", "reason": "Why it failed."})
    after = correct_judge(before, 1, "r2", met)
    assert after.status == then and after.reason.startswith(words)


def test_another_checklist_keeps_what_was_seen_of_what_stays():
    before = judged_run(itemised(0.9, 0.1, 0.9))
    after = edit_checklist(before, ["a duck", "snow", "a moon"])
    assert [(r.id, r.text) for r in after.checklist.requirements] == [
        ("r1", "a duck"),
        ("r3", "snow"),
        ("r4", "a moon"),
    ]
    assert after.checklist.requirements[0] == before.checklist.requirements[0]
    assert set(items(after, 1)) == {"r1", "r3"}
    assert 0.5 < score(after, 1) < 0.9, "of the moon nothing is known"
    assert not after.iterations[0].critique.passed and not after.iterations[0].critique.done
    assert after.start.checklist == "a duck\nsnow\na moon", "pictures made from now on say what they were judged by"
    assert after.checklist.digest != before.checklist.digest


def test_without_what_failed_it_is_met_where_two_looks_saw_the_rest():
    looked_twice = itemised(0.9, 0.1, 0.9, looks=2)
    assert edit_checklist(judged_run(looked_twice), ["a duck", "snow"]).iterations[0].critique.passed
    assert not edit_checklist(judged_run(itemised(0.9, 0.1, 0.9)), ["a duck", "snow"]).iterations[0].critique.passed


def test_ids_are_never_used_again():
    before = judged_run(itemised(0.9, 0.1, 0.9))
    once = edit_checklist(before, ["a duck", "snow", "a moon"])
    twice = edit_checklist(once, ["a duck", "a star"])
    assert [r.id for r in twice.checklist.requirements] == ["r1", "r5"]


def test_parents_that_are_gone_are_no_parents():
    one = judged_run(itemised(0.9, 0.1, 0.9))
    one = one.model_copy(update={"checklist": checklist(*TEXTS, parents={"r3": ("r2",)})})
    assert edit_checklist(one, ["a duck", "snow"]).checklist.requirements[1].parents == ()


@pytest.mark.parametrize(("lines", "words"), [([], "empty"), (["x"] * 40 + list(map(str, range(40))), "at most 30")])
def test_unusable_lines_are_refused(lines, words):
    with pytest.raises(ValueError, match=words):
        edit_checklist(judged_run(itemised(0.9, 0.1, 0.9)), lines)


def test_before_the_first_verdict_there_is_nothing_to_edit():
    with pytest.raises(ValueError, match="made when the first picture is judged"):
        edit_checklist(run(), ["a duck"])


def test_what_the_driver_decided_meanwhile_is_joined():
    before = judged_run(itemised(0.9, 0.1, 0.9))
    decided = judged(advanced(before), itemised(0.9, 0.9, 0.2))
    joined = join_corrections(decided, correct_judge(before, 1, "r2", True))
    assert items(joined, 1)["r2"].passed and len(joined.iterations) == 2
    joined = join_corrections(decided, edit_checklist(before, ["a duck", "a red umbrella"]))
    assert set(items(joined, 2)) == {"r1", "r2"} and joined.iterations[1].critique.score > 0.8
    assert [r.text for r in joined.checklist.requirements] == ["a duck", "a red umbrella"]


def test_while_it_goes_on_it_is_on_disk_and_counts_for_what_comes(tmp_path):
    async def story():
        stage = Stage(tmp_path)
        place = await stage.begin("p1")
        stage.driver.report("p1", _report(itemised(0.9, 0.1, 0.9)))
        stage.queue.states["p1"] = stage.queue.states["p1"].__class__("success", started=1.0)
        second = await stage.next_prompt(1)
        await stage.begin(second)  # the judge looks at the second picture
        told = await stage.actions.correct(place.run.id, 1, "r2", True)
        assert told.iterations[0].critique.items[1].passed
        await stage.actions.edit_checklist(place.run.id, ["a duck", "snow"])
        live = stage.driver.live.get(place.run.id)
        assert [len(known.critique.items) for known in live.seen] == [2]
        await stage.actions.edit_checklist(place.run.id, ["a duck", "a moon", "snow"])
        assert live.seen == [], "of the moon nobody has been asked"
        await stage.actions.edit_checklist(place.run.id, ["a duck", "snow"])
        stage.driver.report(second, _report(itemised(0.9, 0.9, 0.9)))
        stage.queue.states[second] = stage.queue.states[second].__class__("success", started=1.0)
        await stage.next_prompt(2)
        on_disk = Journal(tmp_path).load(place.run.id)
        assert [r.text for r in on_disk.checklist.requirements] == ["a duck", "snow"]
        assert [len(i.critique.items) for i in on_disk.iterations] == [2, 2]
        await stage.actions.stop(place.run.id)
        ended = await stage.ended(place.run.id)
        await stage.actions.correct(ended.id, 2, "r1", False)
        on_disk = Journal(tmp_path).load(ended.id)
        assert on_disk.iterations[1].critique.items[0].judged == 0.9
        text = (tmp_path / ended.id / "loop_01_iter_02.json").read_text()
        assert '"judged": 0.9' in text, "in the iteration's own file too"

    asyncio.run(story())


def _report(verdict):
    return Report(critique=verdict, picture=None, checklist=checklist(*TEXTS), fingerprint=f"{verdict.items[1].p}")
