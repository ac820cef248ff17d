"""The prompt as a graph: what is a link, what an input is, and which node may run next."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

from comfy_api.latest._node import function_of

import nodes

Prompt = dict[str, dict[str, Any]]


class NodeInputError(Exception):
    """check_lazy_status asked for an input that is not a link."""


class DependencyCycleError(Exception):
    """Nothing can run. Only through links that no Schema names: validation refuses the others."""


def is_link(value: Any) -> bool:
    return (
        isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], (int, float))
    )


def node_class(prompt: Prompt, node_id: str) -> Any:
    return nodes.NODE_CLASS_MAPPINGS[prompt[node_id]["class_type"]]


def input_spec(input_types: dict[str, Any], name: str) -> tuple[Any, str | None, dict[str, Any] | None]:
    """(type, "required" | "optional" | "hidden", options), or three None for an input nobody declared."""
    for section in ("required", "optional", "hidden"):
        if name in input_types.get(section, {}):
            spec = input_types[section][name]
            return spec[0], section, (spec[1] if len(spec) > 1 else {})
    return None, None, None


class Schedule:
    """Works backward from the output nodes. A node waits for its links, except lazy ones nobody asked for."""

    def __init__(self, prompt: Prompt, is_cached: Callable[[str], bool]) -> None:
        self.prompt = prompt
        self.is_cached = is_cached
        self.waiting: dict[str, set[str]] = {}
        self.readable: dict[str, set[str]] = {}
        self._suspended: set[str] = set()
        self._resumed = asyncio.Event()

    def add_node(self, node_id: str) -> None:
        found, links = [node_id], []
        while found:
            current = found.pop()
            if current in self.waiting:
                continue
            self.waiting[current] = set()
            input_types = node_class(self.prompt, current).INPUT_TYPES()
            for name, value in self.prompt[current]["inputs"].items():
                options = input_spec(input_types, name)[2] or {}
                if is_link(value) and not options.get("lazy"):
                    if not self.is_cached(value[0]):
                        found.append(value[0])
                    links.append((value[0], current))
        for source, target in links:
            self._add_link(source, target)

    def _add_link(self, source: str, target: str) -> None:
        if not self.is_cached(source):
            self.add_node(source)
            self.waiting[target].add(source)
        self.readable.setdefault(target, set()).add(source)

    def require(self, node_id: str, name: str) -> None:
        """Makes a lazy input an ordinary one. Raises NodeInputError when it is not a link."""
        inputs = self.prompt[node_id]["inputs"]
        if name not in inputs:
            raise NodeInputError(
                f"Node {node_id} says it needs input {name}, but there is no input to that node at all"
            )
        if not is_link(inputs[name]):
            raise NodeInputError(f"Node {node_id} says it needs input {name}, but that value is a constant")
        self._add_link(inputs[name][0], node_id)

    def suspend(self, node_id: str) -> Callable[[], None]:
        """The node awaits something; others may run meanwhile. Returns what to call when it can go on."""
        self._suspended.add(node_id)

        def resume() -> None:
            self._suspended.discard(node_id)
            self._resumed.set()

        return resume

    def finish(self, node_id: str) -> None:
        del self.waiting[node_id]
        for sources in self.waiting.values():
            sources.discard(node_id)

    async def next_node(self) -> str:
        """Raises DependencyCycleError when none can ever run."""
        while True:
            ready = [one for one, sources in self.waiting.items() if not sources and one not in self._suspended]
            if ready:
                return self._pick(ready)
            if not self._suspended:
                raise DependencyCycleError("Dependency cycle detected")
            await self._resumed.wait()
            self._resumed.clear()

    def _pick(self, ready: list[str]) -> str:
        def is_output(node_id: str) -> bool:
            return getattr(node_class(self.prompt, node_id), "OUTPUT_NODE", False) is True

        def is_async(node_id: str) -> bool:
            node = node_class(self.prompt, node_id)
            return inspect.iscoroutinefunction(getattr(node, function_of(node)))

        def consumers(node_id: str) -> list[str]:
            return [one for one, sources in self.waiting.items() if node_id in sources]

        # The page should see pictures early: first what shows one, then what leads to one in a step, then in two.
        preferences: tuple[Callable[[str], bool], ...] = (
            lambda one: is_output(one) or is_async(one),
            lambda one: any(map(is_output, consumers(one))),
            lambda one: any(is_output(further) for near in consumers(one) for further in consumers(near)),
        )
        for preferred in preferences:
            for node_id in ready:
                if preferred(node_id):
                    return node_id
        return ready[0]
