"""Whether a critic is linked to a clip, at which rate it plays, and which nodes of the graph keep it. Pure.

A clip is what a video model decodes, or what goes into a video: rows of node_table.json say which classes make one, for
all others the types of their sockets do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .family import family_in
from .graph_view import GraphView, Node
from .model import Graph
from .node_class import ObjectInfo
from .node_table import first_pictures, is_named, looks_like_clip
from .pictures import keeps, painted_by
from .roles import Sampling, sampling_of
from .tracing import InputRef, along, carries, is_number, literal, origin, reading_view

Frames = Literal["auto", "pictures", "clip"]
FRAMES: tuple[Frames, ...] = ("auto", "pictures", "clip")
"""What a batch is judged as: a clip where the graph makes one, else pictures; or as the user says."""
ONE_BY_ONE = ("ImageFromBatch", "ImageBatch", "ImageFromBatch+", "RepeatImageBatch")
"""Classes that pick some frames of a batch, as graphs wrapped by version 0.1.0 have them."""


@dataclass(frozen=True)
class ClipSource:
    """What a graph makes of a critic's pictures. is_clip: they are the frames of one. rate: frames a second, 0 where
    the graph does not say. picked: only some of the frames reach the critic. savers: ids of the output nodes
    that keep the clip, in the order of the graph."""

    is_clip: bool = False
    rate: float = 0.0
    picked: bool = False
    savers: tuple[str, ...] = ()


def clip_source(graph: Graph, object_info: ObjectInfo, critic: str) -> ClipSource:
    """What is linked to this critic's images."""
    view = reading_view(graph, object_info)
    wire = view.wire(critic, "images") if critic in view.nodes else None
    if wire is None:
        return ClipSource()
    makers = along(view, [view.nodes[wire.source]], lambda one: _is_shown(view, one))
    takers = _takers(view, {node.id for node in makers})
    clips = [node for node in takers if _makes_clip(node)]
    painted = painted_by(view, wire.source, wire.slot)
    samplings = [sampling_of(view, view.nodes[name]) for name in painted.samplers] if painted else []
    from_video = any(carries(view, one, "VIDEO") for node in makers for one in view.into(node.id))
    is_clip = bool(clips) or from_video or any(paints_clip(view, one) for one in samplings)
    if not is_clip:
        return ClipSource()
    picked = any(node.class_type in ONE_BY_ONE for node in makers)
    return ClipSource(True, _rate(view, [*clips, *makers]), picked, tuple(_savers(view, clips)))


def moves_a_picture(graph: Mapping[str, Any]) -> bool:
    """Whether a graph makes a clip that begins with a picture of the user's own."""
    return any(first_pictures(node) for node in graph.values())


def paints_clip(view: GraphView, sampling: Sampling) -> bool:
    """Whether more than one frame is painted; so where the number comes from a calculation."""
    return sampling.length is not None and literal(view.graph, sampling.length) != 1


def _is_shown(view: GraphView, wire: object) -> bool:
    return any(carries(view, wire, kind) for kind in ("IMAGE", "VIDEO"))


def _takers(view: GraphView, makers: set[str]) -> list[Node]:
    """The nodes that take pictures or videos of these, and those behind them."""
    found: dict[str, Node] = {}
    waiting = list(makers)
    while waiting:
        for wire in view.out_of(waiting.pop()):
            if wire.node not in found and _is_shown(view, wire):
                found[wire.node] = view.nodes[wire.node]
                waiting.append(wire.node)
    return [node for node in view.nodes.values() if node.id in found]


def _makes_clip(node: Node) -> bool:
    ends = node.known is None or node.known.is_output
    return "VIDEO" in node.outputs or (ends and looks_like_clip(node.class_type))


def _savers(view: GraphView, clips: list[Node]) -> Iterator[str]:
    outputs = set(view.output_nodes)
    for node in clips:
        if node.id in outputs and keeps(node):
            yield node.id


def _rate(view: GraphView, nodes: list[Node]) -> float:
    """As the node that makes the clip says, else the conditioning, else as its family is trained."""
    above = [view.nodes[name] for name in view.upstream([node.id for node in nodes])]
    for node in [*nodes, *above]:
        for name in node.inputs:
            if is_named(name, "rate") and is_number(
                value := literal(view.graph, origin(view, InputRef(node.id, name)))
            ):
                return float(value)
    family = family_in(view.graph)
    return float(family.frames.fps[0]) if family and family.frames and family.frames.fps else 0.0
