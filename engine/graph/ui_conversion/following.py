"""Where the value of an input comes from, through everything that is only on the canvas. Pure.

Through subgraphs, reroutes, bypassed nodes, and links that set and get nodes make by name. As resolveInput and
resolveOutput of ExecutableNodeDTO in the frontend do it (read: 1.35.9, 1.49.6, 1.58.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..model import Link
from .instances import Instance, link_into
from .page_nodes import PageNode
from .page_widgets import ABSENT
from .reading import BYPASSED, INPUTS_OF_SUBGRAPH, MUTED, NotConvertible, UiInput

ANY = ("*", "")
LONGEST = 400
"""Steps from an input to what feeds it. Each subgraph, reroute and bypassed node is one or two."""


@dataclass(frozen=True)
class Held:
    """A value that the canvas holds for an input, instead of a link. entered: the primitive node that enters it."""

    value: Any
    entered: PageNode | None = None


Source = Link | Held | None
"""None: nothing comes; the input keeps its own value, or has none."""


class Following:
    """Follows one input. `seen` ends what goes round."""

    def __init__(self) -> None:
        self._seen: set[tuple[tuple[str, ...], str, str, int]] = set()

    def into(self, instance: Instance, node: PageNode, number: int, wanted: str = "") -> Source:
        """What feeds an input. wanted: the type that the last node needs, where that is not this one."""
        self._once(instance, node, "input", number)
        slot = node.inputs[number]
        link = link_into(instance, slot)
        if link is None:
            return None
        if link.source == INPUTS_OF_SUBGRAPH:
            return self._from_outside(instance, link.slot)
        source = instance.nodes.get(link.source)
        return None if source is None else self.out_of(instance, source, link.slot, wanted or slot.type)

    def _from_outside(self, instance: Instance, number: int) -> Source:
        """An input of the subgraph: what is linked to it outside, else the value that its node shows."""
        host, parent = instance.host, instance.parent
        if host is None or parent is None or not 0 <= number < len(host.inputs):
            return None
        if link_into(parent, host.inputs[number]) is None:
            value = instance.input_values.get(number, ABSENT)
            return None if value is ABSENT else Held(value)
        return self.into(parent, host, number)

    def out_of(self, instance: Instance, node: PageNode, slot: int, wanted: str) -> Source:
        """What comes out of an output, for an input of the type wanted."""
        self._once(instance, node, "output", slot)
        if node.node.mode == MUTED:
            return None
        if node.node.mode == BYPASSED:
            number = bypassed_input(node, slot, wanted)
            return None if number is None else self.into(instance, node, number)
        if node.role == "subgraph":
            return self._from_inside(instance.inside[node.id], slot, wanted)
        if node.role == "value":
            return Held(node.node.values[0], node) if node.node.values else None
        if node.role == "passes":
            return self.into(instance, node, 0, wanted) if node.inputs else None
        if node.role in ("gets", "sets"):
            return self._by_name(instance, node, wanted)
        return None if node.role == "nothing" else Link(instance.id_of(node), slot)

    def _from_inside(self, inside: Instance, slot: int, wanted: str) -> Source:
        outputs = inside.graph.outputs
        links = outputs[slot].links if 0 <= slot < len(outputs) else ()
        link = inside.graph.links.get(links[0]) if links else None
        if link is None:
            return None
        if link.source == INPUTS_OF_SUBGRAPH:
            return self._from_outside(inside, link.slot)
        source = inside.nodes.get(link.source)
        return None if source is None else self.out_of(inside, source, link.slot, wanted)

    def _by_name(self, instance: Instance, node: PageNode, wanted: str) -> Source:
        """What the set node of this name was given: in the same graph, else in one that this stands in."""
        if node.role == "sets":
            return self.into(instance, node, 0, wanted) if node.inputs else None
        for where in _outwards(instance):
            for setter in where.nodes.values():
                if setter.role == "sets" and setter.variable == node.variable and setter.inputs:
                    return self.into(where, setter, 0, wanted)
        raise NotConvertible(
            f"Node {instance.id_of(node)} ({node.node.type}) gets {node.variable!r}, and no node sets it.",
            "Set it, or link the input directly.",
            instance.id_of(node),
        )

    def _once(self, instance: Instance, node: PageNode, end: str, number: int) -> None:
        key = (instance.path, node.id, end, number)
        if key in self._seen or len(self._seen) > LONGEST:
            raise NotConvertible(
                f"Node {instance.id_of(node)} ({node.title}): its links go round, or through too many nodes.",
                "Take one of them away.",
                instance.id_of(node),
            )
        self._seen.add(key)


def _outwards(instance: Instance) -> Iterator[Instance]:
    where: Instance | None = instance
    while where is not None:
        yield where
        where = where.parent


def bypassed_input(node: PageNode, slot: int, wanted: str) -> int | None:
    """The input that a bypassed node lets through to this output; None where none fits.

    The one of the same number if it fits, else the first of exactly the type wanted, else the first that fits.
    """
    inputs = node.inputs
    if wanted in ANY:
        return slot if len(inputs) > slot else 0 if inputs else None
    given = node.output_types[slot] if slot < len(node.output_types) else "*"

    def fits(one: UiInput) -> bool:
        return slots_connect(one.type, given) and slots_connect(one.type, wanted)

    if slot < len(inputs) and fits(inputs[slot]):
        return slot
    exact = (number for number, one in enumerate(inputs) if one.type == wanted)
    fitting = (number for number, one in enumerate(inputs) if fits(one))
    return next(exact, next(fitting, None))


def slots_connect(one: str, other: str) -> bool:
    """Whether the canvas lets slots of these types be joined: equal but for case, any, or lists with one in common."""
    if one in ANY or other in ANY:
        return True
    left, right = ({part.strip().lower() for part in kinds.split(",")} for kinds in (one, other))
    return bool(left & right)
