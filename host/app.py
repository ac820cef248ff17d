"""The composition root: builds the one driver. Nodes and routes get it from here."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import comfy.model_management
import folder_paths
from server import PromptServer

from ..engine.files import clear_parts
from ..engine.graph.clip_shapes import ClipShapes
from ..engine.graph.clips import ClipSource
from ..engine.graph.encoder_test import self_test_graph
from ..engine.graph.loop_nodes import judged_by_encoder
from ..engine.graph.loop_plan import LoopPlan
from ..engine.graph.model import Graph
from ..engine.graph.prepare_graph import PreparedGraph
from ..engine.graph.run_request import PlanRequest, RunRequest, ShapesRequest
from ..engine.judge.connections import ConnectionChange, ConnectionList, ConnectionTest
from ..engine.judge.judge import Judge
from ..engine.judge.judge_setup import JudgeSetup, PullState
from ..engine.judge.ranking import JudgeRequest
from ..engine.judge.self_test import SelfTestState, bias_of
from ..engine.judge.vision_model import VisionModel
from ..engine.loop.driver import Driver
from ..engine.loop.extending import Segment, next_segment
from ..engine.loop.journal import Journal
from ..engine.loop.judging_notes import notes_before_rendering
from ..engine.loop.pictures import Thumbnails
from ..engine.loop.refusals import NotNow
from ..engine.loop.run import Run
from ..engine.loop.run_context import PromptContext
from ..engine.loop.series.series_store import SeriesStore
from ..engine.loop.series.series_work import JOIN_SECONDS, SeriesWork
from ..engine.loop.start import submit
from ..engine.loop.user_actions import UserActions
from ..engine.memory.graph_sizes import judge_named
from ..engine.memory.memory_report import MemoryReport
from ..engine.memory.memory_state import MemoryState
from ..engine.memory.preflight import PreflightView, preflight, preflight_view
from ..ollama_client import GOOD_MODEL, Connection, Residence, client_problem
from . import comfyui, connections, settings
from .clip_files import ComfyClipFiles
from .comfy_services import ComfyServices
from .comfyui import PageEvents, WrongInput
from .experiment_judges import find_looker, judge_kind
from .experiment_setup import describe_setup
from .experiments import Experiments
from .file_manager import can_open_folders, open_folder
from .graph_check import GraphCheck, KnownClasses
from .judge_inputs import CriticInputs, WrongCriticInput, make_judge, without_fallback
from .judge_models import ServerModel
from .judge_setup import JudgeSetups
from .judges_named import open_idle_models
from .memory import ComfyMemory, MemoryReports, OllamaModels, present_state
from .model_files import files_of
from .models import own_patchers
from .new_judges import NewJudges
from .node_classes import output_types
from .paths import (
    experiments_folder,
    judges_folder,
    rankings_folder,
    runs_folder,
    settings_file,
    thumbnails_folder,
    wordings_file,
    written_file,
)
from .picture_judging import PictureJudging
from .queue import ServerQueue
from .segmenters import region_engine
from .self_tests import SelfTests, SelfTestStore
from .series_calls import ServerSeriesCalls
from .text_encoder import TextEncoderModel
from .unloading import Unloading
from .versions import comfyui_version, frontend_version, pack_version
from .wording_memory import WordingFile

LOG = logging.getLogger(__name__)

DEFAULT_MODEL = GOOD_MODEL

UNLOADED_SECONDS = 10.0
"""How long a failed render waits for Ollama to give its memory back."""
STALE_SECONDS = 60.0
"""A half-written file outside of the run folders, whose writer is not known, is left alone for so long."""

self_test_store = SelfTestStore(judges_folder)


def named_connection(name: str) -> Connection:
    """An Ollama. Raises ValueError, naming the connections there are."""
    try:
        return settings.connection(name)
    except settings.UnknownConnection as problem:
        raise ValueError(str(problem)) from problem


def requested_connection(name: str) -> Connection:
    """As named_connection, for a request: its ValueError names the field."""
    try:
        return named_connection(name)
    except ValueError as problem:
        raise ValueError(f"connection: {problem}") from problem


def device_memory() -> tuple[int, bool]:
    """Bytes of the device that ComfyUI computes on, and whether that is the processor."""
    memory = ComfyMemory(comfy.model_management)
    return memory.total(), memory.on_cpu


async def with_self_test(judge: Judge, graph: Mapping[str, Any] | None = None, critic: str = "") -> Judge:
    """The judge, and each that judges with it, with what its self-test found, if there was one of this very model.

    graph, critic: what is rendering and the node in it that judges, so that a text encoder can be tested later.
    """
    for juror in judge.jurors if judge.looks else ():
        if (found := await self_test_store.of(juror.model)) is not None:
            juror.tested, juror.bias = found, bias_of(found)
        else:
            await _test_later(juror.model, graph or {}, critic)
    return judge


async def _test_later(model: VisionModel, graph: Mapping[str, Any], critic: str) -> None:
    """It judges without a self-test: it gets one when there is time, where the owner wants that."""
    current = instance()
    if not current.new_judges.wanted():
        return
    soon = current.server.loop.call_soon_threadsafe
    if isinstance(model, ServerModel):
        soon(current.new_judges.used, model.connection.name, model.name)
    elif isinstance(model, TextEncoderModel) and (testing := self_test_graph(graph, critic)) is not None:
        soon(current.new_judges.encoder_used, await model.digest(), model.name, testing)


async def judge_for_request(request: JudgeRequest) -> Judge:
    """The judge that a request outside of any workflow names. Its model leaves memory afterwards. Raises ValueError."""
    choice = request.judge
    goal = request.goal or "; ".join(request.lines)
    inputs = CriticInputs(
        goal=goal,
        model=choice.model or GOOD_MODEL,
        connection=choice.connection,
        checks=choice.checks,
        pass_score=request.pass_score,
    )
    try:
        strict = without_fallback(inputs)
        judge = make_judge(strict, None, "request", lambda: False, asyncio.CancelledError)
    except WrongCriticInput as problem:
        place = problem.input_ if problem.input_ == "goal" else f"judge.{problem.input_}"
        raise ValueError(f"{place}: {problem.problem}") from problem
    except settings.UnknownConnection as problem:
        raise ValueError(f"judge.connection: {problem}") from problem
    except ValueError as problem:
        raise ValueError(f"judge.model: {problem}") from problem
    return await with_self_test(judge)


class App:
    """server: PromptServer.instance."""

    def __init__(self, server: Any) -> None:
        self.server = server
        wording_store = WordingFile(wordings_file, lambda: settings.load().learn_from_runs)
        self._queue = queue = ServerQueue(server, pack_version(), written_file, comfyui.interrupted)
        self.cards, self.version = queue.cards, pack_version()
        self._graph_check = GraphCheck(KnownClasses(queue), comfyui_version(), frontend_version())
        unloading = Unloading(queue, lambda: self._local_ollama(ComfyMemory(comfy.model_management), UNLOADED_SECONDS))
        self._clips = ComfyClipFiles()
        self.driver = Driver(
            queue,
            self.journal,
            PageEvents(server),
            wording_store=wording_store,
            memory=unloading,
            mask_engine=region_engine,
            clips=self._clips,
        )
        self.actions = UserActions(self.driver, self.journal)
        series_calls = ServerSeriesCalls(server, self.prepare_graph, self.start)
        self.series = SeriesWork(self.driver, self.actions, SeriesStore(self.journal), series_calls)
        server.loop.call_soon_threadsafe(self.series.look_for_others)
        self._self_tests = SelfTests(self_test_store, open_idle_models)
        self._judge_setups = JudgeSetups(requested_connection, settings.connection_names, device_memory)
        wanted, busy = lambda: settings.load().test_new_judges, lambda: server.prompt_queue.get_tasks_remaining() > 0
        self.new_judges = NewJudges(self._self_tests, wanted, busy, lambda graph: submit(queue, graph, ""))
        self.picture_judging = PictureJudging(judge_for_request, rankings_folder)
        self.experiments = Experiments(
            self,
            lambda choice: find_looker(choice, judge_for_request),
            judge_kind,
            describe_setup,
            unloading.unload,
            experiments_folder,
        )
        self._memory_reports = MemoryReports()
        self._thumbnails = Thumbnails(thumbnails_folder())
        self.services = ComfyServices(
            management=comfy.model_management,
            own_patchers=own_patchers,
            find_file=folder_paths.get_full_path,
            output_types=output_types,
            connection=named_connection,
            clear_node_cache=lambda: server.prompt_queue.set_flag("free_memory", True),
            interrupted=comfyui.interrupted,
            stop=comfyui.stop,
            reports=self._memory_reports,
        )
        threading.Thread(target=self._clear_up, args=(time.time(),), name="imitatoes-clear-up", daemon=True).start()

    def _clear_up(self, started: float) -> None:
        """What servers that died have left; once, after the start."""
        try:
            self.driver.owners.look_around()
            self.driver.live.clear_parts(started)
            own = settings_file().parent
            clear_parts([own, judges_folder()], started - STALE_SECONDS)
        except Exception:
            logging.exception("Imitatoes: what an earlier server left could not be cleared up")

    async def prepare_graph(self, order: RunRequest) -> PreparedGraph:
        """The graph that a script's order asks for. Raises NotReady."""
        return await self._graph_check.prepare_graph(order)

    async def plan(self, request: PlanRequest) -> LoopPlan:
        """How a loop would be put into a workflow. Raises NotReady."""
        return await self._graph_check.plan(request)

    async def clip_shapes(self, request: ShapesRequest) -> ClipShapes:
        """Which shapes the clip of a workflow can have. Raises NotReady."""
        return await self._graph_check.clip_shapes(request)

    async def clip_source(self, graph: Graph, critic: str) -> ClipSource:
        """What a critic of a graph is linked to."""
        return await self._graph_check.clip_source(graph, critic)

    async def next_segment(self, run: Run, goal: str, prompt: str, frames: int) -> Segment:
        """What goes on from a run's best clip. Raises NotNow, OSError."""
        return await next_segment(self.journal(), self._clips, run, goal, prompt, frames)

    async def start(self, graph: Graph, client_id: str, extra_data: Mapping[str, Any], prompt_id: str = "") -> str:
        """Queue a graph; its prompt id. extra_data: as POST /prompt takes it. Raises SubmissionRejected."""
        return await submit(self._queue, graph, client_id, extra_data, prompt_id)

    async def cancel(self, prompt_id: str) -> None:
        """Take a prompt out of the queue, or interrupt it."""
        await self._queue.cancel(prompt_id)

    async def expect(self, prompt_context: PromptContext) -> None:
        """A graph is about to render. A run that begins with it is told what the preflight says."""
        if self.driver.live.waiting_for(prompt_context.prompt_id) is None:
            graph, critic = dict(prompt_context.graph), prompt_context.critic_node
            found, repair = await self._graph_check.before_render(
                graph, critic, prompt_context.handle.limits.repair_with
            )
            notes = notes_before_rendering(prompt_context.handle, prompt_context.loop_node)
            prompt_context = replace(
                prompt_context,
                warnings=(*found, *notes),
                can_edit_locally=not repair.refusal,
                edit_refusal=repair.refusal,
                edits_by_instruction=repair.by_instruction,
            )
        await self.driver.expect(prompt_context)

    async def judge_of(self, run: Run) -> Judge:
        """The judge that the run's own critic names. Its model leaves memory afterwards. Raises NotNow."""
        try:
            graph, _ = await asyncio.to_thread(self.journal().load_graph, run.id)
            inputs = CriticInputs.in_graph(graph[run.critic_node])
            if judged_by_encoder(graph[run.critic_node]):
                raise NotNow(
                    "This run is judged by a text encoder, which is there only while its workflow runs. Continue it."
                )
            judge = make_judge(
                without_fallback(inputs), run.start, run.critic_node, lambda: False, asyncio.CancelledError
            )
        except (WrongInput, settings.UnknownConnection) as problem:
            raise NotNow(str(problem)) from problem
        except (OSError, ValueError, KeyError, AttributeError) as problem:
            raise NotNow("The graph of this run cannot be read, so its judge is not known.") from problem
        return await with_self_test(judge)

    def start_self_test(self, connection: str, model: str) -> SelfTestState:
        """Begin one, and tell the state. Raises ValueError for an unknown connection, NotNow while another one runs."""
        return self._self_tests.start(connection, model)

    async def self_test_state(self, connection: str, model: str) -> SelfTestState:
        """How far it is. Raises ValueError for an unknown connection."""
        return await self._self_tests.state(connection, model)

    async def judge_setup(self, connection: str) -> JudgeSetup:
        """What there is to judge with on a named connection. Raises ValueError for an unknown one."""
        return await self._judge_setups.show(connection)

    def pull_judge(self, connection: str, model: str) -> PullState:
        """Have the server get a model. Raises ValueError, NotNow while another one is under way."""
        return self._judge_setups.pull(connection, model)

    async def stop_pull(self) -> PullState:
        """Stop what is being downloaded."""
        return await self._judge_setups.stop_pull()

    def pull_state(self) -> PullState:
        """How far the last download is."""
        return self._judge_setups.pull_state()

    async def list_connections(self) -> ConnectionList:
        """The named connections, without their keys."""
        return await asyncio.to_thread(connections.list_connections)

    async def change_connection(self, change: ConnectionChange) -> ConnectionList:
        """Write one down. Raises ConnectionsRefused, OSError."""
        return await asyncio.to_thread(connections.change_connection, change)

    async def remove_connection(self, name: str) -> ConnectionList:
        """Raises ConnectionsRefused, OSError."""
        return await asyncio.to_thread(connections.remove_connection, name)

    async def test_connection(self, name: str) -> ConnectionTest:
        """Ask its server for its models. Raises ConnectionsRefused for an unknown one."""
        return await connections.test_connection(name)

    def memory_reports(self) -> list[MemoryReport]:
        """The last reports, the newest first."""
        return self._memory_reports.newest_first()

    async def memory_state(self) -> MemoryState:
        """How memory stands now."""
        memory = ComfyMemory(comfy.model_management)
        return await present_state(memory, comfy.model_management, self._local_ollama(memory))

    async def memory_preflight(self, graph: Mapping[str, Any]) -> PreflightView:
        """What an API graph will want of this device."""
        memory = ComfyMemory(comfy.model_management)
        judge = await self._local_ollama(memory).judge(judge_named(graph, settings.LOCAL))
        card = memory.total()

        def estimate() -> PreflightView:
            files = files_of(graph, folder_paths.get_full_path)
            return preflight_view(preflight(graph, files, card, judge))

        return await asyncio.to_thread(estimate)

    def _local_ollama(self, memory: ComfyMemory, wait_seconds: float = 0.0) -> OllamaModels:
        residence = Residence(settings.connection(settings.LOCAL), lambda: False, asyncio.CancelledError)
        return OllamaModels(residence, memory.on_cpu, wait_seconds)

    def can_open_folders(self) -> bool:
        """Whether this computer has a file manager that can be asked."""
        return can_open_folders()

    def open_folder(self, folder: Path) -> bool:
        """Show a folder on this computer's screen; whether that worked. Blocks: call it from a thread."""
        return open_folder(folder)

    def thumbnails(self) -> Thumbnails:
        self._thumbnails.root = thumbnails_folder()
        return self._thumbnails

    @staticmethod
    def journal() -> Journal:
        return Journal(runs_folder())


def report_client() -> None:
    """Say at start-up what keeps the client of Ollama from being used, rather than at the first picture."""
    if problem := client_problem():
        LOG.warning("Imitatoes: %s", problem)


def help_with_series(server: Any) -> None:
    """A while after the start, also where nobody has asked for anything: series of other servers may want help."""
    server.loop.call_later(JOIN_SECONDS, instance)


def server() -> Any | None:
    """The running server; None when ComfyUI's modules are used without one."""
    return getattr(PromptServer, "instance", None)


@cache
def instance() -> App:
    return App(server())
