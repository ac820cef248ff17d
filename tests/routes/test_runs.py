"""The routes over real HTTP, with the real driver behind them."""

from __future__ import annotations

import asyncio
import errno
import os
import threading

import aiohttp
import pytest
import torch
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pack.engine.graph.prepare_graph import plan_workflow, prepare_graph, shapes_of_workflow
from pack.engine.judge.critique import CHECKS
from pack.engine.judge.judge import Judge
from pack.engine.judge.vision_model import ModelUnreachable
from pack.engine.loop.journal import Journal
from pack.engine.loop.pictures import Thumbnails
from pack.engine.loop.ports import PromptState
from pack.engine.loop.series.series_store import SeriesStore
from pack.engine.loop.series.series_work import SeriesWork
from pack.engine.loop.start import submit
from pack.routes import register, run_answer, runs

from ..engine.graph.reference import object_info
from ..engine.judge.memory_model import CHECKLIST, MemoryModel, answers
from ..engine.loop.runs import checklist, critique, itemised, unseen
from ..engine.loop.stage import Stage, until
from .documented import documented_site


class Site(Stage):
    """A stage with a server in front. client_max_size: what ComfyUI takes by default."""

    client_max_size = 100 * 2**20
    version = "9.8.7"

    def journal(self):
        return Journal(self.root)

    def thumbnails(self):
        return self.cache

    def can_open_folders(self):
        return True

    def open_folder(self, folder):
        self.opened = folder
        return True

    async def prepare_graph(self, order):
        return prepare_graph(order, object_info())

    async def plan(self, request):
        return plan_workflow(request, object_info())

    async def clip_shapes(self, request):
        return shapes_of_workflow(request, object_info())

    async def judge_of(self, run):
        return Judge("ollama", self.judge_model, 0.8, CHECKS)

    async def start(self, graph, client_id, extra_data, prompt_id=""):
        return await submit(self.queue, graph, client_id, extra_data, prompt_id)

    def is_free(self):
        return True

    def publish(self, view):
        self.told.append(view)

    async def tell_end(self, view):
        self.told.append(view)

    async def serve(self, story):
        self.cache, self.told = Thumbnails(self.root.parent / "thumbnails"), []
        self.series = SeriesWork(self.driver, self.actions, SeriesStore(self.journal), self, look_seconds=0.01)
        routes = web.RouteTableDef()
        register(routes, lambda: self)
        async with TestClient(TestServer(documented_site(routes, client_max_size=self.client_max_size))) as self.client:
            await story(self)

    async def get(self, path, status=200):
        async with self.client.get(f"/imitatoes/{path}") as answer:
            assert answer.status == status, await answer.text()
            return await (answer.json() if answer.content_type == "application/json" else answer.read())

    async def post(self, path, body=None, status=200, **options):
        options = options or {"json": body or {}}
        async with self.client.post(f"/imitatoes/{path}", **options) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json()


def served(story):
    def test(tmp_path):
        asyncio.run(Site(tmp_path).serve(story))

    test.__name__ = story.__name__
    return test


async def unjudged(site):
    """A run that ended with a picture that nobody looked at."""
    place = await site.begin()
    name = site.journal().save_picture(place.run.id, place.plan, torch.rand(64, 64, 3), {"prompt": {}})
    site.judged("p1", unseen(1.0), picture=name, checklist=CHECKLIST)
    await site.ended(place.run.id)
    return place.run.id


@served
async def test_what_nobody_judged_is_shown_as_that_and_judged_later(site):
    run_id = await unjudged(site)
    run = await site.get(f"runs/{run_id}")
    assert (run["status"], run["best"], run["iterations"][0]["critique"]["score"]) == (
        "unverified",
        {"iteration": 1, "score": None, "sure": None, "image": "best.png", "clip": None},
        None,
    )
    async with site.client.get(f"/imitatoes/runs/{run_id}/best") as answer:
        assert (answer.status, answer.headers["X-Imitatoes-Judged"]) == (200, "false")
    site.judge_model = MemoryModel(check=ModelUnreachable("No connection to Ollama. Start it."))
    refused = await site.post(f"runs/{run_id}/judge", {"iteration": 1}, 409)
    assert "Start it." in refused["error"]["message"]
    site.judge_model = MemoryModel(answers(seed=1, r1=2))
    judged = await site.post(f"runs/{run_id}/judge", {"iteration": 1})
    assert (judged["status"], judged["best"]["score"] > 0) == ("stopped", True)
    assert (await site.get(f"runs/{run_id}"))["iterations"][0]["critique"]["items"][0]["answer"] == "2"
    async with site.client.get(f"/imitatoes/runs/{run_id}/best") as answer:
        assert answer.headers["X-Imitatoes-Judged"] == "true"
    await site.post(f"runs/{run_id}/judge", {"iteration": 1}, 400)
    await site.post(f"runs/{run_id}/judge", {"iteration": 0}, 400)


def test_long_runs_are_told_in_threads(tmp_path, monkeypatch):
    """What takes some milliseconds for each of the runs there are must not hold up the server for all of them."""
    loops_thread, told = threading.get_ident(), set()
    for module, name in ((runs, "run_summary"), (run_answer, "run_view")):
        real = getattr(module, name)
        monkeypatch.setattr(module, name, lambda run, real=real: told.add(threading.get_ident()) or real(run))
    for model in (runs.RunList, runs.RunView):
        real = model.model_dump
        noted = lambda self, real=real, **fields: told.add(threading.get_ident()) or real(self, **fields)  # noqa: E731
        monkeypatch.setattr(model, "model_dump", noted)

    async def story(site):
        run_id = await finished(site)
        assert len((await site.get("runs"))["runs"]) == 1
        assert (await site.get(f"runs/{run_id}"))["status"] == "done"
        assert (await site.get(f"runs/{run_id}/wait?seconds=0"))["status"] == "done"
        assert (await site.post(f"runs/{run_id}/star", {"starred": True}))["starred"]

    asyncio.run(Site(tmp_path).serve(story))
    assert told
    assert loops_thread not in told


async def finished(site, picture=True):
    """A run that reached done with one picture."""
    place = await site.begin()
    name = None
    if picture:
        name = site.journal().save_picture(place.run.id, place.plan, torch.rand(4, 4, 3), {"prompt": {}})
    site.judged("p1", critique(0.9, passed=True), picture=name)
    await site.ended(place.run.id)
    return place.run.id


@served
async def test_list_show_and_pictures(site):
    assert await site.get("runs") == {"runs": []}
    run_id = await finished(site)
    (row,) = (await site.get("runs"))["runs"]
    assert (row["run_id"], row["status"], row["best"]["image"]) == (run_id, "done", "best.png")
    run = await site.get(f"runs/{run_id}")
    assert run == await site.get("runs/p1"), "a script knows the run by its prompt id"
    assert run["iterations"][0]["settings"]["seed"] == 5
    assert "fingerprint" not in run["iterations"][0]
    best = await site.get(f"runs/{run_id}/best")
    assert best.startswith(b"\x89PNG")
    assert await site.get(f"runs/{run_id}/pictures/best.png") == best
    assert (await site.get(f"runs/{run_id}/pictures/contact_sheet.jpg")).startswith(b"\xff\xd8")


@served
async def test_what_is_not_there_is_said_in_one_shape(site):
    run_id = await finished(site, picture=False)
    for path, status in (
        ("runs/20200101-000000-00000000", 404),
        ("runs/nothing", 404),
        ("runs/..%2F..%2Fetc", 400),
        (f"runs/{run_id}/pictures/run.json", 400),
        (f"runs/{run_id}/pictures/..%2Fgraph.json", 400),
        (f"runs/{run_id}/pictures/loop_09_iter_09.png", 404),
        (f"runs/{run_id}/best", 404),
        (f"runs/{run_id}/wait?seconds=soon", 400),
        (f"runs/{run_id}/wait?seconds=nan", 400),
        ("runs/unheard-of/wait?seconds=1", 404),
    ):
        error = (await site.get(path, status))["error"]
        assert set(error) == {"type", "message", "node", "input", "hint"}, path
        assert error["message"]


@served
async def test_mutating_routes_demand_json(site):
    run_id = await finished(site)
    for action in ("stop", "continue", "resume"):
        plain = {"data": b"{}", "headers": {"Content-Type": "text/plain"}}
        assert (await site.post(f"runs/{run_id}/{action}", status=415, **plain))["error"]["type"] == "not_json"
        broken = {"data": b"{", "headers": {"Content-Type": "application/json"}}
        await site.post(f"runs/{run_id}/{action}", status=400, **broken)
        await site.post(f"runs/{run_id}/{action}", {"surprise": 1}, status=400)
    assert (await site.post(f"runs/{run_id}/stop", status=409))["error"]["type"] == "not_now"
    await site.post(f"runs/{run_id}/resume", status=409)
    await site.post(f"runs/{run_id}/continue", {"instruction": "x" * 2001}, status=400)


@served
async def test_the_user_puts_the_judge_and_the_checklist_right(site):
    place = await site.begin()
    texts = checklist("a duck", "a red umbrella")
    site.judged("p1", itemised(0.9, 0.1, looks=2), checklist=texts)
    second = await site.next_prompt(1)
    run_id = place.run.id
    told = await site.post(f"runs/{run_id}/correct", {"iteration": 1, "requirement": "r2", "met": True})
    item = told["iterations"][0]["critique"]["items"][1]
    assert (item["passed"], item["judged"], told["best"]["score"] > 0.8) == (True, 0.1, True)
    back = await site.post(f"runs/{run_id}/correct", {"iteration": 1, "requirement": "r2", "met": None})
    assert back["iterations"][0]["critique"]["items"][1]["judged"] is None
    edited = await site.post(f"runs/{run_id}/checklist", {"requirements": ["a duck", "a moon"]})
    assert [one["text"] for one in edited["checklist"]["requirements"]] == ["a duck", "a moon"]
    for body in ({"requirements": []}, {"requirements": ["x" * 501]}, {"requirements": ["x"] * 101}, {}):
        await site.post(f"runs/{run_id}/checklist", body, 400)
    for body in ({"iteration": 1, "requirement": "r9", "met": True}, {"iteration": 1, "requirement": "r1"}):
        await site.post(f"runs/{run_id}/correct", body, 400)
    await site.post("runs/20260101_000000_0/correct", {"iteration": 1, "requirement": "r1", "met": True}, 404)
    site.queue.states[second] = PromptState("pending")
    await site.post(f"runs/{run_id}/stop")


@served
async def test_one_wait_covers_queue_render_and_run(site):
    site.queue.states["p1"] = PromptState("pending")
    waiting = asyncio.ensure_future(site.get("runs/p1/wait?seconds=20"))
    await asyncio.sleep(0)
    await site.begin()
    site.judged("p1", critique(0.5))
    second = await site.next_prompt(1)
    await site.begin(second)
    site.judged(second, critique(0.9, passed=True))
    assert (await waiting)["status"] == "done"


@served
async def test_waiting_for_a_prompt_that_fails_before_its_run_begins(site):
    site.queue.states["p1"] = PromptState("error", "KSampler (node 5) failed: no memory")
    error = (await site.get("runs/p1/wait?seconds=5", 404))["error"]
    assert "no memory" in error["message"]


@served
async def test_waiting_shorter_than_the_run(site):
    site.queue.states["p1"] = PromptState("pending")
    assert (await site.get("runs/p1/wait?seconds=0.1", 408))["error"]["type"] == "still_queued"
    place = await site.begin()
    assert (await site.get(f"runs/{place.run.id}/wait?seconds=0.05"))["phase"] == "judging"


@served
async def test_the_iterations_alone(site):
    run_id = await finished(site)
    whole = await site.get(f"runs/{run_id}")
    assert await site.get("runs/p1/iterations") == {"run_id": run_id, "iterations": whole["iterations"]}
    assert len(whole["iterations"]) == 1
    assert (await site.get("runs/unheard-of/iterations", 404))["error"]["type"] == "run_not_found"


@served
async def test_a_mistake_of_ours_is_told_in_the_same_shape(
    site,
):
    site.driver = None
    error = (await site.get("runs", 500))["error"]
    assert (error["type"], error["node"]) == ("our_mistake", None)
    assert "None" not in error["message"], "what went wrong inside is for the log"


@served
async def test_stop_and_continue(site):
    place = await site.begin()
    site.judged("p1", critique(0.5))
    await site.next_prompt(1)
    await site.post(f"runs/{place.run.id}/stop")
    assert (await site.get(f"runs/{place.run.id}/wait?seconds=5"))["status"] == "stopped"
    run = await site.post(f"runs/{place.run.id}/continue", {"instruction": "make it night", "client_id": "c"})
    assert (run["status"], run["instructions"]) == ("running", ["make it night"])
    await until(lambda: len(site.queue.submitted) == 2)
    await site.post(f"runs/{place.run.id}/stop", {"after_this": True})


@served
async def test_a_client_that_leaves_while_waiting_does_no_harm(site):
    place = await site.begin()
    with pytest.raises(asyncio.TimeoutError):
        await site.client.get(f"/imitatoes/runs/{place.run.id}/wait", timeout=aiohttp.ClientTimeout(total=0.1))
    site.judged("p1", critique(0.9, passed=True))
    assert (await site.ended(place.run.id)).status == "done"


@pytest.mark.parametrize(
    ("number", "status", "words"),
    [(errno.ENOSPC, 507, "disk space"), (errno.EACCES, 500, "writable"), (errno.EIO, 500, "disk of the output folder")],
)
def test_only_a_full_disk_is_told_as_one(tmp_path, monkeypatch, number, status, words):
    async def story(site):
        run_id = await finished(site)

        def refused(journal, *arguments):
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(Journal, "record", refused)
        answer = await site.post(f"runs/{run_id}/continue", {"instruction": "at night"}, status)
        assert answer["error"]["type"] == "unsaved"
        assert words in answer["error"]["message"]
        assert ("disk space" in answer["error"]["message"]) is (number == errno.ENOSPC)

    asyncio.run(Site(tmp_path).serve(story))
