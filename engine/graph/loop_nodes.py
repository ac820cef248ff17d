"""Finding the loop in an API graph, and writing an iteration's settings into it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..settings import Settings
from .cards import strip_written
from .model import Graph, class_of, clean_copy, inputs_of, is_link, upstream

LOOP_CLASS = "ImitatoesSelfImprovingPrompt"
CRITIC_CLASS = "ImitatoesVLMCritique"
OUTPUTS = {"prompt": 0, "negative": 1, "seed": 2, "steps": 3, "cfg": 4}
"""Slots of SelfImprovingPrompt's outputs before its handle, the settings of a render; recorded in
tests/comfyui/schemas.json."""
LOOP_OUTPUT = 5
"""Slot of SelfImprovingPrompt's `loop` output."""


class LoopNotFound(Exception):
    """The graph holds no loop, or more than one. The message names the nodes and says what to do."""


def as_queued(graph: Mapping[str, Any]) -> Graph:
    """A copy of a graph that the server has taken, fit to be queued again.

    The server unwraps lists that are values where they stand ({"__value__": [...]}); queued so, one would be read as a
    link and refused. What ComfyUI-Distributed wrote into it was for one render.
    """
    copied = strip_written(clean_copy(graph))
    for node in copied.values():
        inputs = node.get("inputs") if isinstance(node, dict) else None
        for name, value in inputs.items() if isinstance(inputs, dict) else ():
            if isinstance(value, list) and not is_link(value):
                inputs[name] = {"__value__": value}
    return copied


def loop_node_of(graph: Mapping[str, Any], critic: str) -> str:
    """Id of the SelfImprovingPrompt whose handle reaches this critic, through any pass-through nodes between.

    Raises LoopNotFound when nothing of the kind feeds the critic's `loop` input.
    """
    link = inputs_of(graph[critic]).get("loop")
    for node_id in upstream(graph, [link[0]] if is_link(link) else []):
        if class_of(graph[node_id]) == LOOP_CLASS:
            return node_id
    raise LoopNotFound(
        f"VLM Critique (node {critic}): its loop input does not come from a Self-Improving Prompt node. "
        "Link the loop output of Self-Improving Prompt to it, or unlink it and write the goal on VLM Critique."
    )


def critics_with_loop(graph: Mapping[str, Any]) -> list[str]:
    """Ids of the VLMCritique nodes whose loop input is linked, sorted."""
    return sorted(
        node_id
        for node_id, node in graph.items()
        if class_of(node) == CRITIC_CLASS and is_link(inputs_of(node).get("loop"))
    )


def is_loop(graph: Mapping[str, Any], loop_node: str) -> bool:
    """Whether a critic has this SelfImprovingPrompt's handle, so that it starts runs."""
    for critic in critics_with_loop(graph):
        try:
            if loop_node_of(graph, critic) == loop_node:
                return True
        except LoopNotFound:
            continue
    return False


def judged_by_model(graph: Mapping[str, Any], loop_node: str) -> bool:
    """Whether the loop of this SelfImprovingPrompt ends in a critic that may ask a model, which needs a goal."""
    for critic in critics_with_loop(graph):
        try:
            here = loop_node_of(graph, critic) == loop_node
        except LoopNotFound:
            continue
        if here and inputs_of(graph[critic]).get("judge") != "offline":
            return True
    return False


def judged_by_encoder(critic: Mapping[str, Any]) -> bool:
    """Whether a VLMCritique of an API graph judges with the text encoder linked to it rather than with a server."""
    inputs = inputs_of(critic)
    return is_link(inputs.get("clip")) and inputs.get("judge", "auto") in ("auto", "comfyui")


def the_loop(graph: Mapping[str, Any]) -> tuple[str, str]:
    """(loop node id, critic node id) of the graph's one loop. Raises LoopNotFound when there is not exactly one."""
    critics = critics_with_loop(graph)
    if len(critics) > 1:
        raise LoopNotFound(
            f"This graph has {len(critics)} loops: VLM Critique nodes {', '.join(critics)} are all linked to a loop. "
            "A graph can improve one picture at a time: keep the loop link of one of them, and give the others a goal "
            "of their own instead."
        )
    if not critics:
        raise LoopNotFound(
            "This graph has no loop: link the loop output of a Self-Improving Prompt node to a VLM Critique node."
        )
    return loop_node_of(graph, critics[0]), critics[0]


def steered_inputs(graph: Mapping[str, Any], loop_node: str) -> dict[str, tuple[str, ...]]:
    """By setting, the inputs that take it from the loop, in words: "text of node 2 (CLIPTextEncode)"."""
    settings = {slot: name for name, slot in OUTPUTS.items()}
    found: dict[str, list[str]] = {}
    for node_id, node in graph.items():
        for name, value in inputs_of(node).items():
            if is_link(value) and value[0] == loop_node and value[1] in settings:
                label = f"{name} of node {node_id} ({class_of(node)})"
                found.setdefault(settings[value[1]], []).append(label)
    return {setting: tuple(labels) for setting, labels in found.items()}


def judged_node(graph: Mapping[str, Any], critic: str) -> str:
    """The node whose picture the critic judges, in words: "node 8 (VAEDecode)"; empty where nothing is linked."""
    link = inputs_of(graph[critic]).get("images")
    return f"node {link[0]} ({class_of(graph.get(link[0]))})" if is_link(link) else ""


def with_settings(
    graph: Mapping[str, Any], loop_node: str, settings: Settings, goal: str, checklist: str = ""
) -> Graph:
    """A clean copy whose SelfImprovingPrompt holds these values literally, also where an input was linked."""
    patched = clean_copy(graph)
    patched[loop_node]["inputs"].update({"goal": goal, "checklist": checklist, **settings.model_dump()})
    return patched
