"""What a graph says about memory before it runs: the files it loads and the sizes it decodes. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..graph.loop_nodes import CRITIC_CLASS, is_link, sources
from .figures import FileInput, file_inputs

WHOLE_DECODE, TILED_DECODES = "VAEDecode", ("VAEDecodeTiled", "ImitatoesAutoTiledDecode")


@dataclass(frozen=True)
class FileUse:
    """A model file that a node of the graph loads. smaller: a weight type the node asks for, such as fp8, or ""."""

    node: str
    name: str
    input: FileInput
    smaller: str = ""


@dataclass(frozen=True)
class Decode:
    """A decode node. size: (width, height, frames) in pixels, None when the graph does not tell. vae_file: the name of
    the file its VAE comes from, "" when unknown."""

    node: str
    tiled: bool
    size: tuple[int, int, int] | None
    vae_file: str


def file_uses(graph: Mapping[str, Any]) -> list[FileUse]:
    """Every model file that the graph names."""
    found = []
    for node_id, node in graph.items():
        inputs = node.get("inputs", {})
        smaller = "fp8" if str(inputs.get("weight_dtype", "")).startswith("fp8") else ""
        for name, known in file_inputs().items():
            if isinstance(inputs.get(name), str):
                found.append(FileUse(node_id, inputs[name], known, smaller))
    return found


def decodes(graph: Mapping[str, Any]) -> list[Decode]:
    """Every node that decodes latents to pictures."""
    found = []
    for node_id, node in graph.items():
        kind = node.get("class_type")
        if kind == WHOLE_DECODE or kind in TILED_DECODES:
            size = _size_before(graph, node.get("inputs", {}).get("samples"))
            vae = _file_before(graph, node.get("inputs", {}).get("vae"))
            found.append(Decode(node_id, kind in TILED_DECODES, size, vae))
    return found


def judge_named(graph: Mapping[str, Any], connection: str) -> str:
    """Name of the judge model that a VLMCritique of the graph asks on that connection; "" when none does."""
    for node in graph.values():
        inputs = node.get("inputs", {})
        asks = node.get("class_type") == CRITIC_CLASS and inputs.get("judge") != "offline"
        if asks and inputs.get("connection", connection) == connection and isinstance(inputs.get("model"), str):
            return inputs["model"]
    return ""


def _size_before(graph: Mapping[str, Any], link: Any) -> tuple[int, int, int] | None:
    """Width, height and frames of the nearest node up the link that gives them as numbers."""
    for node in _up(graph, link):
        inputs = node.get("inputs", {})
        width, height, frames = (inputs.get(name) for name in ("width", "height", "length"))
        if _number(width) and _number(height):
            return width, height, frames if _number(frames) else 1
    return None


def _file_before(graph: Mapping[str, Any], link: Any) -> str:
    for node in _up(graph, link):
        for name in ("vae_name", "ckpt_name"):
            if isinstance(node.get("inputs", {}).get(name), str):
                return node["inputs"][name]
    return ""


def _up(graph: Mapping[str, Any], link: Any) -> Iterator[Mapping[str, Any]]:
    """The nodes that a link comes from, the nearest first."""
    waiting = deque([link[0]] if is_link(link) else [])
    seen: set[str] = set()
    while waiting:
        node_id = waiting.popleft()
        if node_id in seen or node_id not in graph:
            continue
        seen.add(node_id)
        yield graph[node_id]
        waiting.extend(sources(graph[node_id]))


def _number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
