"""What is known of single node classes: their part in a graph, and what their inputs and outputs hold.

The rows and their sources are in node_table.json. Classes without a row are read by types and names of their sockets.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from .model import class_of, inputs_of, is_link
from .node_class import ObjectInfo

Kind = Literal[
    "sampler", "decode", "carrier", "text", "writer", "value", "switch", "blank",
    "map", "part", "sheet", "save", "preview", "compare",
]  # fmt: skip
NO_ROLE = "none"
BUNDLE_TYPE = "BUNDLE"
"""The type that a bundle has in a row: the real one differs from pack to pack."""
_TYPES = {
    "positive": "CONDITIONING",
    "negative": "CONDITIONING",
    "prompt": "STRING",
    "negative_prompt": "STRING",
    "text": "STRING",
    "linked_text": "STRING",
    "seed": "INT",
    "steps": "INT",
    "length": "INT",
    "cfg": "FLOAT",
    "guidance": "FLOAT",
    "latent": "LATENT",
    "image": "IMAGE",
    "bundle": BUNDLE_TYPE,
    NO_ROLE: "STRING",
}
"""The socket type that goes with a role; other words in a row are types themselves."""


class NodeRow(BaseModel):
    """A row of node_table.json, whose `_about` says what each field means. Rules are the same for all its classes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    classes: tuple[str, ...] = Field(min_length=1)
    pack: str
    kind: Kind
    inputs: Mapping[str, str] = {}
    outputs: tuple[str, ...] = ()
    picture: int | None = None
    selector: str = ""
    cases: Mapping[str, str] = {}
    first: bool = False
    last: bool = False
    adds: tuple[str, tuple[str, ...]] | None = None
    instead: Mapping[str, str] = {}

    def role_of_output(self, slot: int) -> str:
        """What an output holds, without its share: "image" for "image:part". Empty where the row does not say."""
        return self.outputs[slot].partition(":")[0] if 0 <= slot < len(self.outputs) else ""

    def share_of_output(self, slot: int) -> str:
        """ "part" or "map" for an output that is not the whole picture, else empty."""
        return self.outputs[slot].partition(":")[2] if 0 <= slot < len(self.outputs) else ""

    @property
    def is_output(self) -> bool:
        return self.kind in ("save", "preview", "compare") or self.picture is not None


@cache
def _table() -> Mapping[str, Any]:
    return json.loads((Path(__file__).parent / "node_table.json").read_text(encoding="utf-8"))


@cache
def rows() -> Mapping[str, NodeRow]:
    """By class name."""
    table = [NodeRow.model_validate(row) for row in _table()["classes"]]
    return {name: row for row in table for name in row.classes}


def row_of(class_type: str) -> NodeRow | None:
    return rows().get(class_type)


def source_of(row: NodeRow) -> str:
    """The public repository that a row was read from."""
    return _table()["packs"][row.pack]


def is_bundle_type(kind: Any) -> bool:
    """Whether a socket of this type carries several things at once: a pipe, a context, embeddings of both prompts."""
    return isinstance(kind, str) and (kind in _bundles() or _looks_like_bundle(kind))


@cache
def _bundles() -> frozenset[str]:
    return frozenset(_table()["bundles"])


@cache
def _looks_like_bundle(kind: str) -> bool:
    return kind != "CONDITIONING" and re.search(_table()["bundle_types"], kind) is not None


def looks_like_map(class_type: str, category: str = "") -> bool:
    """Whether a class without a row makes a control map, a mask or an annotation, by its name or menu category."""
    return re.search(_table()["maps"], f"{class_type} {category}", re.IGNORECASE) is not None


def looks_like_clip(class_type: str) -> bool:
    """Whether a class makes a clip of pictures, by its name."""
    return re.search(_table()["clips"], class_type, re.IGNORECASE) is not None


def first_pictures(node: Any) -> list[str]:
    """Ids of the nodes whose pictures a node of an API graph makes the first frame of a clip; none for other nodes."""
    if re.search(_table()["animates"], class_of(node) or "", re.IGNORECASE) is None:
        return []
    links = (inputs_of(node).get(name) for name in _table()["first_pictures"])
    return [link[0] for link in links if is_link(link)]


def first_clip_frames() -> int:
    """How many frames a clip begins with, where its nodes take more than one picture."""
    return int(_table()["first_clips"]["frames"])


def takes_first_clip(class_type: str) -> bool:
    """Whether what this class makes move may be a piece of video."""
    return class_type in _table()["first_clips"]["classes"]


def hands_on_batches(class_type: str) -> bool:
    """Whether every picture of a batch comes through this class."""
    return class_type in _table()["first_clips"]["on_the_way"]


def looks_like_sheet(class_type: str) -> bool:
    """Whether a class without a row puts pictures side by side, by its name."""
    return re.search(_table()["sheets"], class_type, re.IGNORECASE) is not None


@cache
def is_writer(class_type: str) -> bool:
    """Whether a class makes another text of the text it is given: by its row, else by its name."""
    row = row_of(class_type)
    return row.kind == "writer" if row else re.search(_table()["writers"], class_type, re.IGNORECASE) is not None


@cache
def looks_like_schedule(class_type: str) -> bool:
    """Whether a class gives each frame a text of its own, by its name."""
    return re.search(_table()["schedules"], class_type, re.IGNORECASE) is not None


@lru_cache(maxsize=10_000)
def is_named(name: str, role: str) -> bool:
    """Whether an input is called as inputs of this role are. Of "model.prompt", of a dynamic combo, the end counts."""
    return name.rsplit(".", 1)[-1] in names_of(role)


@cache
def names_of(role: str) -> tuple[str, ...]:
    """Names that inputs with this role usually have, the commonest first."""
    return tuple(_table()["names"].get(role, ()))


def with_known_nodes(object_info: ObjectInfo, classes: set[str]) -> ObjectInfo:
    """The descriptions, and those of the table for classes that this ComfyUI lacks: enough to read a graph by."""
    missing = {name: described(row) for name in classes if name not in object_info and (row := row_of(name))}
    return {**object_info, **missing} if missing else object_info


def described(row: NodeRow) -> Mapping[str, Any]:
    """A row in the shape of object_info."""
    outputs = [word.partition(":")[0] for word in row.outputs]
    return {
        "input": {"optional": {name: [_TYPES.get(role, role), {}] for name, role in row.inputs.items()}},
        "output": [_TYPES.get(word, word) for word in outputs],
        "output_name": outputs,
        "output_node": row.is_output,
    }
