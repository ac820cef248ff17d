"""Preflight: everything that the server checks, what it lets through although it fails, and what goes with what."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict

from .finding import Finding
from .graph_view import GraphView
from .model import NotAnApiGraph, read_graph
from .node_class import ObjectInfo
from .rules import links, parts, sampling, structure, values, video

Rule = Callable[[GraphView], Iterator[Finding]]

SERVER_RULES: tuple[Rule, ...] = (links.links, values.values)
"""What the server's own validation says about single inputs, with its silent conversions and holes."""
FURTHER_RULES: tuple[Rule, ...] = (
    links.literal_for_link,
    parts.parts,
    sampling.guidance,
    sampling.scheduled_size,
    video.lengths,
    video.still_prompts,
    video.frame_rates,
    video.nested_latents,
    video.encoded_sides,
)


class Checked(BaseModel):
    """The result of a preflight. running: outputs that would run; refused: outputs that would not."""

    model_config = ConfigDict(frozen=True)

    findings: tuple[Finding, ...]
    running: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()

    @property
    def rejected(self) -> tuple[Finding, ...]:
        """The findings for which the server refuses an output."""
        return tuple(finding for finding in self.findings if finding.severity == "rejected")


def check(
    graph: Any,
    object_info: ObjectInfo,
    *,
    targets: Collection[str] | None = None,
    version: str | None = None,
) -> Checked:
    """Everything that is not right with a graph, the gravest first. Raises nothing for a broken graph.

    graph: parsed JSON, of whatever kind. targets: ids as in partial_execution_targets. version: ComfyUI's, where known.
    Agrees with the server of 0.8.0, except that it knows nothing of files on disk: a picture that is not listed is
    "wrong", never "rejected". 0.3.64 does not compare the lists of V3 nodes; a value off such a list fails there later.
    """
    try:
        view = GraphView(read_graph(graph), object_info)
    except NotAnApiGraph as problem:
        return Checked(findings=(Finding(kind="not_an_api_graph", severity="rejected", what=str(problem), fix=""),))
    whole = [*structure.broken_entries(view), *structure.outputs(view, targets), *structure.depth(view)]
    outputs = [node_id for node_id in view.output_nodes if targets is None or node_id in targets]
    used = _meant_to_run(view, outputs)
    found = [*structure.going_round(view)]
    for rule in SERVER_RULES + FURTHER_RULES:
        found += rule(view)
    if version:
        found += parts.version(view, version)
    findings = [*whole, *(_where_it_counts(finding, used) for finding in found), *structure.never_run(view, used)]
    refused = tuple(output for output in outputs if _whole_refused(whole) or _spoils(view, findings, output))
    return Checked(
        findings=tuple(sorted(findings, key=lambda one: _ORDER[one.severity])),
        running=tuple(output for output in outputs if output not in refused),
        refused=refused,
    )


def _meant_to_run(view: GraphView, outputs: Collection[str]) -> set[str]:
    """The nodes above these outputs, also through links that are only badly written: 5 for "5"."""
    waiting, seen = list(outputs), set()
    while waiting:
        node_id = waiting.pop()
        if node_id not in seen and node_id in view.nodes:
            seen.add(node_id)
            links = (value for value in view.nodes[node_id].inputs.values() if isinstance(value, list) and value)
            waiting += [str(link[0]) for link in links]
    return seen


_ORDER = {"rejected": 0, "wrong": 1, "suspicious": 2}


def _whole_refused(findings: Collection[Finding]) -> bool:
    """Whether one of these stands against the whole graph. A node without inputs only spoils what it feeds."""
    return any(finding.kind != "no_inputs" for finding in findings)


def _where_it_counts(finding: Finding, used: set[str]) -> Finding:
    """The server never looks at nodes that feed no output, so nothing there is refused."""
    if finding.node in used or finding.severity == "suspicious":
        return finding
    return finding.model_copy(update={"severity": "suspicious"})


def _spoils(view: GraphView, findings: Collection[Finding], output: str) -> bool:
    above = view.upstream([output])
    return any(finding.severity == "rejected" and finding.node in above for finding in findings)
