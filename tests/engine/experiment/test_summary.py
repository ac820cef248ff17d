"""From what was seen to figures and a sentence: rigged arms are found worse, equal ones not different."""

from __future__ import annotations

import pytest
from pack.engine.experiment.arms import ARM_NAMES, first_seed, order_of, runs_of
from pack.engine.experiment.milestones import equal_seconds, pictures_wanted
from pack.engine.experiment.outcomes import ReportedPicture, ReportedPrompt, met_by, outcome_of
from pack.engine.experiment.prompts import ExperimentRequirement
from pack.engine.experiment.record import LookedAtPicture, PictureLook, PromptRecord
from pack.engine.experiment.report import ReportUnusable, make_report, pool_reports, read_report
from pack.engine.experiment.report_text import summary_lines
from pack.engine.experiment.summary import power_before

from .reports import RENDERS, SETUP, drawn_report, played, seen

FACTS = (ExperimentRequirement(text="three foxes", about="count"), ExperimentRequirement(text="snow", about="scene"))


def prompt(*runs, pictures=()):
    return ReportedPrompt(
        id="p001",
        prompt="three foxes in snow",
        requirements=FACTS,
        runs={run.arm: run for run in runs},
        pictures=tuple(ReportedPicture(seen=one) for one in pictures),
    )


def compared(report, one="ours", other="seeds", point="renders"):
    figures = next(p for p in report.summary.points if p.point == point)
    return next(c for c in figures.comparisons if (c.one, c.other) == (one, other)).values["all_correct"]


def test_two_equal_arms_are_not_found_different_in_19_of_20_seeds():
    found = [compared(drawn_report(seed, {"seeds": 0.85, "ours": 0.85})).larger for seed in range(20)]
    assert sum(found) <= 1


def test_a_rigged_arm_that_gives_its_first_picture_is_found_worse():
    for seed in range(5):
        report = drawn_report(seed, {"seeds": 0.9, "ours": 0.95})
        worse = compared(report, "seeds", "one_shot")
        assert (worse.larger, worse.mean > 0) == (True, True)
        assert "Imitatoes" in report.summary.verdict


def test_the_verdict_says_which_is_better_and_when_nothing_is():
    assert "is better by more than chance" in drawn_report(1, {"seeds": 0.6, "ours": 0.95}).summary.verdict
    turned = drawn_report(1, {"seeds": 0.95, "ours": 0.6}).summary.verdict
    assert turned.startswith("Best of many seeds is better")
    assert drawn_report(2, {"seeds": 0.8, "ours": 0.8}).summary.verdict.startswith("No difference larger than chance")
    empty = make_report("e", 1.0, SETUP, ["seeds", "ours"], {}, [], {}, {})
    assert empty.summary.verdict.startswith("Nothing can be said")


def test_what_an_arm_came_to_by_the_referee():
    first, last = seen("a", {"r1": True, "r2": False}), seen("b", {"r1": True, "r2": True})
    one = prompt(played("ours", "a", "b", ended="done"), pictures=(first, last))
    done = outcome_of(one, "ours", "renders", RENDERS)
    assert (done.all_correct, done.share, done.done, done.renders, done.seconds) == (True, 1.0, True, 2, 20.0)
    assert done.value("wrong_done") == 0.0
    wrong = prompt(played("ours", "a", ended="done"), pictures=(first,))
    assert outcome_of(wrong, "ours", "renders", RENDERS).value("wrong_done") == 1.0
    assert outcome_of(wrong, "ours", "renders", RENDERS).value("overestimate") == pytest.approx(0.5)
    assert outcome_of(one, "seeds", "renders", RENDERS) is None
    assert outcome_of(prompt(played("ours", "c")), "ours", "renders", RENDERS) is None, "nobody looked"


def test_one_shot_is_the_first_picture_of_the_seeds():
    one = prompt(played("seeds", "a", "b"), pictures=(seen("a", {"r1": False, "r2": False}), seen("b", {"r1": True})))
    shot = outcome_of(one, "one_shot", "renders", RENDERS)
    assert (shot.picture, shot.renders, shot.seconds, shot.done) == ("a", 1, 10.0, False)
    assert runs_of(["one_shot", "ours"]) == ("seeds", "ours")


def test_both_wordings_count_in_logits():
    looks = [PictureLook(by="referee", wording=w, p={"r1": p, "r2": 0.4}) for w, p in ((1, 0.9), (2, 0.3))]
    both = LookedAtPicture(key="a", run_id="r", name="n", looks=tuple(looks))
    assert met_by(both, "referee") == {"r1": True, "r2": False}
    assert met_by(both, "judge") is None


def test_at_equal_seconds_a_run_that_was_cut_off_is_known_only_so_far():
    slow = played("ours", "a", "b", "c", "d", seconds=20.0)
    quick = played("seeds", "e", "f", "g", seconds=10.0)
    assert equal_seconds([slow, quick]) == 30.0
    pictures = tuple(seen(key, {"r1": True, "r2": True}) for key in "abcdefg")
    one = prompt(slow, quick, pictures=pictures)
    assert outcome_of(one, "ours", "seconds", 4).picture == "a"
    assert outcome_of(one, "seeds", "seconds", 4).picture == "g"
    assert outcome_of(one, "ours", "half", 4).picture == "b"
    finished = played("seeds", "e", ended="done", seconds=10.0)
    assert equal_seconds([finished]) is None
    assert equal_seconds([slow, finished]) == 80.0
    assert pictures_wanted([slow, quick], 4) == ["a", "b", "d", "e", "f", "g"]


def test_prompts_with_a_failed_run_are_left_out_and_counted():
    whole = PromptRecord(id="p001", looked=True)
    assert whole.looked
    report = drawn_report(4, {"seeds": 0.8}, count=10, arms=("seeds", "ours"))
    assert (report.summary.prompts, report.summary.left_out) == (0, 10)


def test_figures_by_what_is_asked_for():
    about = {one.about: one for one in drawn_report(1, {"seeds": 0.7, "ours": 0.9}).summary.points[0].about}
    assert {"count", "colour", "relation", "scene"} <= set(about)
    assert about["colour"].gain.mean > 0
    assert set(about["colour"].arms) == {"one_shot", "seeds", "ours"}


def test_what_a_person_ticked_is_merged_and_compared():
    plain = drawn_report(3, {"seeds": 0.7, "ours": 0.9}, count=20)
    ticks = {}
    for reported in plain.prompts:
        key = reported.runs["ours"].milestones[-1].picture
        met = dict(reported.picture(key).met("referee"))
        ticks[key] = {name: (not yes if name == "r1" else yes) for name, yes in met.items()}
    report = drawn_report(3, {"seeds": 0.7, "ours": 0.9}, count=20, ticks=ticks)
    told = {(a.one, a.other): a for a in report.summary.agreements}
    answers = sum(len(said) for said in ticks.values())
    assert told["person", "referee"].answers == answers
    assert told["person", "referee"].share == pytest.approx(1 - 20 / answers)
    assert told["judge", "referee"].share == 1.0
    assert [one.arm for one in report.summary.person] == ["ours"]


def test_reports_are_pooled_prompt_by_prompt():
    reports = [drawn_report(seed, {"seeds": 0.75, "ours": 0.9}, count=20) for seed in range(4)]
    pooled = pool_reports(reports)
    assert (pooled.summary.reports, pooled.summary.prompts) == (4, 80)
    one, all_of = compared(reports[0]), compared(pooled)
    assert all_of.n == 80
    assert all_of.high - all_of.low < one.high - one.low
    again = [read_report(one.model_dump_json(), "a") for one in reports]
    assert pool_reports(again) == pooled


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"name": "e1"}, "given twice"),
        ({"renders": 4}, "renders a run differ"),
        ({"prompt_set": "other"}, "different sets"),
        ({"held_out": True}, "held-out prompts differ"),
        ({"checklists": "made"}, "checklists differ"),
    ],
)
def test_what_cannot_be_compared_is_not_pooled(changed, why):
    first = drawn_report(1, {"seeds": 0.8, "ours": 0.8}, count=5)
    other = drawn_report(2, {"seeds": 0.8, "ours": 0.8}, count=5, **changed)
    with pytest.raises(ReportUnusable, match=why):
        pool_reports([first, other])


def test_a_file_that_is_no_report_is_named():
    with pytest.raises(ReportUnusable, match=r"mine\.json is no report"):
        read_report("{}", "mine.json")
    with pytest.raises(ReportUnusable, match="at least two"):
        pool_reports([drawn_report(1, {"seeds": 0.8}, count=2)])


def test_the_lines_for_a_terminal_name_all_arms_and_figures():
    text = "\n".join(summary_lines(drawn_report(1, {"seeds": 0.7, "ours": 0.9}).summary))
    for words in ("One shot", "Best of many seeds", "At equal seconds", "judge less referee", "colour", "60 prompts"):
        assert words in text


def test_power_before_anything_is_measured():
    power = power_before(60)
    assert (power.all_correct, power.share) == (pytest.approx(15, abs=0.5), pytest.approx(4, abs=0.2))
    assert power.detectable > power.all_correct


def test_every_arm_begins_with_the_same_seed_and_the_order_is_drawn():
    assert first_seed("p001", 5) == first_seed("p001", 5) != first_seed("p002", 5)
    assert first_seed("p001", 5) != first_seed("p001", 6)
    orders = {order_of(f"p{n:03d}", 1, ARM_NAMES) for n in range(1, 40)}
    assert len(orders) == 6
    assert all(sorted(order) == ["ours", "repairs", "seeds"] for order in orders)
