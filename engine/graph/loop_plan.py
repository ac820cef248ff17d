"""How a graph becomes a loop: which picture is judged, what the loop starts from, which inputs take it, what stays.

One reader for the page, for scripts and for the driver. Pure: the same graph gives the same plan; nothing is changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from ..settings import MAX_SEED
from .loop_nodes import CRITIC_CLASS, LOOP_CLASS
from .model import Graph, GraphView, Node, ObjectInfo, node_class
from .pictures import Candidate, candidates, of_equal_rank, painted_by
from .plan_refusal import PlanRefused, no_picture, no_prompt, no_text
from .roles import Sampling, is_sampler, sampling_of
from .texts import TextLeaf, WrittenText, leading, placeholder_in, placeholders, written
from .tracing import InputRef, literal, origin, reading_view

SettingName = Literal["prompt", "negative", "seed", "steps", "cfg"]
JOINS = re.compile(r"concat|join|append|combine|merge|prefix|suffix|text.?list", re.IGNORECASE)
"""Names of classes that put texts one behind the other; others put them into each other."""
SETTINGS: tuple[SettingName, ...] = ("prompt", "negative", "seed", "steps", "cfg")
FRAMES_SHOWN = 4
"""Evenly spaced frames of a clip that the judge sees; each is judged, so more would only cost time."""
UNKNOWN_LENGTH = 33
"""Frames taken for the length of a clip that does not say it: shorter than nearly all clips. Beyond the last frame
ImageFromBatch gives the last one."""
UNKNOWN_STEPS, UNKNOWN_CFG = 20, 1.0
"""What SelfImprovingPrompt needs where the graph has no such number. At cfg 1 a run leaves cfg alone."""


class _PlanPart(BaseModel):
    model_config = ConfigDict(frozen=True)


class PlannedPicture(_PlanPart):
    """A picture that could be judged: output `slot` of node `source`, shown or saved by node `node`, which judge_node
    names. type: IMAGE, or VIDEO where only GetVideoComponents makes pictures of it. clip: a video, of which frames are
    judged. samplers: ids of what paints it, first stage first.
    """

    node: str
    title: str
    class_type: str
    source: str
    slot: int
    type: Literal["IMAGE", "VIDEO"]
    saved: bool
    clip: bool
    samplers: tuple[str, ...]


class PlannedInput(_PlanPart):
    """An input that takes a value from the loop."""

    node: str
    input: str


class LeftAlone(_PlanPart):
    """A setting, or one input of it, that the loop does not change. reason: a sentence for the user."""

    setting: SettingName
    node: str = ""
    input: str = ""
    reason: str


class Placeholder(_PlanPart):
    """An input that holds nothing but a placeholder of some program. setting: whose value would fill it, if any."""

    node: str
    input: str
    text: str
    setting: SettingName | None = None


class PlanQuestion(_PlanPart):
    """A choice that only the user can make. about: "judge", whose choices are ids for judge_node."""

    about: Literal["judge"]
    text: str
    choices: tuple[str, ...]


class LoopPlan(_PlanPart):
    """What makes a graph a loop.

    judged: the picture that is judged, one of candidates, the best first. values: what the loop starts from, by
    setting; steps and cfg always, for SelfImprovingPrompt needs them. inputs: by setting, the inputs that take it.
    frames: of a clip, the numbers of the frames that are judged; empty for pictures.
    left: what the loop leaves alone. placeholders: to be filled before it can run. notes: sentences for the user.
    """

    judged: PlannedPicture
    candidates: tuple[PlannedPicture, ...]
    values: dict[str, str | int | float]
    inputs: dict[str, tuple[PlannedInput, ...]]
    frames: tuple[int, ...] = ()
    left: tuple[LeftAlone, ...] = ()
    placeholders: tuple[Placeholder, ...] = ()
    questions: tuple[PlanQuestion, ...] = ()
    notes: tuple[str, ...] = ()


def plan_loop(
    graph: Graph, object_info: ObjectInfo, *, judge_node: str = "", draw_seed: Callable[[], int] = lambda: 0
) -> LoopPlan:
    """The plan for a graph. judge_node: id of the node that shows, saves or makes the picture to judge; empty to have
    it chosen. draw_seed: for a seed that asks for a random one (-1).

    Raises PlanRefused, with the node and input that are the reason, where no loop can be made.
    """
    _refuse_unfit(graph, object_info)
    view = reading_view(graph, object_info)
    found = candidates(view)
    judged = _chosen(view, found, judge_node)
    stages, aside = _samplings(view, judged)
    if not stages:
        raise no_prompt(view, [sampling_of(view, view.nodes[node_id]) for node_id in judged.painted.samplers])
    reader = _Reader(view, stages, aside, draw_seed)
    reader.read()
    tied = of_equal_rank(found) if not judge_node else []
    return LoopPlan(
        judged=_picture(view, judged),
        candidates=tuple(_picture(view, one) for one in found),
        values={"steps": UNKNOWN_STEPS, "cfg": UNKNOWN_CFG, **reader.values},
        inputs={
            name: tuple(PlannedInput(node=p.node, input=p.input) for p in reader.inputs[name]) for name in SETTINGS
        },
        frames=_frames(view, judged, stages),
        left=tuple(reader.left),
        placeholders=tuple(reader.placeholders + _other_placeholders(view, judged, reader)),
        questions=_questions(tied),
        notes=tuple(reader.notes),
    )


def _refuse_unfit(graph: Graph, object_info: ObjectInfo) -> None:
    view = GraphView(graph, object_info)
    loops = [node for node in view.nodes.values() if node.class_type in (LOOP_CLASS, CRITIC_CLASS)]
    if loops:
        labels = " and ".join(node.label() for node in loops)
        what = f"The graph has {labels} already."
        raise PlanRefused("has_loop", what, "Queue it as it is.", node=loops[0].id)
    missing = [name for name in (LOOP_CLASS, CRITIC_CLASS) if node_class(object_info, name) is None]
    if missing:
        what = f"This ComfyUI does not have {' and '.join(missing)}."
        raise PlanRefused("nodes_missing", what, "Install Imitatoes and restart it.")


def _chosen(view: GraphView, found: Sequence[Candidate], judge_node: str) -> Candidate:
    if not judge_node:
        if not found:
            raise no_picture(view)
        return found[0]
    for one in found:
        if judge_node in (one.node, one.source):
            return one
    node = view.nodes.get(judge_node)
    slot = next((n for n, kind in enumerate(node.outputs) if kind == "IMAGE"), None) if node else None
    painted = painted_by(view, judge_node, slot) if node and slot is not None else None
    if node and slot is not None and painted:
        return Candidate(judge_node, judge_node, slot, node.title or node.class_type, False, False, painted)
    could = ", ".join(f"{one.node} ({view.nodes[one.node].class_type})" for one in found) or "none"
    what = (
        f"judge_node {judge_node} shows no picture that a sampler painted."
        if node
        else f"There is no node {judge_node}."
    )
    raise PlanRefused("judge_node", what, f"Name one of: {could}.", node=judge_node if node else "", input="judge_node")


def _samplings(view: GraphView, judged: Candidate) -> tuple[list[Sampling], list[Sampling]]:
    """(the stages that paint the picture and read a text, the other samplers above it that do). Where only others read
    one, as where a stage hands over through conditioning, they are the stages.
    """
    direct = [sampling_of(view, view.nodes[node_id]) for node_id in judged.painted.samplers]
    stages = [one for one in direct if one.positive]
    above = view.upstream([judged.source]) - set(judged.painted.samplers)
    order = [node.id for node in view.nodes.values() if node.id in above and is_sampler(node)]
    aside = [one for one in (sampling_of(view, view.nodes[node_id]) for node_id in order) if one.positive]
    return (stages, aside) if stages else (aside, [])


def _picture(view: GraphView, one: Candidate) -> PlannedPicture:
    return PlannedPicture(
        node=one.node,
        title=one.title,
        class_type=view.nodes[one.node].class_type,
        source=one.source,
        slot=one.slot,
        type="VIDEO" if view.type_of(one.source, one.slot) == "VIDEO" else "IMAGE",
        saved=one.saved,
        clip=one.clip,
        samplers=one.painted.samplers,
    )


def _questions(tied: Sequence[Candidate]) -> tuple[PlanQuestion, ...]:
    if len(tied) < 2:
        return ()
    text = f"{len(tied)} pictures could be meant equally well. Which one is to be judged?"
    return (PlanQuestion(about="judge", text=text, choices=tuple(one.node for one in tied)),)


def _frames(view: GraphView, judged: Candidate, stages: Sequence[Sampling]) -> tuple[int, ...]:
    """Frames out of the middle of equal parts of a clip. The first is not among them: from picture to video it is the
    picture that the user gave."""
    lengths = [literal(view.graph, one.length) for one in reversed(stages) if one.length]
    length = next((n for n in lengths if isinstance(n, int)), UNKNOWN_LENGTH if judged.clip else 1)
    if length <= FRAMES_SHOWN:
        return ()
    return tuple((2 * index + 1) * length // (2 * FRAMES_SHOWN) for index in range(FRAMES_SHOWN))


def _other_placeholders(view: GraphView, judged: Candidate, reader: _Reader) -> list[Placeholder]:
    """Placeholders above the judged picture in inputs that the loop does not set."""
    seen = {place for several in reader.inputs.values() for place in several}
    found = placeholders(view, view.upstream([judged.source]))
    return [Placeholder(node=place.node, input=place.input, text=text) for place, text in found if place not in seen]


class _Reader:
    """Collects values and inputs, setting by setting, from the stages of one picture."""

    def __init__(
        self, view: GraphView, stages: Sequence[Sampling], aside: Sequence[Sampling], draw_seed: Callable[[], int]
    ) -> None:
        self._view, self._stages, self._aside, self._draw_seed = view, stages, aside, draw_seed
        self.values: dict[str, Any] = {}
        self.inputs: dict[str, list[InputRef]] = {name: [] for name in SETTINGS}
        self.left: list[LeftAlone] = []
        self.placeholders: list[Placeholder] = []
        self.notes: list[str] = []

    def read(self) -> None:
        self._texts()
        self._seed()
        self._steps()
        self._cfg()

    def _node(self, place: InputRef) -> Node:
        return self._view.nodes[place.node]

    def _texts(self) -> None:
        first = self._stages[0]
        negatives = self._written(first.negative)
        positives = self._written(first.positive)
        blocked = {leaf.place for one in negatives for leaf in one.leaves}
        own = [leaf for one in positives for leaf in one.leaves if leaf.place not in blocked]
        if not own:
            shared = [leaf for one in positives for leaf in one.leaves]
            if not shared:
                raise no_text(self._view, first, [node for one in positives for node in one.unreadable])
            own, blocked = self._shared(first, shared), set()
            negatives = []
        everywhere = self._leaves("positive", blocked)
        lead = leading(own, everywhere)
        assert lead is not None
        self._take("prompt", lead, everywhere)
        self._tell_parts(lead, positives)
        taken = set(self.inputs["prompt"])
        against = [leaf for one in negatives for leaf in one.leaves if leaf.place not in taken]
        if against:
            everywhere = self._leaves("negative", taken)
            lead = leading(against, everywhere)
            assert lead is not None
            self._take("negative", lead, everywhere)
        else:
            self.left.append(LeftAlone(setting="negative", reason="The workflow has no negative prompt."))

    def _shared(self, first: Sampling, shared: list[TextLeaf]) -> list[TextLeaf]:
        """A text that reaches both sides is the prompt only where the negative side counts for nothing."""
        cfg = literal(self._view.graph, first.cfg)
        label = self._view.nodes[first.node].label()
        if isinstance(cfg, (int, float)) and cfg <= 1:
            self.notes.append(
                f"Prompt and negative of {label} are the same text; at cfg {cfg:g} the negative has no effect."
            )
            return shared
        place = shared[0].place
        what = f"The text of {self._node(place).label()} is prompt and negative of {label} at once."
        fix = "Give the negative input a text encoder of its own."
        raise PlanRefused("same_text", what, fix, node=place.node, input=place.input)

    def _written(self, places: Iterable[InputRef]) -> list[WrittenText]:
        return [written(self._view, place) for place in places]

    def _leaves(self, side: Literal["positive", "negative"], without: set[InputRef]) -> list[TextLeaf]:
        """Every piece of that side in all stages."""
        places = [place for stage in self._stages for place in getattr(stage, side)]
        leaves = [leaf for one in self._written(dict.fromkeys(places)) for leaf in one.leaves]
        return [leaf for leaf in dict.fromkeys(leaves) if leaf.place not in without]

    def _take(self, setting: SettingName, lead: TextLeaf, leaves: Sequence[TextLeaf]) -> None:
        same = [lead.place]
        if lead.own or lead.text.strip():
            same += [leaf.place for leaf in leaves if leaf.text == lead.text and leaf.own == lead.own]
        self.inputs[setting] = list(dict.fromkeys(same))
        placeholder = placeholder_in(lead.text)
        if placeholder:
            self.placeholders.append(self._placeholder(lead.place, placeholder, setting))
        else:
            self.values[setting] = lead.text
        for leaf in leaves:
            if leaf.place not in same and leaf.text.strip() and not leaf.joined:
                self._leave(setting, leaf.place, "the loop changes one text only")
        for node_id in lead.rewritten:
            heading = self._view.nodes[node_id].heading()
            self.notes.append(f"{heading} makes another text of the {setting} before it is used.")

    def _placeholder(self, place: InputRef, text: str, setting: SettingName) -> Placeholder:
        return Placeholder(node=place.node, input=place.input, text=text, setting=setting)

    def _tell_parts(self, lead: TextLeaf, texts: Sequence[WrittenText]) -> None:
        """What is put around the prompt by nodes that join texts, in words."""
        around = next((one.leaves for one in texts if lead in one.leaves), ())
        at = around.index(lead) if around else 0
        for index, leaf in enumerate(around):
            if leaf is lead or not leaf.text.strip() or not lead.joined:
                continue
            joiner = self._view.nodes[lead.joined[-1]]
            if not all(JOINS.search(self._view.nodes[node_id].class_type) for node_id in lead.joined):
                self.notes.append(
                    f'{joiner.heading()} puts the prompt into a text of its own: "{_shortened(leaf.text)}"'
                )
                continue
            glue = joiner.inputs.get("delimiter")
            glue = glue if isinstance(glue, str) else ""
            behind = _stands_behind(self._view, lead.joined[-1], lead, leaf, index > at)
            text = f"{glue}{leaf.text}" if behind else f"{leaf.text}{glue}"
            where = "behind" if behind else "before"
            self.notes.append(f'"{_shortened(text)}" is put {where} the prompt by {joiner.label()} and stays as it is.')

    def _leave(self, setting: SettingName, place: InputRef, why: str) -> None:
        reason = f"{place.input} of {self._node(place).label()} stays as it is: {why}."
        self.left.append(LeftAlone(setting=setting, node=place.node, input=place.input, reason=reason))

    def _seed(self) -> None:
        places = list(dict.fromkeys(one.seed for one in self._stages if one.seed))
        if not places:
            self.left.append(LeftAlone(setting="seed", reason="No sampler of this picture takes a seed."))
            return
        for place in places:
            value = literal(self._view.graph, place)
            number = _whole(value)
            placeholder = placeholder_in(value)
            if self.inputs["seed"]:
                self._leave("seed", place, "the loop changes the seed of the first pass")
            elif number is not None or placeholder:
                self.inputs["seed"] = [place]
                random = number is None or not 0 <= number <= MAX_SEED
                self.values["seed"] = self._draw_seed() if random else number
            else:
                self._leave("seed", place, self._made_by(place))

    def _steps(self) -> None:
        switching = [one for one in self._stages if _switches(self._view, one)]
        if switching:
            place = switching[0].steps
            number = _whole(literal(self._view.graph, place))
            if number:
                self.values["steps"] = number
            label = self._view.nodes[switching[0].node].label()
            reason = f"The steps stay as they are: {label} begins or ends at a fixed step."
            self.left.append(LeftAlone(setting="steps", node=switching[0].node, input="steps", reason=reason))
            return
        places = list(dict.fromkeys(one.steps for one in self._stages if one.steps))
        self._numbers("steps", places, lambda value: n if (n := _whole(value)) and n > 0 else None)
        if not places:
            self._no_steps()

    def _no_steps(self) -> None:
        for node in (self._view.nodes[node_id] for node_id in self._view.upstream([self._stages[0].node])):
            sigmas = node.inputs.get("sigmas")
            if "SIGMAS" in node.outputs and isinstance(sigmas, str):
                self.values["steps"] = max(1, len(sigmas.replace(",", " ").split()) - 1)
                reason = f"The steps stay as they are: {node.label()} lists its sigmas by hand."
                self.left.append(LeftAlone(setting="steps", node=node.id, input="sigmas", reason=reason))
                return
        self.left.append(LeftAlone(setting="steps", reason="No node of this picture has a number of steps."))

    def _cfg(self) -> None:
        places = list(dict.fromkeys(one.cfg for one in self._stages if one.cfg))
        self._numbers("cfg", places, lambda value: float(value) if _is_real(value) and value >= 0 else None)
        if not places:
            self.left.append(LeftAlone(setting="cfg", reason="No node of this picture has a cfg."))

    def _numbers(self, setting: SettingName, places: Sequence[InputRef], read: Callable[[Any], Any]) -> None:
        """The number of the first stage that has one written, and every input of later stages with the same number."""
        for place in places:
            value = literal(self._view.graph, place)
            number = read(value)
            if number is None and placeholder_in(value) and not self.inputs[setting]:
                self.placeholders.append(self._placeholder(place, placeholder_in(value), setting))
                self.inputs[setting] = [place]
            elif number is None:
                self._leave(setting, place, self._made_by(place))
            elif setting not in self.values and not self.inputs[setting]:
                self.values[setting] = number
                self.inputs[setting] = [place]
            elif self.values.get(setting) == number:
                self.inputs[setting].append(place)
            else:
                self._leave(setting, place, f"it is {number:g} there")

    def _made_by(self, place: InputRef) -> str:
        wire = self._view.wire(*place)
        if wire is None:
            return "it holds no number that can be read"
        return f"it is made by {self._view.nodes[wire.source].label()}"


def _stands_behind(view: GraphView, joiner: str, lead: TextLeaf, other: TextLeaf, fallback: bool) -> bool:
    """Whether the other text comes after the leading one in what a node joins."""
    order = list(view.nodes[joiner].inputs)

    def position(leaf: TextLeaf) -> int | None:
        for number, name in enumerate(order):
            ref = InputRef(joiner, name)
            if leaf.place == ref or leaf.place in [one.place for one in written(view, ref).leaves]:
                return number
        return None

    mine, others = position(lead), position(other)
    return fallback if mine is None or others is None else others > mine


def _shortened(text: str, longest: int = 80) -> str:
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def _whole(value: Any) -> int | None:
    """A whole number, also one written as text; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value.strip().lstrip("-").isdecimal():
        return int(value)
    return value if isinstance(value, int) else None


def _is_real(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _switches(view: GraphView, sampling: Sampling) -> bool:
    """Whether a sampler ends or begins inside the steps (KSamplerAdvanced), so that their number is not free."""

    def number(name: str) -> Any:
        has = name in view.nodes[sampling.node].inputs
        return literal(view.graph, origin(view, InputRef(sampling.node, name))) if has else None

    begin, end, steps = number("start_at_step"), number("end_at_step"), literal(view.graph, sampling.steps)
    return begin not in (0, None) or (isinstance(end, int) and isinstance(steps, int) and end < steps)
