"""The four measurements, on one server, in the order in which they disturb each other least."""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rehearsal.ollama_double import OllamaDouble, Reply
from rehearsal.process import ComfyError, ComfyProcess, prepare_base

from ._client import Client
from ._figures import SIZES, Cycle, Ended, Span, cycles, ended, gaps, middle
from ._stages import STAGES
from ._workload import all_but_one, graph, played, without_loop

HERE = Path(__file__).resolve().parent
LOOK_SECONDS = 1.1
"""One verdict of a 7B model on a 16 GB card."""
RENDER_SECONDS, RENDER_SPREAD = 0.2, 1.0
LOOP_PASSES, OUTSIDE_PASSES = 24, 12
POLL_SECONDS = 1.0
CONTROLLER_PASSES = {1024: 8, 2048: 7, 4096: 6}
EARLY, LATE, SETTLING_SECONDS = 3, 43, 0.3


@dataclass(frozen=True)
class Server:
    """A running ComfyUI with our pack, the measuring pack, and a double in Ollama's place."""

    process: ComfyProcess
    client: Client
    judge: OllamaDouble

    def prompts(self, ids: list[str]) -> list[Ended]:
        return [ended(self.client.history(prompt_id) or {}) for prompt_id in ids]


@contextmanager
def started(base: Path, comfyui: Path | None, python: str | None, frontend: Path | None = None) -> Iterator[Server]:
    """The rehearsal, or a real checkout with its interpreter. Raises ComfyError when it does not start."""
    prepare_base(base, HERE.parent, painter=False)
    shutil.copytree(HERE / "probe", base / "custom_nodes" / "probe", ignore=shutil.ignore_patterns("__pycache__"))
    with (
        OllamaDouble(unload_delay=0.0) as judge,
        ComfyProcess(base, comfyui, python, {"OLLAMA_HOST": judge.url}, frontend) as process,
    ):
        yield Server(process, Client(process.url), judge)


def memory_growth(server: Server) -> float | None:
    """MiB of resident memory that the server gains from iteration 3 to iteration 43, at 1024 pixels."""
    memory: dict[int, float | None] = {}

    def seen(number: int) -> None:
        if number in (EARLY, LATE):
            memory[number] = server.process.memory_mb()

    # By the time the model answers, the picture is on disk, so that no buffer of ours is counted as growth.
    server.judge.default = Reply(content=all_but_one(seen), delay=SETTLING_SECONDS)
    played(server.client, graph(size=1024, seed=1, iterations=LATE + 1), LATE + 1)
    early, late = memory[EARLY], memory[LATE]
    return None if early is None or late is None else late - early


def loop_gaps(server: Server) -> list[float]:
    """Milliseconds between the iterations of one run."""
    server.judge.default = Reply(content=all_but_one())
    looped = graph(size=512, seed=2, iterations=LOOP_PASSES, seconds=RENDER_SECONDS, spread=RENDER_SPREAD)
    return gaps(server.prompts(played(server.client, looped, LOOP_PASSES)))


def outside_gaps(server: Server) -> list[float]:
    """Milliseconds between the same renders when a script polls the history and posts the next prompt itself."""
    server.judge.default = Reply(content=all_but_one())
    ids = []
    for seed in range(OUTSIDE_PASSES):
        looped = graph(size=512, seed=seed, iterations=1, seconds=RENDER_SECONDS, spread=RENDER_SPREAD)
        ids.append(server.client.queue(without_loop(looped)))
        while server.client.history(ids[-1]) is None:
            time.sleep(POLL_SECONDS)
    return gaps(server.prompts(ids))


def attach(server: Server, stages: dict[str, list[list[str]]], query: str = "") -> None:
    """Time these stages from now on. query: of the route. Raises ComfyError for code that is not there."""
    missing = server.client.post(f"/benchmark/attach{query}", stages)["missing"]
    if missing:
        raise ComfyError(f"The benchmark names code that is not there: {', '.join(missing)}.")
    server.client.get("/benchmark/spans")


def controller(server: Server, size: int) -> Cycle:
    """What an iteration costs beyond its render and the look at it: medians, the first iteration left out."""
    attach(server, STAGES)
    server.judge.requests.clear()
    server.judge.default = Reply(content=all_but_one(), delay=LOOK_SECONDS)
    passes = CONTROLLER_PASSES[size]
    prompts = server.prompts(played(server.client, graph(size=size, seed=size, iterations=passes), passes))
    spans = [Span(*span) for span in server.client.get("/benchmark/spans")]
    # From the whole request in hand to the whole answer: all that a model's server does is its time, not ours.
    looks = [record.answered_after for record in server.judge.chats() if record.images]
    return middle(cycles(prompts, spans, looks)[1:])


def payload(server: Server) -> tuple[float, int]:
    """(KiB of a request to the judge, bytes of the picture in it), of the last controller measurement."""
    looks = [record for record in server.judge.chats() if record.images]
    body = statistics.median(int(record.headers["content-length"]) for record in looks)
    return body / 1024, max(record.images[0].size for record in looks)


def all_sizes(server: Server) -> tuple[dict[int, Cycle], dict[int, tuple[float, int]]]:
    """Controller and payload by size, smallest first, because the large ones leave the memory in pieces."""
    controllers, payloads = {}, {}
    for size in SIZES:
        controllers[size] = controller(server, size)
        payloads[size] = payload(server)
    return controllers, payloads
