"""A part that came out wrong in a picture that shows everything: the judge points at it, and it is painted anew."""

from __future__ import annotations

import pytest
from pack.engine.judge.region_question import RegionHint
from pack.engine.loop.belief.local_edits import EDITS_OF_ONE
from pack.engine.loop.check_repairs import check_remedy, repaired_check
from pack.engine.loop.journal import stem
from pack.engine.loop.outcome import record
from pack.engine.loop.plan import Pending
from pack.engine.loop.repair_kinds import checks_repaired, kind_named
from pack.engine.loop.repair_plan import hint_wanted, next_step_with_repair, outcomes
from pack.engine.loop.run import Stop
from pack.engine.loop.run_context import Report
from pack.engine.settings import Limits

from .runs import itemised, judged
from .test_check_remedies import poor, story

BOX = (400, 400, 600, 700)
HAND = RegionHint(requirement="", region="the left hand", prompt="a hand with five fingers", box=BOX)


def found_poor(check, hint=HAND, **fields):
    """A run whose first picture shows everything and is poor in this; hint: what the judge points at, if asked."""
    now = judged(story(**fields), poor(check)).model_copy(update={"can_edit_locally": True})
    return now if hint is None else now.model_copy(update={"region_hints": {f"1:{check}": hint}})


def repaired(now, verdict, changed=(0.4, 0.4, 0.6, 0.7), duplicate_of=None):
    """The run after its next step, a repair, was rendered and judged so."""
    plan = next_step_with_repair(now)
    assert plan.action == "local_edit", plan
    pending = now.model_copy(update={"pending": Pending(prompt_id="p", plan=plan)})
    report = Report(verdict, f"{stem(plan)}.png", repaired=changed, duplicate_of=duplicate_of)
    return record(pending, report)[0]


@pytest.mark.parametrize("check", sorted(checks_repaired()))
def test_the_judge_is_asked_where_it_is_and_that_part_is_repaired(check):
    wanted = hint_wanted(found_poor(check, hint=None))
    assert (wanted.iteration.number, wanted.key, wanted.requirement) == (1, f"1:{check}", "")
    now = found_poor(check)
    assert hint_wanted(now) is None
    plan = next_step_with_repair(now)
    assert (plan.action, plan.edit_of, plan.remedy, plan.requirement) == ("local_edit", 1, check_remedy(check), "")
    assert plan.repair.box == BOX and plan.repair.prompt == HAND.prompt and repaired_check(plan) == check
    assert plan.settings.seed != now.iterations[0].settings.seed and "one place" in plan.reason


@pytest.mark.parametrize(
    ("check", "region", "kind"),
    [
        ("faces", "the left hand", "hand"),
        ("faces", "her smiling face", "face"),
        ("faces", "the woman", "artifact"),
        ("artifacts", "a doubled arm", "artifact"),
        ("artifacts", "the melted fingers", "hand"),
        ("artifacts", "", "artifact"),
        ("text", "the shop sign", "text"),
    ],
)
def test_the_row_of_data_is_that_of_what_the_judge_points_at(check, region, kind):
    plan = next_step_with_repair(found_poor(check, HAND.model_copy(update={"region": region})))
    row = kind_named(kind)
    assert (plan.repair.kind, plan.repair.denoise, plan.repair.grow) == (kind, row.denoise, row.grow)


def test_what_a_sign_must_read_is_told():
    assert 'read "OPEN 24/7"' in hint_wanted(found_poor("text", hint=None)).wrong


@pytest.mark.parametrize(
    "hint", [RegionHint(requirement=""), HAND.model_copy(update={"prompt": ""}), RegionHint(requirement="", prompt="x")]
)
def test_where_the_judge_points_at_nothing_the_whole_picture_is_changed(hint):
    plan = next_step_with_repair(found_poor("artifacts", hint))
    assert plan.remedy == "artifacts:steps" and plan.repair is None


def test_a_requirement_that_fails_comes_first():
    now = judged(story(), itemised(0.9, 0.1).model_copy(update={"checks": {"artifacts": 0.1}}))
    now = now.model_copy(update={"can_edit_locally": True, "region_hints": {"1:artifacts": HAND}})
    step = next_step_with_repair(now)
    assert isinstance(step, Stop) or not step.remedy


@pytest.mark.parametrize("fields", [{"repairs": 0}, {"repairs": -1}])
def test_only_so_many_as_the_user_allows_and_only_where_the_graph_can(fields):
    now = found_poor("faces", limits=Limits(iterations_per_loop=20, **fields))
    assert (next_step_with_repair(now).action == "local_edit") == (fields["repairs"] != 0)
    assert next_step_with_repair(now.model_copy(update={"can_edit_locally": False})).action != "local_edit"


def test_where_nothing_but_seeds_may_vary_nothing_is_repaired():
    now = found_poor("faces", vary="seed")
    assert hint_wanted(now) is None and next_step_with_repair(now).action == "compose"


def test_a_repair_that_mends_it_is_kept_and_leads():
    now = repaired(found_poor("faces"), poor())
    assert now.iterations[1].decision.kind == "accept" and now.best.number == 2
    assert outcomes(now, 1, "", check_remedy("faces")) == ["met"]


@pytest.mark.parametrize(
    ("verdict", "told"),
    [
        (poor("faces"), "still faces or hands look wrong"),
        (poor("artifacts"), "now parts of the picture are broken"),
        (itemised(0.9, 0.1), "lost"),
        (itemised(0.9, 0.9), "still"),
    ],
    ids=["still poor", "another one poor", "a requirement lost", "not answered"],
)
def test_one_that_does_not_help_or_harms_is_reverted(verdict, told):
    now = repaired(found_poor("faces"), verdict)
    assert now.iterations[1].reverted and told in now.iterations[1].decision.reason
    assert now.best.number == 1


def test_it_grows_stronger_where_nothing_changed_and_weaker_where_more_did():
    first = next_step_with_repair(found_poor("faces")).repair.denoise
    nothing = repaired(found_poor("faces"), poor("faces"), changed=None, duplicate_of=1)
    vain = repaired(found_poor("faces"), poor("faces"))
    harmful = repaired(found_poor("faces"), poor("artifacts"))
    later = [next_step_with_repair(now).repair.denoise for now in (nothing, vain, harmful)]
    assert later[0] > later[1] > first > later[2]


def test_after_some_tries_the_whole_picture_is_changed():
    now = found_poor("faces", limits=Limits(iterations_per_loop=20, repairs=10))
    for _ in range(EDITS_OF_ONE):
        now = repaired(now, poor("faces"))
    plan = next_step_with_repair(now)
    assert plan.action != "local_edit" and plan.remedy.startswith("faces:")
    assert len({stem(i.plan) for i in now.iterations}) == EDITS_OF_ONE + 1
