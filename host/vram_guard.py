"""VRAMGuard's inputs, checked, and its work: find the need, make room, report.

ComfyUI's models are unloaded on the thread that runs nodes, as ComfyUI does it itself: its lists know no lock. Only
waiting (for Ollama, for the driver) gives way to other nodes, and the figures are taken anew after it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..engine.memory.amounts import GIB
from ..engine.memory.freeing import EVERYTHING, Group
from ..engine.memory.graph_sizes import judge_named
from ..engine.memory.memory_report import FreedModel, KeptModel, MemoryReport
from ..engine.memory.preflight import preflight
from ..engine.memory.room import Room, make_room, shortage
from ..ollama_client import Residence
from .comfy_services import ComfyServices
from .memory import ComfyMemory, OllamaModels
from .memory_estimate import Need, need_of
from .model_files import files_of, used_later_by
from .model_introspection import identity, patchers_in

LOG = logging.getLogger(__name__)

ACTIONS = ("only if short", "always unload all", "report only")
MAY_FREE: dict[str, tuple[Group, ...]] = {
    "everything": ("own", "unused", "rest"),
    "models not used later": ("own", "unused"),
    "our own models": ("own",),
    "nothing of ComfyUI": (),
}
KEEP = ("connected models", "nothing")
OLLAMA = ("unload and wait", "unload", "leave alone")
IF_STILL_SHORT = ("warn", "stop with error", "continue")
WAIT_SECONDS = 15.0
ON_CPU = (
    "ComfyUI computes on the CPU: its models are in RAM already, and unloading them frees none. To free RAM, switch "
    "clear_node_cache on, or close other programs."
)
DYNAMIC = "ComfyUI moves weights by itself (dynamic VRAM), so its own models need not be unloaded."
CACHE = "The node cache is cleared when this prompt has ended; the next run starts from zero."


class MemoryShort(RuntimeError):
    """The user wanted to stop when memory is short. The message says what is missing and what to do."""


@dataclass(frozen=True)
class GuardInputs:
    """The node's inputs. need_gb, margin_gb: GiB; a need of 0 is worked out."""

    need_gb: float = 0.0
    margin_gb: float = 0.5
    action: str = ACTIONS[0]
    may_free: str = "everything"
    keep: str = KEEP[0]
    ollama: str = OLLAMA[0]
    if_still_short: str = IF_STILL_SHORT[0]
    clear_node_cache: bool = False
    connection: str = "local"
    model: Any = None
    vae: Any = None
    latent: Any = None

    @property
    def connected(self) -> tuple[Any, ...]:
        return (self.model, self.vae)


@dataclass(frozen=True)
class GuardContext:
    """Where the guard stands: its node id and the graph around it."""

    node: str
    graph: Mapping[str, Any]


async def guard(value: Any, inputs: GuardInputs, place: GuardContext, services: ComfyServices) -> MemoryReport:
    """Make the room that the next step needs.

    Raises NotEnoughMemory, ValueError for an unknown connection, or what ComfyUI raises for an interrupt.
    """
    services.stop_if_interrupted()
    try:
        connection = services.connection(inputs.connection)
    except ValueError as problem:
        raise ValueError(f"VRAM Guard (node {place.node}), input connection: {problem}") from problem
    forced = inputs.action == "always unload all"
    files = await asyncio.to_thread(files_of, place.graph, services.find_file)
    memory = ComfyMemory(
        services.management,
        kept=_kept(value, inputs),
        own={identity(patcher) for patcher in services.own_patchers()},
        used_later=used_later_by(place.graph, place.node, files, services.output_types),
        forced=forced,
    )
    need = _need(memory, value, inputs)
    margin = int(inputs.margin_gb * GIB)
    residence = Residence(connection, services.interrupted, services.stop)
    external_models = OllamaModels(residence, memory.on_cpu, WAIT_SECONDS if inputs.ollama == OLLAMA[0] else 0.0)
    judge = await external_models.judge(judge_named(place.graph, inputs.connection))
    if inputs.action == "report only":
        free = memory.free()
        room = Room(free, free, (), 0.0)
    else:
        wanted = EVERYTHING if forced else need.amount + margin
        room = await make_room(memory, external_models, wanted, _allowed(inputs, memory.on_cpu, forced), services.pause)
    report = MemoryReport(
        time=time.time(),
        node=place.node,
        where=memory.where,
        total=memory.total(),
        before=room.before,
        need=need.amount,
        need_from=need.source,
        margin=margin,
        freed=tuple(FreedModel(name=f.name, group=f.group, size=f.size, gone=f.gone) for f in room.freed),
        kept=tuple(KeptModel(name=h.name, size=h.size) for h in memory.holdings() if h.kept),
        after=room.after,
        enough=room.after >= need.amount + margin,
        notes=tuple(_notes(memory, inputs)),
        preflight=preflight(place.graph, files, memory.total(), judge),
        seconds=round(room.seconds, 4),
    )
    services.reports.add(report)
    if inputs.clear_node_cache:
        services.clear_node_cache()
    if not report.enough:
        _short(report, memory, room, inputs)
    return report


def _kept(value: Any, inputs: GuardInputs) -> set[str]:
    if inputs.keep != KEEP[0]:
        return set()
    return {identity(patcher) for held in (value, *inputs.connected) for patcher in patchers_in(held)}


def _need(memory: ComfyMemory, value: Any, inputs: GuardInputs) -> Need:
    if inputs.need_gb > 0:
        return Need(int(inputs.need_gb * GIB), "as set in need_gb")
    latent = inputs.latent if inputs.latent is not None else value
    return need_of(memory, inputs.model, inputs.vae, latent)


def _allowed(inputs: GuardInputs, on_cpu: bool, forced: bool) -> set[Group]:
    allowed: set[Group] = set() if inputs.ollama == "leave alone" else {"ollama"}
    # On a CPU unloading moves no byte, so it would only cost the time to load again.
    return allowed if on_cpu and not forced else allowed | set(MAY_FREE[inputs.may_free])


def _notes(memory: ComfyMemory, inputs: GuardInputs) -> list[str]:
    notes = []
    if memory.on_cpu:
        notes.append(ON_CPU)
    elif memory.dynamic and inputs.action == ACTIONS[0]:
        notes.append(DYNAMIC)
    if inputs.clear_node_cache:
        notes.append(CACHE)
    return notes


def _short(report: MemoryReport, memory: ComfyMemory, room: Room, inputs: GuardInputs) -> None:
    kept = [h for h in memory.holdings() if h.kept]
    said = f"VRAM Guard (node {report.node}): {shortage(report.after, report.need + report.margin, kept, room.freed)}"
    if inputs.if_still_short == "stop with error":
        raise MemoryShort(said)
    if inputs.if_still_short == "warn":
        LOG.warning("Imitatoes: %s", said)
