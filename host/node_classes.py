"""What this ComfyUI says of its node classes, asked of the classes themselves: cheap, at any time, on any thread."""

from __future__ import annotations

import sys
from typing import Any


def _class_named(name: Any) -> Any:
    # Core's module of that name, which is loaded before any pack; an import would look like one of our own nodes.
    return sys.modules["nodes"].NODE_CLASS_MAPPINGS.get(name)


def is_output(name: Any) -> bool:
    """Whether nodes of this class make a graph run."""
    return bool(getattr(_class_named(name), "OUTPUT_NODE", False))


def is_paid(name: Any) -> bool:
    """Whether each render of a node of this class costs money: what object_info calls api_node."""
    return bool(getattr(_class_named(name), "API_NODE", False))


def output_types(name: str) -> tuple[str, ...]:
    """The types of a node class's outputs; empty for a class that this ComfyUI does not have."""
    return tuple(str(kind) for kind in getattr(_class_named(name), "RETURN_TYPES", ()) or ())
