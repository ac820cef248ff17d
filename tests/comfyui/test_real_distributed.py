"""The loop on the real ComfyUI-Distributed: one master and two workers, as processes of this machine, on their CPUs.
Tiny random weights are behind ComfyUI's own loader, text encoder, sampler and decoder.

DISTRIBUTED_PATH names a checkout of https://github.com/robertvoy/ComfyUI-Distributed, COMFYUI_PATH one of ComfyUI.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from pack.rehearsal.distributed import WORKER_ENVIRONMENT, install_distributed, listed_workers
from pack.rehearsal.process import ComfyProcess, free_port, prepare_base

from ..conftest import ROOT
from ..outside_client import OutsideClient
from .test_real_sampler import graph as sampled_graph
from .theatre import embedded, opened, pixels, scripted
from .tiny_models import save_checkpoint

DISTRIBUTED_PATH, COMFYUI_PATH = os.environ.get("DISTRIBUTED_PATH"), os.environ.get("COMFYUI_PATH")
pytestmark = [
    pytest.mark.distributed,
    pytest.mark.skipif(not (DISTRIBUTED_PATH and COMFYUI_PATH), reason="DISTRIBUTED_PATH and COMFYUI_PATH are not set"),
]
WORKERS = {"w1": "upstairs", "w2": "cellar"}
WEIGHTS = Path("models") / "checkpoints" / "tiny.safetensors"
LONG = 5000
"""Steps of a render that does not end by itself while anybody waits. The sampler notices an interrupt at each."""
SOME_TIME = 60
"""Steps of a render during which a worker can be killed."""
PATIENCE = 8
"""Seconds that the pack waits for a worker."""
INTERRUPTED_SECONDS = 2.0


class Company:
    """theatre: the master. workers: by id, the processes."""

    def __init__(self, theatre, workers):
        self.theatre, self.workers = theatre, workers

    def enable(self, *ids, patience=PATIENCE):
        """As the user does in the pack's own panel."""
        listed = listed_workers(self.workers, ids, WORKERS)
        settings = {"worker_timeout_seconds": patience, "websocket_orchestration": False}
        status, told = self.theatre.client.post("/distributed/config", {"workers": listed, **settings})
        assert status == 200, told

    def client(self, one):
        return OutsideClient(self.workers[one].url, self.workers[one].base)

    def ended(self, any_id):
        """The run, once it has ended. The first render of a server reads the weights, which may take a while."""
        for _ in range(8):
            run = self.theatre.client.get(f"/imitatoes/runs/{any_id}/wait?seconds=15")
            if run["waiting"]:
                return run
        raise AssertionError(run)

    def played(self, graph):
        return self.ended(posted(self, graph))


def with_pack(base):
    install_distributed(Path(DISTRIBUTED_PATH), base)
    save_checkpoint(base / WEIGHTS)


@pytest.fixture(scope="module")
def processes(tmp_path_factory):
    base, checkout, python = tmp_path_factory.mktemp("cards"), Path(COMFYUI_PATH), os.environ.get("COMFYUI_PYTHON")
    with_pack(base / "master")
    workers = {}
    for one in WORKERS:
        with_pack(base / one)
        workers[one] = ComfyProcess(prepare_base(base / one, ROOT), checkout, python, WORKER_ENVIRONMENT)
    try:
        for process in workers.values():
            process.start(free_port())
        with opened(base / "master", checkout, python) as theatre:
            yield Company(theatre, workers)
    finally:
        for process in workers.values():
            process.stop()


@pytest.fixture
def company(processes):
    for process in processes.workers.values():
        if not process.running:
            process.restart()
    processes.theatre.judge.default = scripted(-3)
    processes.enable(*WORKERS)
    return processes


def spread(size=64, **fields):
    """A sampler's graph whose pictures (6) go through a node of a pack of their own (7), rendered by every card with a
    seed of its own."""
    graph = sampled_graph(checklist="a red lantern", seed_policy="auto", **fields)
    graph["4"]["inputs"] |= {"width": size, "height": size}
    graph["20"] = {"class_type": "DistributedSeed", "inputs": {"seed": ["10", 2]}}
    graph["5"]["inputs"]["seed"] = ["20", 0]
    fail = {"images": ["6", 0], "prompt": ["10", 0], "when": "", "message": "the paint ran out"}
    graph["7"] = {"class_type": "RehearsalFail", "inputs": fail}
    graph["21"] = {"class_type": "DistributedCollector", "inputs": {"images": ["7", 0], "load_balance": False}}
    graph["11"]["inputs"]["images"] = ["21", 0]
    return graph


def posted(company, graph):
    status, answer = company.theatre.client.post("/imitatoes/runs", {"workflow": graph})
    assert status == 200, answer
    return answer["prompt_id"]


def told_of_cards(run):
    return [finding["message"] for finding in run["warnings"] if finding["type"] == "cards"]


def all_pictures(iteration):
    own = {name: iteration[name] for name in ("picture", "source", "critique")} | {"index": iteration["batch_index"]}
    return sorted([own, *iteration["others"]], key=lambda one: one["index"])


def sources(iteration):
    return [one["source"]["worker"] for one in all_pictures(iteration)]


def test_every_card_paints_with_its_own_seed_and_each_picture_comes_again_alone(company):
    theatre = company.theatre
    run = company.played(spread(iterations_per_loop=2, max_loops=1, seed=5))
    assert (run["status"], len(run["iterations"])) == ("limit", 2), run["reason"]
    assert told_of_cards(run) == []
    kept = []
    for iteration in run["iterations"]:
        seed = iteration["settings"]["seed"]
        pictures = all_pictures(iteration)
        assert [(one["source"]["seed"], one["source"]["worker"]) for one in pictures] == [
            (seed, ""),
            (seed + 1, "upstairs"),
            (seed + 2, "cellar"),
        ]
        assert all(one["critique"]["score"] is not None for one in pictures)
        kept += pictures
    seen = [pixels(theatre.picture(run, one["picture"])) for one in kept]
    assert len({picture.tobytes() for picture in seen}) == 6
    assert run["iterations"][0]["settings"]["seed"] == 5
    # Each kept picture, rendered again alone from the graph that is in it.
    company.enable()
    for one, before in zip(kept, seen, strict=True):
        graph = embedded(theatre.picture(run, one["picture"]))
        graph["9"] = {"class_type": "SaveImage", "inputs": {"images": ["21", 0], "filename_prefix": "again"}}
        del graph["11"]
        theatre.client.post("/free", {"unload_models": True, "free_memory": True})
        entry = theatre.client.run(graph)
        cached = next(data["nodes"] for name, data in entry["status"]["messages"] if name == "execution_cached")
        assert "5" not in cached, "rendered again, not remembered"
        (saved,) = entry["outputs"]["9"]["images"]
        again = pixels(theatre.base / "output" / saved["subfolder"] / saved["filename"])
        assert np.array_equal(again, before), one["source"]


def test_a_loop_to_done_on_three_cards(company):
    theatre = company.theatre
    theatre.judge.default = scripted(-3, -3, -3, -3, 5)
    run = company.played(spread(iterations_per_loop=4, max_loops=1))
    assert run["status"] == "done", run["reason"]
    assert len(run["iterations"]) == 2
    assert [sources(iteration) for iteration in run["iterations"]] == [["", "upstairs", "cellar"]] * 2


def test_workers_are_those_that_are_enabled_at_that_moment(company):
    company.enable("w2")
    run = company.played(spread(iterations_per_loop=1, max_loops=1))
    assert sources(run["iterations"][0]) == ["", "cellar"]
    company.enable()
    run = company.played(spread(iterations_per_loop=2, max_loops=1))
    assert [i["others"] for i in run["iterations"]] == [[], []]
    assert [one for one in told_of_cards(run) if "no worker is enabled" in one] == told_of_cards(run) != []


def seconds_until_all_are_idle(clients, interrupt):
    """From the request on. All must be at a render."""
    for client in clients:
        client.wait(client.running)
    begun = time.monotonic()
    interrupt()
    for client in clients:
        client.wait(lambda client=client: not client.running())
    return time.monotonic() - begun


def test_an_interrupt_ends_all(company):
    """Within two seconds; on a machine so busy that interrupting each server by hand takes longer, in twice that."""
    theatre = company.theatre
    graph = spread(steps=LONG, iterations_per_loop=2, max_loops=1)
    company.played(spread(iterations_per_loop=1, max_loops=1))  # all have read their weights
    workers = [company.client(one) for one in WORKERS]
    everybody = [theatre.client, *workers]
    try:
        bare = {name: node for name, node in spread(steps=LONG).items() if name != "11"}
        bare["9"] = {"class_type": "PreviewImage", "inputs": {"images": ["21", 0]}}
        asked = {"prompt": bare, "workflow": None, "client_id": "tests", "enabled_worker_ids": list(WORKERS)}
        status, told = theatre.client.post("/distributed/queue", {**asked, "delegate_master": False})
        assert status == 200, told
        with ThreadPoolExecutor(len(everybody)) as hands:
            by_hand = seconds_until_all_are_idle(
                everybody, lambda: list(hands.map(lambda client: client.post("/interrupt", {}), everybody))
            )
        prompt_id = posted(company, graph)
        run = {}

        def interrupt():
            theatre.client.post("/interrupt", {})
            run.update(company.ended(prompt_id))

        took = seconds_until_all_are_idle(everybody, interrupt)
        assert run["status"] == "interrupted", run["reason"]
        sys.stdout.write(f"All ended after {took:.2f} s, by hand after {by_hand:.2f} s.\n")
        assert took < max(INTERRUPTED_SECONDS, 2 * by_hand), (took, by_hand)
    finally:
        for client in workers:
            client.post("/interrupt", {})
            client.close()


def test_a_worker_that_lacks_a_node_is_left_out_and_named(company):
    shutil.rmtree(company.workers["w1"].base / "custom_nodes" / "rehearsal_painter")
    company.workers["w1"].restart()
    try:
        run = company.played(spread(iterations_per_loop=1, max_loops=1, size=72))
        found = [one["source"] and one["source"]["worker"] for one in all_pictures(run["iterations"][0])]
        assert found == ["", "cellar"], told_of_cards(run)
        run = company.played(spread(iterations_per_loop=2, max_loops=1, size=80))
        (told,) = told_of_cards(run)
        assert "upstairs" in told and "RehearsalFail" in told
    finally:
        prepare_base(company.workers["w1"].base, ROOT)
        company.workers["w1"].restart()


def test_a_worker_that_lacks_a_model_is_left_out_and_named(company):
    weights = company.workers["w2"].base / WEIGHTS
    weights.rename(weights.with_suffix(".away"))
    try:
        graph = spread(iterations_per_loop=1, max_loops=1)
        graph["5"]["inputs"]["scheduler"] = "normal"  # of its own: nobody was asked about this graph
        run = company.played(graph)
        assert sources(run["iterations"][0]) == ["", "upstairs"]
        (told,) = told_of_cards(run)
        assert "cellar" in told and "tiny.safetensors" in told
    finally:
        weights.with_suffix(".away").rename(weights)


def test_the_settings_of_the_pack_are_the_users(company):
    told = json.loads((company.theatre.base / "custom_nodes/ComfyUI-Distributed/gpu_config.json").read_text())
    assert [one["id"] for one in told["workers"]] == list(WORKERS)


def test_a_worker_that_is_killed_in_the_middle_is_named_once_and_the_loop_goes_on(company):
    graph = spread(steps=SOME_TIME, iterations_per_loop=3, max_loops=1)
    graph["10"]["inputs"]["prompt"] = "of its own: no worker was left out of this graph"
    graph["5"]["inputs"]["scheduler"] = "beta"
    killed = company.client("w1")
    try:
        prompt_id = posted(company, graph)
        company.theatre.until(prompt_id, lambda run: len(run["iterations"]) == 1)
        killed.wait(killed.running)
        company.workers["w1"].kill()
    finally:
        killed.close()
    run = company.ended(prompt_id)
    assert (run["status"], len(run["iterations"])) == ("limit", 3), run["reason"]
    assert sources(run["iterations"][0]) == ["", "upstairs", "cellar"]
    assert sources(run["iterations"][1]) == sources(run["iterations"][2]) == ["", "cellar"]
    seeds = [one["source"]["seed"] for one in all_pictures(run["iterations"][2])]
    assert seeds[1] - seeds[0] in (1, 2), "its number among those that were asked"
    told = told_of_cards(run)
    assert 1 <= len(told) <= 2 and all("upstairs" in one for one in told), told


def test_with_all_workers_gone_it_goes_on_on_one_card(company):
    for process in company.workers.values():
        process.kill()
    run = company.played(spread(iterations_per_loop=2, max_loops=1))
    assert (run["status"], len(run["iterations"])) == ("limit", 2), run["reason"]
    assert all(not i["others"] for i in run["iterations"])
    assert any("one card" in one for one in told_of_cards(run)), run["warnings"]
