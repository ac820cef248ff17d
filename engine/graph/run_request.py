"""What a script asks for when it starts a run: its workflow, the goal, and what is to differ from the workflow."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ..settings import MAX_SEED, SeedPolicy, Vary
from .edit_templates import repair_choices

MOST_NODES, MOST_LINKS = 2000, 20_000
"""Of a graph that is checked. Workflows have some hundred nodes, and some links each."""
LONGEST_TEXT = 20_000
MOST_GOALS = 500
"""Of one series."""


class _Part(BaseModel):
    """Nothing but what is named, and numbers are numbers: a typing error must not go unseen."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    def given(self) -> dict[str, Any]:
        """What was given, by the name of the node's input."""
        return self.model_dump(exclude_none=True)


class OrderSettings(_Part):
    """Inputs of SelfImprovingPrompt that the run starts from. What is left out stays as the workflow has it.

    seed: -1 draws one. vary: "seed" lets the run change nothing but the seed.
    """

    prompt: str | None = Field(default=None, max_length=LONGEST_TEXT)
    negative: str | None = Field(default=None, max_length=LONGEST_TEXT)
    seed: int | None = Field(default=None, ge=-1, le=MAX_SEED)
    steps: int | None = Field(default=None, ge=1, le=10_000)
    cfg: float | None = Field(default=None, ge=0, le=100)
    seed_policy: SeedPolicy | None = None
    vary: Vary | None = None


class OrderLimits(_Part):
    """Inputs of SelfImprovingPrompt that end the run. render_minutes: 0 for no limit. paid_renders: of a workflow whose
    nodes cost money, the renders that may be paid for; without it such a workflow is refused. confidence: how sure the
    run must be that a picture meets everything before it is done. minutes: for the whole run, 0 for no limit.
    repairs: pictures that may be repaired in place, -1 for automatic, 0 for none. repair_with: "auto", "off" for the
    workflow's own model alone, or the name of a model for editing."""

    iterations_per_loop: int | None = Field(default=None, ge=1, le=100)
    max_loops: int | None = Field(default=None, ge=1, le=100)
    pass_score: float | None = Field(default=None, ge=0, le=1)
    render_minutes: float | None = Field(default=None, ge=0, le=10_000)
    paid_renders: int | None = Field(default=None, ge=0, le=10_000)
    confidence: float | None = Field(default=None, ge=0.5, le=0.999)
    minutes: float | None = Field(default=None, ge=0, le=100_000)
    repairs: int | None = Field(default=None, ge=-1, le=20)
    repair_with: str | None = Field(default=None, max_length=200)

    @field_validator("repair_with")
    @classmethod
    def _is_a_choice(cls, value: str | None) -> str | None:
        if value is not None and value not in repair_choices():
            raise ValueError(f"use one of {', '.join(repair_choices())}")
        return value


class OrderCritic(_Part):
    """Inputs of VLMCritique. connection: a name from the server's settings, never an address."""

    model: str | None = Field(default=None, max_length=200)
    connection: str | None = Field(default=None, max_length=200)
    judge: Literal["auto", "ollama", "openai", "comfyui", "offline"] | None = None
    checks: str | None = Field(default=None, max_length=LONGEST_TEXT)
    keep_alive: str | None = Field(default=None, max_length=200)


class OrderSeries(_Part):
    """What the runs of a series share. minutes: of rendering and judging, renders: of all runs together; 0 for no
    limit. until: a time of day of the server, as "07:30", "" for none: then the render at hand is the last."""

    minutes: float = Field(default=0.0, ge=0, le=100_000)
    renders: int = Field(default=0, ge=0, le=100_000)
    until: str = Field(default="", pattern=r"^(?:(?:[01]\d|2[0-3]):[0-5]\d)?$")


class PlanRequest(_Part):
    """How a loop would be put into a workflow: an API graph, as the page would queue it, or one in UI format.

    judge_node: id of the node whose picture is judged, where that is to be another than the one chosen.
    """

    workflow: Annotated[Any, Field(json_schema_extra={"type": "object"})]
    judge_node: str = Field(default="", max_length=200)


class ShapesRequest(_Part):
    """Which shapes the clip of a workflow can have. workflow: as of PlanRequest."""

    workflow: Annotated[Any, Field(json_schema_extra={"type": "object"})]


class RunRequest(_Part):
    """A run to be started.

    workflow: an API graph, or a workflow as the canvas saves it (UI format). goal: what the picture must show; may be
    left out where the workflow holds one. checklist: requirements, as a list or one a line. tokens: values for the
    workflow's tokens, by name. wrap: "auto" puts the loop around a workflow that has none; judge_node: id of the node
    whose picture it judges, where that is to be another than the one saved furthest downstream. repair: apply the
    repairs of which there is no doubt. shape: of a clip, in the size that its model is made for. spread: paint on
    every card that ComfyUI-Distributed has enabled.

    goals: one run for each, in order: a series. checklists: one for each of the goals; without goals each is one.
    series: what its runs share. Their prompts are made from the goals, unless settings hold one for all.
    """

    workflow: Annotated[Any, Field(json_schema_extra={"type": "object"})]
    goal: str = Field(default="", max_length=LONGEST_TEXT)
    checklist: str | list[str] | None = None
    tokens: dict[str, Any] = Field(default_factory=dict, max_length=1000)
    settings: OrderSettings = OrderSettings()
    limits: OrderLimits = OrderLimits()
    critic: OrderCritic = OrderCritic()
    wrap: Literal["auto", "never"] = "auto"
    judge_node: str = Field(default="", max_length=200)
    repair: bool = False
    shape: Literal["landscape", "vertical", "square"] | None = None
    spread: bool = False
    goals: list[Annotated[str, Field(max_length=LONGEST_TEXT)]] = Field(default_factory=list, max_length=MOST_GOALS)
    checklists: list[str | list[str]] = Field(default_factory=list, max_length=MOST_GOALS)
    series: OrderSeries = OrderSeries()

    def checklist_lines(self) -> list[str]:
        """The requirements, one each; empty where none are given."""
        return _lines(self.checklist)

    def is_series(self) -> bool:
        return bool(self.goals or self.checklists)

    def goals_asked(self) -> list[tuple[str, tuple[str, ...]]]:
        """(goal, requirements) of each run of a series. Raises ValueError where goals and checklists do not match."""
        lists = [tuple(line.strip() for line in _lines(one) if line.strip()) for one in self.checklists]
        if self.goals and lists and len(self.goals) != len(lists):
            raise ValueError(
                f"checklists: there are {len(lists)} for {len(self.goals)} goals. Send one for each goal, or none."
            )
        goals = [goal.strip() for goal in self.goals] or [self.goal.strip() or "; ".join(lines) for lines in lists]
        lists = lists or [()] * len(goals)
        for number, goal in enumerate(goals, 1):
            if not goal:
                raise ValueError(f"goals: the {number}. is empty. Say what the picture must show, or leave it out.")
        return list(zip(goals, lists, strict=True))


def _lines(checklist: str | list[str] | None) -> list[str]:
    return checklist.splitlines() if isinstance(checklist, str) else list(checklist or ())
