"""Submitting, queueing, history and deletion, as an outside client sees them."""

from __future__ import annotations

import uuid

from .graphs import node, shown, text


def wait_graph(word: str = "wait") -> dict:
    return shown(wait=node("ProbeWait", text=word))


def test_accepted_prompt_keeps_the_clients_id_and_counts_on(comfy):
    wanted = str(uuid.uuid4())
    status, first = comfy.post("/prompt", {"prompt": shown(a=text()), "prompt_id": wanted, "client_id": "x"})
    _, second = comfy.post("/prompt", {"prompt": shown(a=text())})
    assert status == 200
    assert set(first) == {"prompt_id", "number", "node_errors"}
    assert first["prompt_id"] == wanted
    assert second["number"] == first["number"] + 1
    assert uuid.UUID(second["prompt_id"])
    comfy.entry(second["prompt_id"])


def test_history_entry(comfy):
    graph = shown(a=text("hi", count="4"))
    extra = {"extra_pnginfo": {"workflow": {"nodes": []}}}
    prompt_id = comfy.queue(graph, client_id="page-1", extra_data=extra)
    entry = comfy.entry(prompt_id)
    assert set(entry) == {"prompt", "outputs", "status", "meta"}
    number, item_id, prompt, extra_data, outputs = entry["prompt"]
    assert (number >= 0, item_id, outputs) == (True, prompt_id, ["show"])
    assert prompt["a"]["inputs"] == {"text": "hi", "count": 4}, "values are converted in the prompt"
    assert (extra_data["client_id"], extra_data["extra_pnginfo"]) == ("page-1", extra["extra_pnginfo"])
    if comfy.version != "0.3.64":
        assert isinstance(extra_data["create_time"], int)
    assert entry["outputs"] == {"show": {"probe": ["hi"]}}
    meta = {"node_id": "show", "display_node": "show", "parent_node": None, "real_node_id": "show"}
    assert entry["meta"] == {"show": meta}
    status = entry["status"]
    assert (status["status_str"], status["completed"]) == ("success", True)
    assert [kind for kind, _ in status["messages"]] == ["execution_start", "execution_cached", "execution_success"]
    for _, data in status["messages"]:
        assert data["prompt_id"] == prompt_id
        assert isinstance(data["timestamp"], int)
    assert comfy.get("/history")[prompt_id] == entry
    assert comfy.get(f"/history/{uuid.uuid4()}") == {}


def test_sensitive_values_stay_out_of_history(comfy):
    entry = comfy.run(shown(a=text()), extra_data={"api_key_comfy_org": "secret"})
    assert "secret" not in str(entry)


def test_history_pages(comfy):
    ids = [comfy.queue(shown(a=text(f"{number}"))) for number in range(4)]
    comfy.entry(ids[-1])
    assert list(comfy.get("/history?max_items=2")) == ids[2:]
    assert list(comfy.get("/history?max_items=2&offset=1")) == ids[1:3]


def test_delete_and_clear_history(comfy):
    first, second = (comfy.queue(shown(a=text(word))) for word in ("one", "two"))
    comfy.entry(second)
    assert comfy.post("/history", {"delete": [first]})[0] == 200
    assert list(comfy.get("/history")) == [second]
    comfy.post("/history", {"clear": True})
    assert comfy.get("/history") == {}


def test_queue_order_number_and_front(comfy):
    running = comfy.queue(wait_graph())
    comfy.wait(lambda: comfy.running() == [running])
    last = comfy.queue(wait_graph("later"))
    numbered = comfy.queue(wait_graph("numbered"), number=0.5)
    front = comfy.queue(wait_graph("front"), front=True)
    status = comfy.get("/prompt")
    assert status == {"exec_info": {"queue_remaining": 4}}
    queue = comfy.get("/queue")
    assert [len(item) for item in queue["queue_pending"]] == [5, 5, 5]
    by_number = sorted(queue["queue_pending"], key=lambda item: item[0])
    assert [item[1] for item in by_number] == [front, numbered, last]
    comfy.set_state(gate_open=True)
    comfy.entry(last)
    order = list(comfy.get("/history"))
    assert order == [running, front, numbered, last]


def test_delete_pending_leaves_no_trace(comfy):
    running, deleted = comfy.queue(wait_graph()), comfy.queue(wait_graph("deleted"))
    comfy.wait(lambda: comfy.running() == [running])
    assert comfy.post("/queue", {"delete": [deleted]})[0] == 200
    assert comfy.pending() == []
    comfy.post("/queue", {"delete": [running]})
    assert comfy.running() == [running], "what runs is not deleted"
    comfy.set_state(gate_open=True)
    assert comfy.entry(running)["status"]["completed"]
    assert comfy.get(f"/history/{deleted}") == {}


def test_clear_queue_keeps_what_runs(comfy):
    running = comfy.queue(wait_graph())
    comfy.wait(lambda: comfy.running() == [running])
    waiting = [comfy.queue(wait_graph(str(number))) for number in range(3)]
    comfy.post("/queue", {"clear": True})
    assert (comfy.running(), comfy.pending()) == ([running], [])
    comfy.set_state(gate_open=True)
    assert comfy.entry(running)["status"]["completed"]
    assert not set(waiting) & set(comfy.get("/history"))


def test_partial_execution_runs_only_the_targets(comfy):
    graph = {**shown(a=text("one")), "other": node("ProbeShow", value="two")}
    entry = comfy.run(graph, partial_execution_targets=["other"])
    assert entry["outputs"] == {"other": {"probe": ["two"]}}
    assert entry["prompt"][4] == ["other"]


def test_in_process_submission_and_waiting(comfy):
    prompt_id = str(uuid.uuid4())
    body = {"prompt": wait_graph(), "prompt_id": prompt_id, "client_id": "pack", "extra_data": {}}
    _, answer = comfy.post("/probe/submit", {"path": "/prompt", "body": body})
    assert (answer["status"], answer["body"]["prompt_id"]) == (200, prompt_id)
    comfy.wait(lambda: comfy.running() == [prompt_id])

    _, seen = comfy.post("/probe/history", {"prompt_id": prompt_id})
    assert seen == {"running": [prompt_id], "pending": [], "status": None, "unknown": {}, "deleted": False}

    body = {**body, "prompt_id": str(uuid.uuid4()), "prompt": wait_graph("second")}
    comfy.post("/probe/submit", {"path": "/prompt", "body": body})
    _, seen = comfy.post("/probe/history", {"prompt_id": body["prompt_id"]})
    assert (seen["pending"], seen["deleted"]) == ([body["prompt_id"]], True)
    assert comfy.pending() == []

    comfy.post("/probe/submit", {"path": "/interrupt", "body": {"prompt_id": prompt_id}})
    comfy.entry(prompt_id)
    _, seen = comfy.post("/probe/history", {"prompt_id": prompt_id})
    assert (seen["running"], seen["status"]["status_str"], seen["status"]["completed"]) == ([], "error", False)


def test_on_prompt_handler_may_change_the_body(comfy):
    renamed = str(uuid.uuid4())
    comfy.set_state(rename=renamed)
    _, answer = comfy.post("/prompt", {"prompt": shown(a=text())})
    assert answer["prompt_id"] == renamed
    comfy.entry(renamed)
