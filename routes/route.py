"""One route: how a request becomes typed data for its handler, and what the handler returns an answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, get_args, get_type_hints

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from ..engine.graph.clip_shapes import ClipShapes
from ..engine.graph.loop_plan import LoopPlan
from ..engine.graph.model import Graph
from ..engine.graph.prepare_graph import PreparedGraph
from ..engine.graph.run_request import PlanRequest, RunRequest, ShapesRequest
from ..engine.judge.connections import ConnectionChange, ConnectionList, ConnectionTest
from ..engine.judge.judge import Judge
from ..engine.judge.judge_setup import JudgeSetup, PullState
from ..engine.judge.self_test import SelfTestState
from ..engine.loop.driver import Driver
from ..engine.loop.extending import Segment
from ..engine.loop.journal import Journal
from ..engine.loop.pictures import Thumbnails
from ..engine.loop.run import Run
from ..engine.loop.series.series_work import SeriesWork
from ..engine.loop.user_actions import UserActions
from ..engine.memory.memory_report import MemoryReport
from ..engine.memory.memory_state import MemoryState
from ..engine.memory.preflight import PreflightView
from .errors import error_response
from .experiments_port import ExperimentCalls
from .judging_port import PictureJudgingCalls
from .large_json import AT_ONCE, write_json
from .own_page import refuse_other_pages
from .picture_answer import PictureAnswer
from .request_data import body_of, is_local, query_of


class RoutesApp(Protocol):
    """What the handlers need of host/app."""

    driver: Driver
    actions: UserActions
    picture_judging: PictureJudgingCalls
    experiments: ExperimentCalls
    series: SeriesWork
    version: str

    def journal(self) -> Journal:
        """The journal of the present output folder."""

    def can_open_folders(self) -> bool:
        """Whether this computer has a file manager that can be asked."""

    def open_folder(self, folder: Path) -> bool:
        """Show a folder on this computer's screen; whether that worked. Blocks: call it from a thread."""

    def thumbnails(self) -> Thumbnails:
        """The cache of thumbnails."""

    async def prepare_graph(self, order: RunRequest) -> PreparedGraph:
        """The graph that a request asks for. Raises NotReady."""

    async def plan(self, request: PlanRequest) -> LoopPlan:
        """How a loop would be put into a workflow. Raises NotReady."""

    async def clip_shapes(self, request: ShapesRequest) -> ClipShapes:
        """Which shapes the clip of a workflow can have. Raises NotReady."""

    async def start(self, graph: Graph, client_id: str, extra_data: Mapping[str, Any]) -> str:
        """Queue a graph; its prompt id. extra_data: as POST /prompt takes it. Raises SubmissionRejected."""

    async def next_segment(self, run: Run, goal: str, prompt: str, frames: int) -> Segment:
        """What goes on from a run's best clip. Raises NotNow, OSError."""

    async def judge_of(self, run: Run) -> Judge:
        """The judge that the run's own critic names. Raises NotNow where its graph or inputs cannot be used."""

    def start_self_test(self, connection: str, model: str) -> SelfTestState:
        """Begin one, and tell the state. Raises ValueError for an unknown connection, NotNow while another one runs."""

    async def self_test_state(self, connection: str, model: str) -> SelfTestState:
        """How far it is. Raises ValueError for an unknown connection."""

    async def judge_setup(self, connection: str) -> JudgeSetup:
        """What there is to judge with on a named connection. Raises ValueError for an unknown one."""

    def pull_judge(self, connection: str, model: str) -> PullState:
        """Have the server get a model. Raises ValueError, NotNow while another one is under way."""

    async def stop_pull(self) -> PullState:
        """Stop what is being downloaded."""

    def pull_state(self) -> PullState:
        """How far the last download is."""

    async def list_connections(self) -> ConnectionList:
        """The named connections, without their keys."""

    async def change_connection(self, change: ConnectionChange) -> ConnectionList:
        """Write one down. Raises ConnectionsRefused, OSError."""

    async def remove_connection(self, name: str) -> ConnectionList:
        """Raises ConnectionsRefused, OSError."""

    async def test_connection(self, name: str) -> ConnectionTest:
        """Ask its server for its models. Raises ConnectionsRefused for an unknown one."""

    def memory_reports(self) -> list[MemoryReport]:
        """The last reports, the newest first."""

    async def memory_state(self) -> MemoryState:
        """How memory stands now."""

    async def memory_preflight(self, graph: Mapping[str, Any]) -> PreflightView:
        """What an API graph will want."""


class Body(BaseModel):
    """A JSON body: nothing but what is named."""

    model_config = ConfigDict(extra="forbid")


_TOLD: Mapping[str, Callable[[web.Request], Any]] = {
    "local": is_local,
    "accept": lambda request: request.headers.get("Accept", ""),
}
Handler = Callable[..., Awaitable[BaseModel | PictureAnswer]]
"""handler(app, <one argument for each {name} of the path>, body, query, local, accept): the last four only where it has
them. local: whether the request comes from this computer itself. accept: its header of that name.

The annotations of its body and query are the models that requests are parsed to, that of its return what it answers."""


@dataclass(frozen=True)
class Route:
    """method and path, and what is there. summary: one sentence for the document. errors: statuses of the answers in
    the one error shape, beside 500. media: of the picture, where it answers with one. own_page: closed to other pages.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    errors: tuple[int, ...] = ()
    status: int = 200
    media: tuple[str, ...] = ()
    own_page: bool = False

    @cached_property
    def body(self) -> type[BaseModel] | None:
        return self._annotations.get("body")

    @cached_property
    def query(self) -> type[BaseModel] | None:
        return self._annotations.get("query")

    @cached_property
    def answers(self) -> tuple[type[BaseModel], ...]:
        """The models of its JSON; empty where it answers with a picture."""
        told = self._annotations["return"]
        return () if told is PictureAnswer else get_args(told) or (told,)

    @cached_property
    def _annotations(self) -> dict[str, Any]:
        return get_type_hints(self.handler)

    def answering(self, app: Callable[[], RoutesApp]) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """What aiohttp calls: parse, handle, answer; whatever is raised becomes the error shape."""

        async def respond(request: web.Request) -> web.StreamResponse:
            try:
                if self.own_page:
                    refuse_other_pages(request)
                asked: dict[str, Any] = dict(request.match_info)
                if self.body is not None:
                    asked["body"] = await body_of(request, self.body)
                if self.query is not None:
                    asked["query"] = query_of(request, self.query)
                asked |= {name: tell(request) for name, tell in _TOLD.items() if name in self._annotations}
                told = await self.handler(app(), **asked)
                if isinstance(told, PictureAnswer):
                    return told.response()
                if (request.content_length or 0) > AT_ONCE:  # it may tell as much as it was told
                    text = await asyncio.to_thread(write_json, told)
                else:
                    text = await asyncio.to_thread(lambda: json.dumps(told.model_dump(mode="json")).encode())
                return web.Response(body=text, status=self.status, content_type="application/json", charset="utf-8")
            except web.HTTPException:
                raise
            except Exception as problem:
                return error_response(problem, request)

        return respond
