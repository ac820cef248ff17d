"""VLMCritique's inputs, checked, and its work, handed to the engine."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from comfy.cli_args import args

from ..engine.files import write_atomically
from ..engine.graph.clips import ClipSource
from ..engine.graph.loop_nodes import LoopNotFound, the_loop
from ..engine.judge.checklist import Checklist
from ..engine.judge.clip import Clip
from ..engine.judge.critique import Critique
from ..engine.judge.judge import Judge
from ..engine.judge.picture import Picture
from ..engine.judge.server_pool import ServerPool
from ..engine.judge.vision_model import ModelUnfit, ModelUnreachable, VisionModel
from ..engine.loop.critic import critique_in_run
from ..engine.loop.refusals import RunIsOver
from ..engine.loop.run_context import PromptContext
from ..engine.settings import LoopHandle
from ..ollama_client import OllamaVisionModel
from . import app, comfyui, paths
from .clip_encoding import encode_clip
from .comfyui import WrongInput
from .gpu_handover import SharingModel, sharing_model
from .judge_inputs import CriticInputs, make_judge
from .paid_nodes import paid_labels
from .repaired_regions import regions
from .server_loop import ServerLoopCalls


class NoVerdict(RuntimeError):
    """A picture could not be judged outside of a loop, where a gate must not open by itself."""


async def prepare(inputs: CriticInputs, hidden: Any) -> None:
    """Find out before the render what would keep it from being judged, and let its run begin.

    Raises WrongInput, NoVerdict.
    """
    judge = _judge(inputs, inputs.loop, hidden)
    for juror in judge.jurors if judge.kind != "offline" else ():
        try:
            await juror.model.check()
        except ModelUnreachable as problem:
            if inputs.judge != "auto" or isinstance(problem, ModelUnfit):
                raise NoVerdict(f"VLM Critique (node {hidden.unique_id}): {problem}") from problem
    here = comfyui.executing()
    if inputs.loop is not None and here is not None:
        current = app.instance()
        with _named(hidden):
            await ServerLoopCalls(current).expect(_arrival(current, inputs.loop, hidden, here))


async def critique(
    images: torch.Tensor, loop: LoopHandle | None, inputs: CriticInputs, hidden: Any
) -> tuple[Critique, dict[str, Any]]:
    """Judge IMAGE [B,H,W,C]; the verdict about the best picture and what the node shows.

    Raises WrongInput; NoVerdict when there is no loop and no verdict; whatever ComfyUI raises for an interrupt.
    """
    judge = await app.with_self_test(_judge(inputs, loop, hidden), hidden.prompt, str(hidden.unique_id))
    taking_turns: list[SharingModel] = []
    for juror in judge.jurors:
        juror.model = _sharing(juror.model, inputs, hidden, images, taking_turns)

    def swap_seconds() -> float:
        return sum(model.swap_seconds for model in taking_turns)

    pictures, source = await _pictures(images, inputs, hidden)
    here = comfyui.executing()
    if loop is not None and here is not None:
        return await _in_run(pictures, source, loop, judge, hidden, here, swap_seconds)
    try:
        checklist = await _checklist_of(judge, inputs, isinstance(pictures[0], Clip))
        critiques, best = await judge.judge_pictures(pictures, checklist, 0)
    except ModelUnreachable as problem:
        raise NoVerdict(f"VLM Critique (node {hidden.unique_id}): {problem}") from problem
    finally:
        await judge.release()
    verdict = critiques[best]
    if verdict.score is None and verdict.sees_content:
        raise NoVerdict(f"VLM Critique (node {hidden.unique_id}): {verdict.reason}")
    return verdict, _shown(verdict, _preview(pictures[best]))


_checklists: dict[tuple[str, ...], Checklist] = {}
"""Of goals judged outside of a loop: a gate that sees many pictures takes its goal apart once."""
MOST_CHECKLISTS = 50


async def _pictures(images: torch.Tensor, inputs: CriticInputs, hidden: Any) -> tuple[list[Picture], ClipSource]:
    """What is judged: each picture of the batch, or the batch as one clip; and what the graph makes of that."""
    source = ClipSource()
    if len(images) > 1 and inputs.frames != "pictures":
        calls = ServerLoopCalls(app.instance())
        source = await calls.clip_source(hidden.prompt or {}, str(hidden.unique_id))
    if len(images) < 2 or not (source.is_clip or inputs.frames == "clip"):
        return [Picture(image) for image in images], source
    if source.picked:
        return [Clip(images, places=range(len(images)))], source
    return [Clip(images, source.rate)], source


async def _checklist_of(judge: Judge, inputs: CriticInputs, clip: bool) -> Checklist:
    tested = [one.tested.date if one.tested is not None else "" for one in judge.jurors]
    names = [one.model.name for one in judge.jurors] if judge.looks else []
    key = (judge.kind, inputs.connection, *names, inputs.goal, *tested, "clip" if clip else "")
    if key not in _checklists:
        while len(_checklists) >= MOST_CHECKLISTS:
            del _checklists[next(iter(_checklists))]
        _checklists[key] = await judge.make_checklist(inputs.goal, clip=clip)
    return _checklists[key]


async def _in_run(
    pictures: Sequence[Picture],
    source: ClipSource,
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
    shares, notes = await ServerLoopCalls(current).shares(hidden.prompt, len(pictures))
    prompt_context = replace(prompt_context, shares=shares, card_notes=notes)
    with _named(hidden):
        judged = await critique_in_run(
            ServerLoopCalls(current),
            current.journal(),
            judge,
            pictures,
            prompt_context,
            embed=not args.disable_metadata,
            swap_seconds=swap_seconds,
            repaired_region=regions.take(here.prompt_id),
            encode=None if source.savers or source.picked else encode_clip,
            clip_savers=source.savers,
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
        paid_nodes=paid_labels(hidden.prompt),
    )


def _judge(inputs: CriticInputs, loop: LoopHandle | None, hidden: Any) -> Judge:
    """The judge these inputs ask for. Raises WrongInput."""
    if loop is not None:
        try:
            the_loop(hidden.prompt)
        except LoopNotFound as problem:
            raise WrongInput(str(problem)) from problem
    return make_judge(inputs, loop, str(hidden.unique_id), comfyui.interrupted, comfyui.stop)


def _sharing(
    model: VisionModel, inputs: CriticInputs, hidden: Any, images: torch.Tensor, taking_turns: list[SharingModel]
) -> VisionModel:
    """The model, sharing the card with ComfyUI for the time of these pictures; those that do are added to the list.

    Servers other than Ollama tell nothing about their memory and keep their model: nothing can be shared.
    """
    if isinstance(model, ServerPool):
        model.models = [_sharing(one, inputs, hidden, images, taking_turns) for one in model.models]
        return model
    if not isinstance(model, OllamaVisionModel):
        return model
    frames, height, width = images.shape[:3]
    picture = (int(width), int(height), int(frames))
    services = app.instance().services
    shared = sharing_model(
        model,
        services,
        model.connection,
        inputs.leaves_when_short,
        str(hidden.unique_id),
        hidden.prompt or {},
        picture,
    )
    taking_turns.append(shared)
    return shared


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
