"""Making a plain graph one that improves itself: SelfImprovingPrompt before the sampler, VLMCritique behind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from .diff import diff
from .loop_nodes import CRITIC_CLASS, LOOP_CLASS, LOOP_OUTPUT
from .model import Graph, GraphView, ObjectInfo, Wire, next_id, node_class
from .patch import AddNode, Connect, Patch, apply
from .roles import InputRef, Roles, Sampling, literal, roles_in

OUTPUTS = {"prompt": 0, "negative": 1, "seed": 2, "steps": 3, "cfg": 4}
"""Slots of SelfImprovingPrompt, recorded in tests/comfyui/schemas.json."""
FRAMES_SHOWN = 4
"""Evenly spaced frames of a video that the judge sees; each is judged, so more would only cost time."""
UNKNOWN_STEPS, UNKNOWN_CFG = 20, 1.0
"""What SelfImprovingPrompt shows where the graph has no such number. At cfg 1 a run leaves cfg alone."""


class WrapRefused(ValueError):
    """The graph cannot be made a loop. The message says why and what to do."""


@dataclass(frozen=True)
class Wrapped:
    """graph: the new one. patch, inverse: how it came about and what undoes it. lines: the same to read.

    notes: what the user should know.
    """

    graph: Graph
    patch: Patch
    inverse: Patch
    lines: tuple[str, ...]
    notes: tuple[str, ...]


def wrap(graph: Graph, goal: str, object_info: ObjectInfo) -> Wrapped:
    """The graph with a loop around its first sampler, started from the user's own texts and numbers.

    goal: what the picture must show. Raises WrapRefused when the goal is empty, there is a loop already, the nodes are
    not installed, or the graph samples no picture from a text.
    """
    view = GraphView(graph, object_info)
    _refuse(view, goal)
    found = _prompted(roles_in(view))
    first, pictures = _needed(found)
    places, notes = _places(graph, found, first)
    start = {name: literal(graph, several[0]) for name, several in places.items() if several}
    if any(_switches(graph, one) for one in found.samplings):
        places["steps"] = []
        notes.append("The steps stay as they are: the stages of this graph hand over at a fixed step.")
    adding = _Adding(int(next_id(graph)), object_info)
    hub = adding.node(LOOP_CLASS, **_hub_inputs(goal, start, object_info))
    shown = _frames(adding, graph, pictures, first)
    adding.node(CRITIC_CLASS, images=shown, loop=[hub[0], LOOP_OUTPUT])
    links = [
        Connect(node=place.node, input=place.input, source=hub[0], slot=OUTPUTS[name])
        for name, several in places.items()
        for place in several
    ]
    patch = Patch(operations=(*adding.operations, *links))
    applied = apply(graph, patch, object_info)
    return Wrapped(applied.graph, patch, applied.inverse, tuple(diff(graph, applied.graph)), tuple(notes))


class _Adding:
    """Collects new nodes under free ids, each with its class's name as its title."""

    def __init__(self, next_free: int, object_info: ObjectInfo) -> None:
        self._next, self._object_info = next_free, object_info
        self.operations: list[AddNode] = []

    def node(self, class_type: str, **inputs: Any) -> list[Any]:
        """Adds a node; returns the link of its first output."""
        node_id = str(self._next + len(self.operations))
        known = node_class(self._object_info, class_type)
        title = known.display_name if known else class_type
        entry = {"class_type": class_type, "inputs": inputs, "_meta": {"title": title}}
        self.operations.append(AddNode(node=node_id, entry=entry))
        return [node_id, 0]


def _refuse(view: GraphView, goal: str) -> None:
    if not goal.strip():
        raise WrapRefused("There is no goal to improve towards: say what the picture must show.")
    loops = [node.label() for node in view.nodes.values() if node.class_type in (LOOP_CLASS, CRITIC_CLASS)]
    if loops:
        raise WrapRefused(f"The graph has {' and '.join(loops)} already; queue it as it is.")
    missing = [name for name in (LOOP_CLASS, CRITIC_CLASS) if node_class(view.object_info, name) is None]
    if missing:
        raise WrapRefused(f"This ComfyUI does not have {' and '.join(missing)}. Install Imitatoes and restart it.")


def _prompted(found: Roles) -> Roles:
    """Without the samplers that no text steers: those that prepare a depth map or the like."""
    return replace(found, samplings=tuple(one for one in found.samplings if one.positive))


def _needed(found: Roles) -> tuple[Sampling, Wire]:
    if found.first is None:
        raise WrapRefused(
            "No sampler with a prompt was found, so there is nothing to improve. Add the two nodes by hand: link the "
            "prompt of Self-Improving Prompt to your text input, and its loop to a VLM Critique."
        )
    if found.pictures is None:
        raise WrapRefused(
            "The graph saves and shows no picture that could be judged. Add a SaveImage or PreviewImage node."
        )
    return found.first, found.pictures


def _places(graph: Graph, found: Roles, first: Sampling) -> tuple[dict[str, list[InputRef]], list[str]]:
    """By output of SelfImprovingPrompt, the inputs that take it: those of all stages that hold the first one's value.

    Of several different texts of the first stage (text encoders with two inputs) the longest counts.
    """
    notes: list[str] = []
    own = _written(graph, first.positive)
    if not own:
        raise WrapRefused(
            f"The prompt of node {first.positive[0].node} is put together by other nodes, so the loop has no text to "
            "start from. Write the text into the node itself."
        )
    prompts = _joined(own, _written(graph, found.places(lambda one: one.positive)))
    negatives = _joined(_written(graph, first.negative), _written(graph, found.places(lambda one: one.negative)))
    places = {
        "prompt": _same(graph, prompts),
        "negative": _same(graph, negatives),
        "seed": _written(graph, [first.seed]),
        "steps": _same(graph, _written(graph, [one.steps for one in found.samplings])),
        "cfg": _same(graph, _written(graph, [one.cfg for one in found.samplings])),
    }
    others = [place for place in prompts if place not in places["prompt"]]
    if others:
        told = ", ".join(f"{place.input} of node {place.node}" for place in others)
        notes.append(f"The loop changes one text only; {told} stays as it is.")
    if not places["seed"]:
        notes.append("No seed was found that the loop could change; only words and numbers will differ.")
    return places, notes


def _written(graph: Graph, places: Iterable[InputRef | None]) -> list[InputRef]:
    """Those that hold a literal, the longest text first."""
    several = [place for place in dict.fromkeys(places) if literal(graph, place) is not None]
    return sorted(several, key=lambda place: -len(text) if isinstance(text := literal(graph, place), str) else 0)


def _joined(first: list[InputRef], further: list[InputRef]) -> list[InputRef]:
    return list(dict.fromkeys([*first, *further]))


def _same(graph: Graph, places: list[InputRef]) -> list[InputRef]:
    return [place for place in places if literal(graph, place) == literal(graph, places[0])]


def _switches(graph: Graph, sampling: Sampling) -> bool:
    """Whether a sampler ends or begins inside the steps (KSamplerAdvanced), so that their number is not free."""
    inputs, steps = graph[sampling.node]["inputs"], literal(graph, sampling.steps)
    begin, end = inputs.get("start_at_step", 0), inputs.get("end_at_step")
    return begin != 0 or (isinstance(end, int) and isinstance(steps, int) and end < steps)


def _hub_inputs(goal: str, start: dict[str, Any], object_info: ObjectInfo) -> dict[str, Any]:
    """The inputs of SelfImprovingPrompt: its own defaults, the user's goal, and the graph's texts and numbers."""
    hub_class = node_class(object_info, LOOP_CLASS)
    defaults = {spec.name: spec.default for spec in hub_class.expanded({}).inputs.values()} if hub_class else {}
    return {**defaults, "steps": UNKNOWN_STEPS, "cfg": UNKNOWN_CFG, **start, "goal": goal}


def _frames(adding: _Adding, graph: Graph, pictures: Wire, first: Sampling) -> list[Any]:
    """The link of what the judge sees: the picture itself, or frames out of the middle of equal parts of a video.

    The first frame is not among them: from image to video it is the picture that the user gave.
    """
    whole = [pictures.source, pictures.slot]
    length = literal(graph, first.length)
    if not isinstance(length, int) or length <= FRAMES_SHOWN:
        return whole
    numbers = [(2 * index + 1) * length // (2 * FRAMES_SHOWN) for index in range(FRAMES_SHOWN)]
    shown = adding.node("ImageFromBatch", image=whole, batch_index=numbers[0], length=1)
    for number in numbers[1:]:
        one = adding.node("ImageFromBatch", image=whole, batch_index=number, length=1)
        shown = adding.node("ImageBatch", image1=shown, image2=one)
    return shown
