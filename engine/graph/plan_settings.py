"""What a loop starts from and which inputs take it: prompt, negative, seed, steps and cfg of the stages of one picture.

What is not changed is said, with its reason.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from ..settings import MAX_SEED
from .graph_view import GraphView, Node
from .plan_refusal import PlanRefused, no_text, scheduled_text
from .roles import Sampling
from .texts import TextLeaf, WrittenText, leading, placeholder_in, written
from .tracing import InputRef, carries, literal, origin

LARGEST = sys.float_info.max
"""A whole number beyond it has no place among the real ones."""
MOST_DIGITS = 400
"""Python reads no text of some thousand digits as a number; none that means anything has so many."""

SettingName = Literal["prompt", "negative", "seed", "steps", "cfg"]
JOINS = re.compile(r"concat|join|append|combine|merge|prefix|suffix|text.?list", re.IGNORECASE)
"""Names of classes that put texts one behind the other; others put them into each other."""
SETTINGS: tuple[SettingName, ...] = ("prompt", "negative", "seed", "steps", "cfg")


class PlanPart(BaseModel):
    """A part of a plan."""

    model_config = ConfigDict(frozen=True)


class LeftAlone(PlanPart):
    """A setting, or one input of it, that the loop does not change. reason: a sentence for the user."""

    setting: SettingName
    node: str = ""
    input: str = ""
    reason: str


class Placeholder(PlanPart):
    """An input that holds nothing but a placeholder of some program. setting: whose value would fill it, if any."""

    node: str
    input: str
    text: str
    setting: SettingName | None = None


class SettingsReader:
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
        if lead.scheduled:
            raise scheduled_text(self._view, first, lead.scheduled)
        self._take("prompt", lead, everywhere)
        self._tell_parts(lead, positives)
        taken = set(self.inputs["prompt"])
        against = [leaf for one in negatives for leaf in one.leaves if leaf.place not in taken and not leaf.scheduled]
        if against:
            everywhere = self._leaves("negative", taken)
            lead = leading(against, everywhere)
            assert lead is not None
            self._take("negative", lead, everywhere)
        else:
            self.left.append(LeftAlone(setting="negative", reason="The workflow has no negative prompt."))

    def _shared(self, first: Sampling, shared: list[TextLeaf]) -> list[TextLeaf]:
        """A text that reaches both sides is the prompt only where the negative side counts for nothing, or where the
        guider has a third side: edit models compare with the prompt without the picture.
        """
        cfg = literal(self._view.graph, first.cfg)
        label = self._view.nodes[first.node].label()
        if isinstance(cfg, (int, float)) and cfg <= 1:
            note = f"Prompt and negative of {label} are the same text; at cfg {cfg:g} the negative has no effect."
            self.notes.append(note)
            return shared
        guider = self._view.wire(first.node, "guider")
        sides = [] if guider is None else self._view.into(guider.source)
        if sum(carries(self._view, wire, "CONDITIONING") for wire in sides) > 2:
            note = (
                f"The prompt of {label} also reaches its negative side, as this workflow has it; it is steered in both."
            )
            self.notes.append(note)
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
            elif number is not None or placeholder or self._view.wire(*place):
                self.inputs["seed"] = [place]
                random = number is None or not 0 <= number <= MAX_SEED
                self.values["seed"] = self._draw_seed() if random else number
                self._tell_seed_taken_over(place)
            else:
                self._leave("seed", place, self._made_by(place))

    def _tell_seed_taken_over(self, place: InputRef) -> None:
        wire = self._view.wire(*place)
        if wire is not None:
            maker, taker = self._view.nodes[wire.source].label(), self._node(place).label()
            self.notes.append(f"The loop gives the seed of {taker}; until now it came from {maker}.")

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
        self._numbers("cfg", places, lambda value: float(value) if _is_real(value) and 0 <= value <= LARGEST else None)
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
    if isinstance(value, str) and len(value) <= MOST_DIGITS and value.strip().lstrip("-").isdecimal():
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
