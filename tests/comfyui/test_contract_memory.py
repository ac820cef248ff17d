"""VRAMGuard and the memory routes over HTTP, on a CPU: nothing is changed, and what is said about RAM is true."""

from __future__ import annotations

import pytest

from .theatre import loop_graph

GIB = 2**30
GUARD = {
    "need_gb": 0.0,
    "margin_gb": 0.0,
    "action": "only if short",
    "may_free": "everything",
    "keep": "connected models",
    "ollama": "unload and wait",
    "if_still_short": "warn",
    "clear_node_cache": False,
}


def guarded_picture(seed=1, **inputs):
    """A picture through the guard, and saved."""
    painter = {"prompt": "a red circle", "negative": "", "seed": seed, "steps": 20, "cfg": 7.0, "width": 64}
    painter |= {"height": 64, "batch_size": 1, "seconds": 0.0}
    return {
        "1": {"class_type": "RehearsalPainter", "inputs": painter},
        "2": {"class_type": "ImitatoesVRAMGuard", "inputs": {"anything": ["1", 0], **GUARD, **inputs}},
        "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "guarded"}},
        "4": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "straight"}},
    }


def failure(entry):
    return dict(entry["status"]["messages"])["execution_error"]


def cached(entry):
    return dict(entry["status"]["messages"])["execution_cached"]["nodes"]


def picture_of(theatre, entry, node):
    image = entry["outputs"][node]["images"][0]
    return (theatre.base / "output" / image["subfolder"] / image["filename"]).read_bytes()


def last_report(theatre):
    return theatre.client.get("/imitatoes/memory")["reports"][0]


def test_the_value_comes_out_unchanged_and_the_report_speaks_of_ram(theatre):
    entry = theatre.client.run(guarded_picture())
    assert picture_of(theatre, entry, "3") == picture_of(theatre, entry, "4")
    report = last_report(theatre)
    assert (report["where"], report["by"], report["node"], report["enough"]) == ("RAM", "guard", "2", True)
    assert report["freed"] == []
    assert any("RAM already" in note for note in report["notes"])
    assert report["lines"][0].startswith("before: ")
    assert entry["outputs"]["2"]["text"] == ["\n".join(report["lines"])]


def test_the_present_state_is_shown(theatre):
    now = theatre.client.get("/imitatoes/memory")["now"]
    assert (now["where"], now["device"], now["dynamic"]) == ("RAM", "cpu", False)
    assert {model["name"] for model in now["ollama"]} == {model["name"] for model in theatre.judge.running()}, (
        "none of those that have expired"
    )
    assert 0 < now["free"] <= now["total"]


def test_short_memory_can_stop_the_run_before_the_step(theatre):
    graph = guarded_picture(seed=2, need_gb=1000.0, if_still_short="stop with error")
    said = failure(theatre.client.run(graph))["exception_message"]
    assert "VRAM Guard (node 2): Only " in said
    assert "1000.0 GiB needed" in said
    assert last_report(theatre)["enough"] is False


def test_short_memory_is_told_and_passes_when_so_wished(theatre):
    entry = theatre.client.run(guarded_picture(seed=3, need_gb=1000.0))
    assert entry["status"]["status_str"] == "success"
    assert entry["outputs"]["2"]["text"][0].count("GiB short") == 1


def test_an_unknown_connection_is_named(theatre):
    error = failure(theatre.client.run(guarded_picture(seed=4, connection="nowhere")))
    assert "VRAM Guard (node 2), input connection: there is no connection 'nowhere'" in error["exception_message"]


def test_an_unchanged_guard_is_cached_unless_it_is_to_unload_always(theatre):
    for action, stays in (("only if short", True), ("always unload all", False)):
        graph = guarded_picture(seed=5, action=action)
        theatre.client.run(graph)
        assert ("2" in cached(theatre.client.run(graph))) is stays


def test_the_node_cache_goes_only_when_asked(theatre):
    graph = guarded_picture(seed=6, clear_node_cache=True)
    theatre.client.run(graph)

    def cleared():
        return (
            "1"
            not in dict(theatre.client.run(guarded_picture(seed=6))["status"]["messages"])["execution_cached"]["nodes"]
        )

    assert theatre.client.wait(cleared)


def test_a_graph_can_be_estimated_before_it_is_queued(theatre):
    status, found = theatre.client.post("/imitatoes/memory/preflight", {"prompt": loop_graph()})
    assert status == 200
    assert found["card"] > GIB
    assert {"models", "decodes", "warnings", "unknown", "lines"} <= set(found)


@pytest.mark.parametrize("body", [{}, {"prompt": {}}, {"prompt": {"1": {"inputs": {}}}}, {"prompt": {}, "x": 1}])
def test_a_wrong_estimate_request_is_refused_in_the_usual_shape(theatre, body):
    status, answer = theatre.client.post("/imitatoes/memory/preflight", body)
    assert status == 400
    assert answer["error"]["message"]
