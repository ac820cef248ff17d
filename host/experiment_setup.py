"""What an experiment is measured on, in names and versions that may be published: no path, no address, no key."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import comfy.model_management
import torch

from ..engine.experiment.record import ExperimentRequest, Looker, Setup
from ..engine.graph.loop_nodes import the_loop
from ..engine.graph.model import Graph
from ..engine.judge.judge import Judge
from ..engine.judge.jury import Jury
from ..engine.memory.graph_sizes import file_uses
from .versions import comfyui_version, pack_version

SETTINGS = ("steps", "cfg")
"""Of Self-Improving Prompt, what every run starts from besides prompt and seed."""


async def describe_setup(request: ExperimentRequest, lookers: Mapping[Looker, Judge], graph: Graph) -> Setup:
    """graph: as it is queued. Raises ModelFailure."""
    judge, referee = lookers["judge"], lookers["referee"]
    hub = graph[the_loop(graph)[0]]["inputs"]
    return Setup(
        imitatoes=pack_version(),
        comfyui=comfyui_version() or "",
        card=_card(),
        system=f"{platform.system()}, Python {platform.python_version()}, torch {torch.__version__}",
        models=tuple(dict.fromkeys(PurePosixPath(use.name.replace("\\", "/")).name for use in file_uses(graph))),
        settings={name: hub[name] for name in SETTINGS if isinstance(hub.get(name), (int, float, str))},
        judge=_names(judge),
        judge_digest=await judge.model.digest(),
        referee=_names(referee),
        referee_digest=await referee.model.digest(),
        detectors=tuple(one.name for one in referee.detectors) if isinstance(referee, Jury) else (),
        tested={by: one.tested is not None for by, one in lookers.items()},
        held_out=request.held_out,
        seed=request.seed,
        renders=request.renders,
        checklists=request.checklists,
    )


def _names(judge: Judge) -> str:
    return ", ".join(one.model.name for one in judge.jurors)


def _card() -> str:
    management: Any = comfy.model_management
    device = management.get_torch_device()
    named = getattr(management, "get_torch_device_name", None)
    return str(named(device) if named is not None else device)
