"""What object_info says of node classes: their inputs, outputs and types, and which of these may be linked. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .dynamic_inputs import DYNAMIC_COMBO, Expanded, InputSpec, expand

ObjectInfo = Mapping[str, Any]
"""The JSON of GET /object_info: class name to its description."""

ANY = "*"
MATCH = "COMFY_MATCHTYPE_V3"
"""A type that follows what is linked to another input of the same template."""
LITERAL_TYPES = frozenset({"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO", DYNAMIC_COMBO})
"""Types whose values can be written into the graph; the others come through a link."""


@dataclass(frozen=True)
class NodeClass:
    """A node class. output_templates: for each output the template it follows, None where its type is fixed."""

    name: str
    display_name: str
    declared: Mapping[str, Any]
    outputs: tuple[Any, ...]
    output_names: tuple[str, ...]
    output_templates: tuple[str | None, ...]
    is_output: bool
    is_paid: bool = False
    """Each render of it costs money: a partner's or ComfyUI's own service paints."""
    demands_slots: bool = False
    """Whether the server refuses it with fewer slots of a growing input than that needs. Seen on 0.33.0, not on 0.8.0;
    what tells the two apart is `is_input_list`, which only the newer one describes."""

    def expanded(self, values: Mapping[str, Any]) -> Expanded:
        """Its inputs for these values."""
        return expand(self.declared, values)


def node_class(object_info: ObjectInfo, class_type: Any) -> NodeClass | None:
    """The class as described; None when this ComfyUI does not have it."""
    info = object_info.get(class_type) if isinstance(class_type, str) else None
    if not isinstance(info, Mapping):
        return None
    outputs = tuple(info.get("output") or ())
    return NodeClass(
        name=class_type,
        display_name=info.get("display_name") or class_type,
        declared=info.get("input") or {},
        outputs=outputs,
        output_names=tuple(info.get("output_name") or [str(kind) for kind in outputs]),
        output_templates=tuple(info.get("output_matchtypes") or [None] * len(outputs)),
        is_output=bool(info.get("output_node")),
        is_paid=bool(info.get("api_node")),
        demands_slots="is_input_list" in info,
    )


def specs_of(object_info: ObjectInfo, class_type: str, values: Mapping[str, Any]) -> Mapping[str, InputSpec] | None:
    """The inputs of a class for these values; None when this ComfyUI lacks the class or one of the inputs."""
    known = node_class(object_info, class_type)
    if known is None:
        return None
    specs = known.expanded(values).inputs
    return specs if values.keys() <= specs.keys() else None


def is_paid_class(object_info: ObjectInfo, class_type: str) -> bool:
    """Whether each render of a node of this class costs money."""
    info = object_info.get(class_type)
    return isinstance(info, Mapping) and bool(info.get("api_node"))


def produced_types(object_info: ObjectInfo) -> frozenset[str]:
    """Every type that some class puts out, so that a link can bring it."""
    return frozenset(
        kind for info in object_info.values() for kind in info.get("output") or () if isinstance(kind, str)
    )


def types_fit(received: Any, wanted: Any) -> bool:
    """Whether a link may join these types: equal, "*", a matched type, or comma unions with a member in common.

    As `validate_node_input` of comfy_execution/validation.py (0.8.0) decides.
    """
    if received == wanted or {ANY, MATCH} & {kind for kind in (received, wanted) if isinstance(kind, str)}:
        return True
    if isinstance(received, list) and wanted == "COMBO":
        return True
    if not isinstance(received, str) or not isinstance(wanted, str):
        return False
    left, right = ({one.strip() for one in kinds.split(",")} for kinds in (received, wanted))
    return ANY in left | right or bool(left & right)
