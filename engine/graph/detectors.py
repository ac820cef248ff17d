"""Detectors of faces and hands that core or a pack brings: which one this server has, and its nodes. Pure.

The rows and their sources are in detectors.json.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from .nearest import first_named
from .node_class import ObjectInfo, node_class, specs_of

Finds = Literal["", "face", "hand"]
MODEL, PICTURE = "$model", "$picture"
WITHIN = "MaskComposite"
"""Core's node that keeps of what is found only what lies in another mask."""


class DetectorNode(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    class_type: str
    inputs: Mapping[str, Any]


class DetectorRow(BaseModel):
    """A row of detectors.json, whose `_about` says what each field means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    finds: Finds
    model: str
    nodes: tuple[DetectorNode, ...] = Field(min_length=1)
    mask: tuple[int, int]
    sources: tuple[str, ...] = Field(min_length=1)


class InstalledDetector(NamedTuple):
    """A row whose nodes this server has. model: the file that its loader takes."""

    row: DetectorRow
    model: str


@cache
def _table() -> dict[str, Any]:
    return json.loads((Path(__file__).parent / "detectors.json").read_text(encoding="utf-8"))


@cache
def detector_rows() -> tuple[DetectorRow, ...]:
    return tuple(DetectorRow.model_validate(row) for row in _table()["detectors"])


def detector_source(name: str) -> str:
    """The public page behind a source's name."""
    return _table()["sources"][name]


def installed_detector(
    finds: Finds, object_info: ObjectInfo, without: Collection[str] = ()
) -> InstalledDetector | None:
    """The first detector of faces or hands that this server has, with a model; None where it has none. without: names
    of rows that are not to be used."""
    if not finds or node_class(object_info, WITHIN) is None:
        return None
    for row in detector_rows():
        if row.finds != finds or row.name in without:
            continue
        model = _model_of(row, object_info)
        if model is not None:
            return InstalledDetector(row, model)
    return None


def add_detector(add: Callable[..., str], detector: InstalledDetector, picture: str) -> list[Any]:
    """Its nodes into a graph; the link of its mask. add(class, title, **inputs): adds a node, gives its id. picture: id
    of the node whose first output is the picture."""
    ids: list[str] = []
    values = {MODEL: detector.model, PICTURE: [picture, 0]}
    for node in detector.row.nodes:
        inputs = {
            name: [ids[value[0]], value[1]] if isinstance(value, list) else values.get(value, value)
            for name, value in node.inputs.items()
        }
        ids.append(add(node.class_type, detector.row.name, **inputs))
    where, slot = detector.row.mask
    return [ids[where], slot]


def detector_in(graph: Mapping[str, Any], node_id: str) -> str:
    """Name of the detector that a node of a repair's graph belongs to; "" for any other node."""
    node = graph.get(node_id)
    title = (node.get("_meta") or {}).get("title", "") if isinstance(node, Mapping) else ""
    found = (row for row in detector_rows() if row.name == title)
    return next((row.name for row in found if any(one.class_type == node["class_type"] for one in row.nodes)), "")


def detectors_of(graph: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the detectors in a repair's graph."""
    return tuple(dict.fromkeys(name for node_id in graph if (name := detector_in(graph, node_id))))


def _model_of(row: DetectorRow, object_info: ObjectInfo) -> str | None:
    """The file that a row's loader is to take, of those that this server offers; None where a node or a file lacks."""
    found = None
    for node in row.nodes:
        specs = specs_of(object_info, node.class_type, node.inputs)
        if specs is None:
            return None
        for name, value in node.inputs.items():
            if value == MODEL:
                found = first_named(row.model, specs[name])
                if found is None:
                    return None
    return found
