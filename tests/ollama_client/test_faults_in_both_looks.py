"""Every way in which the double can fail, in the first look, the second, and at the blank picture between them."""

from __future__ import annotations

import asyncio
from typing import get_args

import pytest
from pack.engine.judge.critique import CHECKS
from pack.engine.judge.judge import Judge
from pack.ollama_client import failures
from pack.rehearsal.ollama_connection import Kind
from pack.rehearsal.ollama_double import OllamaDouble, Reply, pixel_judge

from ..painted import CHECKLIST, GOAL, STEPS, UNDERSTOOD, painted

SILENT = {"hang_headers", "hang_body", "ticker"}
LASTING = {"load_timeout", "overflow", "bad_schema", "forbidden_empty", "redirect", "not_json", "error_list"}
LASTING |= {"blank_line", *SILENT}
"""Failures of which nobody expects that the next try is better."""


@pytest.fixture
def seeing(monkeypatch):
    monkeypatch.setattr(failures, "BUSY_PAUSE", 0.0)
    monkeypatch.setattr(failures, "RESTART_PAUSE", 0.0)
    with OllamaDouble(default=pixel_judge, unload_delay=0.0) as server:
        yield server


PICTURE = painted(GOAL)


def judged(model):
    async def look():
        judge = Judge("ollama", model, 0.8, CHECKS)
        return (await judge.judge_pictures([PICTURE], CHECKLIST, 5)).critiques[0]

    return asyncio.run(look())


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("kind", get_args(Kind))
def test_a_fault_that_comes_once(seeing, model_on, kind, step):
    seeing.script.extend([*[Reply()] * STEPS[step], Reply(kind=kind)])
    critique = judged(model_on(seeing.url, timeout=0.5 if kind in SILENT else 10.0))
    if kind not in LASTING:
        assert critique.passed, f"{kind} once costs no verdict: {critique.reason}"
    elif step == "first":
        assert (critique.outcome, critique.score, critique.passed) == ("unreachable", None, False)
    else:
        assert (critique.outcome, critique.passed, critique.looks) == ("judged", False, 1)
        assert "second one" in critique.reason


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("kind", get_args(Kind))
def test_a_fault_that_lasts_never_passes_anything(seeing, model_on, kind, step):
    seeing.script.extend([*[Reply()] * STEPS[step], *[Reply(kind=kind)] * 8])
    critique = judged(model_on(seeing.url, timeout=0.5 if kind in SILENT else 10.0))
    if kind in UNDERSTOOD:
        assert critique.passed, critique.reason
        return
    assert not critique.passed
    assert critique.reason
    if step == "first":
        assert critique.score is None
