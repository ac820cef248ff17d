"""The texts behind a sampler: from its conditioning to the encoders, and from there to what the user wrote.

A text may be put together by nodes (joined, chosen, rewritten by a model); then each written piece is a leaf.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from .graph_view import GraphView, Node, Wire
from .model import is_link
from .node_class import ANY, MATCH
from .node_table import is_bundle_type, is_named, is_writer, looks_like_schedule, row_of
from .tracing import (
    InputRef,
    branches_of,
    carries,
    held,
    inputs_with_role,
    left_empty,
    literal,
    origin,
    role_of_input,
    side_of,
)

Side = Literal["positive", "negative"]
_TEXT_ROLES: dict[str, tuple[str, str]] = {
    "positive": ("positive", "prompt"),
    "negative": ("negative", "negative_prompt"),
}
PLACEHOLDER = re.compile(
    r"(?:%%_COMFYFIXME_)?\$\{[^{}]+\}(?:_ENDFIXME_%%)?|PARAM_\w+|\{\{\s*[A-Za-z]\w*\s*\}\}|__(?:PROMPT|NEG|CFG|STEPS|SEED)__"
    r"|%(?:prompt|negative_prompt|model|vae|sampler|scheduler|steps|scale|cfg|width|height|seed|denoise|clip_skip)%"
)
"""What programs put in a workflow to be filled before it is sent; a text that is nothing else was left unfilled."""
FILE_NAME = re.compile(r"prefix|file|path|folder|name")
ADDITION = re.compile(r"(?:^|_)(?:prepend|append|pre|app|prefix|suffix)(?:_|$)")
"""Inputs whose text goes before or behind the one that counts."""
KEYFRAMES = re.compile(r"\s*\{?\s*\"?\d+\"?\s*:\s*[\"(]")
"""How a text begins that holds one text for each of several frames."""
SOUGHT = ("find", "search", "pattern", "regex_pattern")
"""Inputs of nodes that put another text in the place of what they find: such a placeholder is filled in the graph."""


@dataclass
class EncodedTexts:
    """texts: the text inputs behind a conditioning, where their literals stand if they are only passed on. passed: the
    nodes on the way. ends: nodes where a way ended without a text."""

    texts: list[InputRef] = field(default_factory=list)
    passed: dict[str, Node] = field(default_factory=dict)
    ends: list[Node] = field(default_factory=list)


def encoded_texts(view: GraphView, nodes: Iterable[Node], side: Side) -> EncodedTexts:
    """The texts that these nodes (a sampler with its guider) are given on one side."""
    found = EncodedTexts()
    waiting: list[tuple[InputRef, Side]] = []
    for node in nodes:
        waiting += [(place, side) for place in held(view, node, *_TEXT_ROLES[side])]
    seen: set[tuple[InputRef, Side]] = set()
    while waiting:
        place, side = waiting.pop(0)
        if (place, side) in seen:
            continue
        seen.add((place, side))
        if role_of_input(view, view.nodes[place.node], place.input) in ("prompt", "negative_prompt"):
            found.texts.append(origin(view, place))
            found.passed.setdefault(place.node, view.nodes[place.node])
            continue
        wire = view.wire(*place)
        if wire is None:
            continue
        waiting += _behind_conditioning(view, wire, side, found)
    found.texts = list(dict.fromkeys(found.texts))
    return found


def _behind_conditioning(view: GraphView, wire: Wire, side: Side, found: EncodedTexts) -> list[tuple[InputRef, Side]]:
    """Adds the texts of the node at the other end; returns where to go on."""
    node = view.nodes[wire.source]
    row = row_of(node.class_type)
    if row and row.kind == "blank":
        return []
    found.passed[node.id] = node
    role = row.role_of_output(wire.slot) if row else ""
    kind = view.type_of(wire.source, wire.slot)
    if role == "bundle" or is_bundle_type(kind):
        return [(place, side) for place in held(view, node, *_TEXT_ROLES[side])]
    if role in _TEXT_ROLES and row and row.kind != "switch":
        return [(place, role) for place in held(view, node, *_TEXT_ROLES[role])]
    further = [InputRef(one.node, one.input) for one in _same_side(view, wire, side)]
    texts = _encoder_texts(view, node, wire, side)
    if further:  # it passes a conditioning on: other texts of its are choices of how
        texts = [name for name in texts if _named_as_text(name) or name in _long_texts(node)]
    texts = [name for name in texts if not left_empty(view, InputRef(node.id, name))]
    found.texts += [origin(view, InputRef(node.id, name)) for name in texts]
    if not texts and not further:
        further = [
            place for bundle in inputs_with_role(view, node, "bundle") for place in _in_bundle(view, bundle, side)
        ]
        if not further:
            found.ends.append(node)
    return [(place, side) for place in further]


def _in_bundle(view: GraphView, place: InputRef, side: Side) -> list[InputRef]:
    wire = view.wire(*place)
    return held(view, view.nodes[wire.source], *_TEXT_ROLES[side]) if wire else []


def _encoder_texts(view: GraphView, node: Node, wire: Wire, side: Side) -> list[str]:
    """The text inputs that an encoder reads for this output."""
    row = row_of(node.class_type)
    if row and "prompt" in row.inputs.values():
        return [place.input for place in inputs_with_role(view, node, "prompt")]
    if node.known:
        named = any(_named_as_text(name) for name in node.inputs_of_type("STRING"))
        if not node.inputs_of_type("CLIP") and not _long_texts(node) and not named:
            return []
        names = [
            name for name in node.inputs_of_type("STRING") if name in node.inputs and not is_named(name, "no_text")
        ]
    else:
        names = _texts_of_unknown(view, node)
    sides = {name: side_of(name) for name in names}
    if "negative" in sides.values():
        name = _output_name(node, wire.slot)
        wanted = side_of(name) if _tells_side(name) else side
        names = [one for one in names if sides[one] == wanted]
    return names


def _long_texts(node: Node) -> list[str]:
    """Inputs that are made for sentences."""
    return [name for name, spec in node.specs.items() if spec.type == "STRING" and spec.options.get("multiline")]


def _texts_of_unknown(view: GraphView, node: Node) -> list[str]:
    """The inputs of a class that nobody knows that hold or are linked to a text."""
    found = []
    for name, value in node.inputs.items():
        if is_named(name, "no_text"):
            continue
        if isinstance(value, str) and (_named_as_text(name) or " " in value.strip()):
            found.append(name)
        elif is_link(value):
            wire = view.wire(node.id, name)
            kind = view.type_of(wire.source, wire.slot) if wire else ""
            if kind == "STRING" or (kind == ANY and _named_as_text(name)):
                found.append(name)
    return found


def _named_as_text(name: str) -> bool:
    roles = ("text", "prompt", "negative_prompt")
    return any(is_named(name, role) for role in roles) or name.startswith(("text", "prompt"))


def _output_name(node: Node, slot: int) -> str:
    return node.known.output_names[slot] if node.known and slot < len(node.known.output_names) else ""


def _tells_side(name: str) -> bool:
    lowered = str(name).lower()
    return "neg" in lowered or "pos" in lowered or lowered.endswith(("+", "-"))


def _same_side(view: GraphView, wire: Wire, side: Side) -> list[Wire]:
    """The conditioning wires above a node that continue this one: of the output's side, where anything tells one."""
    node = view.nodes[wire.source]
    above = [one for one in view.into(node.id) if _is_conditioning(view, node, one)]
    name = _output_name(node, wire.slot)
    if _tells_side(name):
        side = "negative" if side_of(name) == "negative" else "positive"
    elif not any(side_of(one.input) == "negative" for one in above):
        return above
    return [one for one in above if side_of(one.input) == side] or above


def _is_conditioning(view: GraphView, node: Node, wire: Wire) -> bool:
    if carries(view, wire, "CONDITIONING"):
        return True
    return role_of_input(view, node, wire.input) in _TEXT_ROLES


@dataclass(frozen=True)
class TextLeaf:
    """One written piece of a text.

    place: the input that holds it. text: the piece. own: its node holds nothing but this text. joined: nodes that put
    something around it, nearest the text first. rewritten: nodes that make another text of it. scheduled: the node that
    takes it for one of several frames; empty for a text that is used as a whole.
    """

    place: InputRef
    text: str
    own: bool
    joined: tuple[str, ...] = ()
    rewritten: tuple[str, ...] = ()
    scheduled: str = ""


@dataclass(frozen=True)
class WrittenText:
    """leaves: the pieces a text is made of. unreadable: nodes that make text which nobody wrote, such as a caption."""

    leaves: tuple[TextLeaf, ...]
    unreadable: tuple[str, ...]


def written(view: GraphView, place: InputRef) -> WrittenText:
    """What was written by hand behind a text input."""
    leaves: list[TextLeaf] = []
    unreadable: list[str] = []
    waiting = [TextLeaf(place, "", True)]
    seen: set[InputRef] = set()
    while waiting:
        at = waiting.pop(0)
        if at.place in seen:
            continue
        seen.add(at.place)
        at = replace(at, scheduled=at.scheduled or _scheduler(view, at.place))
        wire = view.wire(*at.place)
        if wire is None:
            text = literal(view.graph, at.place)
            if isinstance(text, str):
                scheduled = at.scheduled or (at.place.node if KEYFRAMES.match(text) else "")
                leaves.append(replace(at, text=text or _instead(view, at.place), scheduled=scheduled))
            continue
        node = view.nodes[wire.source]
        names = _pieces(view, node, wire)
        if not names:
            unreadable.append(node.id)
            continue
        several = len(names) > 1
        joined = (node.id, *at.joined) if several else at.joined
        rewritten = (node.id, *at.rewritten) if is_writer(node.class_type) else at.rewritten
        behind = replace(at, own=not several, joined=joined, rewritten=rewritten)
        waiting += [replace(behind, place=InputRef(one.node, one.input)) for one in names]
    return WrittenText(tuple(leaves), tuple(dict.fromkeys(unreadable)))


def _scheduler(view: GraphView, place: InputRef) -> str:
    """The node of a place, where that is one which gives each frame a text of its own."""
    return place.node if looks_like_schedule(view.nodes[place.node].class_type) else ""


def _instead(view: GraphView, place: InputRef) -> str:
    node = view.nodes[place.node]
    row = row_of(node.class_type)
    other = node.inputs.get(row.instead.get(place.input, "")) if row else None
    return other if isinstance(other, str) else ""


def _pieces(view: GraphView, node: Node, wire: Wire) -> list[InputRef]:
    """The inputs that an output of text is made of."""
    row = row_of(node.class_type)
    role = row.role_of_output(wire.slot) if row else ""
    if role in ("prompt", "negative_prompt"):
        return held(view, node, role)
    if row and "text" in row.inputs.values():
        return inputs_with_role(view, node, "text")
    if row and row.kind in ("map", "value"):
        return []
    if row and row.kind == "switch":
        return branches_of(node)
    if node.known is None:
        return [InputRef(node.id, name) for name in _texts_of_unknown(view, node)]
    names = [name for name in node.inputs if _may_hold_text(view, node, name)]
    same = [name for name in names if name == _output_name(node, wire.slot)]
    if same:
        names = same
    elif any(side_of(name) == "negative" for name in names) and _tells_side(_output_name(node, wire.slot)):
        names = [name for name in names if side_of(name) == side_of(_output_name(node, wire.slot))]
    if "IMAGE" in [spec.type for name, spec in node.specs.items() if is_link(node.inputs.get(name))]:
        names = [name for name in names if is_link(node.inputs[name]) or node.inputs[name].strip()]
    return [InputRef(node.id, name) for name in names]


def _may_hold_text(view: GraphView, node: Node, name: str) -> bool:
    spec, value = node.specs.get(name), node.inputs[name]
    if is_named(name, "no_text"):
        return False
    if spec is not None and spec.type == "STRING":
        return isinstance(value, str) or is_link(value)
    wire = view.wire(node.id, name)
    if spec is None or spec.type in (ANY, MATCH):
        return wire is not None and view.type_of(wire.source, wire.slot) == "STRING"
    return spec.type == "LIST" and wire is not None


def leading(leaves: Sequence[TextLeaf], everywhere: Sequence[TextLeaf]) -> TextLeaf | None:
    """The piece that is the prompt: one that says something, for all frames, that no node rewrites, in a node of its
    own, that is no addition to another, repeated in most encoders of all stages (everywhere), and of several the
    longest.
    """

    def weight(leaf: TextLeaf) -> tuple[Any, ...]:
        again = sum(1 for other in everywhere if other.text == leaf.text)
        whole = not leaf.scheduled, not leaf.rewritten, leaf.own, not ADDITION.search(leaf.place.input)
        return bool(leaf.text.strip()), *whole, again, len(leaf.text)

    return max(leaves, key=weight, default=None)


def placeholder_in(text: Any) -> str:
    """The placeholder that a text is nothing else than; empty for an ordinary text."""
    match = PLACEHOLDER.fullmatch(text.strip()) if isinstance(text, str) else None
    return match.group(0) if match else ""


def placeholders(view: GraphView, ids: Iterable[str]) -> list[tuple[InputRef, str]]:
    """The inputs of these nodes that hold nothing but a placeholder. File names have some that ComfyUI fills, and what
    a node looks for in a text is no value."""
    nodes = [view.nodes[node_id] for node_id in view.nodes if node_id in set(ids)]
    values = ((InputRef(node.id, name), placeholder_in(value)) for node in nodes for name, value in node.inputs.items())
    return [
        (place, text)
        for place, text in values
        if text and place.input not in SOUGHT and not FILE_NAME.search(place.input)
    ]
