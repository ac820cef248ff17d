"""VLMCritique's inputs, checked, and its work, handed to the engine."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from comfy.cli_args import args

from ..engine.files import write_atomically
from ..engine.graph.loop_nodes import LoopNotFound, the_loop
from ..engine.judge.checklist import Checklist
from ..engine.judge.critique import Critique, parse_checks
from ..engine.judge.judge import Judge
from ..engine.judge.picture import Picture
from ..engine.judge.self_test import bias_of
from ..engine.judge.vision_model import ModelUnfit, ModelUnreachable
from ..engine.loop.critic import critique_in_run
from ..engine.loop.refusals import RunIsOver
from ..engine.loop.run_context import PromptContext
from ..engine.settings import LoopHandle
from ..ollama_client import AUTO, AUTO_SECONDS, OllamaVisionModel, parse_keep_alive
from . import app, comfyui, paths, settings
from .comfyui import WrongInput
from .gpu_handover import SharingModel, sharing_model


class NoVerdict(RuntimeError):
    """A picture could not be judged outside of a loop, where a gate must not open by itself."""


@dataclass(frozen=True)
class CriticInputs:
    """The node's widgets. Optional inputs left out of an API graph take these defaults."""

    goal: str = ""
    model: str = app.DEFAULT_MODEL
    connection: str = settings.LOCAL
    checks: str = ""
    pass_score: float = 0.8
    keep_alive: str = AUTO
    judge: str = "auto"
    loop: LoopHandle | None = field(default=None, compare=False)

    @classmethod
    def of(cls, **inputs: Any) -> CriticInputs:
        return cls(**{name: value for name, value in inputs.items() if value is not None})


async def prepare(inputs: CriticInputs, hidden: Any) -> None:
    """Find out before the render what would keep it from being judged, and let its run begin.

    Raises WrongInput, NoVerdict.
    """
    judge = _judge(inputs, inputs.loop, hidden)
    if judge.kind != "offline":
        try:
            await judge.model.check()
        except ModelUnreachable as problem:
            if judge.kind == "ollama" or isinstance(problem, ModelUnfit):
                raise NoVerdict(f"VLM Critique (node {hidden.unique_id}): {problem}") from problem
    here = comfyui.executing()
    if inputs.loop is not None and here is not None:
        current = app.instance()
        with _named(hidden):
            await app.ServerLoopCalls(current).expect(_arrival(current, inputs.loop, hidden, here))


async def critique(
    images: torch.Tensor, loop: LoopHandle | None, inputs: CriticInputs, hidden: Any
) -> tuple[Critique, dict[str, Any]]:
    """Judge IMAGE [B,H,W,C]; the verdict about the best picture and what the node shows.

    Raises WrongInput; NoVerdict when there is no loop and no verdict; whatever ComfyUI raises for an interrupt.
    """
    judge = await _tested(_judge(inputs, loop, hidden))
    judge.model = model = _sharing(judge.model, inputs, hidden, images)
    pictures = [Picture(image) for image in images]
    here = comfyui.executing()
    if loop is not None and here is not None:
        return await _in_run(pictures, loop, judge, hidden, here, lambda: model.swap_seconds)
    try:
        checklist = await _checklist_of(judge, inputs)
        critiques, best = await judge.judge_pictures(pictures, checklist, 0)
    except ModelUnreachable as problem:
        raise NoVerdict(f"VLM Critique (node {hidden.unique_id}): {problem}") from problem
    finally:
        await judge.release()
    verdict = critiques[best]
    if verdict.score is None:
        raise NoVerdict(f"VLM Critique (node {hidden.unique_id}): {verdict.reason}")
    return verdict, _shown(verdict, _preview(pictures[best]))


_checklists: dict[tuple[str, ...], Checklist] = {}
"""Of goals judged outside of a loop: a gate that sees many pictures takes its goal apart once."""
MOST_CHECKLISTS = 50


async def _checklist_of(judge: Judge, inputs: CriticInputs) -> Checklist:
    tested = judge.tested.date if judge.tested is not None else ""
    key = (judge.kind, inputs.connection, inputs.model, inputs.goal, tested)
    if key not in _checklists:
        while len(_checklists) >= MOST_CHECKLISTS:
            del _checklists[next(iter(_checklists))]
        _checklists[key] = await judge.make_checklist(inputs.goal)
    return _checklists[key]


async def _in_run(
    pictures: Sequence[Picture],
    loop: LoopHandle,
    judge: Judge,
    hidden: Any,
    here: comfyui.Executing,
    swap_seconds: Callable[[], float],
) -> tuple[Critique, dict[str, Any]]:
    if here.position > 0:
        raise WrongInput(
            f"VLM Critique (node {hidden.unique_id}), input images: got a list of pictures. "
            "Make one batch of it first, or pick one picture."
        )
    current = app.instance()
    prompt_context = _arrival(current, loop, hidden, here)
    with _named(hidden):
        judged = await critique_in_run(
            app.ServerLoopCalls(current),
            current.journal(),
            judge,
            pictures,
            prompt_context,
            embed=not args.disable_metadata,
            swap_seconds=swap_seconds,
        )
    if judged.picture is None:
        picture = _preview(pictures[judged.batch_index])
    else:
        picture = {
            "filename": judged.picture,
            "subfolder": f"{paths.NAME}/{judged.run_id}",
            "type": "output",
        }
    return judged.critique, _shown(judged.critique, picture, run_id=judged.run_id, iteration=judged.number)


@contextmanager
def _named(hidden: Any) -> Iterator[None]:
    """A render of a run that is over ends with an error that names the node."""
    try:
        yield
    except RunIsOver as problem:
        raise NoVerdict(f"VLM Critique (node {hidden.unique_id}): {problem}") from problem


def _arrival(current: app.App, loop: LoopHandle, hidden: Any, here: comfyui.Executing) -> PromptContext:
    loop_node, critic_node = the_loop(hidden.prompt)
    return PromptContext(
        prompt_id=here.prompt_id,
        client_id=current.server.client_id or uuid.uuid4().hex,
        handle=loop,
        graph=hidden.prompt,
        extra_pnginfo=hidden.extra_pnginfo,
        loop_node=loop_node,
        critic_node=critic_node,
    )


def _judge(inputs: CriticInputs, loop: LoopHandle | None, hidden: Any) -> Judge:
    """The judge these inputs ask for. Raises WrongInput."""
    node = f"VLM Critique (node {hidden.unique_id})"
    if loop is not None:
        try:
            the_loop(hidden.prompt)
        except LoopNotFound as problem:
            raise WrongInput(str(problem)) from problem
    goal = loop.goal if loop is not None else inputs.goal
    if not goal.strip() and inputs.judge != "offline":
        raise WrongInput(f"{node}, input goal: is empty. Write there what the picture must show.")
    if inputs.judge not in ("auto", "ollama", "offline"):
        raise WrongInput(f"{node}, input judge: '{inputs.judge}' is not one of auto, ollama, offline.")
    try:
        name = "checks"
        checks = parse_checks(inputs.checks)
        name = "keep_alive"
        keep_alive = AUTO_SECONDS if _is_auto(inputs) else parse_keep_alive(inputs.keep_alive)
        name = "connection"
        connection = settings.connection(inputs.connection)
    except (ValueError, settings.UnknownConnection) as problem:
        raise WrongInput(f"{node}, input {name}: {problem}") from problem
    if not inputs.model.strip() and inputs.judge != "offline":
        raise WrongInput(f"{node}, input model: is empty. Write a vision model's name, such as {app.DEFAULT_MODEL}.")
    model = OllamaVisionModel(
        connection, inputs.model.strip(), keep_alive, interrupted=comfyui.interrupted, stop=comfyui.stop
    )
    pass_score = loop.pass_score if loop is not None else inputs.pass_score
    return Judge(inputs.judge, model, pass_score, checks)


def _is_auto(inputs: CriticInputs) -> bool:
    return inputs.keep_alive.strip().lower() == AUTO


def _sharing(model: OllamaVisionModel, inputs: CriticInputs, hidden: Any, images: torch.Tensor) -> SharingModel:
    """The model, sharing the card with ComfyUI for the time of these pictures."""
    frames, height, width = images.shape[:3]
    picture = (int(width), int(height), int(frames))
    services = app.instance().services
    return sharing_model(
        model,
        services,
        settings.connection(inputs.connection),
        _is_auto(inputs),
        str(hidden.unique_id),
        hidden.prompt or {},
        picture,
    )


async def _tested(judge: Judge) -> Judge:
    """The judge with what its self-test found, if there was one of this very model."""
    if judge.looks and (found := await app.self_test_store.of(judge.model)) is not None:
        judge.tested, judge.bias = found, bias_of(found)
    return judge


def _preview(shown: Picture) -> dict[str, str]:
    """A JPEG of the picture in ComfyUI's temp folder, as the page asks for it."""
    name = f"imitatoes_{uuid.uuid4().hex}.jpg"
    folder = paths.temp_folder()
    folder.mkdir(parents=True, exist_ok=True)
    jpeg = shown.encoded.jpeg
    write_atomically(folder / name, lambda stream: stream.write(jpeg) and None)
    return {"filename": name, "subfolder": "", "type": "temp"}


def _shown(verdict: Critique, picture: dict[str, str], **run: Any) -> dict[str, Any]:
    """The node's ui output: the picture, the verdict in words, and all of it for our own widget."""
    return {
        "images": [picture],
        "text": [verdict.describe()],
        "imitatoes": [{**verdict.model_dump(), **run}],
    }
