"""The probe's nodes. Every call is noted, for GET /probe/calls."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import comfy.model_management
import comfy.utils
from comfy_api.latest import ComfyExtension, io
from comfy_execution.utils import get_executing_context
from server import PromptServer

from . import routes

_TEXT = "text"


def _note(function: str, **values: Any) -> None:
    context = get_executing_context()
    where = [context.prompt_id, context.node_id, context.list_index] if context else None
    routes.calls.append({"function": function, "context": where, "values": values})


class ProbeText(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="ProbeText",
            display_name="Probe Text",
            category="probe",
            description="A text and some numbers.",
            inputs=[
                io.String.Input(_TEXT, multiline=True, default="", tooltip="any text"),
                io.Int.Input("count", default=3, min=0, max=10, step=1),
                io.Float.Input("ratio", default=0.5, min=0.0, max=1.0, step=0.1, optional=True),
                io.Boolean.Input("flag", default=True, optional=True),
            ],
            outputs=[io.String.Output("said", display_name="said"), io.Int.Output("counted", display_name="counted")],
            hidden=[],
        )

    @classmethod
    def execute(cls, text: str, count: int, ratio: float = 0.5, flag: bool = True):
        _note("execute", text=text, count=count, ratio=ratio, flag=flag)
        return io.NodeOutput(text, count)


class ProbeShow(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="ProbeShow",
            category="probe",
            inputs=[io.AnyType.Input("value"), io.Boolean.Input("pictures", default=False, optional=True)],
            outputs=[],
            hidden=[io.Hidden.unique_id],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, value: Any, pictures: bool = False):
        hidden = cls.hidden
        _note(
            "show",
            value=str(value),
            unique_id=hidden.unique_id,
            prompt_nodes=sorted(hidden.prompt),
            extra_pnginfo=hidden.extra_pnginfo,
            not_asked=hidden.dynprompt is None and hidden.auth_token_comfy_org is None,
            thread=threading.current_thread().name,
            on_server_loop=PromptServer.instance.loop is asyncio.get_running_loop(),
            class_name=cls.__name__,
            writable=_writable(cls),
        )
        return io.NodeOutput(ui={"probe": [str(value)]})


def _writable(cls: type) -> bool:
    try:
        cls.remembered = 1
    except AttributeError:
        return False
    return True


class ProbeFingerprint(io.ComfyNode):
    """Its fingerprint is what POST /probe/state said last: a text, "nan", or "raise"."""

    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="ProbeFingerprint",
            category="probe",
            inputs=[io.String.Input(_TEXT), io.String.Input("linked", optional=True, force_input=True)],
            outputs=[io.String.Output("out")],
            hidden=[io.Hidden.prompt],
        )

    @classmethod
    def fingerprint_inputs(cls, **inputs: Any):
        _note("fingerprint", hidden_prompt=cls.hidden.prompt, **inputs)
        state = routes.state["fingerprint"]
        if state == "raise":
            raise ValueError("no fingerprint today")
        return float("nan") if state == "nan" else state

    @classmethod
    def execute(cls, text: str, linked: str = ""):
        _note("fingerprinted", text=text, linked=linked)
        return io.NodeOutput(text)


class ProbeLazy(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="ProbeLazy",
            category="probe",
            inputs=[
                io.Boolean.Input("switch", default=True),
                io.String.Input("on", lazy=True, force_input=True),
                io.String.Input("off", lazy=True, force_input=True),
            ],
            outputs=[io.String.Output("out")],
            hidden=[],
        )

    @classmethod
    def check_lazy_status(cls, switch: bool, on: str | None = None, off: str | None = None):
        _note("lazy", on=on, off=off)
        wanted = "on" if switch else "off"
        return [wanted] if (on if switch else off) is None else []

    @classmethod
    def execute(cls, switch: bool, on: str | None = None, off: str | None = None):
        _note("lazy_execute", on=on, off=off)
        return io.NodeOutput(on if switch else off)


class ProbeLazyAsync(ProbeLazy):
    @classmethod
    def define_schema(cls):
        schema = ProbeLazy.define_schema()
        schema.node_id = "ProbeLazyAsync"
        return schema

    @classmethod
    async def check_lazy_status(cls, switch: bool, on: str | None = None, off: str | None = None):
        await asyncio.sleep(0.01)
        return ProbeLazy.check_lazy_status(switch, on, off)


class ProbeFail(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="ProbeFail",
            category="probe",
            inputs=[io.String.Input(_TEXT), io.String.Input("how", default="raise")],
            outputs=[io.String.Output("out")],
            hidden=[],
        )

    @classmethod
    def execute(cls, text: str, how: str):
        if how == "raise":
            raise ValueError(f"probe says {text}")
        if how == "memory":
            raise comfy.model_management.OOM_EXCEPTION("probe is full")
        if how == "return":
            return 5
        return io.NodeOutput(text)


class ProbeFailLater(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="ProbeFailLater",
            category="probe",
            inputs=[io.String.Input(_TEXT)],
            outputs=[io.String.Output("out")],
            hidden=[],
        )

    @classmethod
    async def execute(cls, text: str):
        await asyncio.sleep(0.01)
        raise ValueError(f"probe says {text}")


class ProbeWait(io.ComfyNode):
    """Until POST /probe/state opens the gate; a progress bar meanwhile."""

    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="ProbeWait",
            category="probe",
            inputs=[io.String.Input(_TEXT)],
            outputs=[io.String.Output("out")],
            hidden=[],
        )

    @classmethod
    def execute(cls, text: str):
        _note("wait", text=text)
        progress = comfy.utils.ProgressBar(1000)
        while not routes.state["gate_open"]:
            time.sleep(0.02)
            progress.update(1)
        return io.NodeOutput(text)


class ProbeWaitAsync(ProbeWait):
    @classmethod
    def define_schema(cls):
        schema = ProbeWait.define_schema()
        schema.node_id = "ProbeWaitAsync"
        return schema

    @classmethod
    async def execute(cls, text: str):
        _note("wait", text=text)
        progress = comfy.utils.ProgressBar(1000)
        while not routes.state["gate_open"]:
            await asyncio.sleep(0.02)
            progress.update(1)
        _note("waited", text=text)
        return io.NodeOutput(text)


class ProbeChecked(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="ProbeChecked",
            category="probe",
            inputs=[io.String.Input(_TEXT), io.Int.Input("count", default=1, min=0, max=10)],
            outputs=[io.String.Output("out")],
            hidden=[],
        )

    @classmethod
    def validate_inputs(cls, text: str):
        return True if text == "good" else f"{text} is not good"

    @classmethod
    def execute(cls, text: str, count: int):
        return io.NodeOutput(text)


class ProbeNumber(io.ComfyNode):
    """Takes a number of either kind."""

    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="ProbeNumber",
            category="probe",
            inputs=[io.Custom("INT,FLOAT").Input("number")],
            outputs=[io.Custom("PROBE").Output("out")],
            hidden=[],
        )

    @classmethod
    def execute(cls, number: float):
        return io.NodeOutput(number)


class ProbeExtension(ComfyExtension):
    async def get_node_list(self):
        routes.register(PromptServer.instance)
        return [
            ProbeText,
            ProbeShow,
            ProbeFingerprint,
            ProbeLazy,
            ProbeLazyAsync,
            ProbeFail,
            ProbeFailLater,
            ProbeWait,
            ProbeWaitAsync,
            ProbeChecked,
            ProbeNumber,
        ]
