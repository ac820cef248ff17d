"""The shipped templates, and what the classes in them take: for the tests of their form, layout and runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from pack.engine.graph.loop_nodes import LOOP_CLASS

from .conftest import ROOT
from .engine.graph import reference

FOLDER = ROOT / "workflows"
UI = sorted(FOLDER.glob("*.json"))
API = sorted((FOLDER / "api").glob("*.json"))
WIDGET_TYPES = ("INT", "FLOAT", "STRING", "BOOLEAN", "COMBO")
NOTES = ("Note", "MarkdownNote")
"""Nodes of the page alone, which are never posted."""
NEWER = {"LTXAVTextEncoderLoader": ("device",)}
"""Inputs that 0.8.0 does not know and ignores, and that later versions require, as their last widget."""
TUTORIAL = "01 See it improve (no model needed)"
"""The template that needs no model, no Ollama and no graphics card."""


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def api_graph(name: str) -> dict[str, Any]:
    return read(FOLDER / "api" / f"{name}.json")


def model_files() -> dict[str, str]:
    """Every model file that a template names, to its folder under models/."""
    offered = {m["name"]: m["directory"] for path in UI for m in models_offered(read(path))}
    return offered


def models_offered(workflow: dict[str, Any]) -> list[dict[str, str]]:
    return [model for node in workflow["nodes"] for model in node["properties"].get("models", [])]


def missing_from(graph: dict[str, Any], classes: dict[str, Any]) -> set[str]:
    """Classes of the graph that a server does not have."""
    return {node["class_type"] for node in graph.values()} - set(classes)


@cache
def classes() -> dict[str, Any]:
    """Core 0.8.0 with the files of the templates, and all our nodes, in the shape of object_info."""
    record = json.loads(reference.SCHEMAS.read_text(encoding="utf-8"))
    own = {node_id: reference.own_node(node_id) for node_id in record}
    for node in own.values():
        node["input_order"] = {part: list(names) for part, names in node["input"].items()}
        if "seed" in node["input"]["required"]:
            node["input"]["required"]["seed"][1]["control_after_generate"] = True
    core = reference.object_info()
    # As later versions have it.
    core["CLIPLoader"]["input"]["required"]["type"][0].append("krea2")
    lists = {where: [f for f, d in model_files().items() if d == folder] for where, folder in _folders().items()}
    return {**reference.with_files(core, lists), **own}


def _folders() -> dict[str, str]:
    return reference.model_folders()


def inputs_of(described: dict[str, Any]) -> Iterator[tuple[str, list[Any], bool]]:
    """(name, specification, required) in the order in which the canvas shows them."""
    for part in ("required", "optional"):
        for name in described["input_order"].get(part, []):
            yield name, described["input"][part][name], part == "required"


def has_widget(specification: list[Any]) -> bool:
    kind, options = specification[0], (specification[1] if len(specification) > 1 else {})
    return (isinstance(kind, list) or kind in WIDGET_TYPES) and not options.get("forceInput")


def type_of(specification: list[Any]) -> str:
    return "COMBO" if isinstance(specification[0], list) else specification[0]


def as_api(workflow: dict[str, Any]) -> dict[str, Any]:
    """What the canvas would post: every widget's value in the order of the inputs, links in their place."""
    links = {link[0]: link for link in workflow["links"]}
    graph = {}
    for node in (n for n in workflow["nodes"] if n["type"] not in NOTES):
        sockets = {entry["name"]: entry for entry in node["inputs"]}
        values, inputs = iter(node["widgets_values"]), {}
        for name, specification, _ in inputs_of(classes()[node["type"]]):
            if has_widget(specification):
                inputs[name] = next(values)
                if len(specification) > 1 and specification[1].get("control_after_generate"):
                    assert next(values) in ("fixed", "increment", "decrement", "randomize")
            link = sockets.get(name, {}).get("link")
            if link is not None:
                inputs[name] = [str(links[link][1]), links[link][2]]
        inputs |= dict(zip(NEWER.get(node["type"], ()), values, strict=True))
        graph[str(node["id"])] = {"class_type": node["type"], "inputs": inputs}
    return graph


def has_loop(graph: dict[str, Any]) -> bool:
    return any(node["class_type"] == LOOP_CLASS for node in graph.values())
