"""Runs one prompt after another, backward from its output nodes, and says what happens as it happens."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
import traceback
from typing import Any

import comfy.model_management
import torch
from comfy_api.latest._node import ComfyNode, NodeOutput, function_of, overrides
from comfy_execution.caching import CacheEntry, Fingerprints, OutputCache
from comfy_execution.calling import Call, finished
from comfy_execution.graph import DependencyCycleError, Prompt, Schedule, node_class
from comfy_execution.progress import Progress
from comfy_execution.prompt_queue import PromptQueue
from comfy_execution.validation import full_type_name, validate_prompt

import nodes

__all__ = ["SENSITIVE_EXTRA_DATA_KEYS", "PromptExecutor", "PromptQueue", "prompt_worker", "validate_prompt"]

SENSITIVE_EXTRA_DATA_KEYS = ("auth_token_comfy_org", "api_key_comfy_org")

logger = logging.getLogger(__name__)


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (int, float, bool, str)) else str(value)


def _unpacked(returned: Any) -> tuple[list[Any], dict[str, list[Any]]]:
    """(outputs, ui) of what a V1 or V3 node returned."""
    if isinstance(returned, NodeOutput):
        ui = returned.ui
        ui = ui if ui is None or isinstance(ui, dict) else ui.as_dict()
        outputs = returned.result or ()
    elif isinstance(returned, dict):
        ui, outputs = returned.get("ui"), returned.get("result", ())
    else:
        ui, outputs = None, returned
    return list(outputs), {key: list(values) for key, values in (ui or {}).items()}


class _Run:
    """One prompt while it runs."""

    def __init__(self, executor: PromptExecutor, prompt: Prompt, prompt_id: str, extra_data: dict[str, Any]) -> None:
        self.cache = executor.cache
        self.objects = executor.objects
        self.server = executor.server
        self.prompt, self.prompt_id, self.extra_data = prompt, prompt_id, extra_data
        self.schedule = Schedule(prompt, lambda node_id: self.cache.get(node_id) is not None)
        self.progress = self.server.progress = Progress(self.server, prompt_id)
        self.awaited: dict[str, asyncio.Task[Any]] = {}
        self.executed: list[str] = []
        self.ui: dict[str, dict[str, Any]] = {}
        self.inputs_of_failed: dict[str, list[Any]] = {}

    async def step(self, node_id: str) -> bool:
        """Takes one node as far as it goes; True when it is done. Raises what the node raises."""
        self.inputs_of_failed = {}
        entry = self.cache.get(node_id)
        if entry is not None:
            if self.server.client_id is not None:
                self._send_executed(node_id, entry.ui["output"] if entry.ui else None)
                if entry.ui is not None:
                    self.ui[node_id] = entry.ui
            self.progress.finish(node_id)
            return True

        if node_id in self.awaited:
            returned = self.awaited.pop(node_id).result()
        else:
            self.progress.start(node_id)
            call = self._gather(node_id)
            target = self._object(node_id)
            if await self._wants_lazy_inputs(node_id, call, target):
                return False
            returned = await call.run(function_of(type(target)), target, interruptible=True)
            if isinstance(returned, asyncio.Task):
                self.awaited[node_id] = returned
                resume = self.schedule.suspend(node_id)
                returned.add_done_callback(lambda _: resume())
                return False

        outputs, ui = _unpacked(returned)
        if ui:
            meta = {"node_id": node_id, "display_node": node_id, "parent_node": None, "real_node_id": node_id}
            self.ui[node_id] = {"meta": meta, "output": ui}
            if self.server.client_id is not None:
                self._send_executed(node_id, ui)
        self.cache.set(node_id, CacheEntry(self.ui.get(node_id), outputs))
        self.progress.finish(node_id)
        self.executed.append(node_id)
        return True

    def _gather(self, node_id: str) -> Call:
        def read(source: str) -> list[Any] | None:
            entry = self.cache.get(source) if source in self.schedule.readable.get(node_id, ()) else None
            return entry.outputs if entry else None

        node = node_class(self.prompt, node_id)
        call = Call(self.prompt_id, self.prompt, node_id, node, read, self.extra_data)
        self.inputs_of_failed = {name: [_plain(value)] for name, value in call.values.items()}
        if self.server.client_id is not None:
            self.server.last_node_id = node_id
            message = {"node": node_id, "display_node": node_id, "prompt_id": self.prompt_id}
            self.server.send_sync("executing", message, self.server.client_id)
        return call

    def _object(self, node_id: str) -> Any:
        key = (node_id, self.prompt[node_id]["class_type"])
        if key not in self.objects:
            self.objects[key] = node_class(self.prompt, node_id)()
        return self.objects[key]

    async def _wants_lazy_inputs(self, node_id: str, call: Call, target: Any) -> bool:
        node = type(target)
        name = "check_lazy_status"
        asks = overrides(node, name) if issubclass(node, ComfyNode) else hasattr(node, name)
        if not asks:
            return False
        wanted = await finished(await call.run(name, target, interruptible=True))
        absent = [one for one in dict.fromkeys(wanted or ()) if one not in call.values or one in call.missing]
        for one in absent:
            self.schedule.require(node_id, one)
        return bool(absent)

    def _send_executed(self, node_id: str, output: Any) -> None:
        message = {"node": node_id, "display_node": node_id, "output": output, "prompt_id": self.prompt_id}
        self.server.send_sync("executed", message, self.server.client_id)


class PromptExecutor:
    """Keeps the caches between prompts. After `execute`: `success`, `status_messages`, `history_result`."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.reset()

    def reset(self) -> None:
        self.cache = OutputCache()
        self.objects: dict[tuple[str, str], Any] = {}
        self.status_messages: list[tuple[str, dict[str, Any]]] = []
        self.history_result: dict[str, Any] = {}
        self.success = True

    def _say(self, event: str, data: dict[str, Any], broadcast: bool = False) -> None:
        data = {**data, "timestamp": int(time.time() * 1000)}
        self.status_messages.append((event, data))
        if self.server.client_id is not None or broadcast:
            self.server.send_sync(event, data, self.server.client_id)

    def execute(self, prompt: Prompt, prompt_id: str, extra_data: dict[str, Any], execute_outputs: list[str]) -> None:
        asyncio.run(self._execute(prompt, prompt_id, extra_data, execute_outputs))

    async def _execute(
        self, prompt: Prompt, prompt_id: str, extra_data: dict[str, Any], execute_outputs: list[str]
    ) -> None:
        nodes.interrupt_processing(False)
        self.server.client_id = extra_data.get("client_id")
        self.status_messages = []
        self._say("execution_start", {"prompt_id": prompt_id})

        with torch.inference_mode():
            await self.cache.set_prompt(prompt, Fingerprints(prompt_id, prompt))
            alive = {(node_id, node["class_type"]) for node_id, node in prompt.items()}
            self.objects = {key: value for key, value in self.objects.items() if key in alive}
            cached = [node_id for node_id in prompt if self.cache.get(node_id) is not None]
            self._say("execution_cached", {"nodes": cached, "prompt_id": prompt_id})
            run = _Run(self, prompt, prompt_id, extra_data)
            for node_id in execute_outputs:
                run.schedule.add_node(node_id)
            self.success = await self._run_all(run)

        self.history_result = {
            "outputs": {node_id: shown["output"] for node_id, shown in run.ui.items()},
            "meta": {node_id: shown["meta"] for node_id, shown in run.ui.items()},
        }
        self.server.last_node_id = None

    async def _run_all(self, run: _Run) -> bool:
        node_id = ""
        while run.schedule.waiting:
            try:
                node_id = await run.schedule.next_node()
                if await run.step(node_id):
                    run.schedule.finish(node_id)
            except DependencyCycleError as error:
                self._fail(run, next(iter(run.schedule.waiting)), error)
                return False
            except Exception as error:
                self._fail(run, node_id, error)
                return False
        self._say("execution_success", {"prompt_id": run.prompt_id})
        return True

    def _fail(self, run: _Run, node_id: str, error: Exception) -> None:
        message = {
            "prompt_id": run.prompt_id,
            "node_id": node_id,
            "node_type": run.prompt[node_id]["class_type"],
            "executed": list(run.executed),
        }
        if isinstance(error, comfy.model_management.InterruptProcessingException):
            logger.info("Processing interrupted")
            self._say("execution_interrupted", message, broadcast=True)
            return
        logger.error("!!! Exception during processing !!! %s", error)
        logger.error(traceback.format_exc())
        tips = ""
        if isinstance(error, comfy.model_management.OOM_EXCEPTION):
            tips = "This error means you ran out of memory on your GPU."
            comfy.model_management.unload_all_models()
        message |= {
            "exception_message": f"{error}\n{tips}",
            "exception_type": full_type_name(type(error)),
            "traceback": traceback.format_tb(sys.exc_info()[2]),
            "current_inputs": run.inputs_of_failed,
            "current_outputs": list(run.prompt),
        }
        self._say("execution_error", message)


def prompt_worker(queue: PromptQueue, server: Any) -> None:
    """The body of the worker thread."""
    executor = PromptExecutor(server)
    while True:
        taken = queue.get(timeout=1000.0)
        if taken is not None:
            item, item_id = taken
            server.last_prompt_id = item[1]
            started = time.perf_counter()
            executor.execute(item[2], item[1], {**item[3], **item[5]}, item[4])
            status = PromptQueue.ExecutionStatus(
                "success" if executor.success else "error", executor.success, executor.status_messages
            )
            queue.task_done(item_id, executor.history_result, status, process_item=lambda done: done[:5])
            if server.client_id is not None:
                server.send_sync("executing", {"node": None, "prompt_id": item[1]}, server.client_id)
            logger.info("Prompt executed in %.2f seconds", time.perf_counter() - started)

        flags = queue.get_flags()
        if flags.get("unload_models") or flags.get("free_memory"):
            comfy.model_management.unload_all_models()
        if flags.get("free_memory"):
            executor.reset()
