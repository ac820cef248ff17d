"""The reference graphs, the class descriptions of a core 0.8.0 with the templates' model files, and recorded probes."""

from __future__ import annotations

import copy
import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

from pack.engine.graph.check import Checked
from pack.engine.graph.graph_view import GraphView
from pack.engine.graph.roles import Roles, roles_in

DATA = Path(__file__).parent / "data"
SCHEMAS = Path(__file__).parents[2] / "comfyui" / "schemas.json"
PICTURES = {"LoadImage.image": "example.png", "LoadVideo.file": "example.mp4", "LoadAudio.audio": "example.mp3"}
OWN_NODES = ("ImitatoesSelfImprovingPrompt", "ImitatoesVLMCritique")


def _read(name: str) -> Any:
    path = DATA / name
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_text(encoding="utf-8")
    return json.loads(text)


@cache
def _reference_graphs() -> dict[str, Any]:
    return _read("reference_graphs.json")


NAMES = sorted(_reference_graphs())
STILL = {"hunyuan15_img2vid": ["prompt_describes_picture"]}
"""Graphs whose own prompt is no good for a picture that begins to move; the server cannot know."""


def graph(name: str) -> dict[str, Any]:
    """A reference graph, one's own copy."""
    return copy.deepcopy(_reference_graphs()[name])


@cache
def model_folders() -> dict[str, str]:
    """Node input, as "UNETLoader.unet_name", to the folder under models/ that it lists."""
    return _read("model_files.json")["inputs"]


@cache
def object_info() -> dict[str, Any]:
    """Core 0.8.0 as a server shows it that has every model file of the official templates, and our own nodes."""
    models = _read("model_files.json")
    lists = {where: models["files"].get(folder, []) for where, folder in models["inputs"].items()}
    pictures = {key: [name] for key, name in PICTURES.items()}
    info = with_files(_read("object_info_core_0_8_0.json.gz"), {**lists, **pictures})
    return {**info, **{node_id: own_node(node_id) for node_id in OWN_NODES}}


@cache
def object_info_0_33() -> dict[str, Any]:
    """Core 0.33.0 with its paid nodes, as a server without any model file shows it, and our own nodes."""
    info = with_files(_read("object_info_core_0_33_0.json.gz"), {key: [name] for key, name in PICTURES.items()})
    return {**info, **{node_id: own_node(node_id) for node_id in OWN_NODES}}


def with_files(info: dict[str, Any], lists: dict[str, list[str]]) -> dict[str, Any]:
    """The descriptions with further file names to choose from, by node input, as "UNETLoader.unet_name"."""
    filled = copy.deepcopy(info)
    for where, names in lists.items():
        _fill(filled, *where.split("."), names)
    return filled


def _fill(info: dict[str, Any], node: str, name: str, files: list[str]) -> None:
    if node not in info:
        return
    for section in ("required", "optional"):
        spec = info[node]["input"].get(section, {}).get(name)
        if spec and isinstance(spec[0], list):
            spec[0] = [*files, *spec[0]]
        elif spec:
            spec[1]["options"] = [*files, *spec[1].get("options", [])]


def own_node(node_id: str) -> dict[str, Any]:
    """A node of ours as the record of schemas has it, in the shape of object_info."""
    record = json.loads(SCHEMAS.read_text(encoding="utf-8"))[node_id]
    sections: dict[str, Any] = {"required": {}, "optional": {}}
    for name, spec in record["inputs"].items():
        section = sections["required" if spec["required"] else "optional"]
        options = {} if spec["default"] is None else {"default": spec["default"]}
        kind = spec["type"]
        section[name] = ["COMBO", {**options, "options": kind}] if isinstance(kind, list) else [kind, options]
    return {
        "input": sections,
        "output": [kind for kind, _ in record["outputs"]],
        "output_name": [name for _, name in record["outputs"]],
        "display_name": node_id,
        "output_node": record["output_node"],
    }


@cache
def probes() -> dict[str, Any]:
    return _read("probes.json")["cases"]


def ui_workflow() -> dict[str, Any]:
    return _read("ui_workflow.json")


def accepted(checked: Checked) -> bool:
    """Whether the server takes the graph whole. One refused output beside a good one counts as a failure."""
    return bool(checked.running) and not checked.refused


def roles(graph: dict[str, Any], object_info: dict[str, Any]) -> Roles:
    return roles_in(GraphView(graph, object_info))
