"""What a graph says about memory before it runs: the files it loads and the sizes it decodes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from ..graph.loop_nodes import CRITIC_CLASS, judged_by_encoder
from ..graph.model import is_link, sources
from .figures import FileInput, file_inputs

WHOLE_DECODE, TILED_DECODES = "VAEDecode", ("VAEDecodeTiled", "ImitatoesAutoTiledDecode")
SIZE_INPUTS = ("width", "height", "length")
LARGEST_SIZE = 1_000_000
"""In pixels or frames: nothing renders what is larger."""

Value = TypeVar("Value")


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
    """Every node that decodes latents to pictures. Takes time in proportion to nodes and links, however many decode."""
    kinds = {node_id: node.get("class_type") for node_id, node in graph.items()}
    decoding = {name: kind for name, kind in kinds.items() if kind == WHOLE_DECODE or kind in TILED_DECODES}
    if not decoding:
        return []
    sizes, files = nearest_before(graph, _size_in), nearest_before(graph, _file_in)
    found = []
    for node_id, kind in decoding.items():
        inputs = graph[node_id].get("inputs", {})
        size = _behind(sizes, inputs.get("samples"))
        vae = _behind(files, inputs.get("vae"))
        found.append(Decode(node_id, kind in TILED_DECODES, size, vae or ""))
    return found


def nearest_before(graph: Mapping[str, Any], told: Callable[[Mapping[str, Any]], Value | None]) -> dict[str, Value]:
    """What each node tells itself or else the nearest before it does, in links; of two the one linked first.

    Nodes that nothing is known of are left out. A cycle does no harm. Every link is looked at twice.
    """
    takers: dict[str, list[str]] = {}
    for node_id, node in graph.items():
        for source in sources(node):
            takers.setdefault(source, []).append(node_id)
    found = {node_id: value for node_id, node in graph.items() if (value := told(node)) is not None}
    distance = dict.fromkeys(found, 0)
    reached = list(found)
    for node_id in reached:
        for taker in takers.get(node_id, ()):
            if taker not in distance:
                distance[taker] = distance[node_id] + 1
                reached.append(taker)
    for node_id in reached:
        if node_id not in found:
            nearest = distance[node_id] - 1
            found[node_id] = found[next(one for one in sources(graph[node_id]) if distance.get(one) == nearest)]
    return found


def judge_named(graph: Mapping[str, Any], connection: str) -> str:
    """Name of the judge model that a VLMCritique of the graph asks on that connection; "" when none does."""
    for node in graph.values():
        inputs = node.get("inputs", {})
        asks = node.get("class_type") == CRITIC_CLASS and inputs.get("judge") != "offline"
        asks = asks and not judged_by_encoder(node)
        if asks and connection in _names(inputs.get("connection", connection)) and isinstance(inputs.get("model"), str):
            return inputs["model"]
    return ""


def _names(connection: Any) -> list[str]:
    """Of "local, upstairs" both."""
    return [part.strip() for part in connection.split(",")] if isinstance(connection, str) else []


def _behind(known: Mapping[str, Value], link: Any) -> Value | None:
    return known.get(link[0]) if is_link(link) else None


def _size_in(node: Mapping[str, Any]) -> tuple[int, int, int] | None:
    """Width, height and frames of a node that gives them as numbers."""
    inputs = node.get("inputs", {})
    width, height, frames = (inputs.get(name) for name in SIZE_INPUTS)
    if _is_size(width) and _is_size(height):
        return width, height, frames if _is_size(frames) else 1
    return None


def _file_in(node: Mapping[str, Any]) -> str | None:
    inputs = node.get("inputs", {})
    return next((inputs[name] for name in ("vae_name", "ckpt_name") if isinstance(inputs.get(name), str)), None)


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST_SIZE
