"""The loop on the real ComfyUI-Distributed: one master and two workers, as processes of this machine, on their CPUs.

DISTRIBUTED_PATH names a checkout of https://github.com/robertvoy/ComfyUI-Distributed, COMFYUI_PATH one of ComfyUI.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from pack.rehearsal.process import ComfyProcess, free_port, prepare_base

from ..conftest import ROOT
from ..outside_client import OutsideClient
from .theatre import ONE_LINE, embedded, loop_graph, opened, pixels, scripted

DISTRIBUTED_PATH, COMFYUI_PATH = os.environ.get("DISTRIBUTED_PATH"), os.environ.get("COMFYUI_PATH")
pytestmark = [
    pytest.mark.distributed,
    pytest.mark.skipif(not (DISTRIBUTED_PATH and COMFYUI_PATH), reason="DISTRIBUTED_PATH and COMFYUI_PATH are not set"),
]
WORKERS = {"w1": "upstairs", "w2": "cellar"}
LONG = 10.0
"""Seconds of a render that is interrupted. The painter notices at ten moments of it."""
PATIENCE = 8
"""Seconds that the pack waits for a worker."""


class Company:
    """theatre: the master. workers: by id, the processes."""

    def __init__(self, theatre, workers):
        self.theatre, self.workers = theatre, workers

    def enable(self, *ids, patience=PATIENCE):
        """As the user does in the pack's own panel."""
        listed = [
            {"id": one, "name": name, "enabled": one in ids, "host": "127.0.0.1", "type": "remote"}
            | {"port": self.workers[one].port, "cuda_device": 0}
            for one, name in WORKERS.items()
        ]
        settings = {"worker_timeout_seconds": patience, "websocket_orchestration": False}
        status, told = self.theatre.client.post("/distributed/config", {"workers": listed, **settings})
        assert status == 200, told

    def client(self, one):
        return OutsideClient(self.workers[one].url, self.workers[one].base)


def with_pack(base):
    shutil.copytree(
        DISTRIBUTED_PATH,
        base / "custom_nodes" / "ComfyUI-Distributed",
        ignore=shutil.ignore_patterns(".git", "__pycache__", "tests", "gpu_config.json"),
    )


@pytest.fixture(scope="module")
def processes(tmp_path_factory):
    base, checkout, python = tmp_path_factory.mktemp("cards"), Path(COMFYUI_PATH), os.environ.get("COMFYUI_PYTHON")
    with_pack(base / "master")
    workers = {}
    for one in WORKERS:
        with_pack(base / one)
        workers[one] = ComfyProcess(prepare_base(base / one, ROOT), checkout, python, {"COMFYUI_IS_WORKER": "1"})
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


def spread(seconds=0.0, size=64, **fields):
    """loop_graph, painted by every card with a seed of its own."""
    graph = loop_graph(size=size, seconds=seconds, **{**ONE_LINE, **fields})
    graph["20"] = {"class_type": "DistributedSeed", "inputs": {"seed": ["10", 2]}}
    graph["6"]["inputs"]["seed"] = ["20", 0]
    graph["21"] = {"class_type": "DistributedCollector", "inputs": {"images": ["6", 0], "load_balance": False}}
    graph["7"]["inputs"]["images"] = ["21", 0]
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


def test_every_card_paints_with_its_own_seed_and_each_picture_comes_again_alone(company):
    theatre = company.theatre
    run = theatre.ended(posted(company, spread(iterations_per_loop=2, max_loops=1, seed=5)), 60)
    assert (run["status"], len(run["iterations"])) == ("limit", 2), run["reason"]
    assert told_of_cards(run) == []
    for iteration in run["iterations"]:
        seed = iteration["settings"]["seed"]
        pictures = all_pictures(iteration)
        assert [(one["source"]["seed"], one["source"]["worker"]) for one in pictures] == [
            (seed, ""),
            (seed + 1, "upstairs"),
            (seed + 2, "cellar"),
        ]
        assert all(one["critique"]["score"] is not None for one in pictures)
        seen = [pixels(theatre.picture(run, one["picture"])) for one in pictures]
        assert len({picture.tobytes() for picture in seen}) == 3
    assert run["iterations"][0]["settings"]["seed"] == 5
    # Each kept picture, rendered again alone from the graph that is in it.
    company.enable()
    for one, before in zip(pictures, seen, strict=True):
        graph = embedded(theatre.picture(run, one["picture"]))
        graph["9"] = {"class_type": "SaveImage", "inputs": {"images": ["21", 0], "filename_prefix": "again"}}
        del graph["11"]
        entry = theatre.client.run(graph)
        (saved,) = entry["outputs"]["9"]["images"]
        again = pixels(theatre.base / "output" / saved["subfolder"] / saved["filename"])
        assert np.array_equal(again, before), one["source"]


def test_a_loop_to_done_on_three_cards(company):
    theatre = company.theatre
    theatre.judge.default = scripted(-3, -3, -3, -3, 5)
    run = theatre.ended(posted(company, spread(iterations_per_loop=4, max_loops=1)), 60)
    assert run["status"] == "done", run["reason"]
    assert len(all_pictures(run["iterations"][0])) == 3


def test_workers_are_those_that_are_enabled_at_that_moment(company):
    company.enable("w2")
    run = company.theatre.ended(posted(company, spread(iterations_per_loop=1, max_loops=1)), 60)
    assert [one["source"]["worker"] for one in all_pictures(run["iterations"][0])] == ["", "cellar"]
    company.enable()
    run = company.theatre.ended(posted(company, spread(iterations_per_loop=2, max_loops=1)), 60)
    assert [i["others"] for i in run["iterations"]] == [[], []]
    assert [one for one in told_of_cards(run) if "no worker is enabled" in one] == told_of_cards(run) != []


def test_an_interrupt_ends_all(company):
    theatre = company.theatre
    job = spread(seconds=LONG, iterations_per_loop=2, max_loops=1)
    prompt_id = posted(company, job)
    clients = {one: company.client(one) for one in WORKERS}
    try:
        for client in (theatre.client, *clients.values()):
            client.wait(client.running)
        begun = time.monotonic()
        theatre.client.post("/interrupt", {})
        for client in (theatre.client, *clients.values()):
            client.wait(lambda client=client: not client.running())
        took = time.monotonic() - begun
        assert took < LONG / 2, f"long before the render would have ended, not after {took:.2f} s"
        assert theatre.ended(prompt_id)["status"] == "interrupted"
    finally:
        for client in clients.values():
            client.close()


def test_a_worker_that_lacks_a_node_is_left_out_and_named(company):
    theatre = company.theatre
    shutil.rmtree(company.workers["w1"].base / "custom_nodes" / "rehearsal_painter")
    company.workers["w1"].restart()
    try:
        run = theatre.ended(posted(company, spread(iterations_per_loop=1, max_loops=1, size=72)), 60)
        found = [one["source"] and one["source"]["worker"] for one in all_pictures(run["iterations"][0])]
        assert found == ["", "cellar"], told_of_cards(run)
        run = theatre.ended(posted(company, spread(iterations_per_loop=2, max_loops=1, size=80)), 60)
        (told,) = told_of_cards(run)
        assert "upstairs" in told and "RehearsalPainter" in told
    finally:
        prepare_base(company.workers["w1"].base, ROOT)
        company.workers["w1"].restart()


def test_the_settings_of_the_pack_are_the_users(company):
    told = json.loads((company.theatre.base / "custom_nodes/ComfyUI-Distributed/gpu_config.json").read_text())
    assert [one["id"] for one in told["workers"]] == list(WORKERS)


def test_a_worker_that_is_killed_in_the_middle_is_named_once_and_the_loop_goes_on(company):
    theatre = company.theatre
    graph = spread(seconds=1.5, iterations_per_loop=3, max_loops=1)
    graph["6"]["inputs"]["prompt"] = "of its own: no worker was left out of this graph"
    prompt_id = posted(company, graph)
    theatre.until(prompt_id, lambda run: len(run["iterations"]) == 1)
    company.workers["w1"].kill()
    run = theatre.ended(prompt_id, 60)
    assert (run["status"], len(run["iterations"])) == ("limit", 3), run["reason"]
    workers = [[one["source"]["worker"] for one in all_pictures(i)] for i in run["iterations"]]
    assert workers[0] == ["", "upstairs", "cellar"]
    assert workers[2] == ["", "cellar"]
    seeds = [one["source"]["seed"] for one in all_pictures(run["iterations"][2])]
    assert seeds[1] - seeds[0] in (1, 2), "its number among those that were asked"
    told = told_of_cards(run)
    assert 1 <= len(told) <= 2 and all("upstairs" in one for one in told), told


def test_with_all_workers_gone_it_goes_on_on_one_card(company):
    theatre = company.theatre
    for process in company.workers.values():
        process.kill()
    run = theatre.ended(posted(company, spread(iterations_per_loop=2, max_loops=1)), 60)
    assert (run["status"], len(run["iterations"])) == ("limit", 2), run["reason"]
    assert all(not i["others"] for i in run["iterations"])
    assert any("one card" in one for one in told_of_cards(run)), run["warnings"]
