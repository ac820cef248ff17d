"""The benchmarks' own arithmetic, and that they name code which exists. Nothing here looks at a clock."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import time

import pytest
from pack.benchmarks import _cards_bench as cards
from pack.benchmarks import _figures as figures
from pack.benchmarks import _table as table
from pack.benchmarks import _workload as workload
from pack.benchmarks._figures import Cycle, Ended, Span
from pack.benchmarks._machine import Bystanders
from pack.benchmarks._stages import (
    BEFORE_RENDER,
    CRITIC,
    LOOKING,
    NOTICING,
    SAVING,
    STAGES,
    UNNAMED,
    WAITING,
)
from pack.benchmarks._stalls import stall_lines
from pack.benchmarks.cards import table as cards_table
from pack.benchmarks.probe import photo, stopwatch
from pack.benchmarks.probe.stalls import KEPT, Stall, Stalls

from .conftest import ROOT


def entry(started, succeeded):
    messages = [("execution_start", {"timestamp": started}), ("execution_cached", {"nodes": []})]
    return {"status": {"messages": [*messages, ("execution_success", {"timestamp": succeeded})]}}


def test_gaps_come_from_the_servers_own_timestamps():
    prompts = [figures.ended(entry(1000, 1500)), figures.ended(entry(1507, 2000)), figures.ended(entry(2900, 3000))]
    assert figures.gaps(prompts) == pytest.approx([7, 900])
    with pytest.raises(KeyError):
        figures.ended({"status": {"messages": [("execution_start", {"timestamp": 1}), ("execution_error", {})]}})


@pytest.mark.parametrize(
    ("values", "expected"),
    [([5], (5, 5, 5)), ([3, 1, 2, 4], (2.5, 4, 4)), (range(1, 11), (5.5, 9, 10)), (range(1, 21), (10.5, 18, 20))],
)
def test_spread(values, expected):
    found = figures.spread(values)
    assert (found.median, found.ninth, found.largest) == expected


def test_nothing_measured_is_said():
    with pytest.raises(ValueError, match="Nothing was measured"):
        figures.spread([])
    with pytest.raises(ValueError, match="Nothing was measured"):
        figures.middle([])


def test_what_several_cards_cost_beside_rendering_and_judging():
    """Renders of half a second; the critic takes .2 s, the rest of a pass is the loop's and ComfyUI-Distributed's."""
    prompts = [Ended(0.0, 0.75), Ended(0.8, 1.6), Ended(1.63, 2.4)]
    spans = [Span(CRITIC, 0.55, 0.75), Span(LOOKING, 0.6, 0.7), Span(CRITIC, 1.4, 1.6), Span(CRITIC, 2.2, 2.4)]
    ours = cards.between(prompts, spans)
    assert [(one.queued, one.within, one.judged) for one in ours] == [
        pytest.approx((0.05, 0.1, 0.2)),
        pytest.approx((0.03, 0.07, 0.2)),
    ]
    mine, theirs = cards.typical(ours), cards.typical([cards.Pass(0.01, 0.05), cards.Pass(0.9, 0.9)] * 2)
    assert (mine.queued, mine.within, mine.judged) == pytest.approx((35, 77.5, 200))
    found = cards.CardFigures(2, mine, cards.typical([cards.Pass(0.01, 0.05)] * 3 + [cards.Pass(0.9, 0.9)]))
    told = found.told()
    assert (told["overhead_ms"], told["distributed_overhead_ms"], told["beside_distributed_ms"]) == (112.5, 60, 52.5)
    assert told["distributed_pictures_a_second"] == round(3 / 0.56, 3)
    assert any("MISSED" in line for line in cards_table([found]))
    assert any("met" in line for line in cards_table([cards.CardFigures(0, theirs, theirs)]))


def one_iteration():
    """Render of 1 s, critic from 1.0 to 2.2 of which the model takes 1.0, next start 10 ms after the end."""
    spans = [
        Span(CRITIC, 1.0, 2.2),
        Span("broken-picture gate", 1.0, 1.02),
        Span(SAVING, 1.02, 1.5),
        Span("JPEG", 1.03, 1.05),
        Span(LOOKING, 1.06, 2.1),
        Span("model released", 2.1, 2.14),
        Span("policy", 2.205, 2.206),
        Span(BEFORE_RENDER, 2.212, 2.213),
        Span(CRITIC, 3.2, 4.4),
        Span(LOOKING, 3.3, 4.3),
    ]
    return [Ended(0.0, 2.2), Ended(2.21, 4.4)], spans


def test_the_critical_path_is_all_but_render_and_look():
    prompts, spans = one_iteration()
    (cycle,) = figures.cycles(prompts, spans, [1.0, 1.0])
    assert cycle.total == pytest.approx(2210 - 1000 - 1000 + 1)
    assert cycle.stages[LOOKING] == pytest.approx(40)
    assert cycle.stages["broken-picture gate"] == pytest.approx(20)
    assert cycle.stages[NOTICING] == pytest.approx(5)
    assert cycle.stages[BEFORE_RENDER] == pytest.approx(1)
    assert cycle.stages[WAITING] == 0
    assert cycle.saving == pytest.approx(480)
    assert sum(cycle.stages.values()) == pytest.approx(cycle.total)
    assert CRITIC not in cycle.stages
    assert SAVING not in cycle.stages


def test_a_picture_that_takes_longer_than_the_look_is_waited_for():
    prompts, spans = one_iteration()
    spans[2] = Span(SAVING, 1.02, 2.19)
    (cycle,) = figures.cycles(prompts, spans, [1.0, 1.0])
    assert cycle.stages[WAITING] == pytest.approx(50)
    assert sum(cycle.stages.values()) == pytest.approx(cycle.total)


def test_a_look_that_was_not_timed_is_noticed():
    prompts, spans = one_iteration()
    with pytest.raises(ValueError, match="shorter"):
        figures.cycles(prompts, spans, [1.0])


def test_the_median_iteration():
    found = [Cycle(total, {"JPEG": total / 2, UNNAMED: 1.0}, total * 3) for total in (10.0, 30.0, 20.0)]
    assert figures.middle(found) == Cycle(20.0, {"JPEG": 10.0, UNNAMED: 1.0}, 60.0)


def measured():
    stages = dict.fromkeys((*(s for s in STAGES if s not in (CRITIC, SAVING)), WAITING, NOTICING, UNNAMED), 1.0)
    cycles = {size: Cycle(float(size) / 100, stages, 5.0) for size in figures.SIZES}
    return figures.spread([5, 6]), figures.spread([500, 600]), cycles


@pytest.mark.parametrize("growth", [None, 12.345])
def test_the_json_object(growth):
    ours, outside, cycles = measured()
    found = figures.result("rehearsal", ours, outside, cycles, dict.fromkeys(figures.SIZES, 200.04), growth)
    assert json.loads(json.dumps(found)) == {
        "gap_ms": 5.5,
        "outside_poll_gap_ms": 550.0,
        "controller_ms": {"1024": 10.2, "2048": 20.5, "4096": 41.0},
        "payload_kib": {"1024": 200.0, "2048": 200.0, "4096": 200.0},
        "growth_mb_40": None if growth is None else 12.3,
        "host": "rehearsal",
    }


def test_the_table_says_what_is_met_and_missed():
    ours, outside, cycles = measured()
    assert table.gap_lines(ours, outside)[1].endswith("met")
    assert not table.gap_lines(ours, outside)[2].endswith("met")
    assert sum("MISSED" in line for line in table.controller_lines(cycles)) == 0
    slow = {size: Cycle(1000.0, cycle.stages, 5.0) for size, cycle in cycles.items()}
    assert sum("MISSED" in line for line in table.controller_lines(slow)) == 1
    assert "MISSED" in table.payload_lines(dict.fromkeys(figures.SIZES, (800.0, 600_001)))[-1]
    assert "unknown" in table.growth_line(None)
    assert "MISSED" in table.growth_line(80.5)


@pytest.mark.parametrize(("share", "warned"), [(0.02, [False]), (0.4, [True]), (None, [])])
def test_a_busy_machine_is_named(share, warned):
    assert ["too long" in line for line in table.bystander_lines(share)] == warned
    assert 0 <= Bystanders().share(os.getpid()) <= 1


@pytest.mark.parametrize(("module", "attribute"), [tuple(target) for targets in STAGES.values() for target in targets])
def test_every_stage_names_code_that_exists(module, attribute):
    scope = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))
    *path, name = attribute.split(".")
    for step in path:
        scope = next(node for node in scope.body if isinstance(node, ast.ClassDef) and node.name == step)
    defined = {node.name for node in scope.body if hasattr(node, "name")}
    imported = {alias.asname or alias.name for n in scope.body if isinstance(n, ast.ImportFrom) for alias in n.names}
    assert name in defined | imported


def test_the_judge_never_finds_everything_and_each_requirement_nearly_always():
    seen = []
    judge = workload.all_but_one(seen.append)
    asked = "\n".join(f"q{n:02d} (yes/no): Is there {text}?" for n, text in enumerate(workload.CHECKLIST, 1))
    looks, missed = 5 * len(workload.CHECKLIST), []
    for _ in range(looks):
        verdict = json.loads(judge({"messages": [{"content": f"<questions>\n{asked}\n</questions>"}]}, []))
        missed += [number for number, answer in verdict.items() if answer == "no"]
    assert len(missed) == looks
    assert {number: missed.count(number) for number in missed} == {
        f"q{n:02d}": 5 for n in range(1, len(workload.CHECKLIST) + 1)
    }
    assert seen == list(range(1, looks + 1))


def test_the_outside_client_renders_the_same_graph_without_its_loop():
    looped = workload.graph(size=64, seed=1, iterations=2)
    opened = workload.without_loop(looped)
    assert looped["11"]["inputs"]["loop"] == ["10", 5]
    assert "loop" not in opened["11"]["inputs"]
    assert (opened["6"], opened["10"]) == (looped["6"], looped["10"])


def test_photographs_differ_by_seed_alone():
    one, same, other = photo.photo(64, 1), photo.photo(64, 1), photo.photo(64, 2**63 + 5)
    assert one.shape == (64, 64, 3)
    assert (one == same).all()
    assert (one - other).abs().mean() > 0.02
    assert 0 <= one.min() < one.max() <= 1


def test_a_stopwatch_keeps_results_and_exceptions():
    calls = []

    def fail(value):
        calls.append(value)
        raise RuntimeError("as it is")

    timed = stopwatch._timed("stage", fail, time.perf_counter)
    with pytest.raises(RuntimeError, match="as it is"):
        timed(3)
    ((stage, begin, end),) = stopwatch.taken()
    assert (stage, calls, end >= begin) == ("stage", [3], True)
    assert stopwatch.taken() == []
    assert stopwatch.attach({"stage": [["no.such.module", "Class.method"]]}) == ["no.such.module:Class.method"]


def test_of_the_stalls_the_longest_are_kept_by_each_measure():
    stalls = Stalls()
    for n in range(20):
        stalls.note(Stall(late=n / 1000, collected=0.0, ours=(20 - n) / 1000, busy=0.0, at=(f"call {n}",)))
    told = stalls.told()
    assert told["late_ms"] == [19, 18, 17, 16, 15]
    assert told["ours_ms"] == [20, 19, 18, 17, 16]
    assert told["at"] == [[f"call {n}"] for n in range(KEPT)]


def test_what_held_the_loop_up_is_found_and_named():
    stalls = Stalls()

    def hold_the_loop_up():
        end = time.thread_time() + 0.06
        while time.thread_time() < end or not stalls._seen:
            pass

    async def story():
        stalls.watch()
        await asyncio.sleep(0.02)
        hold_the_loop_up()
        await asyncio.sleep(0.02)

    asyncio.run(story())
    told = stalls.told()
    assert told["busy_ms"][0] >= 60
    assert told["late_ms"][0] >= 50
    assert any("hold_the_loop_up" in line for at in told["at"] for line in at)


def test_only_what_is_too_long_is_shown():
    told = {"ours_ms": [80.0, 60.0, 50.0], "at": [["loop: a < b", "worker: c"], [], ["loop: d"]]}
    assert [line.strip() for line in stall_lines(told)] == [
        "80 ms: loop: a < b",
        "worker: c",
        "60 ms: nobody could look",
    ]
