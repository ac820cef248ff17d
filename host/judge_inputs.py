"""VLMCritique's inputs, checked, and the judge that they ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from ..engine.graph.model import is_link
from ..engine.judge.critique import parse_checks
from ..engine.judge.judge import Judge
from ..engine.settings import LoopHandle
from ..engine.tutorial.goal_words import why_not_judged
from ..engine.tutorial.model import TUTORIAL
from ..ollama_client import AUTO, AUTO_SECONDS, GOOD_MODEL, parse_keep_alive
from . import settings
from .comfyui import WrongInput
from .judge_models import open_model, served_by

SERVERS = ("ollama", "openai")
JUDGES = ("auto", "ollama", "offline", "openai")


@dataclass(frozen=True)
class CriticInputs:
    """The node's widgets. Optional inputs left out of an API graph take these defaults."""

    goal: str = ""
    model: str = GOOD_MODEL
    connection: str = settings.LOCAL
    checks: str = ""
    pass_score: float = 0.8
    keep_alive: str = AUTO
    judge: str = "auto"
    loop: LoopHandle | None = field(default=None, compare=False)

    @classmethod
    def of(cls, **inputs: Any) -> CriticInputs:
        return cls(**{name: value for name, value in inputs.items() if value is not None})

    @classmethod
    def in_graph(cls, node: Mapping[str, Any]) -> CriticInputs:
        """Of a node in an API graph; what a link brings takes its default."""
        known = {one.name for one in fields(cls)} - {"loop"}
        given = node.get("inputs") or {}
        return cls.of(**{name: value for name, value in given.items() if name in known and not is_link(value)})

    @property
    def leaves_when_short(self) -> bool:
        """Whether keep_alive is auto: the model stays while it fits beside what ComfyUI renders with."""
        return self.keep_alive.strip().lower() == AUTO


def make_judge(
    inputs: CriticInputs,
    loop: LoopHandle | None,
    node: str,
    interrupted: Callable[[], bool],
    stop: Callable[[], BaseException],
) -> Judge:
    """The judge these inputs ask for. node: id of the critic. interrupted, stop: see OllamaVisionModel.

    Raises WrongInput.
    """
    name = f"VLM Critique (node {node})"
    goal = loop.goal if loop is not None else inputs.goal
    if not goal.strip() and inputs.judge != "offline":
        raise WrongInput(f"{name}, input goal: is empty. Write there what the picture must show.")
    if inputs.judge not in JUDGES:
        raise WrongInput(f"{name}, input judge: '{inputs.judge}' is not one of {', '.join(JUDGES)}.")
    try:
        at = "checks"
        checks = parse_checks(inputs.checks)
        at = "keep_alive"
        keep_alive = AUTO_SECONDS if inputs.leaves_when_short else parse_keep_alive(inputs.keep_alive)
        at = "connection"
        server = served_by(inputs.connection)
        model = open_model(inputs.connection, inputs.model.strip(), keep_alive, interrupted, stop)
    except (ValueError, settings.UnknownConnection) as problem:
        raise WrongInput(f"{name}, input {at}: {problem}") from problem
    if not inputs.model.strip() and inputs.judge != "offline":
        raise WrongInput(f"{name}, input model: is empty. Write a vision model's name, such as {GOOD_MODEL}.")
    if inputs.judge in SERVERS and inputs.judge != server:
        fitting = f"auto or {server}" if server in SERVERS else "auto"
        raise WrongInput(
            f"{name}, input judge: '{inputs.judge}', but the connection '{inputs.connection}' is of kind {server}. "
            f"Choose {fitting}, or another connection."
        )
    if server == TUTORIAL and inputs.judge != "offline":
        checklist = loop.checklist if loop is not None else ""
        if problem := why_not_judged(f"{goal}\n{checklist}"):
            raise WrongInput(f"{name}, input goal: {problem}")
    pass_score = loop.pass_score if loop is not None else inputs.pass_score
    patience = settings.load().wait_for_judge_seconds
    return Judge(inputs.judge, model, pass_score, checks, patience=patience, served_by=server)
