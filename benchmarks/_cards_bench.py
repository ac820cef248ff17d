"""One master and its workers, a loop on them, and a script beside it that waits for nothing."""

from __future__ import annotations

import itertools
import random
import shutil
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal.distributed import WORKER_ENVIRONMENT, install_distributed, listed_workers
from rehearsal.ollama_double import Reply
from rehearsal.process import ComfyProcess, prepare_base

from ._figures import Ended, Span, ended
from ._measure import HERE, Server, attach, started
from ._stages import CRITIC, STAGES
from ._workload import all_but_one, graph, played_on

WORKERS = ("first", "second")
SIZE = 512
RENDER_SECONDS = 0.5
"""Of each picture, on each card. It sleeps, so that the cards need no processor of their own."""
PASSES, BLOCKS = 6, 2
"""Renders of a block. Blocks of the loop and of the script take turns, so that both meet what else the machine does."""
LOOK_SECONDS = 0.05
"""Between two looks of the script at whether its render has ended, which it sees too late: that is not counted."""
PAUSE_SECONDS = 0.3
"""Of the script between two renders: as in the loop, where the judge looks meanwhile, the workers come to rest."""


@dataclass(frozen=True)
class Company:
    """master: with our pack, the measuring pack and ComfyUI-Distributed; so are the workers, by id."""

    master: Server
    workers: dict[str, ComfyProcess]

    def enable(self, count: int) -> list[str]:
        """So many workers, as the user does it in the pack's panel; their ids."""
        ids = list(WORKERS[:count])
        self.master.client.post("/distributed/config", {"workers": listed_workers(self.workers, ids)})
        return ids


@contextmanager
def company(base: Path, comfyui: Path, distributed: Path, python: str | None) -> Iterator[Company]:
    """Raises ComfyError where one does not start."""
    with ExitStack() as stack:
        workers = {}
        for one in WORKERS:
            own = prepare_base(base / one, HERE.parent, painter=False)
            shutil.copytree(HERE / "probe", own / "custom_nodes" / "probe")
            install_distributed(distributed, own)
            workers[one] = stack.enter_context(ComfyProcess(own, comfyui, python, WORKER_ENVIRONMENT))
        install_distributed(distributed, base / "master")
        master = stack.enter_context(started(base / "master", comfyui, python))
        master.judge.default = Reply(content=all_but_one())
        yield Company(master, workers)


def looped() -> dict[str, Any]:
    """A loop's graph of one card. A seed of its own each time, so that nothing is remembered."""
    return graph(size=SIZE, seed=random.getrandbits(32), iterations=PASSES + 1, seconds=RENDER_SECONDS)


def bare() -> dict[str, Any]:
    """The same without the loop, for all cards, as ComfyUI-Distributed's own users queue it."""
    photo = {"prompt": "a landscape", "seed": ["20", 0], "size": SIZE, "seconds": RENDER_SECONDS, "spread": 0.0}
    return {
        "20": {"class_type": "DistributedSeed", "inputs": {"seed": random.getrandbits(32)}},
        "6": {"class_type": "BenchmarkPhoto", "inputs": photo},
        "21": {"class_type": "DistributedCollector", "inputs": {"images": ["6", 0], "load_balance": False}},
        "9": {"class_type": "BenchmarkEnd", "inputs": {"images": ["21", 0]}},
    }


@dataclass(frozen=True)
class Pass:
    """Seconds of one render of all cards. queued: until it began, from the end of the one before or from its request.
    within: of the render, less what pictures take to be rendered and judged. judged: by the critic, its model answering
    at once."""

    queued: float
    within: float
    judged: float = 0.0


def loop_passes(found: Company) -> list[Pass]:
    """Of one run. Its first iteration, in which it begins, is left out."""
    client = found.master.client
    attach(found.master, {CRITIC: STAGES[CRITIC]})
    begun = client.post("/imitatoes/runs", {"workflow": looped(), "spread": True})
    ids = played_on(client, begun["prompt_id"], PASSES + 1)
    spans = [Span(*span) for span in client.get("/benchmark/spans")]
    return between(found.master.prompts(ids), spans)


def between(prompts: Sequence[Ended], spans: Sequence[Span]) -> list[Pass]:
    """The passes of all prompts but the first, which each follows on the one before."""
    passes = []
    for before, now in itertools.pairwise(prompts):
        judged = sum(s.ms for s in spans if s.stage == CRITIC and now.started <= s.begin < now.succeeded) / 1000
        within = now.succeeded - now.started - judged - RENDER_SECONDS
        passes.append(Pass(now.started - before.succeeded, within, judged))
    return passes


def script_passes(found: Company, workers: Sequence[str]) -> list[Pass]:
    """From the moment a graph is sent to ComfyUI-Distributed to its end. What the script takes to notice that is not
    counted."""
    passes, client = [], found.master.client
    for _ in range(PASSES):
        body = {"prompt": bare(), "workflow": None, "client_id": "benchmarks", "enabled_worker_ids": list(workers)}
        sent = time.time()
        prompt_id = client.post("/distributed/queue", {**body, "delegate_master": False})["prompt_id"]
        time.sleep(RENDER_SECONDS)
        while (entry := client.history(prompt_id)) is None:
            time.sleep(LOOK_SECONDS)
        now = ended(entry)
        passes.append(Pass(now.started - sent, now.succeeded - now.started - RENDER_SECONDS))
        time.sleep(PAUSE_SECONDS)
    return passes


@dataclass(frozen=True)
class CardFigures:
    """Of one number of workers. ours, theirs: a typical pass of the loop and of the script, in milliseconds."""

    workers: int
    ours: Pass
    theirs: Pass

    @property
    def beside_theirs(self) -> float:
        """Milliseconds that an iteration of the loop takes more than ComfyUI-Distributed does, judging left out."""
        return overhead(self.ours) - overhead(self.theirs)

    def pictures_a_second(self, one: Pass) -> float:
        return (1 + self.workers) / (RENDER_SECONDS + (overhead(one) + one.judged) / 1000)

    def told(self) -> dict[str, float]:
        """What --json prints."""
        return {
            "overhead_ms": round(overhead(self.ours), 1),
            "distributed_overhead_ms": round(overhead(self.theirs), 1),
            "beside_distributed_ms": round(self.beside_theirs, 1),
            "queueing_beside_distributed_ms": round(self.ours.queued - self.theirs.queued, 1),
            "judging_ms": round(self.ours.judged, 1),
            "pictures_a_second": round(self.pictures_a_second(self.ours), 3),
            "distributed_pictures_a_second": round(self.pictures_a_second(self.theirs), 3),
        }


def overhead(one: Pass) -> float:
    """All but rendering and judging."""
    return one.queued + one.within


def measured(found: Company, count: int) -> CardFigures:
    """With so many workers."""
    ids = found.enable(count)
    script_passes(found, ids)  # the cards have seen the graph
    ours, theirs = [], []
    for _ in range(BLOCKS):
        ours += loop_passes(found)
        theirs += script_passes(found, ids)
    return CardFigures(count, typical(ours), typical(theirs))


def typical(passes: Sequence[Pass]) -> Pass:
    """Lower quartiles, in milliseconds: what else the machine does can only make a pass longer."""
    named = {name: [getattr(one, name) for one in passes] for name in ("queued", "within", "judged")}
    return Pass(**{name: 1000 * statistics.quantiles(one, n=4, method="inclusive")[0] for name, one in named.items()})
