"""What the page is told, in which order; errors and interrupts."""

from __future__ import annotations

import io
import json
import struct
import uuid

import pytest
from PIL import Image

from .graphs import node, shown, text


def kinds(messages) -> list[str]:
    """Event names, with what `executing` names."""
    return [f"executing {one['data']['node']}" if one["type"] == "executing" else one["type"] for one in messages]


def test_status_first_and_features(comfy):
    with comfy.page(first={"type": "feature_flags", "data": {"supports_preview_metadata": True}}) as page:
        flags = page.wait_for(lambda one: one["type"] == "feature_flags")["data"]
        first = page.messages[0]
        assert first["type"] == "status"
        assert first["data"]["sid"] == page.client_id
        assert first["data"]["status"] == {"exec_info": {"queue_remaining": 0}}
        assert flags["supports_preview_metadata"] is True
        assert comfy.get("/features")["supports_preview_metadata"] is True


def test_order_of_events(comfy):
    with comfy.page() as page:
        page.wait_for(lambda one: one["type"] == "status")
        page.messages.clear()
        prompt_id = comfy.queue(shown(a=text()), client_id=page.client_id)
        messages = page.wait_for_end(prompt_id)
    names = [name for name in kinds(messages) if name != "status"]
    assert names == [
        "execution_start",
        "execution_cached",
        "progress_state",
        "executing a",
        "progress_state",
        "progress_state",
        "executing show",
        "executed",
        "progress_state",
        "execution_success",
        "executing None",
    ]
    assert kinds(messages)[-2:] == ["status", "executing None"], "history is written before the last status"
    (executed,) = page.of_type("executed")
    shown_there = {"node": "show", "display_node": "show", "output": {"probe": ["hello"]}, "prompt_id": prompt_id}
    assert executed == shown_there
    first = page.of_type("executing")[0]
    assert first == {"node": "a", "display_node": "a", "prompt_id": prompt_id}
    state = page.of_type("progress_state")[1]
    assert state["prompt_id"] == prompt_id
    assert state["nodes"]["a"] == {
        "value": 1.0,
        "max": 1.0,
        "state": "finished",
        "node_id": "a",
        "prompt_id": prompt_id,
        "display_node_id": "a",
        "parent_node_id": None,
        "real_node_id": "a",
    }


def test_cached_outputs_are_sent_again(comfy):
    with comfy.page() as page:
        comfy.run(shown(a=text()), client_id=page.client_id)
        page.messages.clear()
        prompt_id = comfy.queue(shown(a=text()), client_id=page.client_id)
        messages = page.wait_for_end(prompt_id)
    assert set(page.of_type("execution_cached")[0]["nodes"]) == {"a", "show"}
    assert page.of_type("executed")[0]["output"] == {"probe": ["hello"]}
    assert "executing a" not in kinds(messages)


def test_other_pages_hear_only_status(comfy):
    with comfy.page() as mine, comfy.page() as other:
        other.wait_for(lambda one: one["type"] == "status")
        prompt_id = comfy.queue(shown(a=text()), client_id=mine.client_id)
        mine.wait_for_end(prompt_id)
        comfy.post("/probe/tell", {"data": {"to": "all"}})
        other.wait_for(lambda one: one["type"] == "probe.told")
        assert {one["type"] for one in other.messages} == {"status", "probe.told"}


def test_without_client_everybody_hears_progress_only(comfy):
    with comfy.page() as page:
        _, answer = comfy.post("/prompt", {"prompt": shown(a=text())})
        comfy.entry(answer["prompt_id"])
        comfy.post("/probe/tell", {"data": 1, "sid": page.client_id})
        page.wait_for(lambda one: one["type"] == "probe.told")
        assert {one["type"] for one in page.messages} == {"status", "progress_state", "probe.told"}


def test_messages_to_one_page(comfy):
    with comfy.page() as one, comfy.page() as two:
        comfy.post("/probe/tell", {"data": {"n": 1}, "sid": one.client_id})
        comfy.post("/probe/tell", {"data": {"n": 2}})
        two.wait_for(lambda message: message["type"] == "probe.told")
        one.wait_for(lambda message: message["data"] == {"n": 2})
        assert one.of_type("probe.told") == [{"n": 1}, {"n": 2}]
        assert two.of_type("probe.told") == [{"n": 2}]


def test_progress(comfy):
    with comfy.page() as page:
        prompt_id = comfy.queue(shown(w=node("ProbeWait", text="x")), client_id=page.client_id)
        told = page.wait_for(lambda one: one["type"] == "progress")["data"]
        assert told == {"value": told["value"], "max": 1000, "prompt_id": prompt_id, "node": "w"}
        comfy.set_state(gate_open=True)
        page.wait_for_end(prompt_id)
    running = [one["nodes"]["w"] for one in page.of_type("progress_state") if one["nodes"]["w"]["value"] >= 1]
    assert (running[0]["max"], running[0]["state"]) == (1000, "running")


def painting() -> dict[str, dict[str, object]]:
    inputs = {"prompt": "", "negative": "", "seed": 3, "steps": 20, "cfg": 7.0}
    inputs |= {"width": 64, "height": 64, "batch_size": 1, "seconds": 0.2}
    return {"a": node("RehearsalPainter", **inputs), "b": node("PreviewImage", images=["a", 0])}


def test_previews_go_to_a_page_that_can_read_them(comfy):
    with comfy.page(first={"type": "feature_flags", "data": {"supports_preview_metadata": True}}) as page:
        page.wait_for(lambda one: one["type"] == "feature_flags")
        prompt_id = comfy.queue(painting(), client_id=page.client_id)
        page.wait_for_end(prompt_id)
        frame = page.of_type("binary")[0]
    kind, length = struct.unpack(">II", frame[:8])
    told = json.loads(frame[8 : 8 + length])
    assert kind == 4
    assert (told["prompt_id"], told["node_id"], told["image_type"]) == (prompt_id, "a", "image/jpeg")
    with Image.open(io.BytesIO(frame[8 + length :])) as picture:
        assert picture.format == "JPEG"


def test_a_page_that_comes_late_hears_what_runs(comfy):
    client_id = str(uuid.uuid4())
    comfy.queue(shown(w=node("ProbeWait", text="x")), client_id=client_id)
    comfy.wait(lambda: comfy.calls("wait"))
    with comfy.page(client_id) as page:
        assert page.wait_for(lambda one: one["type"] == "executing")["data"] == {"node": "w"}
    comfy.set_state(gate_open=True)


@pytest.mark.parametrize(
    ("class_type", "how", "exception"),
    [
        ("ProbeFail", "raise", "ValueError"),
        ("ProbeFail", "return", "Exception"),
        ("ProbeFailLater", None, "ValueError"),
    ],
)
def test_node_error(comfy, class_type, how, exception):
    inputs = {"text": ["a", 0], **({"how": how} if how else {})}
    with comfy.page() as page:
        graph = shown(a=text("hello"), bad=node(class_type, **inputs))
        prompt_id = comfy.queue(graph, client_id=page.client_id)
        messages = page.wait_for_end(prompt_id)
    entry = comfy.entry(prompt_id)
    status = entry["status"]
    assert (status["status_str"], status["completed"]) == ("error", False)
    kind, data = status["messages"][-1]
    assert kind == "execution_error"
    assert set(data) == {
        "prompt_id",
        "node_id",
        "node_type",
        "executed",
        "exception_message",
        "exception_type",
        "traceback",
        "current_inputs",
        "current_outputs",
        "timestamp",
    }
    assert (data["node_id"], data["node_type"], data["executed"]) == ("bad", class_type, ["a"])
    assert data["exception_type"] == exception
    if exception == "ValueError":
        assert data["exception_message"] == "probe says hello\n"
    assert data["traceback"] and all(isinstance(line, str) for line in data["traceback"])
    # Of a node that was awaited, the inputs are no longer told.
    expected = {} if class_type == "ProbeFailLater" else {"text": ["hello"], "how": [how]}
    assert data["current_inputs"] == expected
    assert set(data["current_outputs"]) == {"a", "bad", "show"}
    assert page.of_type("execution_error") == [data]
    assert "execution_success" not in kinds(messages)
    assert entry["outputs"] == {}


def test_out_of_memory(comfy):
    entry = comfy.run(shown(bad=node("ProbeFail", text="x", how="memory")))
    data = entry["status"]["messages"][-1][1]
    assert data["exception_message"].startswith("probe is full\nThis error means you ran out of memory")
    assert "OutOfMemoryError" in data["exception_type"]


def test_the_next_prompt_runs_after_an_error(comfy):
    comfy.run(shown(bad=node("ProbeFail", text="x", how="raise")))
    assert comfy.run(shown(a=text()))["status"]["completed"]


@pytest.mark.parametrize("kind", ["ProbeWait", "ProbeWaitAsync"])
def test_interrupt(comfy, kind):
    with comfy.page() as page, comfy.page() as other:
        prompt_id = comfy.queue(shown(w=node(kind, text="x")), client_id=page.client_id)
        after = comfy.queue(shown(a=text("after")), client_id=page.client_id)
        comfy.wait(lambda: comfy.calls("wait"))
        comfy.post("/interrupt", {"prompt_id": str(uuid.uuid4())})
        comfy.post("/interrupt", {"prompt_id": after})
        assert comfy.running() == [prompt_id]
        assert comfy.post("/interrupt", {"prompt_id": prompt_id})[0] == 200
        page.wait_for_end(after)
        told = page.of_type("execution_interrupted")
        assert told, "the page that queued it hears of it"
        assert {one["type"] for one in other.messages} == {"status"}
    entry = comfy.entry(prompt_id)
    assert (entry["status"]["status_str"], entry["status"]["completed"]) == ("error", False)
    name, data = entry["status"]["messages"][-1]
    assert name == "execution_interrupted"
    assert set(data) == {"prompt_id", "node_id", "node_type", "executed", "timestamp"}
    assert (data["node_id"], data["node_type"], data["executed"]) == ("w", kind, [])
    assert told == [data]
    assert comfy.entry(after)["status"]["completed"]


def test_interrupt_of_whatever_runs(comfy):
    prompt_id = comfy.queue(shown(w=node("ProbeWait", text="x")))
    comfy.wait(lambda: comfy.calls("wait"))
    assert comfy.ask("POST", "/interrupt")[0] == 200
    assert comfy.entry(prompt_id)["status"]["messages"][-1][0] == "execution_interrupted"


def test_interrupt_while_nothing_runs_is_lost(comfy):
    comfy.post("/interrupt", {})
    comfy.wait(lambda: comfy.get("/probe/host")["interrupted"])
    assert comfy.run(shown(a=text()))["status"]["completed"]
    assert not comfy.get("/probe/host")["interrupted"]


def test_an_interrupted_branch_does_not_run_on(comfy):
    graph = {**shown(w=node("ProbeWait", text="x")), "z": node("ProbeFail", text=["w", 0], how="pass")}
    graph["later"] = node("ProbeShow", value=["z", 0])
    prompt_id = comfy.queue(graph)
    comfy.wait(lambda: comfy.calls("wait"))
    comfy.post("/interrupt", {"prompt_id": prompt_id})
    comfy.entry(prompt_id)
    assert comfy.calls("show") == []


def test_others_run_while_a_node_awaits(comfy):
    graph = {"w": node("ProbeWaitAsync", text="x"), "show": node("ProbeShow", value=["w", 0]), **shown_beside()}
    prompt_id = comfy.queue(graph)
    comfy.wait(lambda: [one for one in comfy.calls("show") if one["values"]["value"] == "beside"])
    assert comfy.running() == [prompt_id]
    comfy.set_state(gate_open=True)
    assert comfy.entry(prompt_id)["outputs"] == {"show": {"probe": ["x"]}, "beside_show": {"probe": ["beside"]}}


def shown_beside() -> dict:
    return {"beside": text("beside"), "beside_show": node("ProbeShow", value=["beside", 0])}


def test_the_nodes_own_view(comfy):
    extra = {"extra_pnginfo": {"workflow": {"id": "w"}}}
    prompt_id = comfy.queue(shown(a=text()), extra_data=extra)
    comfy.entry(prompt_id)
    (call,) = comfy.calls("show")
    assert call["context"] == [prompt_id, "show", 0]
    assert call["values"] == {
        "value": "hello",
        "unique_id": "show",
        "prompt_nodes": ["a", "show"],
        "extra_pnginfo": extra["extra_pnginfo"],
        "not_asked": True,
        "thread": "Thread-1 (prompt_worker)",
        "on_server_loop": False,
        "class_name": "ProbeShowClone",
        "writable": False,
    }
