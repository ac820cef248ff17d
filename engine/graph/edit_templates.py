"""Models made for editing beside the user's own: which of them a server has, and their nodes in place of the user's
sampler. Pure.

The rows and their sources are in edit_templates.json.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from .local_edit_parts import EditParts, EditRefused, NoSinglePicture, find_edit_parts
from .loop_nodes import OUTPUTS, LoopNotFound, loop_node_of
from .model import Graph, Link, clean_copy, inputs_of, link_of, next_id, relink
from .nearest import first_named
from .node_class import ObjectInfo, specs_of

AUTO, OFF = "auto", "off"
"""What a run may repair with, beside the name of a template: the user's graph, else what is installed; the user's graph
alone."""
_FROM_LOOP = {"$prompt": OUTPUTS["prompt"], "$seed": OUTPUTS["seed"]}


class EditTemplate(BaseModel):
    """A row of edit_templates.json, whose `_about` says what each field means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    template: str
    picture: str
    result: str
    nodes: Mapping[str, Mapping[str, Any]] = Field(min_length=1)


class InstalledTemplate(NamedTuple):
    """files: by (node, input) the model file that it takes."""

    row: EditTemplate
    files: Mapping[tuple[str, str], str]


class Repairer(NamedTuple):
    """What repairs pictures: a graph, the user's own or with an edit template in it, and its parts."""

    graph: Graph
    parts: EditParts


@cache
def _table() -> dict[str, Any]:
    return json.loads((Path(__file__).parent / "edit_templates.json").read_text(encoding="utf-8"))


@cache
def edit_templates() -> tuple[EditTemplate, ...]:
    return tuple(EditTemplate.model_validate(row) for row in _table()["templates"])


@cache
def repair_choices() -> tuple[str, ...]:
    """What `repair_with` may be."""
    return AUTO, OFF, *(row.name for row in edit_templates())


@cache
def template_loaders() -> frozenset[str]:
    """The node classes whose lists of files say which template is installed."""
    nodes = [node for row in edit_templates() for node in row.nodes.values()]
    return frozenset(
        str(node["class_type"]) for node in nodes if any(isinstance(v, Mapping) for v in node["inputs"].values())
    )


def template_source(row: EditTemplate) -> str:
    """The public page of the official template."""
    return f"{_table()['source']}{row.template}.json"


def installed_template(object_info: ObjectInfo, name: str = AUTO) -> InstalledTemplate | None:
    """The template of this name, or the first, whose nodes and models this server has; None where it has none."""
    for row in edit_templates():
        if name in (AUTO, row.name):
            files = _files_of(row, object_info)
            if files is not None:
                return InstalledTemplate(row, files)
    return None


def find_repairer(graph: Mapping[str, Any], object_info: ObjectInfo, critic: str, repair_with: str) -> Repairer:
    """What repairs the picture that a VLMCritique judges, as the user wants it. Raises EditRefused."""
    chosen = repair_with if repair_with in repair_choices() else AUTO
    template = None if chosen == OFF else installed_template(object_info, chosen)
    if template is None and chosen not in (AUTO, OFF):
        raise EditRefused(
            f"Self-Improving Prompt, input repair_with: {chosen} is not installed. Install its models, or choose auto."
        )
    try:
        own = Repairer(dict(graph), find_edit_parts(graph, object_info, critic))
    except EditRefused as problem:
        if template is None or isinstance(problem, NoSinglePicture):
            raise
        own = None
    if own is not None and chosen in (AUTO, OFF):
        return own
    try:
        made = with_template(graph, critic, template)
    except LoopNotFound as problem:
        raise EditRefused(str(problem)) from problem
    return Repairer(made, find_edit_parts(made, object_info, critic))


def with_template(graph: Mapping[str, Any], critic: str, template: InstalledTemplate) -> Graph:
    """The graph whose judged picture is painted by the template instead. Ids stay. Raises LoopNotFound."""
    loop_node, made = loop_node_of(graph, critic), clean_copy(graph)
    judged = link_of(inputs_of(made[critic]).get("images"))
    first = int(next_id(made))
    ids = {name: str(first + place) for place, name in enumerate(template.row.nodes)}

    def value_of(node: str, name: str, value: Any) -> Any:
        if isinstance(value, str) and value in _FROM_LOOP:
            return [loop_node, _FROM_LOOP[value]]
        if isinstance(value, list):
            return [ids[value[0]], value[1]]
        return template.files.get((node, name), value)

    if judged is not None:
        relink(made, judged, Link(ids[template.row.result], 0))
    for node_name, entry in template.row.nodes.items():
        inputs = {name: value_of(node_name, name, value) for name, value in entry["inputs"].items()}
        meta = {"title": f"{template.row.name}: {entry['class_type']}"}
        made[ids[node_name]] = {"class_type": entry["class_type"], "inputs": inputs, "_meta": meta}
    return made


def _files_of(row: EditTemplate, object_info: ObjectInfo) -> dict[tuple[str, str], str] | None:
    """The files of a template's loaders; None where a node, an input or a file is missing."""
    found: dict[tuple[str, str], str] = {}
    for node, entry in row.nodes.items():
        specs = specs_of(object_info, entry["class_type"], entry["inputs"])
        if specs is None:
            return None
        for name, value in entry["inputs"].items():
            if isinstance(value, Mapping):
                file = first_named(value["file"], specs[name])
                if file is None:
                    return None
                found[node, name] = file
            elif isinstance(value, str) and specs[name].choices is not None and value not in _FROM_LOOP:
                if node != row.picture and value not in specs[name].choices:
                    return None
    return found
