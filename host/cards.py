"""ComfyUI-Distributed as installed on this server: its own routes called in process, its workers asked over HTTP.

Addresses come from that pack's own settings alone. Everything here runs on the server's event loop.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..engine.graph.cards import CardJob, batch_size, job_of, seeds_differ, workers_part
from ..engine.graph.check import check
from ..engine.graph.finding import Finding
from ..engine.graph.loop_nodes import LOOP_CLASS
from ..engine.graph.model import inputs_of
from ..engine.loop.batch_pictures import CardShare
from ..http_client import NoAnswer, ask_json
from .prompt_status import ended

ASK_SECONDS = 5.0
CHECK_SECONDS = 10.0
"""How long a worker has for what it tells of one node class."""
AWAY_SECONDS = 20.0
"""A worker that could not be reached, or cannot render the graph, is left out for so long."""
AT_ONCE = 8
"""Questions to one worker."""
STOP_LOOKS = 3
"""At a worker's queue, until nothing of a job waits in it: what waited may begin before it is taken out."""
LOOKED_BACK = 8
"""Prompts of a worker's history among which a job is looked for."""
ANY_GRAPH = 0
START_IT = "Start it, or switch it off in ComfyUI-Distributed."
LOG = logging.getLogger(__name__)

OwnRoute = Callable[[str, str, Mapping[str, Any]], Awaitable[tuple[int, dict[str, Any]]]]
"""own_route(method, path, body) -> (status, JSON); status 404 where this server has no such route."""


@dataclass(frozen=True)
class CardWorker:
    """url: http or https address, without a slash at the end."""

    id: str
    name: str
    url: str


@dataclass(frozen=True)
class CardSettings:
    """workers: those that are enabled. master_renders: whether this server's own pictures count. patience: seconds that
    the pack waits for a worker."""

    workers: tuple[CardWorker, ...]
    master_renders: bool = True
    patience: float = 60.0


class Cards:
    """own_route: of this server. version: of our pack here."""

    def __init__(self, own_route: OwnRoute, version: str) -> None:
        self._own_route, self._version = own_route, version
        self._away: dict[tuple[str, int], tuple[float, Finding]] = {}
        self._fit: dict[tuple[str, int], list[Finding]] = {}

    async def settings(self) -> CardSettings | None:
        """As the user has set them at this moment; None without the pack."""
        status, told = await self._own_route("GET", "/distributed/config", {})
        if status != 200:
            return None
        options = told.get("settings") if isinstance(told.get("settings"), dict) else {}
        found = [one for one in told.get("workers") or () if isinstance(one, dict) and one.get("enabled")]
        patience = options.get("worker_timeout_seconds")
        return CardSettings(
            workers=tuple(worker for one in found if (worker := _worker(one)) is not None),
            master_renders=not options.get("master_delegate_only"),
            patience=float(patience) if isinstance(patience, (int, float)) and patience > 0 else 60.0,
        )

    async def usable(self, settings: CardSettings, graph: Mapping[str, Any]) -> tuple[list[CardWorker], list[Finding]]:
        """The workers that can render this graph, and why the others cannot. Each is asked once for each graph."""
        part = workers_part(graph)
        asks, usable, notes = _asks_for(part), [], []
        found = await asyncio.gather(*(self._fits(worker, part, asks) for worker in settings.workers))
        for worker, (fits, told) in zip(settings.workers, found, strict=True):
            notes += told
            usable += [worker] if fits else []
        return usable, notes

    def forget(self, workers: Sequence[CardWorker]) -> None:
        """What these can render is asked anew."""
        gone = {worker.id for worker in workers}
        self._fit = {key: told for key, told in self._fit.items() if key[0] not in gone}

    def leave_out(self, worker: CardWorker, why: str) -> Finding:
        """For a while; what to tell of it."""
        note = _note(f"Worker {worker.name} takes no part: {why}.", START_IT)
        self._away[worker.id, ANY_GRAPH] = (time.monotonic() + AWAY_SECONDS, note)
        return note

    async def shares(self, graph: Mapping[str, Any], count: int) -> tuple[tuple[CardShare, ...], tuple[Finding, ...]]:
        """Who painted which of the pictures of a queued graph, in their order, and what became of missing ones.

        Nothing where one card rendered alone.
        """
        job = job_of(graph)
        settings = await self.settings() if job is not None else None
        if job is None or settings is None:
            return (), ()
        known = {worker.id: worker for worker in settings.workers}
        names = {name: known[name].name if name in known else name for name in job.workers}
        each, own = batch_size(graph), 1 if settings.master_renders else 0
        came, notes = set(job.workers), []
        if count != each * (len(job.workers) + own):
            told = await asyncio.gather(*(self._fate(known.get(name), job, settings.patience) for name in job.workers))
            came = {name for name, why in zip(job.workers, told, strict=True) if not why}
            notes = [
                _note(f"Worker {names[name]} brought no picture: {why}.", "The others' pictures count.")
                for name, why in zip(job.workers, told, strict=True)
                if why
            ]
        if count != each * (len(came) + own):
            came, each = set(), each if own else 0  # beyond the master's own nobody knows whose they are
        shares = [CardShare("", 0, each)] if own else []
        # Workers are numbered by their place among those that were asked, whether they came or not.
        step = 1 if seeds_differ(graph) else 0
        shares += [CardShare(names[n], step * k, each) for k, n in enumerate(job.workers, 1) if n in came]
        return tuple(shares), tuple(notes)

    async def stop(self, job: CardJob) -> None:
        """End a job on all its workers at once, and touch no other prompt of theirs. Never raises."""
        settings = await self.settings()
        known = {worker.id: worker for worker in settings.workers} if settings is not None else {}
        await asyncio.gather(*(_stop_on(known[name], job) for name in job.workers if name in known))

    async def _fits(self, worker: CardWorker, part: Mapping[str, Any], asks: int) -> tuple[bool, list[Finding]]:
        """Whether a worker can render its part, and what is to be told of it. asks: see _asks_for."""
        for key in ((worker.id, ANY_GRAPH), (worker.id, asks)):
            until, note = self._away.get(key, (0.0, None))
            if note is not None and time.monotonic() < until:
                return False, [note]
        if (worker.id, asks) not in self._fit:
            fits, told = await self._ask_worker(worker, part)
            if not fits:
                self._away[worker.id, asks] = (time.monotonic() + AWAY_SECONDS, told[0])
                return False, told
            self._fit[worker.id, asks] = told
        return True, self._fit[worker.id, asks]

    async def _ask_worker(self, worker: CardWorker, part: Mapping[str, Any]) -> tuple[bool, list[Finding]]:
        kinds = {str(node.get("class_type")) for node in part.values()}
        limit = asyncio.Semaphore(AT_ONCE)

        async def info_of(kind: str) -> dict[str, Any]:
            async with limit:
                answer = await ask_json("GET", f"{worker.url}/object_info/{kind}", seconds=CHECK_SECONDS)
            return answer.document if isinstance(answer.document, dict) else {}

        try:
            found = await asyncio.gather(*(info_of(kind) for kind in sorted(kinds)))
            told = await ask_json("GET", f"{worker.url}/imitatoes/version", seconds=CHECK_SECONDS)
        except NoAnswer as problem:
            return False, [_note(f"Worker {worker.name} takes no part: {problem}.", START_IT)]
        info = {name: one for part_of in found for name, one in part_of.items()}
        missing = sorted(kinds - info.keys())
        if missing:
            why = f"Worker {worker.name} takes no part: it has no node {', '.join(missing)}."
            return False, [_note(why, "Install the same packs there as here, Imitatoes among them.")]
        rejected = await asyncio.to_thread(lambda: check(part, info).rejected)
        if rejected:
            why = f"Worker {worker.name} takes no part: {rejected[0].what}"
            return False, [_note(why, "Put the same models there as here.")]
        theirs = told.document.get("version", "") if isinstance(told.document, dict) else ""
        if theirs and theirs != self._version:
            why = f"Worker {worker.name} has Imitatoes {theirs}, this server {self._version}."
            return True, [_note(why, "Update the older one, or pictures may differ.")]
        return True, []

    async def _fate(self, worker: CardWorker | None, job: CardJob, patience: float) -> str:
        """Why a worker brought nothing, "" where it did as far as it says."""
        if worker is None:
            return "it is no longer enabled"
        try:
            history = await ask_json("GET", f"{worker.url}/history?max_items={LOOKED_BACK}", seconds=ASK_SECONDS)
            entries = history.document.values() if isinstance(history.document, dict) else ()
            for entry in entries:
                if _is_of(entry.get("prompt"), job):
                    return _why_failed(entry.get("status") or {})
            running, pending = await _queue_of(worker)
        except NoAnswer as problem:
            return str(problem)
        except (AttributeError, TypeError, LookupError):
            return "it gave no usable answer"
        if any(_is_of(item, job) for item in (*running, *pending)):
            return f"it was too slow: ComfyUI-Distributed waits {patience:g} seconds"
        return "it does not know of the render"


async def _queue_of(worker: CardWorker) -> tuple[list[Any], list[Any]]:
    """(running, pending). Raises NoAnswer, AttributeError."""
    told = (await ask_json("GET", f"{worker.url}/queue", seconds=ASK_SECONDS)).document
    return list(told.get("queue_running") or ()), list(told.get("queue_pending") or ())


async def _stop_on(worker: CardWorker, job: CardJob) -> None:
    try:
        for _ in range(STOP_LOOKS):
            running, pending = await _queue_of(worker)
            waiting = [item[1] for item in pending if _is_of(item, job)]
            if waiting:
                await ask_json("POST", f"{worker.url}/queue", {"delete": waiting}, ASK_SECONDS)
            for item in running:
                if _is_of(item, job):
                    await ask_json("POST", f"{worker.url}/interrupt", {"prompt_id": item[1]}, ASK_SECONDS)
            if not waiting:
                return
    except (NoAnswer, AttributeError, TypeError, LookupError) as problem:
        LOG.info("Imitatoes: the render could not be ended on worker %s: %s", worker.name, problem)


def _is_of(item: Any, job: CardJob) -> bool:
    """Whether an item of a queue, or of a history, is a worker's part of the job."""
    graph = item[2] if isinstance(item, (list, tuple)) and len(item) > 2 else None
    found = job_of(graph) if isinstance(graph, dict) else None
    return found is not None and found.id == job.id


def _why_failed(status: Mapping[str, Any]) -> str:
    state = ended(status)
    if state.kind == "error":
        return state.message if state.error is not None else "its render failed"
    return "it was interrupted" if state.kind == "interrupted" else ""


def _asks_for(part: Mapping[str, Any]) -> int:
    """What a graph asks of a worker, as a number: its node classes, and what they choose by name. What the loop changes
    from render to render does not count (docs/design-notes.md, 22.2)."""
    return hash(
        tuple(
            (node.get("class_type"), *sorted((k, v) for k, v in inputs_of(node).items() if isinstance(v, str)))
            for _, node in sorted(part.items())
            if node.get("class_type") != LOOP_CLASS
        )
    )


def _worker(one: Mapping[str, Any]) -> CardWorker | None:
    name = str(one.get("id") or "").strip()
    if not name:
        return None
    host = str(one.get("host") or "").strip().rstrip("/") or "127.0.0.1"
    try:
        port = int(one.get("port") or one.get("listen_port") or 8188)
    except (TypeError, ValueError):
        port = 8188
    if not host.startswith(("http://", "https://")):
        secure = one.get("type") == "cloud" or host.endswith(".proxy.runpod.net") or port == 443
        host = f"{'https' if secure else 'http'}://{host}" + ("" if port == (443 if secure else 80) else f":{port}")
    return CardWorker(name, str(one.get("name") or name), host)


def _note(what: str, fix: str) -> Finding:
    return Finding(kind="cards", severity="suspicious", what=what, fix=fix)
