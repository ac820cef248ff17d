"""ComfyUI's prompt queue as the driver's Queue port.

Submission goes through the server's own POST /prompt handler, called in process: no address, no HTTP client, no
patching, and every other pack's prompt handlers still run.
"""

from __future__ import annotations

import asyncio
import copy
import json
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..engine.graph.cards import CardJob, collectors, for_all_cards, job_of, on_one_card
from ..engine.graph.finding import Finding
from ..engine.graph.node_class import ObjectInfo
from ..engine.graph.render_error import RenderError
from ..engine.loop.ports import CarriedRequest, OutputFile, PromptState, Queued, Submission, SubmissionRejected
from .card_jobs import CardJobs
from .cards import Cards, CardWorker
from .node_classes import is_output
from .prompt_status import ended

OWN_DATA = ("extra_pnginfo", "client_id", "create_time")
"""Parts of a prompt's extra_data that each render has its own of."""

LOG = logging.getLogger(__name__)

FindWrittenFile = Callable[[Mapping[str, Any]], Path | None]
"""See paths.written_file."""

_Handler = Callable[[Any], Awaitable[Any]]


class _Request:
    """All that ComfyUI's handlers ask of a request."""

    def __init__(self, body: dict[str, Any], **match_info: str) -> None:
        self.headers: dict[str, str] = {}
        self.match_info = match_info
        self._body = body

    async def json(self) -> dict[str, Any]:
        return self._body


class ServerQueue:
    """server: PromptServer.instance. version: of our pack. find_file: what a node tells of a file. interrupted: see
    CardJobs. Every method runs on the server's event loop."""

    def __init__(
        self,
        server: Any,
        version: str = "",
        find_file: FindWrittenFile = lambda told: None,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> None:
        self._server, self._find_file = server, find_file
        self.cards = Cards(self._own_route, version)
        self.card_jobs = CardJobs(self.cards, interrupted)
        self._notes: dict[str, tuple[Finding, ...]] = {}

    async def submit(self, submission: Submission) -> Queued | None:
        """Queue a prompt behind everything that waits: on all cards that the user has enabled, where its graph gathers
        pictures from several. Raises SubmissionRejected with the server's reasons."""
        if not collectors(submission.graph):
            await self._submit_here(submission)
            return None
        queued = await self._submit_to_cards(submission)
        self._notes = {queued.prompt_id: queued.notes}  # for the run that begins with it, if one does
        return queued

    async def _submit_to_cards(self, submission: Submission) -> Queued:
        """On this server's card alone, and why, where no other can help."""
        alone, settings, graph = submission.one_card, None, submission.graph
        notes: list[Finding] = []
        if not alone:
            settings = await self.cards.settings()
            if settings is None:
                alone, graph = "ComfyUI-Distributed is not installed", on_one_card(graph)
            elif not settings.workers:
                alone = "no worker is enabled in ComfyUI-Distributed"
        refused: list[CardWorker] = []
        while settings is not None and not alone:
            workers, notes = await self.cards.usable(settings, graph)
            if not workers:
                alone = "no worker can take part"
            elif workers == refused:
                alone = "ComfyUI-Distributed did not take it; the log says why"
            else:
                body = {
                    "prompt": await asyncio.to_thread(for_all_cards, graph),
                    "workflow": (submission.extra_pnginfo or {}).get("workflow"),
                    "client_id": submission.client_id,
                    "enabled_worker_ids": [worker.id for worker in workers],
                    "delegate_master": False,
                }
                status, answer = await self._own_route("POST", "/distributed/queue", body)
                if status == 200 and answer.get("prompt_id"):
                    return self._on_cards(str(answer["prompt_id"]), workers, notes)
                LOG.warning("Imitatoes: ComfyUI-Distributed did not take the render: %s", answer.get("error"))
                refused = workers  # one may have lost a pack or a model since it was asked
                self.cards.forget(workers)
        await self._submit_here(replace(submission, graph=graph))
        told = Finding(kind="cards", severity="suspicious", what=f"Painted on one card: {alone}.", fix="")
        return Queued(submission.prompt_id, (*notes, told))

    def _on_cards(self, prompt_id: str, workers: Sequence[CardWorker], notes: Sequence[Finding]) -> Queued:
        """What became of it: the pack has left out whom it could not reach."""
        job = self._job_in_queue(prompt_id)
        if job is not None:
            self.card_jobs.add(prompt_id, job)
        reached = job.workers if job is not None else ()
        away = [self.cards.leave_out(one, "it cannot be reached") for one in workers if one.id not in reached]
        return Queued(prompt_id, (*notes, *away))

    def _job_in_queue(self, prompt_id: str) -> CardJob | None:
        running, pending = self._look()
        item = next((item for item in (*running, *pending) if item[1] == prompt_id), None)
        return job_of(item[2]) if item is not None else None

    async def _submit_here(self, submission: Submission) -> None:
        extra_data: dict[str, Any] = copy.deepcopy(dict(submission.carried.extra))
        if submission.extra_pnginfo is not None:  # null instead of no key breaks the server's job list
            extra_data["extra_pnginfo"] = submission.extra_pnginfo
        targets = submission.carried.targets
        graph = await asyncio.to_thread(copy.deepcopy, submission.graph)  # the server keeps and changes what it gets
        response = await self._handler("POST", "/prompt")(
            _Request(
                {
                    "prompt": graph,
                    "prompt_id": submission.prompt_id,
                    "client_id": submission.client_id,
                    "extra_data": extra_data,
                    **({"partial_execution_targets": list(targets)} if targets else {}),
                }
            )
        )
        body = _body(response)
        node_errors = body.get("node_errors") or {}
        if response.status != 200 or node_errors:
            self._server.prompt_queue.delete_queue_item(lambda item: item[1] == submission.prompt_id)
            raise SubmissionRejected(_reasons(body, node_errors), _first_error(body, node_errors))

    def state(self, prompt_id: str) -> PromptState:
        """Queue first, then history: the worker moves a prompt from one to the other under one lock."""
        queue = self._server.prompt_queue
        running, pending = self._look()
        if any(item[1] == prompt_id for item in running):
            self.card_jobs.is_running(prompt_id)
            return PromptState("running")
        if any(item[1] == prompt_id for item in pending):
            return PromptState("pending")
        status = queue.get_history(prompt_id=prompt_id, map_function=lambda entry: entry.get("status")).get(prompt_id)
        state = PromptState("gone") if status is None else ended(status)
        if state.kind == "success":
            self.card_jobs.forget(prompt_id)
        else:
            self.card_jobs.stop(prompt_id)
        return state

    def carried(self, prompt_id: str) -> CarriedRequest:
        """What a running prompt came with, copied as a whole: nothing in it is looked at, for it may be secret."""
        running, _ = self._look()
        item = next((item for item in running if item[1] == prompt_id), None)
        if item is None:
            return CarriedRequest()
        if (job := job_of(item[2])) is not None:
            self.card_jobs.add(prompt_id, job)
        extra: dict[str, Any] = {}
        for part in item[3:]:  # 5 items up to 0.3.71; since then what pays for renders is apart, in a sixth
            extra |= part if isinstance(part, dict) else {}
        extra = copy.deepcopy({name: value for name, value in extra.items() if name not in OWN_DATA})
        targets = tuple(str(node_id) for node_id in item[4])
        everything = set(targets) >= {node_id for node_id, node in item[2].items() if is_output(node.get("class_type"))}
        notes = self._notes.pop(prompt_id, ())
        return CarriedRequest(() if everything else targets, extra, notes)

    def output_files(self, prompt_id: str) -> list[OutputFile]:
        """The files that an ended prompt wrote into ComfyUI's own folders, node by node."""
        history = self._server.prompt_queue.get_history(
            prompt_id=prompt_id, map_function=lambda entry: entry.get("outputs")
        )
        outputs = history.get(prompt_id)
        return list(_files(outputs, self._find_file)) if isinstance(outputs, dict) else []

    def _look(self) -> tuple[Any, Any]:
        queue = self._server.prompt_queue
        return getattr(queue, "get_current_queue_volatile", queue.get_current_queue)()

    async def cancel(self, prompt_id: str) -> None:
        queue = self._server.prompt_queue
        self.card_jobs.stop(prompt_id)
        if queue.delete_queue_item(lambda item: item[1] == prompt_id):
            return
        if hasattr(queue, "interrupt_if_running"):
            queue.interrupt_if_running(prompt_id)
        else:
            await self._handler("POST", "/interrupt")(_Request({"prompt_id": prompt_id}))

    async def object_info(self) -> ObjectInfo:
        """All node classes. ComfyUI describes them without a pause, which may take a second: in a thread, by a loop of
        its own, so that nobody waits for it."""
        return await asyncio.to_thread(_ask, self._handler("GET", "/object_info"), _Request({}))

    async def object_info_of(self, class_type: str) -> ObjectInfo:
        """The same of one class, with its lists as they are now; empty where it cannot be described."""
        handler = self._handler("GET", "/object_info/{node_class}")
        try:
            return await asyncio.to_thread(_ask, handler, _Request({}, node_class=class_type))
        except Exception as problem:  # INPUT_TYPES of another pack may raise anything
            logging.warning("Imitatoes: node class %s cannot be described: %r", class_type, problem)
            return {}

    async def free_models(self) -> None:
        """As POST /free: the worker unloads all models once nothing is rendering; no node forgets its output."""
        await self._handler("POST", "/free")(_Request({"unload_models": True}))

    def freeing(self) -> bool:
        """Whether the worker has not yet come to what free_models asked for."""
        return bool(self._server.prompt_queue.get_flags(reset=False))

    async def _own_route(self, method: str, path: str, body: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """A route of another pack on this server, called in process; (404, {}) where there is none."""
        try:
            handler = self._handler(method, path)
        except StopIteration:
            return 404, {}
        try:
            response = await handler(_Request(dict(body)))
        except Exception as problem:  # another pack's code
            LOG.warning("Imitatoes: %s %s failed: %r", method, path, problem)
            return 500, {}
        return response.status, _body(response)

    def _handler(self, method: str, path: str) -> _Handler:
        return next(
            route.handler
            for route in self._server.routes
            if getattr(route, "path", None) == path and getattr(route, "method", None) == method
        )


def _files(outputs: Mapping[str, Any], find_file: FindWrittenFile) -> Iterator[OutputFile]:
    """Nodes tell their files under images, gifs, video and other names, each as filename, subfolder and type."""
    for node, shown in outputs.items():
        for listed in shown.values() if isinstance(shown, dict) else ():
            for one in listed if isinstance(listed, (list, tuple)) else ():
                path = find_file(one) if isinstance(one, dict) else None
                if path is not None:
                    yield OutputFile(str(node), path)


def _ask(handler: _Handler, request: _Request) -> dict[str, Any]:
    """What a handler that only reads answers. Called from a thread."""

    async def answer() -> Any:
        return await handler(request)

    return _body(asyncio.run(answer()))


def _body(response: Any) -> dict[str, Any]:
    try:
        body = json.loads(response.body)
    except (TypeError, ValueError):
        return {}
    return body if isinstance(body, dict) else {}


def _reasons(body: dict[str, Any], node_errors: dict[str, Any]) -> str:
    """The server's refusal in one line: each node with its first complaint, else the general message."""
    parts = []
    for node_id, entry in node_errors.items():
        first = next(iter(entry.get("errors") or []), {})
        details = first.get("details") or ""
        parts.append(f"{entry.get('class_type', 'node')} (node {node_id}): {first.get('message', 'refused')} {details}")
    if not parts:
        error = body.get("error") or {}
        message = error.get("message", "") if isinstance(error, dict) else str(error)
        parts.append(message or "The server gave no reason; its log may.")
    return "; ".join(part.strip() for part in parts)


def _first_error(body: dict[str, Any], node_errors: dict[str, Any]) -> RenderError | None:
    """The first complaint about a node, else the general one; None when the server gave none."""
    for node_id, entry in node_errors.items():
        for error in entry.get("errors") or []:
            message = f"{error.get('message', '')} {error.get('details', '')}".strip()
            return RenderError(type=str(error.get("type", "")), message=message, node=str(node_id))
    error = body.get("error")
    if not isinstance(error, dict):
        return None
    return RenderError(type=str(error.get("type", "")), message=str(error.get("message", "")))
