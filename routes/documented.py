"""The answers as data, for the OpenAPI document. What a handler really sends is held to this by the tests."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from ..engine.graph.model import Severity
from ..engine.memory.memory_report import MemoryReport
from ..engine.memory.preflight import Preflight
from .answers import ErrorBody


class Told(ErrorBody):
    """A finding about a workflow, in the shape of an error.

    severity: rejected: the server refuses it. wrong: it runs, and fails or gives something else than asked for.
    suspicious: it runs; perhaps not as meant.
    """

    severity: Severity


class ProposedRepair(BaseModel):
    """A change that would end a finding. certain: nothing else can have been meant; `repair: true` does these."""

    sentence: str
    certain: bool
    node: str | None
    input: str | None
    diff: list[str]


class ErrorAnswer(BaseModel):
    """Every error. findings, repairs: only where a workflow was checked."""

    error: ErrorBody
    findings: list[Told] = []
    repairs: list[ProposedRepair] = []


class _Checked(BaseModel):
    """warnings: what the server takes, but perhaps not as meant. findings: these, after what it refuses.

    diff: how the graph differs from the workflow that was sent. repaired: what was repaired, in words. repairs:
    proposals that were not applied.
    """

    warnings: list[Told]
    findings: list[Told]
    diff: list[str]
    repaired: list[str]
    repairs: list[ProposedRepair]


class Started(_Checked):
    """run_id: null while the prompt waits for its turn; the prompt id works wherever a run id does."""

    run_id: str | None
    prompt_id: str


class DryRun(_Checked):
    """The answer to dry_run. workflow: the graph that would be queued. accepted: whether the server would take it."""

    accepted: bool
    workflow: dict[str, Any]


class Folder(BaseModel):
    folder: str


class Nodes(BaseModel):
    """Class of each node by its id."""

    nodes: dict[str, str]


class Deleted(BaseModel):
    deleted: str


class Kept(BaseModel):
    kept: int


class SelfTestState(BaseModel):
    """How far a judge's self-test is: done of `of` scenes while it runs; report: figures and words at its end."""

    connection: str
    model: str
    state: Literal["none", "running", "done", "failed"]
    message: str
    done: int | None = None
    of: int | None = None
    report: dict[str, Any] | None = None


class MemoryReportView(MemoryReport):
    """lines: the same in words."""

    words: list[str] = Field(alias="lines")


class MemoryState(BaseModel):
    """Amounts in bytes; the newest report first."""

    now: dict[str, Any]
    reports: list[MemoryReportView]


class PreflightAnswer(Preflight):
    """lines: the same in words."""

    words: list[str] = Field(alias="lines")
