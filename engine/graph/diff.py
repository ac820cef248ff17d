"""What differs between two graphs, in lines that a person reads."""

from __future__ import annotations

from typing import Any

from .model import Graph, inputs_of, link_of

_LONGEST = 60


def diff(before: Graph, after: Graph) -> list[str]:
    """Lines in the order of the graphs: "+ 12 ImageScale (...)", "- 9 VAEDecode", "~ 5.cfg: 7.0 -> 1.0".

    A link is shown as "5:0", node id and slot. Empty when nothing differs but titles.
    """
    lines = [f"- {node_id} {_class(before[node_id])}" for node_id in before if node_id not in after]
    for node_id, node in after.items():
        if node_id not in before:
            given = ", ".join(f"{name} {_shown(value)}" for name, value in inputs_of(node).items())
            lines.append(f"+ {node_id} {_class(node)} ({given})")
        else:
            lines += _changed(node_id, before[node_id], node)
    return lines


def _changed(node_id: str, before: Any, after: Any) -> list[str]:
    lines = []
    if _class(before) != _class(after):
        lines.append(f"~ {node_id}: {_class(before)} -> {_class(after)}")
    if isinstance(before, dict) and "inputs" not in before and "inputs" in after:
        lines.append(f"~ {node_id}: no inputs -> inputs")
    old, new = inputs_of(before), inputs_of(after)
    for name in dict.fromkeys([*old, *new]):
        was, now = (_shown(side[name]) if name in side else "nothing" for side in (old, new))
        if (name in old) != (name in new) or repr(old[name]) != repr(new[name]):
            lines.append(f"~ {node_id}.{name}: {was} -> {now}")
    return lines


def _class(node: Any) -> str:
    return str(node.get("class_type", "(no class)")) if isinstance(node, dict) else "(no node)"


def _shown(value: Any) -> str:
    link = link_of(value)
    if link:
        return f"{link.source}:{link.slot}"
    text = repr(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
