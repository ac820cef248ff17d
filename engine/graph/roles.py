"""Which node plays which part in a graph: found by following links from the samplers, whatever names and ids."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from .chains import in_order
from .model import ANY, Graph, GraphView, Node, Wire, is_link


class InputRef(NamedTuple):
    """An input of a node."""

    node: str
    input: str


def carries(view: GraphView, wire: Wire, kind: str) -> bool:
    """Whether a wire carries this type. What an unknown class gives is told by the socket that takes it."""
    given = view.type_of(wire.source, wire.slot)
    if given != ANY:
        return given == kind
    spec = view.nodes[wire.node].specs.get(wire.input)
    return spec is not None and spec.type == kind


def along(view: GraphView, start: Iterable[Node], follow: Callable[[Wire], bool]) -> list[Node]:
    """Breadth first up the wires to follow."""
    waiting, seen = list(start), {}
    while waiting:
        node = waiting.pop(0)
        if node.id not in seen:
            seen[node.id] = node
            waiting += [view.nodes[wire.source] for wire in view.into(node.id) if follow(wire)]
    return list(seen.values())


def origin(view: GraphView, place: InputRef) -> InputRef:
    """Where a text or number really stands: followed through nodes that only pass it on.

    A node passes it on when it has one input of the type, or an input with the name of the output.
    """
    seen = set()
    while place not in seen:
        seen.add(place)
        wire = view.wire(*place)
        if wire is None:
            return place
        node = view.nodes[wire.source]
        kind = view.type_of(wire.source, wire.slot)
        names = [name for name in node.inputs_of_type(kind) if name in node.inputs]
        named = node.known.output_names[wire.slot] if node.known and wire.slot < len(node.known.output_names) else ""
        if len(names) != 1 and named not in names:
            return place
        place = InputRef(node.id, named if named in names else names[0])
    return place


def is_number(value: Any) -> bool:
    """Whether a value is a positive, finite number, as sizes and lengths are."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < float("inf")


def literal(graph: Graph, place: InputRef | None) -> Any:
    """The value at a place; None for a link, and where there is no such place."""
    if place is None:
        return None
    value = graph[place.node]["inputs"].get(place.input)
    return None if is_link(value) else value


SEED_INPUTS = ("seed", "noise_seed")
ZERO_OUT = "ConditioningZeroOut"
"""Blanks a conditioning, so the text above it says nothing. No type or name of a socket tells this."""


class SizePlace(NamedTuple):
    """Where a node's size is written: width and height in pixels, or the area in megapixels (of 1024 x 1024)."""

    node: str
    width: InputRef | None = None
    height: InputRef | None = None
    megapixels: InputRef | None = None


@dataclass(frozen=True)
class Sampling:
    """One sampler node and the inputs that steer it. Texts, sizes and numbers are where their literals stand."""

    node: str
    positive: tuple[InputRef, ...]
    negative: tuple[InputRef, ...]
    seed: InputRef | None
    steps: InputRef | None
    cfg: InputRef | None
    guidance: InputRef | None
    size: SizePlace | None
    batches: tuple[InputRef, ...]
    length: InputRef | None
    latents: tuple[str, ...]
    """Ids of the nodes its latent passes on the way from where it begins."""


@dataclass(frozen=True)
class Roles:
    """The parts of a graph. samplings: first stage first; empty for a graph that samples nothing (an upscaler).

    decodes: nodes that turn a latent into pictures. outputs: nodes that save or show. pictures: the IMAGE wire into
    the last of them, None where no picture comes out.
    """

    samplings: tuple[Sampling, ...]
    decodes: tuple[str, ...]
    outputs: tuple[str, ...]
    pictures: Wire | None

    @property
    def first(self) -> Sampling | None:
        return self.samplings[0] if self.samplings else None

    def places(self, part: Callable[[Sampling], Any]) -> tuple[InputRef, ...]:
        """That part of every stage, in order, each place once."""
        found: list[InputRef] = []
        for sampling in self.samplings:
            value = part(sampling)
            found += [value] if isinstance(value, InputRef) else value or ()
        return tuple(dict.fromkeys(found))


def roles_in(view: GraphView) -> Roles:
    """The parts of a graph. Nodes that feed no output are left out."""
    used = view.upstream(view.output_nodes)
    ordered = [view.nodes[node_id] for node_id in in_order(view.graph) if node_id in used]
    samplings = tuple(_sampling(view, node) for node in ordered if is_sampler(node))
    decodes = tuple(node.id for node in ordered if is_decode(node))
    outputs = tuple(node.id for node in ordered if node.id in view.output_nodes)
    return Roles(samplings, decodes, outputs, _pictures(view, outputs, decodes))


def is_sampler(node: Node) -> bool:
    """Takes a guider, or a model, conditioning and a seed, and gives latents or pictures."""
    if not {"LATENT", "IMAGE"} & {kind for kind in node.outputs if isinstance(kind, str)}:
        return False
    if node.inputs_of_type("GUIDER"):
        return True
    seeded = any(name in node.specs for name in SEED_INPUTS)
    return seeded and bool(node.inputs_of_type("MODEL")) and bool(node.inputs_of_type("CONDITIONING"))


def is_decode(node: Node) -> bool:
    """Takes a latent and a VAE and gives pictures."""
    return "IMAGE" in node.outputs and bool(node.inputs_of_type("LATENT")) and bool(node.inputs_of_type("VAE"))


def _sampling(view: GraphView, node: Node) -> Sampling:
    guided = [node, *_feeding(view, node, "GUIDER")]
    wires = [wire for one in guided for wire in view.into(one.id) if carries(view, wire, "CONDITIONING")]
    positive = _texts(view, [wire for wire in wires if _sign(wire.input) == "positive"])
    negative = _texts(view, [wire for wire in wires if _sign(wire.input) == "negative"])
    noisy = [node, *_feeding(view, node, "NOISE")] if _adds_noise(node) else []
    latents = _latents(view, node)
    return Sampling(
        node=node.id,
        positive=positive.places,
        negative=tuple(place for place in negative.places if place not in positive.places),
        seed=_number(view, noisy, SEED_INPUTS),
        steps=_number(view, [node, *_feeding(view, node, "SIGMAS")], ("steps",)),
        cfg=_number(view, guided, ("cfg", "cfg_conds")),
        guidance=_number(view, positive.passed, ("guidance",)),
        size=_size(view, latents),
        batches=tuple(place for one in latents for name in ("batch_size", "amount") for place in _own(view, one, name)),
        length=next((place for one in latents for place in _own(view, one, "length")), None),
        latents=tuple(one.id for one in latents),
    )


def _adds_noise(node: Node) -> bool:
    return node.inputs.get("add_noise", True) not in ("disable", False)


def _feeding(view: GraphView, node: Node, kind: str) -> list[Node]:
    """The nodes that a value of this type comes through on its way to the node, nearest first."""
    return along(view, [node], lambda wire: carries(view, wire, kind))[1:]


def _sign(name: str) -> str:
    """Side of a conditioning socket by its name. An "empty" one (PerpNegGuider) belongs to neither."""
    lowered = name.lower()
    if "empty" in lowered:
        return ""
    return "negative" if "neg" in lowered else "positive"


class _Texts(NamedTuple):
    places: tuple[InputRef, ...]
    passed: list[Node]


def _texts(view: GraphView, wires: list[Wire]) -> _Texts:
    """The text inputs behind these conditioning wires, and every node passed on the way."""
    places: list[InputRef] = []
    passed: dict[str, Node] = {}
    waiting, seen = list(wires), set()
    while waiting:
        wire = waiting.pop(0)
        if (wire.source, wire.slot) in seen:
            continue
        seen.add((wire.source, wire.slot))
        node = view.nodes[wire.source]
        if node.class_type == ZERO_OUT:
            continue
        passed[node.id] = node
        if node.inputs_of_type("CLIP"):
            texts = [name for name in node.inputs_of_type("STRING") if name in node.inputs]
            places += [origin(view, InputRef(node.id, name)) for name in texts]
        waiting += _same_side(view, wire)
    return _Texts(tuple(dict.fromkeys(places)), list(passed.values()))


def _same_side(view: GraphView, wire: Wire) -> list[Wire]:
    """The conditioning wires above a node that continue this one: of the output's side, where its name tells one."""
    node = view.nodes[wire.source]
    above = [one for one in view.into(node.id) if carries(view, one, "CONDITIONING")]
    name = node.known.output_names[wire.slot] if node.known and wire.slot < len(node.known.output_names) else ""
    if not {"neg", "pos"} & {name.lower()[:3]}:
        return above
    return [one for one in above if _sign(one.input) == _sign(name)] or above


def _number(view: GraphView, nodes: Iterable[Node], names: Iterable[str]) -> InputRef | None:
    return next((origin(view, InputRef(n.id, name)) for n in nodes for name in names if name in n.inputs), None)


def _own(view: GraphView, node: Node, name: str) -> list[InputRef]:
    """The place of a whole number that the node declares under this name."""
    spec = node.specs.get(name)
    return [origin(view, InputRef(node.id, name))] if spec and spec.type == "INT" and name in node.inputs else []


def _latents(view: GraphView, sampler: Node) -> list[Node]:
    """The nodes on the latent's way to a sampler, back to the empty latent, the encoded picture and its scaling."""

    def follow(wire: Wire) -> bool:
        taker = view.nodes[wire.node]
        kind = view.type_of(wire.source, wire.slot)
        if taker is not sampler and (is_sampler(taker) or is_decode(taker)):
            return False  # there another stage ends
        if taker is not sampler and _written_size(view, taker):
            return kind == "LATENT"
        return kind in ("LATENT", "IMAGE") or (kind == "INT" and wire.input in ("width", "height"))

    return [node for node in along(view, [sampler], follow)[1:] if not is_sampler(node) and not is_decode(node)]


def _size(view: GraphView, latents: Iterable[Node]) -> SizePlace | None:
    return next((size for size in (_written_size(view, node) for node in latents) if size), None)


def _written_size(view: GraphView, node: Node) -> SizePlace | None:
    """The size that a node holds as numbers. Sub-inputs of a dynamic combo count: "resize_type.width"."""
    numbers = {}
    for name in node.specs:
        place = origin(view, InputRef(node.id, name))
        if name in node.inputs and is_number(literal(view.graph, place)):
            numbers[name.rsplit(".", 1)[-1]] = place
    if {"width", "height"} <= numbers.keys():
        return SizePlace(node.id, width=numbers["width"], height=numbers["height"])
    if "megapixels" in numbers:
        return SizePlace(node.id, megapixels=numbers["megapixels"])
    return None


def _pictures(view: GraphView, outputs: tuple[str, ...], decodes: tuple[str, ...]) -> Wire | None:
    """The IMAGE wire that reaches the last output, one below a decode before others."""
    decoded = view.downstream(decodes)
    for output in sorted(reversed(outputs), key=lambda node_id: node_id not in decoded):
        wire = next(iter(_picture_wires(view, output)), None)
        if wire:
            return wire
    return None


def _picture_wires(view: GraphView, output: str) -> Iterable[Wire]:
    for node in along(view, [view.nodes[output]], lambda wire: carries(view, wire, "VIDEO")):
        yield from (wire for wire in view.into(node.id) if carries(view, wire, "IMAGE"))
