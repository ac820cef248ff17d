"""ComfyUI-Distributed's routes on this server, and workers behind HTTP that answer as ComfyUI does."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from types import SimpleNamespace as Box

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pack.engine.graph.cards import CardJob
from pack.engine.loop.batch_pictures import CardShare
from pack.engine.loop.ports import CarriedRequest, Submission, SubmissionRejected
from pack.host import node_classes
from pack.host.queue import ServerQueue

from ..engine.graph.test_cards import queued, spread_graph
from .test_queue import FakeServer

KINDS = {node["class_type"] for node in spread_graph().values()} | {"PreviewImage"}


SAID = {"input": {"required": {}}, "output": ["*"] * 6, "output_is_list": [False] * 6, "output_name": ["any"] * 6}
"""What the workers tell of each node class."""


class Worker:
    """lacks: node classes. history, running, pending: as ComfyUI tells them. quick: prompts that begin before they are
    taken out."""

    def __init__(self, lacks=(), version="1.0.0"):
        self.lacks, self.version, self.asked, self.quick = set(lacks), version, [], set()
        self.history, self.running, self.pending, self.posted = {}, [], [], []

    async def info(self, request):
        kind = request.match_info["kind"]
        self.asked.append(kind)
        return web.json_response({} if kind in self.lacks else {kind: {**SAID, "output_node": kind == "PreviewImage"}})

    async def serve(self, stack):
        async def posted(request):
            body = await request.json()
            self.posted.append((request.path, body))
            if begins := [item for item in self.pending if item[1] in self.quick and "delete" in body]:
                self.running, self.pending = begins, [item for item in self.pending if item not in begins]
            self.pending = [item for item in self.pending if item[1] not in body.get("delete", ())]
            self.running = [item for item in self.running if item[1] != body.get("prompt_id")]
            return web.json_response({})

        def told(what):
            async def answer(_):
                return web.json_response(what())

            return answer

        site = web.Application()
        site.add_routes(
            [
                web.get("/object_info/{kind}", self.info),
                web.get("/imitatoes/version", told(lambda: {"version": self.version})),
                web.get("/history", told(lambda: self.history)),
                web.get("/queue", told(lambda: {"queue_running": self.running, "queue_pending": self.pending})),
                web.post("/queue", posted),
                web.post("/interrupt", posted),
            ]
        )
        self.server = await stack.enter_async_context(TestServer(site))
        return self


class Master(FakeServer):
    """A server with the pack. refuses: what its queue answers instead of an id, refuses_with: where this worker is
    among those asked. reachable: ids of workers."""

    def __init__(self, workers, refuses="", **settings):
        super().__init__()
        self.config = {"workers": workers, "settings": settings}
        self.refuses, self.refuses_with, self.asked = refuses, "", []
        self.reachable = [one["id"] for one in workers]
        self.routes += [
            Box(method="GET", path="/distributed/config", handler=self.tell_config),
            Box(method="POST", path="/distributed/queue", handler=self.distribute),
        ]

    async def prompt(self, request):
        body = await request.json()
        self.posted.append(body)
        self.prompt_queue.pending.append((1, body["prompt_id"], body["prompt"], {}, []))
        return Box(status=self.status, body=json.dumps(self.body).encode())

    async def tell_config(self, _):
        return Box(status=200, body=json.dumps(self.config).encode())

    async def distribute(self, request):
        body = await request.json()
        self.asked.append(body)
        if self.refuses or self.refuses_with in body["enabled_worker_ids"]:
            return Box(status=500, body=json.dumps({"error": self.refuses}).encode())
        active = [one for one in body["enabled_worker_ids"] if one in self.reachable]
        self.prompt_queue.pending.append((1, "theirs", queued(body["prompt"], active), {}, []))
        return Box(status=200, body=json.dumps({"prompt_id": "theirs", "worker_count": len(active)}).encode())


def entry(number, worker, **fields):
    host, port = (worker.server.host, worker.server.port) if worker else ("127.0.0.1", 1)
    return {"id": f"w{number}", "name": f"card {number}", "enabled": True, "host": host, "port": port, **fields}


def submission(**fields):
    return Submission("ours", spread_graph(), {"workflow": {"id": "w"}}, "page", **fields)


def staged(story, count=2, **workers):
    async def play():
        async with AsyncExitStack() as stack:
            made = [await Worker(**workers.get(f"w{n}", {})).serve(stack) for n in range(1, count + 1)]
            await story(made, [entry(n, one) for n, one in enumerate(made, 1)])

    asyncio.run(play())


@pytest.fixture(autouse=True)
def outputs(monkeypatch):
    monkeypatch.setattr("pack.host.queue.is_output", lambda name: name == "SaveImage", raising=False)
    assert node_classes


def test_a_graph_that_gathers_pictures_goes_through_the_packs_own_queue():
    async def story(workers, listed):
        server = Master([*listed, entry(9, None, enabled=False)])
        told = await ServerQueue(server, "1.0.0").submit(submission())
        assert (told.prompt_id, told.notes) == ("theirs", ())
        (asked,) = server.asked
        assert (asked["enabled_worker_ids"], asked["delegate_master"]) == (["w1", "w2"], False)
        assert (asked["client_id"], asked["workflow"]) == ("page", {"id": "w"})
        assert asked["prompt"]["21"]["inputs"] == {"images": ["8", 0], "load_balance": False}
        assert server.posted == []
        assert set(workers[0].asked) == KINDS - {"ImitatoesVLMCritique", "SaveImage"}
        count = len(workers[0].asked)
        await ServerQueue.submit(queue := ServerQueue(server, "1.0.0"), submission())
        other = submission()
        other.graph["10"]["inputs"]["prompt"] = "words of the next render"
        await queue.submit(other)
        assert len(workers[0].asked) == 2 * count, "each worker is asked once for each graph"
        other.graph["5"]["inputs"]["sampler_name"] = "euler"
        await queue.submit(other)
        assert len(workers[0].asked) == 3 * count

    staged(story)


def test_another_graph_goes_the_usual_way():
    server = Master([])
    graph = {"1": {"class_type": "X", "inputs": {}}}
    assert asyncio.run(ServerQueue(server).submit(Submission("p", graph, None, "page"))) is None
    assert [one["prompt_id"] for one in server.posted] == ["p"]


@pytest.mark.parametrize(
    ("server", "fields", "why"),
    [
        (lambda: Master([]), {}, "no worker is enabled"),
        (lambda: Master([entry(1, None, enabled=False)]), {}, "no worker is enabled"),
        (lambda: Master([entry(1, None)]), {"one_card": "a repair in place is one picture"}, "a repair"),
        (lambda: Master([entry(1, None)]), {}, "no worker can take part"),
    ],
)
def test_one_card_where_no_other_can_help_and_it_says_so(server, fields, why):
    made = server()
    told = asyncio.run(ServerQueue(made).submit(submission(**fields)))
    assert told.prompt_id == "ours" and why in told.notes[-1].what
    assert made.asked == [] and made.posted[0]["prompt"]["21"]["class_type"] == "DistributedCollector"


def test_without_the_pack_its_nodes_are_left_out():
    server = FakeServer()
    server.prompt = None
    plain = Master([])
    plain.routes = plain.routes[:4]
    told = asyncio.run(ServerQueue(plain).submit(submission()))
    assert "not installed" in told.notes[0].what
    assert "21" not in plain.posted[0]["prompt"] and plain.posted[0]["prompt"]["11"]["inputs"]["images"] == ["8", 0]


def test_what_the_pack_does_not_take_goes_to_one_card_and_what_that_refuses_is_told():
    async def story(workers, listed):
        server = Master(listed, refuses="400, message='Bad Request'")
        told = await ServerQueue(server, "1.0.0").submit(submission())
        assert "did not take it" in told.notes[0].what and len(server.posted) == 1
        server.status, server.body = 400, {"error": {"message": "no such node"}}
        with pytest.raises(SubmissionRejected, match="no such node"):
            await ServerQueue(server, "1.0.0").submit(submission())

    staged(story)


def test_a_worker_that_has_lost_a_node_since_it_was_asked_is_found_out_and_the_others_go_on():
    async def story(workers, listed):
        server = Master(listed)
        queue = ServerQueue(server, "1.0.0")
        await queue.submit(submission())
        workers[0].lacks = {"KSampler"}
        server.refuses_with = "w1"
        told = await queue.submit(submission())
        assert [asked["enabled_worker_ids"] for asked in server.asked] == [["w1", "w2"], ["w1", "w2"], ["w2"]]
        assert told.prompt_id == "theirs" and "KSampler" in told.notes[0].what

    staged(story)


def test_a_worker_that_lacks_a_node_is_left_out_and_one_of_another_version_named():
    async def story(workers, listed):
        server = Master(listed)
        told = await ServerQueue(server, "1.0.0").submit(submission())
        assert server.asked[0]["enabled_worker_ids"] == ["w2"]
        first, second = (note.what for note in told.notes)
        assert "card 1" in first and "ImitatoesSelfImprovingPrompt" in first
        assert "card 2 has Imitatoes 0.9" in second
        again = await (queue := ServerQueue(server, "1.0.0")).submit(submission())
        assert (await queue.submit(submission())).notes == again.notes, "the next run is told as well"

    staged(story, w1={"lacks": ["ImitatoesSelfImprovingPrompt"]}, w2={"version": "0.9"})


def test_a_worker_that_the_pack_could_not_reach_is_named_and_left_out_for_a_while():
    async def story(workers, listed):
        server = Master(listed)
        server.reachable = ["w2"]
        queue = ServerQueue(server, "1.0.0")
        (note,) = (await queue.submit(submission())).notes
        assert "card 1" in note.what and "cannot be reached" in note.what
        again = await queue.submit(submission())
        assert server.asked[1]["enabled_worker_ids"] == ["w2"]
        assert again.notes == (note,), "whoever shows it tells it once"

    staged(story)


def test_who_painted_what_and_with_which_seed():
    async def story(workers, listed):
        cards = ServerQueue(Master(listed)).cards
        graph = queued(spread_graph(2))
        assert await cards.shares(graph, 6) == (
            (CardShare("", 0, 2), CardShare("card 1", 1, 2), CardShare("card 2", 2, 2)),
            (),
        )
        assert await cards.shares(spread_graph(2), 2) == ((), ()), "one card alone"
        same = queued(spread_graph())
        same["3"]["inputs"]["seed"] = ["10", 2]
        assert [share.offset for share in (await cards.shares(same, 3))[0]] == [0, 0, 0]

    staged(story)


def test_what_is_missing_is_told_with_its_reason():
    async def story(workers, listed):
        cards = ServerQueue(Master(listed, worker_timeout_seconds=7)).cards
        graph = queued(spread_graph())
        item = (1, "p", graph, {}, [])
        error = {"node_type": "KSampler", "node_id": "3", "exception_message": "out of memory\n"}
        workers[0].history = {
            "p": {"prompt": item, "status": {"status_str": "error", "messages": [["execution_error", error]]}}
        }
        workers[1].history = {"p": {"prompt": item, "status": {"status_str": "success", "messages": []}}}
        shares, (note,) = await cards.shares(graph, 2)
        assert shares == (CardShare("", 0, 1), CardShare("card 2", 2, 1)), "each worker keeps its number"
        assert "card 1" in note.what and "KSampler (node 3) failed: out of memory" in note.what
        workers[0].history, workers[0].running = {}, [item]
        _, (note,) = await cards.shares(graph, 2)
        assert "too slow" in note.what and "7 seconds" in note.what
        await workers[0].server.close()
        _, (note,) = await cards.shares(graph, 2)
        assert "cannot be reached" in note.what
        assert (await cards.shares(graph, 5))[0] == (CardShare("", 0, 1),), "what cannot be is nobody's"

    staged(story)


def test_however_a_render_ends_but_well_its_workers_are_stopped_and_nobody_elses_job():
    async def story(workers, listed):
        server = Master(listed)
        queue = ServerQueue(server, "1.0.0")
        await queue.submit(submission())
        graph = server.prompt_queue.pending[0][2]
        other = queued(spread_graph())
        other["21"]["inputs"]["multi_job_id"] = "another"
        workers[0].running, workers[0].pending = [(1, "a", graph, {}, [])], [(2, "b", other, {}, [])]
        workers[1].running, workers[1].pending = [(1, "c", other, {}, [])], [(2, "d", graph, {}, [])]
        server.prompt_queue.pending.clear()
        assert queue.state("theirs").kind == "gone"
        await queue.card_jobs.stopped()
        assert workers[0].posted == [("/interrupt", {"prompt_id": "a"})]
        assert workers[1].posted == [("/queue", {"delete": ["d"]})]

    staged(story)


@pytest.fixture
def interrupt():
    """ComfyUI's flag."""
    return Box(asked=False)


async def rendering(listed, interrupt, workers):
    """The queue of a master that is at a job with its workers."""
    server = Master(listed)
    queue = ServerQueue(server, "1.0.0", interrupted=lambda: interrupt.asked)
    await queue.submit(submission())
    here = server.prompt_queue
    here.running, here.pending = here.pending, []
    for number, worker in enumerate(workers):
        worker.running = [(1, f"part {number}", here.running[0][2], {}, [])]
    return queue


def told_to_stop(workers):
    return [worker.posted for worker in workers] == [[("/interrupt", {"prompt_id": f"part {n}"})] for n in (0, 1)]


def test_an_interrupt_reaches_the_workers_before_the_render_here_has_noticed_it(interrupt):
    async def story(workers, listed):
        queue = await rendering(listed, interrupt, workers)
        assert queue.state("theirs").kind == "running"
        interrupt.asked = True
        assert queue.state("theirs").kind == queue.state("theirs").kind == "running"
        await queue.card_jobs.stopped()
        assert told_to_stop(workers)

    staged(story)


def test_a_flag_left_from_before_the_render_stops_nobody(interrupt):
    async def story(workers, listed):
        queue = await rendering(listed, interrupt, workers)
        interrupt.asked = True
        queue.state("theirs")
        await queue.card_jobs.stopped()
        assert [worker.posted for worker in workers] == [[], []]
        interrupt.asked = False
        queue.state("theirs")
        interrupt.asked = True
        queue.state("theirs")
        await queue.card_jobs.stopped()
        assert told_to_stop(workers)

    staged(story)


def test_a_render_that_is_cancelled_here_is_cancelled_there_in_the_same_moment(interrupt):
    async def story(workers, listed):
        queue = await rendering(listed, interrupt, workers)
        await queue.cancel("theirs")
        await queue.card_jobs.stopped()
        assert queue.state("theirs").kind == "running", "it has not noticed it yet"
        assert told_to_stop(workers)

    staged(story)


def test_what_begins_on_a_worker_before_it_is_taken_out_is_interrupted():
    async def story(workers, listed):
        server = Master(listed)
        queue = ServerQueue(server, "1.0.0")
        await queue.submit(submission())
        (item,) = server.prompt_queue.pending
        workers[0].pending, workers[0].quick = [(1, "a", item[2], {}, [])], {"a"}
        await queue.cancel("theirs")
        await queue.card_jobs.stopped()
        assert workers[0].posted == [("/queue", {"delete": ["a"]}), ("/interrupt", {"prompt_id": "a"})]

    staged(story, 1)


def test_a_run_that_begins_with_a_render_is_told_what_was_said_of_its_cards():
    async def story(workers, listed):
        server = Master([])
        queue = ServerQueue(server)
        await queue.submit(submission())
        server.prompt_queue.running, server.prompt_queue.pending = server.prompt_queue.pending, []
        carried = queue.carried("ours")
        assert isinstance(carried, CarriedRequest) and "no worker is enabled" in carried.notes[0].what
        assert queue.carried("ours").notes == ()

    staged(story, 0)


def test_jobs_are_compared_by_what_the_pack_calls_them():
    assert CardJob("a", ("w1",)) != CardJob("b", ("w1",))
