"""Small graphs of probe nodes."""

from __future__ import annotations

from typing import Any


def node(class_type: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs}


def shown(**nodes: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The nodes, and a ProbeShow called "show" below the last of them."""
    last = list(nodes)[-1]
    return {**nodes, "show": node("ProbeShow", value=[last, 0])}


def text(value: str = "hello", **inputs: Any) -> dict[str, Any]:
    return node("ProbeText", text=value, **{"count": 1, **inputs})
