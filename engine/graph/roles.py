"""Which node plays which part in a graph: found by following links from the samplers, whatever names and ids."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from .chains import in_order
from .graph_view import GraphView, Node, Wire
from .node_table import is_bundle_type, is_named, looks_like_map, names_of, row_of
from .remembering import remembered
from .texts import encoded_texts
from .tracing import InputRef, along, carries, held, is_number, literal, origin


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
    ends: tuple[str, ...] = ()
    """Ids of the nodes at which the way to a prompt ends without a text."""


@dataclass(frozen=True)
class Roles:
    """The parts of a graph. samplings: first stage first; empty for a graph that samples nothing (an upscaler).

    decodes: nodes that turn a latent into pictures. outputs: nodes that save or show.
    """

    samplings: tuple[Sampling, ...]
    decodes: tuple[str, ...]
    outputs: tuple[str, ...]

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


@remembered
def roles_in(view: GraphView) -> Roles:
    """The parts of a graph. Nodes that feed no output are left out."""
    used = view.upstream(view.output_nodes)
    ordered = [view.nodes[node_id] for node_id in in_order(view.graph) if node_id in used]
    samplings = tuple(sampling_of(view, node) for node in ordered if is_sampler(node))
    decodes = tuple(node.id for node in ordered if is_decode(node))
    outputs = tuple(node.id for node in ordered if node.id in view.output_nodes)
    return Roles(samplings, decodes, outputs)


@remembered
def is_sampler(node: Node) -> bool:
    """Whether a node turns noise, a latent or a picture into another by a model.

    By its row in the table; else it gives latents or pictures, and takes a guider, or a seed and with it a model and
    conditioning that it cannot do without, steps and a conditioning that does not come out again, steps and a model of
    another type, or a prompt of its own, as a service does. What only carries these values requires none and gives
    them on.
    """
    row = row_of(node.class_type)
    if row is not None:
        return row.kind == "sampler"
    names = {*node.inputs, *node.specs}
    seeded, stepped, guided = (any(is_named(name, role) for name in names) for role in ("seed", "steps", "cfg"))
    if node.known is None:
        return seeded and stepped and guided
    if not {"LATENT", "IMAGE", "VIDEO"} & {kind for kind in node.outputs if isinstance(kind, str)}:
        return False
    if node.inputs_of_type("GUIDER"):
        return True
    prompted = any(spec.type == "STRING" and is_named(name, "prompt") for name, spec in node.specs.items())
    if not seeded:
        return prompted and node.known.is_paid
    required = {spec.type for spec in node.specs.values() if spec.required and isinstance(spec.type, str)}
    if "CONDITIONING" in required and ("MODEL" in required or stepped):
        return True
    if stepped and node.inputs_of_type("CONDITIONING") and "CONDITIONING" not in node.outputs:
        return True
    if stepped and any(is_bundle_type(kind) or kind.endswith("MODEL") for kind in required):
        return True
    return prompted and not looks_like_map(node.class_type)


@remembered
def is_decode(node: Node) -> bool:
    """Takes a latent and a VAE and gives pictures."""
    return "IMAGE" in node.outputs and bool(node.inputs_of_type("LATENT")) and bool(node.inputs_of_type("VAE"))


@remembered
def sampling_of(view: GraphView, node: Node) -> Sampling:
    """What steers one sampler."""
    guided = [node, *_feeding(view, node, "GUIDER")]
    positive = encoded_texts(view, guided, "positive")
    negative = encoded_texts(view, guided, "negative")
    noisy = [node, *_feeding(view, node, "NOISE")] if _adds_noise(node) else []
    latents = _latents(view, node)
    return Sampling(
        node=node.id,
        positive=tuple(positive.texts),
        negative=tuple(negative.texts),
        seed=_number(view, noisy, "seed"),
        steps=_number(view, [node, *_feeding(view, node, "SIGMAS")], "steps"),
        cfg=_number(view, guided, "cfg"),
        guidance=_number(view, positive.passed.values(), "guidance"),
        size=_size(view, latents),
        batches=tuple(place for one in latents for name in ("batch_size", "amount") for place in _own(view, one, name)),
        length=_length(view, node, latents),
        latents=tuple(one.id for one in latents),
        ends=tuple(one.id for one in positive.ends),
    )


def _adds_noise(node: Node) -> bool:
    return node.inputs.get("add_noise", True) not in ("disable", False)


def _feeding(view: GraphView, node: Node, kind: str) -> list[Node]:
    """The nodes that a value of this type comes through on its way to the node, nearest first."""
    return along(view, [node], lambda wire: carries(view, wire, kind))[1:]


def _number(view: GraphView, nodes: Iterable[Node], role: str) -> InputRef | None:
    """Where a number of the first of these nodes that has it stands; what comes through a pipe counts as well."""
    return next((origin(view, place) for node in nodes for place in held(view, node, role)), None)


def _length(view: GraphView, sampler: Node, latents: Iterable[Node]) -> InputRef | None:
    """Where the number of frames is written."""
    own = (place for one in latents for name in names_of("length") for place in _own(view, one, name))
    return next(own, None) or _number(view, [sampler], "length")


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


@remembered
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
