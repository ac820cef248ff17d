"""What object_info says about node classes: inputs, outputs, and which socket takes which type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .dynamic_inputs import DYNAMIC_COMBO, Expanded, expand

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
    )


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
