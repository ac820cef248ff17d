"""What ComfyUI and a node tell each other: which node runs, interrupts, events for the browser, wrong inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import comfy.model_management
from comfy_execution.utils import get_executing_context

from ..engine.loop.run import Run
from ..engine.loop.view import run_message


class WrongInput(ValueError):
    """The message names the node, the input, what was wrong and what to do."""


EVENT = "imitatoes.run"


class PageEvents:
    """server: PromptServer.instance."""

    def __init__(self, server: Any) -> None:
        self._server = server

    def publish(self, run: Run) -> None:
        """The run as it stands, to every open page: a second tab and a run of a script are shown too.

        A message lost or doubled does no harm: each says how many iterations there are, so a page knows what it lacks.
        """
        self._server.send_sync(EVENT, run_message(run).model_dump(mode="json"), None)


@dataclass(frozen=True)
class Executing:
    """prompt_id and node_id of the node that calls; position: its place when ComfyUI maps it over a list."""

    prompt_id: str
    node_id: str
    position: int


def executing() -> Executing | None:
    """Ids of the execution that this code runs in, None outside of one."""
    context = get_executing_context()
    if context is None:
        return None
    return Executing(str(context.prompt_id), str(context.node_id), int(context.list_index or 0))


def interrupted() -> bool:
    """Whether the user pressed Interrupt. Only looks: clearing the flag is the executor's business."""
    return comfy.model_management.processing_interrupted()


def stop() -> BaseException:
    """What to raise when interrupted."""
    return comfy.model_management.InterruptProcessingException()
