"""One call into a node: its inputs gathered, its hidden values set, its context known."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

from comfy.model_management import throw_exception_if_processing_interrupted
from comfy_api.latest._node import ComfyNode, Hidden

from comfy_execution.graph import Prompt, input_spec, is_link
from comfy_execution.utils import ExecutionContext, executing

Read = Callable[[str], list[Any] | None]


class Call:
    """Inputs of one node. Without `read` (validation, fingerprint) every linked input is None.

    `read(source id)` gives that node's outputs, or None when they are not there (yet).
    """

    def __init__(
        self,
        prompt_id: str,
        prompt: Prompt,
        node_id: str,
        node: Any,
        read: Read | None = None,
        extra_data: dict[str, Any] | None = None,
    ) -> None:
        self.prompt_id, self.node_id = prompt_id, node_id
        self.values: dict[str, Any] = {}
        self.missing: set[str] = set()
        input_types = node.INPUT_TYPES()
        for name, value in prompt[node_id]["inputs"].items():
            if is_link(value):
                outputs = read(value[0]) if read else None
                if outputs is None or value[1] >= len(outputs):
                    self.missing.add(name)
                    self.values[name] = None
                else:
                    self.values[name] = outputs[value[1]]
            elif input_spec(input_types, name)[1] is not None:
                self.values[name] = value

        known = {
            Hidden.unique_id: node_id,
            Hidden.prompt: prompt if read else {},
            Hidden.extra_pnginfo: (extra_data or {}).get("extra_pnginfo"),
            Hidden.auth_token_comfy_org: (extra_data or {}).get(Hidden.auth_token_comfy_org.name),
            Hidden.api_key_comfy_org: (extra_data or {}).get(Hidden.api_key_comfy_org.name),
        }
        declared = input_types.get("hidden", {})
        self.hidden: dict[Hidden, Any] = {}
        if issubclass(node, ComfyNode):
            self.hidden = {key: value for key, value in known.items() if key.name in declared}
        else:
            self.values |= {name: known[Hidden(kind)] for name, kind in declared.items() if Hidden(kind) in known}

    async def run(self, function: str, target: Any = None, interruptible: bool = False) -> Any:
        """Calls `target.function(**values)`. A coroutine that does not end at once comes back as its Task.

        Raises whatever the node raises, and InterruptProcessingException before it when `interruptible`.
        """
        if interruptible:
            throw_exception_if_processing_interrupted()
        target_class = target if isinstance(target, type) else type(target)
        if issubclass(target_class, ComfyNode):
            target = target_class.PREPARE_CLASS_CLONE(self.hidden)
        method = getattr(target, function)
        context = ExecutionContext(self.prompt_id, self.node_id, 0 if self.values else None)
        if not inspect.iscoroutinefunction(method):
            with executing(context):
                return method(**self.values)

        async def in_context() -> Any:
            with executing(context):
                return await method(**self.values)

        task = asyncio.create_task(in_context())
        await asyncio.sleep(0)
        return task.result() if task.done() else task


async def finished(result: Any) -> Any:
    """The value of what `Call.run` returned."""
    return await result if isinstance(result, asyncio.Task) else result
