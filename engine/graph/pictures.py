"""Which picture of a graph is judged: the one that the user keeps, painted by a sampler, furthest downstream.

Candidates reach an output node and have a sampler behind them. A saved one comes before one that is only shown, a whole
picture before a piece of it or a sheet of several, and of those left the one with the most samplers and picture steps
behind it. Masks, control maps and a detailer's crops are none. The rule and its figures: docs/design-notes.md, 15.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .chains import in_order
from .graph_view import GraphView, Node
from .node_class import ANY
from .node_table import is_named, looks_like_clip, looks_like_map, looks_like_sheet, row_of
from .roles import is_sampler
from .tracing import along, carries, inputs_with_role

PICTURE_TYPES = ("LATENT", "IMAGE", "VIDEO", "SEGS")
SAVES = re.compile(r"save|export|upload|send|video.?combine|websocket", re.IGNORECASE)
"""Class names of output nodes without a row that keep what they get; others only show it."""


@dataclass(frozen=True)
class Painted:
    """What is behind a picture.

    samplers: ids, first stage first. steps: nodes from the first sampler on. whole: some way to a sampler crosses no
    cropping. sheet: every way crosses a node that puts pictures side by side.
    """

    samplers: tuple[str, ...]
    steps: int
    whole: bool
    sheet: bool


@dataclass(frozen=True)
class Candidate:
    """A picture that could be judged: output `slot` of node `source`, as output node `node` shows or saves it.

    clip: it is a video. rank: larger is nearer to what the user keeps.
    """

    node: str
    source: str
    slot: int
    title: str
    saved: bool
    clip: bool
    painted: Painted

    @property
    def rank(self) -> tuple[Any, ...]:
        painted = self.painted
        return self.saved, painted.whole and not painted.sheet, len(painted.samplers), painted.steps


def candidates(view: GraphView) -> list[Candidate]:
    """Every picture that could be judged, the best first; each once, by its best output node."""
    best: dict[tuple[str, int], Candidate] = {}
    for node_id in in_order(view.graph):
        node = view.nodes.get(node_id)
        if node is None or not _ends_graph(view, node):
            continue
        for source, slot, clip in _shown(view, node):
            source, slot = _maker(view, source, slot)
            painted = painted_by(view, source, slot)
            if painted is None:
                continue
            found = Candidate(node.id, source, slot, _title(view, node), keeps(node), clip, painted)
            known = best.get((source, slot))
            if known is None or found.rank > known.rank:
                best[source, slot] = found
    return sorted(best.values(), key=lambda one: one.rank, reverse=True)


def of_equal_rank(found: list[Candidate]) -> list[Candidate]:
    """The candidates that nothing but the user can choose between; one where there is no doubt."""
    return [one for one in found if one.rank == found[0].rank]


def pictures_shown(view: GraphView) -> list[tuple[Node, str, int]]:
    """(output node, source, slot) of every picture that is shown or saved, painted or not."""
    nodes = [node for node in view.nodes.values() if _ends_graph(view, node)]
    return [(node, source, slot) for node in nodes for source, slot, _ in _shown(view, node)]


def _ends_graph(view: GraphView, node: Node) -> bool:
    """Whether a node makes the graph run. Of a class that nobody knows: nothing takes what it gives."""
    if node.known is not None:
        return node.known.is_output
    return not view.out_of(node.id) and bool(view.into(node.id))


def keeps(node: Node) -> bool:
    """Whether an output node saves the picture rather than showing it only."""
    row = row_of(node.class_type)
    if node.inputs.get("save_output") is False:
        return False
    shown = node.inputs.get("image_output")
    if isinstance(shown, str):  # as Easy-Use and tinyterraNodes call it: Hide, Preview, Save, Hide/Save, Sender
        return "Save" in shown
    if row and (row.is_output or row.kind == "map"):
        return row.kind == "save"
    if SAVES.search(node.class_type):
        return True
    return any(name in node.specs or name in node.inputs for name in ("filename_prefix", "output_path", "save_prefix"))


def _shown(view: GraphView, output: Node) -> Iterator[tuple[str, int, bool]]:
    """(source, slot, whether it is a clip) of the pictures that an output node takes, and of the one it makes."""
    row = row_of(output.class_type)
    if row and row.picture is not None:
        yield output.id, row.picture, False
        return
    if row and row.kind == "map":
        return
    makers = along(view, [output], lambda wire: carries(view, wire, "VIDEO"))
    for node in makers:
        clip = len(makers) > 1 or looks_like_clip(output.class_type)
        wires = [wire for wire in view.into(node.id) if _takes_picture(view, node, wire.input)]
        if not wires and node is not output and is_sampler(node):
            yield node.id, _picture_slot(node), True
        for wire in wires:
            if node is output or not is_sampler(node):
                yield wire.source, wire.slot, clip
    if len(makers) > 1:
        for node in makers[1:]:
            if is_sampler(node):
                yield node.id, _picture_slot(node), True


def _picture_slot(node: Node) -> int:
    return next((slot for slot, kind in enumerate(node.outputs) if kind in ("VIDEO", "IMAGE")), 0)


def _takes_picture(view: GraphView, node: Node, name: str) -> bool:
    wire = view.wire(node.id, name)
    if wire is None or (wire.input == "video" and carries(view, wire, "VIDEO")):
        return False
    if carries(view, wire, "IMAGE"):
        return True
    kind = view.type_of(wire.source, wire.slot)
    return node.known is None and kind == ANY and (is_named(name, "image") or name.startswith("image"))


def _maker(view: GraphView, source: str, slot: int) -> tuple[str, int]:
    """The node that makes a picture, behind the output nodes that hand theirs on unchanged."""
    seen = set()
    while source not in seen:
        seen.add(source)
        node = view.nodes[source]
        row = row_of(node.class_type)
        passes = node.known is not None and node.known.is_output and not is_sampler(node) and not (row and row.picture)
        wire = next((one for one in view.into(source) if _takes_picture(view, node, one.input)), None)
        if not passes or wire is None or (0 <= slot < len(node.outputs) and node.outputs[slot] != "IMAGE"):
            break
        source, slot = wire.source, wire.slot
    return source, slot


def painted_by(view: GraphView, source: str, slot: int) -> Painted | None:
    """What painted a picture; None where no sampler did, or where it is a mask, a map or a crop of a detailer's."""
    sheets: set[str] = set()
    whole = _ways(view, source, slot, crops=False, sheets=sheets)
    some = whole or _ways(view, source, slot, crops=True, sheets=sheets)
    samplers = [node_id for node_id in in_order(view.graph) if node_id in some and is_sampler(view.nodes[node_id])]
    if not samplers:
        return None
    below = view.downstream(samplers) & some
    return Painted(tuple(samplers), len(below), bool(whole), bool(sheets & some))


def _ways(view: GraphView, source: str, slot: int, *, crops: bool, sheets: set[str]) -> set[str]:
    """The nodes on the ways up from a picture, through pictures and latents. Empty where none leads to a sampler.

    crops: whether a way may cross a node that takes a piece out. Behind the first sampler anything may be crossed.
    """
    start = view.nodes[source]
    row = row_of(start.class_type)
    if row and row.share_of_output(slot):
        return set()
    reached: set[str] = set()
    waiting = [(source, slot, False)]
    seen: set[tuple[str, bool]] = set()
    painted = False
    while waiting:
        node_id, slot, behind = waiting.pop()
        node = view.nodes[node_id]
        if (node_id, behind) in seen or (not behind and _ends_way(view, node, slot, crops)):
            continue
        seen.add((node_id, behind))
        reached.add(node_id)
        row = row_of(node.class_type)
        if not behind and (row.kind == "sheet" if row else looks_like_sheet(node.class_type)):
            sheets.add(node_id)
        sampler = is_sampler(node)
        painted = painted or sampler
        waiting += [(one, from_slot, behind or sampler) for one, from_slot in _above(view, node, slot)]
    return reached if painted else set()


def _ends_way(view: GraphView, node: Node, slot: int, crops: bool) -> bool:
    row = row_of(node.class_type)
    if row is not None:
        return row.kind == "map" or bool(row.share_of_output(slot)) or (row.kind == "part" and not crops)
    if is_sampler(node):
        return False
    info = view.object_info.get(node.class_type)
    return looks_like_map(node.class_type, str(info.get("category", "")) if info else "")


def _above(view: GraphView, node: Node, slot: int) -> list[tuple[str, int]]:
    """(source, slot) of the pictures and latents that an output of a node is made from."""
    row = row_of(node.class_type)
    role = row.role_of_output(slot) if row else ""
    roles = (role,) if role in ("latent", "image") else ("latent", "image")
    found = _through_bundles(view, node, roles)
    if row and row.kind == "carrier":
        return found
    direct = [(wire.source, wire.slot) for wire in view.into(node.id) if _is_picture(view, wire)]
    return list(dict.fromkeys([*found, *direct]))


def _through_bundles(view: GraphView, node: Node, roles: tuple[str, ...]) -> list[tuple[str, int]]:
    """The pictures and latents in the pipes and contexts of a node, up to the sampler that made them."""
    found: list[tuple[str, int]] = []
    waiting, seen = [node], {node.id}
    while waiting:
        one = waiting.pop(0)
        own = [wire for place in inputs_with_role(view, one, *roles) if (wire := view.wire(*place))]
        if own:
            found += [(wire.source, wire.slot) for wire in own]
            continue
        for place in inputs_with_role(view, one, "bundle"):
            wire = view.wire(*place)
            behind = view.nodes[wire.source] if wire else None
            if wire is None or behind is None or behind.id in seen:
                continue
            seen.add(behind.id)
            if is_sampler(behind):
                found.append((behind.id, wire.slot))
            else:
                waiting.append(behind)
    return found


def _is_picture(view: GraphView, wire: Any) -> bool:
    if any(carries(view, wire, kind) for kind in PICTURE_TYPES):
        return True
    kind = view.type_of(wire.source, wire.slot)
    if kind != ANY:
        return False
    taker = view.nodes[wire.node]
    named = is_named(wire.input, "latent") or is_named(wire.input, "image") or wire.input.startswith("image")
    return taker.known is None and named


def _title(view: GraphView, node: Node) -> str:
    if node.title:
        return node.title
    return node.known.display_name if node.known else node.class_type
