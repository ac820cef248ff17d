"""How a planned local edit is carried out, kept or reverted."""

from __future__ import annotations

import asyncio

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pack.engine.judge.picture import Picture
from pack.engine.judge.region_question import WHOLE, RegionHint
from pack.engine.judge.scoring import NO_BIAS
from pack.engine.loop.belief.run_belief import believe_run
from pack.engine.loop.journal import stem
from pack.engine.loop.outcome import record
from pack.engine.loop.plan import Pending, Plan, RegionRepair
from pack.engine.loop.repair_judging import changed_box, enlarged_part, read_back
from pack.engine.loop.repair_kinds import kinds
from pack.engine.loop.repair_plan import (
    SURROUNDINGS,
    next_step_after,
    outcomes,
    repair_of,
    repairs_allowed,
    repairs_left,
    without_impossible_repair,
)
from pack.engine.loop.repair_rendering import box_mask, without_repairs
from pack.engine.loop.run import Stop
from pack.engine.loop.run_context import Report

from .runs import SETTINGS, checklist, itemised, judged, run

FOX = checklist("red fox", "three ducks", "deep snow", "night sky")
HINT = RegionHint(requirement="r1", region="the fox", prompt="a red fox", box=(10, 20, 300, 400))
REPAIRED = (0.1, 0.1, 0.3, 0.3)


def started(*chances, answers=None, **fields):
    first = run(**fields).model_copy(update={"checklist": FOX})
    return judged(first, itemised(*chances, answers=answers)).model_copy(update={"can_edit_locally": True})


def plan(requirement="r1", edit_of=1, index=2, repair=None):
    made = {"settings": SETTINGS, "action": "local_edit", "edit_of": edit_of, "requirement": requirement}
    return Plan(loop=1, index=index, reason="Because.", repair=repair, **made)


def repaired(before, verdict, repaired=REPAIRED, duplicate_of=None, wish="", requirement="r1"):
    """The run after a repair of its first picture."""
    repair = RegionRepair(kind="wrong", words="fox", prompt="a red fox", denoise=0.6, wish=wish)
    index = len(before.iterations) + 1
    pending = before.model_copy(
        update={"pending": Pending(prompt_id=f"p{index}", plan=plan(requirement, index=index, repair=repair))}
    )
    report = Report(verdict, f"{stem(pending.pending.plan)}.png", duplicate_of=duplicate_of, repaired=repaired)
    return record(pending, report)[0]


def test_region_and_prompt_come_from_the_judge_where_it_points():
    now = started(0.1, 0.9, 0.9, 0.9).model_copy(update={"region_hints": {"1:r1": HINT}})
    repair = repair_of(now, plan())
    assert (repair.kind, repair.box, repair.words, repair.prompt) == ("missing", HINT.box, "", "a red fox")
    unsure = started(0.4, 0.9, 0.9, 0.9).model_copy(update={"region_hints": {"1:r1": HINT}})
    repair = repair_of(unsure, plan())
    assert (repair.kind, repair.words, repair.box) == ("wrong", "the fox", HINT.box)


def test_without_a_hint_the_requirement_itself_is_looked_for():
    repair = repair_of(started(0.4, 0.9, 0.9, 0.9), plan())
    assert (repair.words, repair.box, repair.prompt) == ("red fox", None, "red fox")


def test_what_is_missing_needs_a_place():
    now = started(0.1, 0.9, 0.9, 0.9)
    assert repair_of(now, plan()) is None
    assert repair_of(now.model_copy(update={"region_hints": {"1:r1": RegionHint(requirement="r1")}}), plan()) is None


def test_one_too_many_is_filled_with_what_is_around_it():
    now = started(0.9, 0.1, 0.9, 0.9, answers={"r2": "5"})
    hint = RegionHint(requirement="r2", box=(1, 1, 100, 100))
    repair = repair_of(now.model_copy(update={"region_hints": {"1:r2": hint}}), plan("r2"))
    assert (repair.kind, repair.prompt) == ("many", SURROUNDINGS)
    assert "Remove" in repair.instruction


def by_instruction(now, **hints):
    return now.model_copy(update={"edits_by_instruction": True, "region_hints": hints})


def test_a_model_for_editing_is_told_what_to_change_in_the_whole_picture():
    """No mask, and none is needed: what is missing has no place that anybody must know."""
    repair = repair_of(by_instruction(started(0.1, 0.9, 0.9, 0.9)), plan())
    assert repair.whole and repair.box == WHOLE and not repair.words
    assert repair.instruction == "Add red fox, and keep everything else as it is"
    hint = HINT.model_copy(update={"instruction": "put a red fox under the tree"})
    assert repair_of(by_instruction(started(0.1, 0.9, 0.9, 0.9), **{"1:r1": hint}), plan()).instruction == (
        "put a red fox under the tree"
    )


def test_where_more_changed_than_was_to_it_is_told_within_a_region():
    now = by_instruction(started(0.4, 0.9, 0.9, 0.9), **{"1:r1": HINT})
    assert repair_of(now, plan()).whole
    harmed = repaired(now, itemised(0.9, 0.1, 0.9, 0.9))
    repair = repair_of(harmed, plan(index=3))
    assert not repair.whole and repair.box == HINT.box
    vain = repaired(now, itemised(0.4, 0.9, 0.9, 0.9))
    assert repair_of(vain, plan(index=3)).whole


def test_words_that_are_to_be_written_are_quoted_whatever_the_judge_says():
    signs = checklist('a sign that says "OPEN 24/7"', "two foxes")
    text = signs.requirements[0].model_copy(update={"kind": "text"})
    first = run().model_copy(
        update={"checklist": signs.model_copy(update={"requirements": (text, signs.requirements[1])})}
    )
    now = judged(first, itemised(0.4, 0.9)).model_copy(update={"can_edit_locally": True})
    slack = HINT.model_copy(update={"instruction": "correct the sign"})
    told = repair_of(by_instruction(now, **{"1:r1": slack}), plan()).instruction
    assert '"OPEN 24/7"' in told and told.startswith("Change the writing")
    exact = HINT.model_copy(update={"instruction": 'write "OPEN 24/7" on the sign'})
    assert repair_of(by_instruction(now, **{"1:r1": exact}), plan()).instruction == exact.instruction


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)
def test_every_kind_has_a_command(kind):
    told = kind.instruction("three red {ducks}", "duck")
    assert told.endswith("keep everything else as it is") and ("ducks" in told or "duck" in told or "hands" in told)


def test_a_repair_is_kept_that_mends_and_loses_nothing():
    now = repaired(started(0.1, 0.9, 0.9, 0.9), itemised(0.9, 0.9, 0.9, 0.9))
    assert now.iterations[-1].decision.kind == "accept"
    assert now.best.number == 2 and not now.iterations[-1].reverted


@given(st.lists(st.sampled_from([0.1, 0.9]), min_size=4, max_size=4), st.lists(st.sampled_from([0.1, 0.95]), min_size=4,
       max_size=4))  # fmt: skip
def test_a_repair_that_harms_or_does_not_help_is_never_the_best(first, second):
    now = repaired(started(*first), itemised(*second))
    before, after = ([p > 0.5 for p in one] for one in (first, second))
    kept = after[0] and all(new for old, new in zip(before, after, strict=True) if old)
    if not kept:
        assert now.iterations[-1].reverted and now.best.number == 1
        assert "reverted" in now.iterations[-1].decision.reason


def test_a_repair_that_changed_nothing_is_reverted():
    now = repaired(started(0.1, 0.9, 0.9, 0.9), itemised(0.1, 0.9, 0.9, 0.9), repaired=None, duplicate_of=1)
    assert now.iterations[-1].reverted
    assert outcomes(now, 1, "r1") == ["nothing"]


def test_tries_make_the_next_one_stronger_or_weaker():
    now = started(0.4, 0.9, 0.9, 0.9)
    first = repair_of(now, plan()).denoise
    vain = repaired(now, itemised(0.4, 0.9, 0.9, 0.9))
    harmful = repaired(now, itemised(0.9, 0.1, 0.9, 0.9))
    same = repaired(now, itemised(0.4, 0.9, 0.9, 0.9), repaired=None, duplicate_of=1)
    assert [outcomes(one, 1, "r1") for one in (vain, harmful, same)] == [["not_met"], ["lost"], ["nothing"]]
    found = [repair_of(one, plan(index=3)).denoise for one in (harmful, vain, same)]
    assert found[0] < first < found[1] < found[2]


def test_repairs_are_counted_and_wishes_are_not():
    now = started(0.4, 0.9, 0.9, 0.9, iterations_per_loop=4, max_loops=1)
    assert repairs_allowed(now) == 2 == repairs_left(now)
    wished = repaired(now, itemised(0.4, 0.9, 0.9, 0.9), wish="a fox, please", requirement="")
    assert repairs_left(wished) == 2 and not wished.iterations[-1].reverted
    twice = repaired(repaired(now, itemised(0.4, 0.9, 0.9, 0.9)), itemised(0.4, 0.9, 0.9, 0.9))
    assert repairs_left(twice) == 0
    assert not without_impossible_repair(twice).can_edit_locally


def test_after_a_wish_the_user_has_the_word():
    now = repaired(started(0.4, 0.9, 0.9, 0.9), itemised(0.4, 0.9, 0.9, 0.9), wish="bigger ears", requirement="")
    stop = next_step_after(now)
    assert isinstance(stop, Stop) and stop.status == "stopped" and "bigger ears" in stop.reason


def test_why_a_graph_is_not_repaired_is_said_once():
    now = without_repairs(without_repairs(started(0.4, 0.9, 0.9, 0.9), "No sampler."), "No sampler.")
    assert [finding.kind for finding in now.warnings] == ["no_repair"]
    assert not now.can_edit_locally and now.edit_refusal == "No sampler."


@given(
    st.tuples(st.integers(0, 30), st.integers(0, 20), st.integers(1, 10), st.integers(1, 10)),
    st.floats(0.01, 1.0),
)
def test_the_box_around_what_changed(place, strength):
    left, top, columns, rows = place
    before = torch.zeros(30, 40, 3)
    after = torch.zeros(30, 40, 4)
    after[top : top + rows, left : left + columns, 1] = strength
    box = changed_box(before, after)
    assert box == (left / 40, round(top / 30, 5), (left + columns) / 40, round((top + rows) / 30, 5))
    assert changed_box(before, before + 0.001) is None, "nothing that a file of 8 bits could hold"
    assert changed_box(before, torch.zeros(31, 40, 3)) == (0, 0, 1, 1)


@given(st.tuples(*[st.integers(0, 1000)] * 4), st.integers(1, 400), st.integers(1, 400))
def test_a_mask_of_any_box_has_something_in_it(corners, width, height):
    left, right = sorted((corners[0], min(1000, corners[2] + 10)))
    top, bottom = sorted((corners[1], min(1000, corners[3] + 10)))
    mask = box_mask((min(left, 990), min(top, 990), max(right, 10), max(bottom, 10)), width, height)
    assert mask.size == (width, height) and mask.getextrema()[1] == 255


def test_what_is_met_is_never_repaired():
    now = started(0.9, 0.9, 0.9, 0.9).model_copy(update={"region_hints": {"1:r1": HINT}})
    assert all(repair_of(now, plan(name)) is None for name in ("r1", "r2", "r3", "r4"))


def test_what_was_painted_as_a_whole_is_found_behind_any_repairs():
    now = repaired(started(0.1, 0.9, 0.9, 0.9), itemised(0.9, 0.9, 0.9, 0.9))
    assert now.whole_render(now.iterations[1]).number == 1 == now.whole_render(now.iterations[0]).number
    looping = now.iterations[1].model_copy(update={"plan": plan(edit_of=2)})
    assert now.whole_render(looping) is looping, "a damaged run folder is no reason to hang"


def test_a_reverted_repair_never_leads():
    now = repaired(started(0.1, 0.97, 0.3, 0.97), itemised(0.97, 0.97, 0.97, 0.1))
    assert now.iterations[1].reverted
    assert [i.number for i in believe_run(now).ranking] == [1]


def test_one_doubtful_answer_about_what_was_surely_met_is_no_loss():
    """By the same posterior as any picture: a repair leaves the rest mostly as it was."""
    sure = started(0.1, 0.97, 0.97, 0.97)
    assert repaired(sure, itemised(0.97, 0.97, 0.97, 0.45)).best.number == 2
    assert repaired(sure, itemised(0.97, 0.97, 0.97, 0.05)).iterations[1].reverted
    unlikely = repaired(started(0.02, 0.97, 0.97, 0.97), itemised(0.3, 0.97, 0.97, 0.97))
    assert unlikely.iterations[1].reverted and "did not bring red fox" in unlikely.iterations[1].decision.reason


def test_one_that_helps_but_does_not_lead_yet_may_lead_later():
    now = started(0.1, 0.9, 0.9, 0.9)
    second = judged(now.model_copy(update={"pending": Pending(prompt_id="p", plan=now.iterations[0].plan)}),
                    itemised(0.97, 0.97, 0.97, 0.97))  # fmt: skip
    third = repaired(second, itemised(0.8, 0.9, 0.9, 0.9))
    assert third.best.number == 2 and third.iterations[2].decision.kind == "reject"
    assert not third.iterations[2].reverted and 3 in [i.number for i in believe_run(third).ranking]


class CropJudge:
    """A judge that answers about the part alone."""

    looks, pass_score, bias = True, 0.8, NO_BIAS

    def __init__(self, chance):
        self.chance, self.shown = chance, []

    async def look_again(self, picture, asked, seed):
        self.shown.append((tuple(picture.image.shape), [one.id for one in asked.requirements]))
        return itemised(self.chance)


def read(judge, whole, requirement="r1", **fields):
    now = started(0.1, 0.9, 0.9, 0.9)
    made = plan(requirement, repair=RegionRepair(kind="wrong", words="fox", prompt="a red fox", denoise=0.6))
    picture = Picture(torch.rand(200, 300, 3))
    return asyncio.run(read_back(judge, now, made, whole, picture, fields.get("box", (0.4, 0.4, 0.6, 0.6))))


def test_a_small_thing_is_seen_better_enlarged():
    judge = CropJudge(0.95)
    found = read(judge, itemised(0.4, 0.9, 0.9, 0.9))
    assert found.items[0].passed and found.items[0].p > 0.7 and found.looks == 1 and not found.passed
    assert found.items[1:] == itemised(0.4, 0.9, 0.9, 0.9).items[1:]
    assert judge.shown == [((341, 512, 3), ["r1"])]


def test_what_only_the_whole_look_saw_is_doubted():
    assert not read(CropJudge(0.05), itemised(0.7, 0.9, 0.9, 0.9)).items[0].passed


def test_counts_and_confirmed_verdicts_are_not_read_back():
    judge = CropJudge(0.05)
    whole = itemised(0.1, 0.9, 0.9, 0.9)
    assert read(judge, whole, "r2") == whole
    confirmed = itemised(0.9, 0.9, 0.9, 0.9, passed=True)
    assert read(judge, confirmed) == confirmed and read(judge, whole, box=None) == whole
    assert not judge.shown


@given(st.tuples(*[st.floats(0, 1)] * 4), st.integers(1, 60), st.integers(1, 60), st.sampled_from([1, 3, 4]))
def test_any_part_can_be_looked_at(corners, height, width, channels):
    left, right = sorted((corners[0], corners[2]))
    top, bottom = sorted((corners[1], corners[3]))
    part = enlarged_part(torch.rand(height, width, channels), (left, top, right, bottom))
    assert part.shape[-1] == 3 and max(part.shape[:2]) == 512 and min(part.shape[:2]) >= 1
