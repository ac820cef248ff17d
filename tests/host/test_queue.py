"""The queue adapter against a server made of the few parts it leans on."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from types import SimpleNamespace as Box

import pytest
from pack.engine.loop.ports import Submission, SubmissionRejected
from pack.host.queue import ServerQueue


class FakeQueue:
    def __init__(self):
        self.running, self.pending, self.history, self.deleted = [], [], {}, []

    def get_current_queue(self):
        return self.running, self.pending

    def get_history(self, prompt_id, map_function):
        return {prompt_id: map_function(self.history[prompt_id])} if prompt_id in self.history else {}

    def delete_queue_item(self, matches):
        found = [i for i in self.pending if matches(i)]
        self.deleted += found
        self.pending = [i for i in self.pending if i not in found]
        return bool(found)


class FakeServer:
    def __init__(self, status=200, body=None):
        self.prompt_queue, self.posted = FakeQueue(), []
        self.status, self.body = status, body or {"node_errors": {}}
        self.routes = [
            Box(method="GET", path="/prompt", handler=None),
            Box(path="static"),
            Box(method="POST", path="/prompt", handler=self.prompt),
            Box(method="POST", path="/interrupt", handler=self.interrupt),
        ]

    async def prompt(self, request):
        body = await request.json()
        self.posted.append(body)
        body["prompt"]["1"]["is_changed"] = "the server writes into what it is given"
        self.prompt_queue.pending.append((1, body["prompt_id"], body["prompt"], {}, []))
        return Box(status=self.status, body=json.dumps(self.body).encode())

    async def interrupt(self, request):
        self.posted.append(await request.json())
        return Box(status=200, body=b"")


def submission(**fields):
    return Submission("p", {"1": {"class_type": "X", "inputs": {}}}, fields.get("extra"), "page")


def test_submits_a_copy_and_leaves_out_what_is_absent():
    server = FakeServer()
    sent = submission()
    asyncio.run(ServerQueue(server).submit(sent))
    assert "is_changed" not in sent.graph["1"]
    assert server.posted[0]["extra_data"] == {}
    assert "front" not in server.posted[0]
    asyncio.run(ServerQueue(server).submit(submission(extra={"workflow": {}})))
    assert server.posted[1]["extra_data"] == {"extra_pnginfo": {"workflow": {}}}


@pytest.mark.parametrize("status", [200, 400])
def test_a_partly_refused_graph_is_refused_whole_and_taken_out(status):
    errors = {
        "5": {"class_type": "KSampler", "errors": [{"message": "Value not in list", "details": "scheduler: 'x'"}]}
    }
    server = FakeServer(status, {"node_errors": errors, "error": {"message": "Prompt outputs failed validation"}})
    with pytest.raises(SubmissionRejected, match=r"KSampler \(node 5\): Value not in list scheduler"):
        asyncio.run(ServerQueue(server).submit(submission()))
    assert server.prompt_queue.pending == []


def test_a_refusal_without_reasons():
    for body in ({"error": {"message": "no outputs"}}, {"error": "no outputs"}, {}):
        with pytest.raises(SubmissionRejected, match="no outputs" if body else "no reason"):
            asyncio.run(ServerQueue(FakeServer(400, {"x": 1, **body})).submit(submission()))


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        ({"status_str": "success", "messages": [["execution_start", {"timestamp": 5000}]]}, "success", ""),
        ({"status_str": "error", "messages": [["execution_interrupted", {}]]}, "interrupted", ""),
        (
            {
                "status_str": "error",
                "messages": [
                    ["execution_error", {"node_id": "5", "node_type": "K", "exception_message": "out of it\n"}]
                ],
            },
            "error",
            "K (node 5) failed: out of it",
        ),
        ({"status_str": "error", "messages": []}, "error", "The render failed."),
    ],
)
def test_how_a_prompt_ended(status, kind, words):
    server = FakeServer()
    server.prompt_queue.history["p"] = {"status": status}
    state = ServerQueue(server).state("p")
    assert (state.kind, state.message) == (kind, words)
    assert state.started == (5.0 if kind == "success" else None)


def test_where_a_prompt_is():
    server = FakeServer()
    queue = ServerQueue(server)
    assert queue.state("p").kind == "gone"
    server.prompt_queue.pending = [(1, "p", {}, {}, [])]
    assert queue.state("p").kind == "pending"
    server.prompt_queue.running = [(1, "p", {}, {}, [])]
    assert queue.state("p").kind == "running"


def test_cancel_never_interrupts_anything_else():
    server = FakeServer()
    server.prompt_queue.pending = [(1, "p", {}, {}, []), (2, "q", {}, {}, [])]
    asyncio.run(ServerQueue(server).cancel("p"))
    assert [i[1] for i in server.prompt_queue.pending] == ["q"]
    assert server.posted == []
    asyncio.run(ServerQueue(server).cancel("p"))
    assert server.posted == [{"prompt_id": "p"}]
    named = []
    server.prompt_queue.interrupt_if_running = named.append
    asyncio.run(ServerQueue(server).cancel("p"))
    assert named == ["p"]


def test_what_a_running_prompt_came_with_is_taken_whole_and_sent_again(classes):
    graph = {"1": {"class_type": "Show", "inputs": {}}, "2": {"class_type": "Show", "inputs": {}}}
    data = {"preview_method": "auto", "client_id": "page", "create_time": 5, "extra_pnginfo": {"workflow": {}}}
    server = FakeServer()
    server.prompt_queue.running = [(1, "first", graph, data, ["2"], {"what_pays": "secret"})]
    queue = ServerQueue(server)
    carried = queue.carried("first")
    assert carried.targets == ("2",)
    assert dict(carried.extra) == {"preview_method": "auto", "what_pays": "secret"}
    assert queue.carried("another").extra == {}
    asyncio.run(queue.submit(replace(submission(extra={"workflow": {"id": "w"}}), carried=carried)))
    (body,) = server.posted
    assert body["partial_execution_targets"] == ["2"]
    assert body["extra_data"] == {**carried.extra, "extra_pnginfo": {"workflow": {"id": "w"}}}


def test_a_prompt_that_runs_all_its_outputs_names_none(classes):
    graph = {"1": {"class_type": "Show", "inputs": {}}, "2": {"class_type": "Other", "inputs": {}}}
    server = FakeServer()
    server.prompt_queue.running = [(1, "first", graph, {}, ["1"])]  # five items, as up to 0.3.71
    queue = ServerQueue(server)
    carried = queue.carried("first")
    assert (carried.targets, dict(carried.extra)) == ((), {})
    asyncio.run(queue.submit(submission()))
    assert "partial_execution_targets" not in server.posted[0]


@pytest.fixture
def classes(monkeypatch):
    mappings = {"Show": Box(OUTPUT_NODE=True), "Other": Box(OUTPUT_NODE=False)}
    monkeypatch.setitem(sys.modules, "nodes", Box(NODE_CLASS_MAPPINGS=mappings))


def test_files_that_nodes_tell_are_found_by_node_whatever_they_call_them(tmp_path):
    server = FakeServer()
    video, gif = {"filename": "a.mp4", "subfolder": "video", "type": "output"}, {"filename": "b.gif"}
    outputs = {"9": {"images": [video], "animated": (True,)}, "12": {"gifs": [gif, "text"], "text": ["said"]}}
    server.prompt_queue.history["p"] = {"outputs": outputs}
    queue = ServerQueue(server, find_file=lambda told: tmp_path / told["filename"])
    assert [(one.node, one.path.name) for one in queue.output_files("p")] == [("9", "a.mp4"), ("12", "b.gif")]
    assert queue.output_files("q") == []
    server.prompt_queue.history["p"] = {"outputs": None}
    assert queue.output_files("p") == []
