"""The judges' self-tests: kept per model digest, and run one at a time in the background."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from pydantic import ValidationError

from ..engine.files import write_text
from ..engine.judge.jury_self_test import jury_digest, run_jury_self_test
from ..engine.judge.self_test import (
    NoSelfTest,
    Progress,
    SelfTest,
    SelfTestDone,
    SelfTestRunning,
    SelfTestState,
    run_self_test,
    self_test_report,
)
from ..engine.judge.self_test_scenes import self_test_scenes
from ..engine.judge.vision_model import ModelFailure, ModelUnreachable, VisionModel
from ..engine.loop.refusals import NotNow

LOG = logging.getLogger(__name__)

DIGEST = re.compile(r"[0-9a-f]{1,64}")


class SelfTestStore:
    """One JSON file for each model digest. folder: asked anew each time."""

    def __init__(self, folder: Callable[[], Path]) -> None:
        self._folder = folder
        self._read: dict[Path, tuple[int, SelfTest]] = {}

    def empty(self) -> bool:
        """Whether nothing is kept at all, so that nobody needs to ask for a digest."""
        try:
            return next(self._folder().glob("*.json"), None) is None
        except OSError:
            return True

    def load(self, digest: str) -> SelfTest | None:
        """The self-test of that very model; None without one, and for a damaged file, which the log reports."""
        path = self._path(digest)
        if path is None:
            return None
        try:
            changed = path.stat().st_mtime_ns
            known = self._read.get(path)
            if known is None or known[0] != changed:
                known = self._read[path] = (changed, SelfTest.model_validate_json(path.read_bytes()))
            return known[1]
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as problem:
            LOG.warning("Imitatoes: %s is not used; run the judge's self-test again: %s", path, problem)
            return None

    def save(self, tested: SelfTest) -> bool:
        """Keep it; False where the server told no digest to keep it by. Raises OSError."""
        path = self._path(tested.digest)
        if path is None:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, tested.model_dump_json(indent=1))
        return True

    async def of(self, model: VisionModel) -> SelfTest | None:
        """The self-test of this model; None without one, and while its server does not answer."""
        if self.empty():
            return None
        try:
            return self.load(await model.digest())
        except ModelUnreachable:
            return None

    async def of_all(self, models: Sequence[VisionModel]) -> SelfTest | None:
        """Of one model, or of several as one jury."""
        if len(models) == 1 or self.empty():
            return await self.of(models[0])
        try:
            return self.load(jury_digest([await model.digest() for model in models]))
        except ModelUnreachable:
            return None

    def _path(self, digest: str) -> Path | None:
        """A digest comes from a server, and a file name must not."""
        digest = digest.lower().removeprefix("sha256:")
        return self._folder() / f"{digest}.json" if DIGEST.fullmatch(digest) else None


class ModelsOf(Protocol):
    def __call__(self, connection: str, model: str) -> list[VisionModel]:
        """The model of that name on that named connection, or those of several names, see judges_named.

        Raises ValueError, for an unknown connection above all.
        """


class SelfTests:
    """What the routes see: start one, ask how far it is. Lives on the server's event loop."""

    def __init__(self, store: SelfTestStore, models_of: ModelsOf) -> None:
        self._store, self._models_of = store, models_of
        self._task: asyncio.Task[None] | None = None
        self._asked: tuple[str, str] = ("", "")
        self._state: SelfTestState | None = None

    def start(self, connection: str, model: str) -> SelfTestState:
        """Begin, and tell the state. Raises ValueError for an unknown connection, NotNow while another one runs."""
        if self._task is not None and not self._task.done():
            raise NotNow(f"The self-test of {self._asked[1]} is still running. Wait for its end.")
        judges = self._models_of(connection, model)
        self._asked = (connection, model)
        scenes = len(self_test_scenes()) * len(judges)
        self._state = SelfTestRunning(connection=connection, model=model, done=0, of=scenes)
        self._task = asyncio.get_running_loop().create_task(self._run(judges, connection, model))
        return self._state

    async def wait(self) -> None:
        """Until the one that runs has ended."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def state(self, connection: str, model: str) -> SelfTestState:
        """Of the one that runs or ran last, else of the one that is kept; "none" without any. Raises ValueError."""
        if self._state is not None and (connection, model) == self._asked:
            return self._state
        kept = await self._store.of_all(self._models_of(connection, model))
        if kept is None:
            return NoSelfTest(connection=connection, model=model, state="none")
        return SelfTestDone(connection=connection, model=model, report=self_test_report(kept))

    async def _run(self, judges: Sequence[VisionModel], connection: str, model: str) -> None:
        def progress(done: int, of: int) -> None:
            self._state = SelfTestRunning(connection=connection, model=model, done=done, of=of)

        def fail(message: str) -> None:
            self._state = NoSelfTest(connection=connection, model=model, state="failed", message=message)

        def finish(tested: SelfTest, message: str) -> None:
            report = self_test_report(tested)
            self._state = SelfTestDone(connection=connection, model=model, message=message, report=report)

        try:
            finish(*await self._tested(judges, progress))
        except ModelFailure as problem:
            fail(str(problem))
        except Exception as problem:
            LOG.exception("the judge's self-test failed")
            fail(f"It failed: {type(problem).__name__}. The server's log says more.")
        except BaseException:  # it never goes on as "running" that runs no more
            fail("It was stopped before its end.")
            raise

    async def _tested(self, judges: Sequence[VisionModel], progress: Progress) -> tuple[SelfTest, str]:
        """The self-test of one, or of several as one, all kept; why runs will not use it, "" where they will."""
        if len(judges) == 1:
            tested = await run_self_test(judges[0], progress)
            return tested, await self._kept(tested)
        each, together = await run_jury_self_test(judges, progress)
        problems = [await self._kept(one) for one in (*each, together)]
        return together, next(filter(None, problems), "")

    async def _kept(self, tested: SelfTest) -> str:
        """Keep it; why runs will not use it, "" where they will."""
        try:
            if await asyncio.to_thread(self._store.save, tested):
                return ""
        except OSError as problem:
            return f"The result could not be saved ({problem.strerror or problem}), so runs will not use it."
        return "The server tells no digest of this model, so runs will not use the result."
