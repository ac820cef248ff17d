"""A server that is killed at the worst moments: as a run ends, as a wish or a choice was just answered.

KILLS: how often each is tried; more find more.
"""

from __future__ import annotations

import os
import random
import time

import pytest
from pack.rehearsal.ollama_double import pixel_judge

from .shop import ended as run_ended
from .test_contract_clips import clip_graph
from .theatre import ONE_LINE, loop_graph, opened, scripted

KILLS = int(os.environ.get("KILLS", "2"))


@pytest.fixture
def own_server(server, tmp_path):
    """A server of the test's own, to be killed."""
    with opened(tmp_path / "base", server.process.comfyui_path, server.process.python) as theatre:
        theatre.judge.default = scripted(-3)
        yield theatre


def killed(theatre, after=0.0):
    """Kills the server and starts it again."""
    time.sleep(after)
    theatre.process.kill()
    theatre.client.close()
    theatre.start()


def run_of(theatre, seed, **fields):
    graph = loop_graph(seed=seed, iterations_per_loop=2, max_loops=1, **ONE_LINE, **fields)
    return theatre.client.queue(graph)


def whole(theatre, run):
    """Whether an ended run has what it must have; read first, as any page does."""
    shown = theatre.run(run["run_id"])
    best = shown["best"]
    names = [] if best is None else ["best.png"]
    names += shown["contact_sheets"]
    for name in names:
        status, body, _, _ = theatre.client.ask("GET", f"/imitatoes/runs/{run['run_id']}/pictures/{name}")
        assert (status, len(body) > 100) == (200, True), (name, shown["status"])
    if best is not None:
        made = shown["iterations"][best["iteration"] - 1]["picture"]
        folder = theatre.runs_folder / run["run_id"]
        assert (folder / "best.png").read_bytes() == (folder / made).read_bytes()
    assert not list(theatre.runs_folder.glob("*/.*.part")), "what was half written is cleared up"
    return shown


def test_killed_as_a_run_ends(own_server):
    """At any moment between the last verdict and the end that is told."""
    theatre, draw, seen = own_server, random.Random(5), set()
    for attempt in range(KILLS):
        prompt_id = run_of(theatre, 100 + attempt, size=512)
        theatre.until(prompt_id, lambda run: run["pending"] and run["pending"]["number"] == 2)
        run = theatre.until(prompt_id, lambda run: run["phase"] == "judging" or run["waiting"])
        killed(theatre, draw.random() * 0.3)
        run = whole(theatre, run)
        seen.add(run["status"])
        assert run["status"] in ("suspended", "limit"), run["reason"]
        if run["status"] == "suspended":
            status, _ = theatre.client.post(f"/imitatoes/runs/{run['run_id']}/resume", {})
            assert status == 200
            run = whole(theatre, theatre.ended(run["run_id"]))
        assert (run["status"], run["iteration_count"]) == ("limit", 2)
        runs = theatre.client.get("/imitatoes/runs")["runs"]
        assert len(runs) == attempt + 1, "no run began by itself"


def test_killed_as_a_wish_was_answered(own_server):
    theatre = own_server
    for attempt in range(KILLS):
        run = theatre.ended(run_of(theatre, 300 + attempt))
        wish = f"and a green star {attempt}"
        status, _ = theatre.client.post(f"/imitatoes/runs/{run['run_id']}/continue", {"instruction": wish})
        assert status == 200
        killed(theatre)
        found = whole(theatre, run)
        assert found["instructions"] == [wish]
        assert (found["status"], wish in found["goal"]) == ("suspended", True)
        status, _ = theatre.client.post(f"/imitatoes/runs/{run['run_id']}/resume", {})
        assert status == 200
        ended = whole(theatre, theatre.ended(run["run_id"]))
        assert (ended["status"], ended["iteration_count"]) == ("limit", 4)
        assert wish in ended["iterations"][2]["settings"]["prompt"]


def test_killed_as_a_choice_was_answered(own_server):
    """Of a run that has ended, and of one that goes on."""
    theatre = own_server
    for attempt in range(KILLS):
        going = attempt % 2 == 1
        prompt_id = run_of(theatre, 500 + attempt, seconds=0.4 if going else 0.0)
        if going:
            run = theatre.until(prompt_id, lambda run: run["pending"] and run["pending"]["number"] == 2)
        else:
            run = theatre.ended(prompt_id)
        number = 1 if going or run["best"]["iteration"] == 2 else 2
        status, _ = theatre.client.post(f"/imitatoes/runs/{run['run_id']}/take", {"iteration": number})
        assert status == 200
        killed(theatre)
        found = whole(theatre, run)
        assert (found["taken"], found["best"]["iteration"]) == (number, number)
        assert found["waiting"], "a run that was taken from does not go on"


def test_what_a_killed_server_half_wrote_is_cleared_up(own_server):
    theatre = own_server
    run = theatre.ended(run_of(theatre, 700))
    planted = theatre.runs_folder / run["run_id"] / ".0123456789abcdef.part"
    planted.write_bytes(b"half")
    killed(theatre)
    theatre.run(run["run_id"])
    theatre.client.wait(lambda: not planted.exists())


def test_killed_in_the_middle_of_a_clip_the_clips_before_are_whole_and_the_run_goes_on(own_server):
    theatre = own_server
    theatre.judge.default = pixel_judge
    graph = clip_graph("late, early", iterations_per_loop=2)
    graph["6"]["inputs"]["seconds"] = 1.5
    prompt_id = theatre.client.queue(graph)
    run = theatre.until(prompt_id, lambda one: one["iteration_count"] == 1 and one["phase"] == "rendering")
    killed(theatre, 0.2)
    shown = theatre.run(run["run_id"])
    assert (shown["status"], shown["iteration_count"]) == ("suspended", 1)
    first = shown["iterations"][0]["clip"]
    written = next((theatre.base / "output" / "clips").glob("*.webp")).read_bytes()
    assert theatre.picture(shown, first["file"]).read_bytes() == written
    assert not list(theatre.runs_folder.glob("*/.*.part"))
    status, _ = theatre.client.post(f"/imitatoes/runs/{run['run_id']}/resume", {})
    assert status == 200
    ended = run_ended(theatre, run["run_id"])
    assert (ended["status"], ended["iteration_count"]) == ("limit", 2), ended["reason"]
    best = ended["iterations"][ended["best"]["iteration"] - 1]["clip"]["file"]
    assert theatre.picture(ended, "best.webp").read_bytes() == theatre.picture(ended, best).read_bytes()
