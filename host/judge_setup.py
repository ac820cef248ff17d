"""What there is to judge with, and getting a model, for the page of a user who has none yet."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from ..engine.judge.judge_setup import InstalledJudge, JudgeSetup, PullState, choices_for, recommended_judge
from ..engine.judge.vision_model import ModelUnreachable
from ..engine.loop.refusals import NotNow
from ..engine.tutorial.model import TUTORIAL
from ..ollama_client import DOWNLOADS, GOOD_MODEL, Connection, Listed, ModelLibrary, best_known_first, is_this_computer

LOG = logging.getLogger(__name__)

Memory = Callable[[], tuple[int, bool]]
"""Bytes of the device that ComfyUI computes on, and whether that is the processor."""


class JudgeSetups:
    """What the routes see. Lives on the server's event loop. connection: raises ValueError for an unknown name.
    names: of all connections."""

    def __init__(self, connection: Callable[[str], Connection], names: Callable[[], list[str]], memory: Memory) -> None:
        self._connection, self._names, self._memory = connection, names, memory
        self._task: asyncio.Task[None] | None = None
        self._pull = PullState()

    async def show(self, name: str) -> JudgeSetup:
        """How things stand on a named connection. Raises ValueError for an unknown one."""
        if name == TUTORIAL:
            return await self._tutorial()
        library = ModelLibrary(self._connection(name))
        address, problem, found = "", "", list[Listed]()
        try:
            address = library.address()
            found = await library.seeing()
        except ModelUnreachable as failure:
            problem = str(failure)
        total, on_cpu = await asyncio.to_thread(self._memory)
        memory = total if address and is_this_computer(address) else None
        choices = choices_for(DOWNLOADS, memory, on_cpu and memory is not None)
        recommended = recommended_judge(choices, GOOD_MODEL)
        local = {entry.name for entry in found if not entry.remote_host}
        models = [InstalledJudge(model=e.name, size=e.size, cloud=bool(e.remote_host)) for e in _best_first(found)]
        return JudgeSetup(
            connection=name,
            connections=self._names(),
            address=address,
            problem=problem,
            models=models,
            where="RAM" if on_cpu else "VRAM",
            memory=memory,
            recommended=None if problem or recommended.model in local else recommended,
            choices=choices,
            pull=self._pull,
        )

    async def _tutorial(self) -> JudgeSetup:
        """Its judge is always there, and there is nothing to get for it."""
        total, on_cpu = await asyncio.to_thread(self._memory)
        return JudgeSetup(
            connection=TUTORIAL,
            connections=self._names(),
            address="",
            problem="",
            models=[InstalledJudge(model=TUTORIAL, size=0, cloud=False)],
            where="RAM" if on_cpu else "VRAM",
            memory=total,
            recommended=None,
            choices=[],
            pull=self._pull,
        )

    def pull(self, name: str, model: str) -> PullState:
        """Have the server get a model. Raises ValueError for an unknown connection, or for a model that is none of
        those recommended; NotNow while another one is under way."""
        connection = self._connection(name)
        known = [one.model for one in DOWNLOADS]
        if model not in known:
            raise ValueError(f"model: only {', '.join(known)} can be got from here. Get others with: ollama pull")
        if self._task is not None and not self._task.done():
            raise NotNow(f"{self._pull.model} is still being downloaded. Wait for its end, or stop it.")
        self._pull = PullState(state="running", connection=name, model=model)
        self._task = asyncio.get_running_loop().create_task(self._run(ModelLibrary(connection), model))
        return self._pull

    async def stop_pull(self) -> PullState:
        """Stop what is being downloaded; nothing where nothing is."""
        task = self._task
        if task is not None and not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return self._pull

    def pull_state(self) -> PullState:
        """Of the download that runs or ran last."""
        return self._pull

    async def _run(self, library: ModelLibrary, model: str) -> None:
        def progress(done: int, of: int) -> None:
            self._change(done=done, of=of)

        try:
            await library.pull(model, progress)
            self._change(state="done")
        except ModelUnreachable as problem:
            self._change(state="failed", message=str(problem))
        except Exception as problem:
            LOG.exception("getting a judge model failed")
            self._change(state="failed", message=f"It failed: {type(problem).__name__}. The server's log says more.")
        except BaseException:  # it never goes on as "running" that runs no more
            self._change(state="stopped", message="")
            raise

    def _change(self, **fields: object) -> None:
        self._pull = self._pull.model_copy(update=fields)


def _best_first(found: list[Listed]) -> list[Listed]:
    """Local models before those in the cloud, the best known judge first."""
    order = best_known_first([entry.name for entry in found])
    return sorted(found, key=lambda entry: (bool(entry.remote_host), order.index(entry.name)))
