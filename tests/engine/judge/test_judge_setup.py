"""Which judge is recommended for how much memory."""

from __future__ import annotations

import pytest
from pack.engine.judge.judge_setup import GIB, InstalledJudge, JudgeSetup, PullState, choices_for, recommended_judge
from pack.ollama_client import DOWNLOADS, GOOD_MODEL


@pytest.mark.parametrize(
    ("gib", "on_cpu", "size"),
    [
        (2, False, "2b"),
        (4, False, "2b"),
        (6, False, "4b"),
        (8, False, "4b"),
        (10, False, "8b"),
        (12, False, "8b"),
        (24, False, "8b"),
        (80, False, "8b"),
        (8, True, "2b"),
        (16, True, "4b"),
        (64, True, "8b"),
        (None, False, "8b"),
    ],
)
def test_by_memory(gib, on_cpu, size):
    choices = choices_for(DOWNLOADS, None if gib is None else gib * GIB, on_cpu)
    assert recommended_judge(choices, GOOD_MODEL).model == f"qwen3-vl:{size}-instruct"


def test_what_does_not_fit_is_told():
    fits = {one.model: one.fits for one in choices_for(DOWNLOADS, 8 * GIB, False)}
    assert fits == {
        "qwen3-vl:2b-instruct": True,
        "qwen3-vl:4b-instruct": True,
        "qwen3-vl:8b-instruct": False,
        "qwen3-vl:32b-instruct": False,
    }
    assert not recommended_judge(choices_for(DOWNLOADS, GIB, False), GOOD_MODEL).fits


@pytest.mark.parametrize(
    ("problem", "clouds", "state"),
    [("down", [False], "no_server"), ("", [], "no_model"), ("", [True], "no_model"), ("", [True, False], "ready")],
)
def test_the_state_in_one_word(problem, clouds, state):
    setup = JudgeSetup(
        connection="local",
        connections=["local"],
        address="http://127.0.0.1:11434",
        problem=problem,
        models=[InstalledJudge(model=str(n), size=1, cloud=cloud) for n, cloud in enumerate(clouds)],
        where="VRAM",
        memory=1,
        recommended=None,
        choices=[],
        pull=PullState(),
    )
    assert setup.state == state == setup.model_dump()["state"]
