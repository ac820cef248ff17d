"""`python dev.py demo`: one self-improving run, from one queued graph to the best picture.

Uses a real ComfyUI where COMFYUI_PATH names a checkout, and a real Ollama where one answers; the rehearsal otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import ollama

from .ollama_double import OllamaDouble, pixel_judge
from .process import ComfyError, ComfyProcess, prepare_base

ROOT = Path(__file__).resolve().parent.parent
BASE = ROOT / "runs" / "demo"
GOAL = "three red circles to the left of a blue square, on a white background"
PROMPT = "some red circles and a blue square"
DEFAULT_MODEL = "qwen3-vl:8b-instruct"
RUN_LIMIT_SECONDS = 3600.0


@dataclass(frozen=True)
class JudgeChoice:
    """name: for people. model: what VLMCritique asks for. host: OLLAMA_HOST of the server, None to leave it alone."""

    name: str
    model: str
    host: str | None


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python dev.py demo", description="Watch one workflow improve itself.")
    parser.add_argument("--goal", default=GOAL, help="what the picture must show")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object on the last line")
    options = parser.parse_args(arguments)
    path = os.environ.get("COMFYUI_PATH")
    if path and not (Path(path) / "main.py").is_file():
        print(f"COMFYUI_PATH is {path}, but there is no main.py in it. Point it at a ComfyUI checkout, or unset it.")
        return 2
    with judge_choice() as judge:
        environment = {} if judge.host is None else {"OLLAMA_HOST": judge.host}
        prepare_base(BASE, ROOT)
        comfy = ComfyProcess(BASE, Path(path) if path else None, os.environ.get("COMFYUI_PYTHON"), environment)
        print(f"ComfyUI: {path or 'rehearsal (a stand-in: no model, no GPU)'}")
        print(f"Judge:   {judge.name}")
        print(f"Goal:    {options.goal}", flush=True)
        try:
            with comfy:
                result = asyncio.run(watch(comfy, judge, options.goal, bool(path)))
        except ComfyError as problem:
            print(problem)
            return 1
    print(f"\n{result['status']}: {result['reason']}")
    if result["best"] is not None:
        print(f"Best:    iteration {result['best']['iteration']}, score {result['best']['score']:.2f}")
        print(f"         {result['best']['image']}")
    print(f"All of it: {result['run_dir']}", flush=True)
    if options.json:
        print(json.dumps({**result, "host": comfy_name(path), "judge": judge.name}))
    return 0 if result["status"] == "done" else 1


def comfy_name(path: str | None) -> str:
    return "comfyui" if path else "rehearsal"


@contextlib.contextmanager
def judge_choice() -> Iterator[JudgeChoice]:
    """A vision model of the Ollama that answers; else the judge that reads the painter's pixels."""
    model = installed_vision_model()
    if model:
        yield JudgeChoice(f"ollama, {model}", model, None)
        return
    with OllamaDouble(default=pixel_judge) as double:
        yield JudgeChoice("rehearsal (reads pixels)", DEFAULT_MODEL, double.url)


def installed_vision_model() -> str:
    """The default judge if installed, else the first model that sees; empty when none, or no Ollama, is there."""
    client = ollama.Client(timeout=3, trust_env=False)
    try:
        names = [entry.model for entry in client.list().models if entry.model]
        names.sort(key=lambda name: name != DEFAULT_MODEL)
        return next((name for name in names if "vision" in (client.show(name).capabilities or [])), "")
    except Exception:  # whatever is there instead of an Ollama, the rehearsal can do without it
        return ""


def demo_graph(goal: str, model: str, real: bool) -> dict[str, Any]:
    """The shipped SDXL graph; on a real ComfyUI with the painter in the sampler's place, so that no model is needed."""
    name = "02 Text to picture with SDXL.json"
    graph = json.loads((ROOT / "workflows" / "api" / name).read_text(encoding="utf-8"))
    prompt = PROMPT if goal == GOAL else goal
    graph["10"]["inputs"].update(goal=goal, prompt=prompt, negative="", seed=1, steps=20)
    graph["11"]["inputs"].update(model=model)
    graph["4"]["inputs"].update(width=512, height=512)
    if real:
        kept = {node: graph[node] for node in ("10", "11")}
        settings = {name: ["10", slot] for slot, name in enumerate(("prompt", "negative", "seed", "steps", "cfg"))}
        size = {"width": 512, "height": 512, "batch_size": 1, "seconds": 0.0}
        painter = {"class_type": "RehearsalPainter", "inputs": {**settings, **size}}
        graph = {**kept, "6": painter}
    return graph


async def watch(comfy: ComfyProcess, judge: JudgeChoice, goal: str, real: bool) -> dict[str, Any]:
    """Queue the graph once and print a line per iteration, as the page would learn of them."""
    client_id = uuid.uuid4().hex
    async with aiohttp.ClientSession(comfy.url) as session, session.ws_connect(f"/ws?clientId={client_id}") as socket:
        body = {"prompt": demo_graph(goal, judge.model, real), "client_id": client_id}
        async with session.post("/prompt", json=body) as answer:
            queued = await answer.json()
            if answer.status != 200:
                raise ComfyError(f"ComfyUI refused the graph: {json.dumps(queued)[:2000]}")
        run = await asyncio.wait_for(follow(socket, queued["prompt_id"]), RUN_LIMIT_SECONDS)
    folder = BASE / "output" / "imitatoes" / run["run_id"]
    best = run["best"]
    return {
        "status": run["status"],
        "reason": run["reason"],
        "iterations": len(run["iterations"]),
        "best": {**best, "image": str(folder / best["image"])} if best and best["image"] else best,
        "first_score": run["iterations"][0]["critique"]["score"] if run["iterations"] else None,
        "run_dir": str(folder),
    }


async def follow(socket: aiohttp.ClientWebSocketResponse, prompt_id: str) -> dict[str, Any]:
    """The run's last event; a line is printed for each new iteration."""
    shown = 0
    async for message in socket:
        if message.type != aiohttp.WSMsgType.TEXT:
            continue
        event = message.json()
        data = event.get("data") or {}
        if event["type"] == "execution_error" and data.get("prompt_id") == prompt_id and not shown:
            raise ComfyError(f"{data.get('node_type')} failed: {data.get('exception_message')}")
        if event["type"] != "imitatoes.run":
            continue
        for iteration in data["iterations"][shown:]:
            print(line(iteration), flush=True)
            shown += 1
        if data["waiting"]:
            return data
    raise ComfyError("ComfyUI ended in the middle of the run.")


def line(iteration: dict[str, Any]) -> str:
    critique, decision = iteration["critique"], iteration["decision"]
    score = "  - " if critique["score"] is None else f"{critique['score']:.2f}"
    seconds = sum(iteration["seconds"].get(stage, 0.0) for stage in ("render", "judge"))
    verdict = "kept    " if decision["kind"] == "accept" else "rejected"
    return f"{iteration['number']:>3}  {score}  {verdict}  {seconds:5.1f} s  {decision['reason']}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
