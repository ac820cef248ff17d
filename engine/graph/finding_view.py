"""Findings and repairs as scripts and the page get them."""

from __future__ import annotations

from pydantic import BaseModel

from .finding import Finding, Severity
from .repair import Repair


class FindingView(BaseModel):
    """A finding about a workflow, in the shape of an error.

    type: a short name that stays the same. node: its id in the workflow. hint: what to do.
    severity: rejected: the server refuses it. wrong: it runs, and fails or gives something else than asked for.
    suspicious: it runs; perhaps not as meant.
    """

    type: str
    message: str
    node: str | None
    input: str | None
    hint: str
    severity: Severity


class RepairView(BaseModel):
    """A change that would end a finding. certain: nothing else can have been meant; `repair: true` does these."""

    sentence: str
    certain: bool
    node: str | None
    input: str | None
    diff: tuple[str, ...]


def finding_view(finding: Finding) -> FindingView:
    return FindingView(
        type=finding.kind,
        message=finding.what,
        node=finding.node or None,
        input=finding.input or None,
        hint=finding.fix,
        severity=finding.severity,
    )


def repair_view(repair: Repair) -> RepairView:
    return RepairView(
        sentence=repair.sentence,
        certain=repair.certain,
        node=repair.finding.node or None,
        input=repair.finding.input or None,
        diff=repair.lines,
    )
