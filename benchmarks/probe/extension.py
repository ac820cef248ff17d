"""What the measuring pack adds to a server: a node that renders photo-like pictures, and routes to the stopwatches."""

from __future__ import annotations

import time

import torch
from aiohttp import web
from comfy_api.latest import ComfyExtension, io
from server import PromptServer

from . import stopwatch
from .photo import photo
from .stalls import Stalls

_GOLDEN = 0.6180339887498949


class BenchmarkPhoto(io.ComfyNode):
    """A photo-like square picture, another one for each seed. Takes `seconds` and a share of `spread` on top.

    The share follows from the seed and spreads evenly over counted seeds, so that whoever polls for the end meets
    every phase of the polling.
    """

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="BenchmarkPhoto",
            display_name="Benchmark Photo",
            category="benchmarks",
            inputs=[
                io.String.Input("prompt", multiline=True, default=""),
                io.Int.Input("seed", default=0, min=0, max=2**64 - 1),
                io.Int.Input("size", default=1024, min=64, max=8192),
                io.Float.Input("seconds", default=0.0, min=0.0, max=60.0, step=0.01),
                io.Float.Input("spread", default=0.0, min=0.0, max=60.0, step=0.01),
            ],
            outputs=[io.Image.Output("images", display_name="images")],
            hidden=[],
        )

    @classmethod
    def execute(cls, prompt: str, seed: int, size: int, seconds: float, spread: float) -> io.NodeOutput:
        begun = time.perf_counter()
        picture: torch.Tensor = photo(size, seed)
        left = seconds + spread * (seed * _GOLDEN % 1) - (time.perf_counter() - begun)
        time.sleep(max(0.0, left))
        return io.NodeOutput(picture[None])


class BenchmarkEnd(io.ComfyNode):
    """Makes a graph run, at no cost."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="BenchmarkEnd",
            display_name="Benchmark End",
            category="benchmarks",
            inputs=[io.Image.Input("images")],
            outputs=[],
            hidden=[],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, images: torch.Tensor) -> io.NodeOutput:
        return io.NodeOutput()


class ProbeExtension(ComfyExtension):
    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        return [BenchmarkPhoto, BenchmarkEnd]


routes = PromptServer.instance.routes


@routes.post("/benchmark/attach")
async def attach(request: web.Request) -> web.Response:
    """Put stopwatches around {stage: [[module, attribute], ...]}; answers what could not be found. ?clock=processor:
    they count processor time."""
    processor = request.query.get("clock") == "processor"
    return web.json_response({"missing": stopwatch.attach(await request.json(), processor)})


@routes.get("/benchmark/spans")
async def spans(request: web.Request) -> web.Response:
    """All spans since the last call: [stage, begin, end], in epoch seconds."""
    return web.json_response(stopwatch.taken())


stalls = Stalls()


@routes.post("/benchmark/stalls")
async def watch(request: web.Request) -> web.Response:
    """Watch the event loop from now on, and forget what was seen."""
    stalls.watch()
    return web.json_response({})


@routes.get("/benchmark/stalls")
async def longest(request: web.Request) -> web.Response:
    """Its longest stalls since."""
    return web.json_response(stalls.told())
