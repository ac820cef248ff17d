"""VLMCritique's inputs, checked, and the judge that they ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from ..engine.graph.clips import FRAMES
from ..engine.graph.model import is_link
from ..engine.judge.critique import parse_checks
from ..engine.judge.judge import Judge
from ..engine.judge.jury import Jury
from ..engine.judge.server_pool import ServerPool
from ..engine.settings import LoopHandle
from ..engine.tutorial.goal_words import why_not_judged
from ..engine.tutorial.model import TUTORIAL
from ..ollama_client import AUTO, AUTO_SECONDS, GOOD_MODEL, parse_keep_alive
from . import settings
from .comfyui import WrongInput
from .detectors import installed_detectors
from .judge_models import OpenedModel, open_model, served_by
from .judges_named import BY_ENCODER, NamedJudge, connections_named, judges_named
from .settings import ServerSettings
from .text_encoder import TextEncoderModel

SERVERS = ("ollama", "openai")
JUDGES = ("auto", "ollama", "offline", "openai", BY_ENCODER)


class WrongCriticInput(WrongInput):
    """One of the critic's inputs is wrong. input_, problem: which, and what about it, for whoever has no node."""

    def __init__(self, node: str, input_: str, problem: str) -> None:
        super().__init__(f"VLM Critique (node {node}), input {input_}: {problem}")
        self.input_, self.problem = input_, problem


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
    clip: Any = field(default=None, compare=False)
    frames: str = "auto"

    @classmethod
    def of(cls, **inputs: Any) -> CriticInputs:
        return cls(**{name: value for name, value in inputs.items() if value is not None})

    @classmethod
    def in_graph(cls, node: Mapping[str, Any]) -> CriticInputs:
        """Of a node in an API graph; what a link brings takes its default."""
        known = {one.name for one in fields(cls)} - {"loop", "clip"}
        given = node.get("inputs") or {}
        return cls.of(**{name: value for name, value in given.items() if name in known and not is_link(value)})

    @property
    def leaves_when_short(self) -> bool:
        """Whether keep_alive is auto: the model stays while it fits beside what ComfyUI renders with."""
        return self.keep_alive.strip().lower() == AUTO


def without_fallback(inputs: CriticInputs) -> CriticInputs:
    """The same inputs for a judge that is asked after the run, and leaves memory then. Raises ValueError."""
    known = settings.load()
    places = connections_named(known, inputs.connection)
    named = _named_by(known, replace(inputs, judge="auto"), places)
    server = served_by(known, named[0].connection) if named else ""
    return replace(inputs, judge=server if server in SERVERS else "auto", keep_alive="0")


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
    goal = loop.goal if loop is not None else inputs.goal
    if not goal.strip() and inputs.judge != "offline":
        raise WrongCriticInput(node, "goal", "is empty. Write there what the picture must show.")
    if inputs.judge not in JUDGES:
        raise WrongCriticInput(node, "judge", f"'{inputs.judge}' is not one of {', '.join(JUDGES)}.")
    if inputs.frames not in FRAMES:
        raise WrongCriticInput(node, "frames", f"'{inputs.frames}' is not one of {', '.join(FRAMES)}.")
    if inputs.judge == BY_ENCODER and inputs.clip is None:
        raise WrongCriticInput(
            node,
            "judge",
            "'comfyui' judges with a text encoder, and none is linked. Link to clip one that can see and write, for "
            "example Qwen3-VL 4B, or choose auto.",
        )
    known = settings.load()
    try:
        at = "checks"
        checks = parse_checks(inputs.checks)
        at = "keep_alive"
        keep_alive = AUTO_SECONDS if inputs.leaves_when_short else parse_keep_alive(inputs.keep_alive)
        at = "connection"
        places = connections_named(known, inputs.connection)
        server = served_by(known, places[0])
        at = "model"
        named = _named_by(known, inputs, places)
        if not named and inputs.judge != "offline":
            raise ValueError(f"is empty. Write a vision model's name, such as {GOOD_MODEL}.")
        opened = [_open(known, one, inputs, places, keep_alive, interrupted, stop) for one in named]
    except (ValueError, settings.UnknownConnection) as problem:
        raise WrongCriticInput(node, at, str(problem)) from problem
    server = opened[0].served_by if opened else server
    if inputs.judge in SERVERS and inputs.judge != server:
        fitting = f"auto or {server}" if server in SERVERS else "auto"
        raise WrongCriticInput(
            node,
            "judge",
            f"'{inputs.judge}', but the connection '{named[0].connection}' is of kind {server}. "
            f"Choose {fitting}, or another connection.",
        )
    if server == TUTORIAL and inputs.judge != "offline":
        checklist = loop.checklist if loop is not None else ""
        if problem := why_not_judged(f"{goal}\n{checklist}"):
            raise WrongCriticInput(node, "goal", problem)
    pass_score = loop.pass_score if loop is not None else inputs.pass_score
    patience = known.wait_for_judge_seconds
    judges = []
    for number, (model, by) in enumerate(opened or [OpenedModel(None, server)]):
        # A text encoder is there as long as the graph runs; of servers only the first may be done without.
        kind = BY_ENCODER if by == BY_ENCODER else inputs.judge if number == 0 or by not in SERVERS else by
        # A text encoder gives no probabilities and is in memory anyway: its two wordings are two votes.
        twice = by == BY_ENCODER
        judges.append(Judge(kind, model, pass_score, checks, patience=patience, served_by=by, both_wordings=twice))
    exact = installed_detectors(known) if inputs.judge != "offline" and server != TUTORIAL else []
    return Jury(judges[0], judges[1:], exact) if exact or len(judges) > 1 else judges[0]


def _named_by(known: ServerSettings, inputs: CriticInputs, places: list[str]) -> list[NamedJudge]:
    """places: the connections that the inputs name. Raises ValueError, UnknownConnection."""
    if inputs.judge == "offline":
        return []
    linked = inputs.clip is not None
    alone = linked and inputs.judge in ("auto", BY_ENCODER)
    return judges_named(known, inputs.model, places[0], linked, alone)


def _open(
    known: ServerSettings,
    one: NamedJudge,
    inputs: CriticInputs,
    places: list[str],
    keep_alive: int | float | str,
    interrupted: Callable[[], bool],
    stop: Callable[[], BaseException],
) -> OpenedModel:
    """places: as in _named_by. Raises UnknownConnection."""
    if not one.connection:
        return OpenedModel(TextEncoderModel(inputs.clip, interrupted, stop), BY_ENCODER)
    opened = open_model(known, one.connection, one.model, keep_alive, interrupted, stop)
    if one.connection != places[0] or len(places) == 1:
        return opened
    others = [open_model(known, place, one.model, keep_alive, interrupted, stop).model for place in places[1:]]
    return OpenedModel(ServerPool([opened.model, *others], places), opened.served_by)
