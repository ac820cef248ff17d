"""`python dev.py bench stalls`: how long the pack holds up ComfyUI's event loop. What it means: README.md.

Uses a real ComfyUI where COMFYUI_PATH names a checkout (COMFYUI_PYTHON: its interpreter); the rehearsal otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rehearsal.ollama_double import Reply
from rehearsal.process import ComfyError

from ._measure import Server, started
from ._stalls import AIM_MS, Watch, stall_lines
from ._workload import RunEndedEarly, all_but_one, graph, played

PASSES = 24
MIB = 2**20


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python dev.py bench stalls", description="ComfyUI's event loop.")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object on the last line")
    options = parser.parse_args(arguments)
    path = os.environ.get("COMFYUI_PATH")
    try:
        with (
            tempfile.TemporaryDirectory(prefix="imitatoes-", ignore_cleanup_errors=True) as folder,
            started(Path(folder), Path(path) if path else None, os.environ.get("COMFYUI_PYTHON")) as server,
        ):
            found = measured(server)
    except (ComfyError, RunEndedEarly) as problem:
        print(problem)
        return 1
    print("\n".join(table(found)))
    if options.json:
        print(json.dumps(found))
    return 0


def measured(server: Server) -> dict[str, dict[str, Any]]:
    """By situation: seconds it took, and the loop's longest stalls, see probe/stalls.py."""
    return {name: watched(server, work) for name, work in SITUATIONS.items()}


def watched(server: Server, work: Callable[[Server], Any]) -> dict[str, Any]:
    watch = Watch(server.client)
    began = time.monotonic()
    work(server)
    return {"seconds": round(time.monotonic() - began, 2), **watch.told()}


def table(found: dict[str, dict[str, Any]]) -> list[str]:
    width = max(map(len, found))
    lines = [f"{'ms':{width}}   took s    woken late    collecting          ours"]
    for name, one in found.items():
        ours = one["ours_ms"][0]
        verdict = "" if name in THEIRS else ("met" if ours <= AIM_MS else "MISSED")
        figures = f"{one['seconds']:9.1f}  {one['late_ms'][0]:12.1f}  {one['collected_ms'][0]:12.1f}  {ours:12.1f}"
        lines.append(f"{name:{width}}{figures}  {verdict}")
        if ours > AIM_MS:
            lines += stall_lines(one)
    return [*lines, f"aim: {AIM_MS:g} ms"]


def _run(server: Server) -> None:
    server.judge.default = Reply(content=all_but_one())
    played(server.client, graph(size=1024, seed=3, iterations=PASSES), PASSES)


def _look(server: Server) -> None:
    for _ in range(10):
        (run,) = server.client.get("/imitatoes/runs?limit=1")["runs"]
        server.client.get(f"/imitatoes/runs/{run['run_id']}")


def _decodes(count: int) -> dict[str, Any]:
    made: dict[str, Any] = {"0": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 512}}}
    before = "0"
    for number in range(count):
        made[f"d{number}"] = {"class_type": "VAEDecode", "inputs": {"samples": [before, 0], "vae": ["0", 2]}}
        before = f"d{number}"
    return made


def _preflight(count: int) -> Callable[[Server], None]:
    return lambda server: server.client.post("/imitatoes/memory/preflight", {"prompt": _decodes(count)})


def _dense(nodes: int, links: int) -> dict[str, Any]:
    looped = graph(size=64, seed=1, iterations=1)
    for number in range(nodes):
        inputs = {f"anything_{n}": [str(1000 + number - n), 0] for n in range(1, min(links, number) + 1)}
        looped[str(1000 + number)] = {"class_type": "PreviewAny", "inputs": {"source": ["6", 0], **inputs}}
    return looped


def _refused(path: str, body: Any) -> Callable[[Server], None]:
    """A request that is answered with an error, or not: only the loop is looked at."""

    def post(server: Server) -> None:
        try:
            server.client.post(path, body())
        except OSError:
            pass

    return post


SITUATIONS: dict[str, Callable[[Server], Any]] = {
    "nothing to do": lambda server: time.sleep(3),
    f"a run of {PASSES} renders of 1024 pixels": _run,
    "list and run, ten times": _look,
    "preflight of 1,000 decodes": _preflight(1000),
    "preflight of 9,990 decodes": _preflight(9990),
    "1,900 nodes, 10 links each, dry run": _refused(
        "/imitatoes/runs", lambda: {"workflow": _dense(1900, 10), "dry_run": True}
    ),
    "a workflow of 15 MiB, dry run": _refused(
        "/imitatoes/runs",
        lambda: {
            "workflow": graph(size=64, seed=1, iterations=1) | {"x": {"title": "x" * (15 * MIB)}},
            "dry_run": True,
        },
    ),
    "a workflow of 15 MiB in small pieces, dry run": _refused(
        "/imitatoes/runs",
        lambda: {
            "workflow": graph(size=64, seed=1, iterations=1) | {"x": {"numbers": list(range(2 * MIB))}},
            "dry_run": True,
        },
    ),
    "a body of 95 MiB": _refused("/imitatoes/runs", lambda: {"goal": "x" * (95 * MIB)}),
    "a token of 1 MB, 1,000 times": _refused(
        "/imitatoes/runs",
        lambda: {"workflow": {"1": {"class_type": "X", "inputs": {"t": "{{A}}" * 1000}}}, "tokens": {"A": "x" * 10**6}},
    ),
    "ComfyUI's own: a prompt of 9,990 decodes": _refused("/prompt", lambda: {"prompt": _decodes(9990)}),
    "ComfyUI's own: object_info": lambda server: server.client.get("/object_info"),
}
THEIRS = [name for name in SITUATIONS if name.startswith("ComfyUI's own")]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
