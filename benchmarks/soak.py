"""`python dev.py bench soak`: one run of 300 iterations, and what grows with it. What it means: README.md.

Uses a real ComfyUI where COMFYUI_PATH names a checkout (COMFYUI_PYTHON: its interpreter); the rehearsal otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import aiohttp

from rehearsal.ollama_double import Reply
from rehearsal.process import ComfyError

from ._figures import gaps
from ._measure import Server, attach, started
from ._stalls import Watch
from ._workload import all_but_one, graph, waited

SOUGHT = 300
MARKS = (10, 50, 100, 200, 300)
AROUND = 10
"""Figures of an iteration are medians of so many up to it."""
WATCHED = {"write": [["engine.loop.journal", "Journal.save"]], "message": [["host.comfyui", "PageEvents.publish"]]}
COLUMNS = (
    "iteration",
    "gap ms",
    "message KiB",
    "message ms",
    "run.json KiB",
    "writing ms",
    "GET run ms",
    "memory MiB",
)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python dev.py bench soak", description="A run of 300 iterations.")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object on the last line")
    options = parser.parse_args(arguments)
    path = os.environ.get("COMFYUI_PATH")
    try:
        with (
            tempfile.TemporaryDirectory(prefix="imitatoes-", ignore_cleanup_errors=True) as folder,
            started(Path(folder), Path(path) if path else None, os.environ.get("COMFYUI_PYTHON")) as server,
        ):
            watch = Watch(server.client)
            rows = soaked(server, Path(folder) / "output" / "imitatoes", SOUGHT, MARKS)
            stalls = watch.lines()
    except ComfyError as problem:
        print(problem)
        return 1
    print("\n".join([*table(rows), *stalls]))
    if options.json:
        print(json.dumps(rows))
    return 0


def soaked(server: Server, runs: Path, sought: int, marks: tuple[int, ...]) -> list[dict[str, float | None]]:
    """A row of figures for each mark. The run is continued whenever it ends, until it has so many iterations."""
    attach(server, WATCHED, "?clock=processor")
    server.judge.default = Reply(content=all_but_one())
    prompt_id = server.client.queue(graph(size=256, seed=5, iterations=marks[0]))
    page = Page(server.client.url)
    rows = [_at(server, page, runs, prompt_id, mark) for mark in marks if mark <= sought]
    run = waited(server.client, prompt_id)
    assert (runs / run["run_id"] / "best.png").is_file()
    return rows


class Page:
    """A page that listens. last: bytes of the last message about a run."""

    def __init__(self, url: str) -> None:
        self.last = 0
        self._url = url
        threading.Thread(target=lambda: asyncio.run(self._listen()), daemon=True).start()

    async def _listen(self) -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{self._url}/ws?clientId=soak", max_msg_size=0) as socket,
        ):
            async for message in socket:
                if message.type == aiohttp.WSMsgType.TEXT and message.json()["type"] == "imitatoes.run":
                    self.last = len(message.data)


def _at(server: Server, page: Page, runs: Path, prompt_id: str, mark: int) -> dict[str, float | None]:
    while (run := waited(server.client, prompt_id))["iteration_count"] < mark:
        server.client.get("/benchmark/spans")
        server.client.post(f"/imitatoes/runs/{run['run_id']}/continue", {})
    memory = server.process.memory_mb()
    last = [iteration["prompt_id"] for iteration in run["iterations"][-AROUND:]]
    spans = server.client.get("/benchmark/spans")
    began = time.perf_counter()
    server.client.get(f"/imitatoes/runs/{run['run_id']}")
    asked = 1000 * (time.perf_counter() - began)
    return {
        "iteration": run["iteration_count"],
        "gap ms": round(statistics.median(gaps(server.prompts(last))), 1),
        "message KiB": round(page.last / 1024, 1),
        "message ms": _median(spans, "message"),
        "run.json KiB": round((runs / run["run_id"] / "run.json").stat().st_size / 1024),
        "writing ms": _median(spans, "write"),
        "GET run ms": round(asked, 1),
        "memory MiB": memory and round(memory),
    }


def _median(spans: list[Any], stage: str) -> float:
    return round(1000 * statistics.median([end - begin for name, begin, end in spans if name == stage] or [0.0]), 2)


def table(rows: list[dict[str, float | None]]) -> list[str]:
    lines = ["  ".join(COLUMNS)]
    return lines + ["  ".join(f"{row[name]!s:>{len(name)}}" for name in COLUMNS) for row in rows]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
