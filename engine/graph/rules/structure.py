"""Rules about the graph as a whole: classes, outputs, cycles, depth, nodes that never run."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from ..chains import MAX_CHAIN, chain_length, cycles
from ..finding import Finding
from ..graph_view import GraphView
from ..nearest import near


def broken_entries(view: GraphView) -> Iterator[Finding]:
    """Entries that are no node, or of a class that is not there. The server refuses the whole graph for one of them."""
    for node_id, entry in view.graph.items():
        if node_id not in view.nodes:
            yield Finding(
                kind="invalid_prompt",
                severity="rejected",
                node=node_id,
                what=f"Entry {node_id} has no class_type.",
                fix="Remove it, or give it the class_type and inputs of a node.",
            )
            continue
        node = view.nodes[node_id]
        if node.known is None:
            like = near(node.class_type, view.object_info)
            yield Finding(
                kind="missing_node_type",
                severity="rejected",
                node=node_id,
                what=f"Node {node_id}: this ComfyUI has no node class {node.class_type}.",
                fix="Install the node pack it comes from"
                + (f", or use {' or '.join(like)}." if like else ", or replace the node."),
            )
        elif not isinstance(entry.get("inputs"), Mapping):
            yield Finding(
                kind="no_inputs",
                severity="rejected",
                node=node_id,
                what=f"{node.heading()} has no inputs.",
                fix="Give it an `inputs` object, empty if the node needs nothing.",
            )


def outputs(view: GraphView, wanted: Collection[str] | None = None) -> Iterator[Finding]:
    """No output node, so nothing would run. wanted: only these count, as in partial_execution_targets."""
    if not [node_id for node_id in view.output_nodes if wanted is None or node_id in wanted]:
        named = "" if wanted is None else f" among {', '.join(wanted)}"
        yield Finding(
            kind="prompt_no_outputs",
            severity="rejected",
            what=f"The graph has no output node{named}, so nothing would run.",
            fix="Add a node that saves or shows the result: SaveImage, PreviewImage or SaveVideo.",
        )


def going_round(view: GraphView) -> Iterator[Finding]:
    """Cycles, named. The server refuses them, 0.8.0 without a word about which nodes."""
    for cycle in cycles({node_id: view.graph[node_id] for node_id in view.nodes}):
        around = " -> ".join([*cycle, cycle[0]])
        yield Finding(
            kind="dependency_cycle",
            severity="rejected",
            node=cycle[0],
            what=f"These nodes feed each other in a circle: {around}.",
            fix="Remove one of the links between them.",
        )


def depth(view: GraphView) -> Iterator[Finding]:
    length = chain_length({node_id: view.graph[node_id] for node_id in view.nodes})
    if length > MAX_CHAIN:
        yield Finding(
            kind="chain_too_deep",
            severity="rejected",
            what=f"{length} nodes hang one behind the other; more than {MAX_CHAIN} bring the server down.",
            fix="Split the graph: save in between and load the result in a second one.",
        )


def never_run(view: GraphView, used: Collection[str]) -> Iterator[Finding]:
    """used: the nodes above the outputs that run."""
    for node_id, node in view.nodes.items():
        if node_id not in used:
            yield Finding(
                kind="never_runs",
                severity="suspicious",
                node=node_id,
                what=f"{node.heading()} feeds no output, so it never runs.",
                fix="Link it to what should use it, or remove it.",
            )
