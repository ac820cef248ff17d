"""The classic cache: outputs kept under the signature of a node's constants and of all its ancestors'."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from comfy_api.latest._node import ComfyNode, overrides

from comfy_execution.calling import Call, finished
from comfy_execution.graph import Prompt, is_link, node_class

logger = logging.getLogger(__name__)


class CacheEntry(NamedTuple):
    ui: dict[str, Any] | None
    outputs: list[Any]


class Fingerprints:
    """One question to each node per prompt: did anything change that its inputs do not show?"""

    def __init__(self, prompt_id: str, prompt: Prompt) -> None:
        self.prompt_id = prompt_id
        self.prompt = prompt
        self.known: dict[str, Any] = {}

    async def get(self, node_id: str) -> Any:
        if node_id not in self.known:
            self.known[node_id] = await self._ask(node_id)
        return self.known[node_id]

    async def _ask(self, node_id: str) -> Any:
        entry, node = self.prompt[node_id], node_class(self.prompt, node_id)
        if issubclass(node, ComfyNode) and overrides(node, "fingerprint_inputs"):
            function = "fingerprint_inputs"
        elif hasattr(node, "IS_CHANGED"):
            function = "IS_CHANGED"
        else:
            return False
        # Written into the prompt and believed when found there: so a graph taken from a picture and sent again
        # counts as unchanged, here as in ComfyUI.
        if "is_changed" not in entry:
            try:
                call = Call(self.prompt_id, self.prompt, node_id, node)
                entry["is_changed"] = [await finished(await call.run(function, node))]
            except Exception as error:
                logger.warning("WARNING: %s", error)
                entry["is_changed"] = float("NaN")
        return entry["is_changed"]


def hashable(value: Any) -> Any:
    """Equal values become equal keys; what cannot be compared becomes a key equal to nothing."""
    if value is None or isinstance(value, (int, float, str, bytes)):
        return value
    if isinstance(value, Mapping):
        return frozenset((hashable(key), hashable(one)) for key, one in value.items())
    if isinstance(value, Sequence):
        return tuple(hashable(one) for one in value)
    return object()


class OutputCache:
    """Keeps only what the last prompt's nodes would use again."""

    def __init__(self) -> None:
        self.entries: dict[Any, CacheEntry] = {}
        self.keys: dict[str, Any] = {}

    async def set_prompt(self, prompt: Prompt, fingerprints: Fingerprints) -> None:
        self.keys = {node_id: hashable(await _signature(prompt, node_id, fingerprints)) for node_id in prompt}
        kept = set(self.keys.values())
        self.entries = {key: entry for key, entry in self.entries.items() if key in kept}

    def get(self, node_id: str) -> CacheEntry | None:
        return self.entries.get(self.keys.get(node_id))

    def set(self, node_id: str, entry: CacheEntry) -> None:
        self.entries[self.keys[node_id]] = entry


async def _signature(prompt: Prompt, node_id: str, fingerprints: Fingerprints) -> list[Any]:
    order: dict[str, int] = {}
    _number_ancestors(prompt, node_id, order)
    return [await _own_signature(prompt, one, order, fingerprints) for one in (node_id, *order)]


def _number_ancestors(prompt: Prompt, node_id: str, order: dict[str, int]) -> None:
    for _, value in _sorted_inputs(prompt, node_id):
        if is_link(value) and value[0] not in order:
            order[value[0]] = len(order)
            _number_ancestors(prompt, value[0], order)


async def _own_signature(prompt: Prompt, node_id: str, order: dict[str, int], fingerprints: Fingerprints) -> list[Any]:
    if node_id not in prompt:
        return [object()]
    node = node_class(prompt, node_id)
    signature = [prompt[node_id]["class_type"], await fingerprints.get(node_id)]
    if getattr(node, "NOT_IDEMPOTENT", False) or "UNIQUE_ID" in node.INPUT_TYPES().get("hidden", {}).values():
        signature.append(node_id)
    for name, value in _sorted_inputs(prompt, node_id):
        signature.append((name, ("ANCESTOR", order[value[0]], value[1]) if is_link(value) else value))
    return signature


def _sorted_inputs(prompt: Prompt, node_id: str) -> Iterable[tuple[str, Any]]:
    return sorted(prompt[node_id]["inputs"].items(), key=lambda pair: pair[0]) if node_id in prompt else ()
