"""The report's lines, and the rules by which judge and renders share a card."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pack.engine.memory.gpu_handover import JudgeModel, both_fit, partly_on_cpu, room_wanted, size_in_memory
from pack.engine.memory.memory_report import FreedModel, KeptModel, MemoryReport

GIB = 2**30


def report(**changes):
    values = {
        "time": 1.0,
        "total": 24 * GIB,
        "before": 3 * GIB,
        "need": 8 * GIB,
        "need_from": "as set in need_gb",
        "margin": GIB // 2,
        "after": 10 * GIB,
        "enough": True,
    }
    return MemoryReport(**{**values, **changes})


def test_one_line_for_each_thing():
    freed = (
        FreedModel(name="Ollama m", group="ollama", size=7 * GIB),
        FreedModel(name="MODEL Flux", group="unused", size=0),
        FreedModel(name="Ollama n", group="ollama", size=0, gone=False),
    )
    said = report(freed=freed, kept=(KeptModel(name="VAE A", size=GIB),), notes=("so it is",)).describe()
    assert said == [
        "before: 3.0 GiB of 24.0 GiB VRAM free",
        "needed: 8.0 GiB (as set in need_gb), and 0.50 GiB to spare",
        "freed: Ollama m 7.0 GiB (in Ollama, comes back when it is asked)",
        "unloaded: MODEL Flux, which freed nothing",
        "not freed: Ollama n: Ollama still holds it",
        "kept: VAE A 1.0 GiB",
        "after: 10.0 GiB free, enough",
        "note: so it is",
    ]


def test_what_is_short_is_said():
    said = report(after=6 * GIB, enough=False, margin=0).describe()
    assert said[-1] == "after: 6.0 GiB free, 2.0 GiB short"
    assert "freed: nothing" in said


def test_the_same_as_json():
    made = report()
    assert MemoryReport.model_validate_json(made.model_dump_json()) == made


def test_a_judge_wants_its_file_and_a_fifth_more_unless_it_is_loaded():
    assert room_wanted(JudgeModel("m", listed=10 * GIB)) == 12 * GIB
    assert room_wanted(JudgeModel("m", loaded=10 * GIB, on_card=10 * GIB)) == 0
    assert room_wanted(JudgeModel("m")) == 0
    assert size_in_memory(JudgeModel("m", loaded=7)) == 7


def test_a_judge_partly_on_the_cpu_is_told():
    assert "25 % of m is on the CPU" in partly_on_cpu(JudgeModel("m", loaded=8, on_card=6))
    assert partly_on_cpu(JudgeModel("m", loaded=8, on_card=8)) == ""
    assert partly_on_cpu(JudgeModel("m", listed=8)) == ""


def test_what_a_judge_takes_where():
    judge = JudgeModel("m", loaded=8, on_card=6)
    assert (judge.takes(in_ram=False), judge.takes(in_ram=True), JudgeModel("m").takes(True)) == (6, 2, 0)


@given(st.integers(0, 100), st.integers(0, 100), st.integers(0, 100))
def test_both_fit_only_while_all_that_comes_back_has_room(free, moved_out, working):
    assert both_fit(free, moved_out, working) == (free - moved_out >= working)
