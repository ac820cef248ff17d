"""Why a failed render is not tried again, in words, with the nearest installed names. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from .api_graph import Graph
from .check import check
from .nearest import alternatives, near
from .nodes import ObjectInfo
from .recovery import Change
from .render_error import ErrorKind, RenderError, heading
from .view import GraphView


class GivingUp(BaseModel):
    """Why a render is not tried again. alternatives: installed names that could stand in, nearest first."""

    model_config = ConfigDict(frozen=True)

    kind: ErrorKind
    sentence: str
    alternatives: tuple[str, ...] = ()


def giving_up(graph: Graph, error: RenderError, tried: Sequence[Change], object_info: ObjectInfo) -> GivingUp:
    """Why the render is not tried again and what the user can do.

    graph: as it was queued last. tried: the changes so far. Meant for when `recovery.next_change` gives None.
    """
    view = GraphView(graph, object_info)
    where = heading(view, error)
    like: list[str] = []
    if error.kind == "out_of_memory":
        sentence = f"{where} ran out of memory. {_told(tried)}"
        sentence += "Use a smaller size or a model file of smaller precision, or close other programs."
    elif error.kind == "sizes":
        sentence = f"{where}: two pictures or latents differ in size. {_told(tried)}"
        sentence += "Give both the same width and height."
    elif error.kind == "unknown_class":
        like = near(error.class_type, object_info) if error.class_type else []
        named = f"the node class {error.class_type}" if error.class_type else "a node class of this graph"
        sentence = f"This ComfyUI does not have {named}. Install its node pack{_or_use(like)}"
    elif error.kind == "missing_file":
        name, installed = _missing(view, error)
        like = alternatives(name, installed) if name else []
        sentence = f"{where}: {name or 'a file'} is not installed. Install it{_or_use(like)}"
    else:
        rejected = [f.said() for f in check(graph, object_info).rejected if not error.node or f.node == error.node]
        said = " ".join(rejected) if error.kind == "invalid_value" else ""
        sentence = said or f"{where}: {error.first_line}"
    return GivingUp(kind=error.kind, sentence=sentence, alternatives=tuple(like))


def _told(tried: Sequence[Change]) -> str:
    return f"Tried already: {' '.join(change.sentence for change in tried)} " if tried else ""


def _missing(view: GraphView, error: RenderError) -> tuple[str, list[Any]]:
    """(the file that is missing, the choices of its input). By the message, else by what the node asks for."""
    ids = [error.node] if error.node in view.nodes else list(view.nodes)
    asked = [
        (node.inputs[spec.name], spec.choices)
        for node in (view.nodes[node_id] for node_id in ids)
        for spec in node.specs.values()
        if spec.choices is not None and isinstance(node.inputs.get(spec.name), str)
    ]
    named = [pair for pair in asked if pair[0] in error.message]
    absent = [pair for pair in asked if pair[0] not in pair[1]]
    return next(iter([*named, *absent]), (error.file, []))


def _or_use(like: Sequence[str]) -> str:
    return f", or use the nearest that is installed: {', '.join(like)}." if like else "; nothing like it is installed."
