"""What a user queues a loop with goes with every render, and no render costs money unasked; through a whole server."""

from __future__ import annotations

import json

from .theatre import MODEL, ONE_LINE, SETTINGS, loop_graph, scripted

ACCOUNT = {"api_key_comfy_org": "an account"}


def service_graph(**inputs):
    """The loop with a painter that costs money; nothing but its prompt and seed is steered."""
    graph = loop_graph(**{**ONE_LINE, **inputs})
    graph["6"] = {"class_type": "RehearsalService", "inputs": {"prompt": ["10", 0], "seed": ["10", 2]}}
    return graph


def test_a_loop_that_would_cost_money_is_refused_before_anything_runs(theatre):
    queued = len(theatre.client.get("/history"))
    status, answer = theatre.client.post("/prompt", {"prompt": service_graph(), "extra_data": ACCOUNT})
    assert status == 400
    (error,) = answer["node_errors"]["10"]["errors"]
    assert "paid_renders" in error["details"]
    assert "Node 6 (RehearsalService) costs money" in error["details"]
    assert len(theatre.client.get("/history")) == queued
    assert not theatre.client.running()


def test_so_is_one_that_a_script_posts(theatre):
    status, answer = theatre.client.post("/imitatoes/runs", {"workflow": service_graph()})
    assert status == 400
    assert (answer["error"]["type"], answer["error"]["node"]) == ("paid_nodes", "6")
    assert "limits.paid_renders" in answer["error"]["hint"]


def test_a_node_that_costs_money_but_does_not_run_is_no_reason(theatre):
    theatre.judge.default = scripted(5)
    graph = loop_graph(iterations_per_loop=1, max_loops=1, **ONE_LINE)
    graph["60"] = {"class_type": "RehearsalService", "inputs": {"prompt": "", "seed": 1}}
    assert theatre.played(graph)["status"] == "done"


def test_the_account_goes_with_every_render_and_the_count_ends_the_run(theatre):
    theatre.judge.default = scripted(-3, clause=["one red circle"])
    run = theatre.played(service_graph(paid_renders=2), extra_data=dict(ACCOUNT))
    assert (run["status"], run["paid_used"], run["paid_allowed"]) == ("limit", 2, 2)
    assert [i["number"] for i in run["iterations"]] == [1, 2]
    assert "node 6 (RehearsalService)" in run["reason"]
    folder = theatre.runs_folder / run["run_id"]
    assert all(b"an account" not in path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert "an account" not in json.dumps(theatre.client.get("/history"))


def test_a_script_gives_the_account_in_its_request(theatre):
    theatre.judge.default = scripted(-3, clause=["one red circle"])
    body = {"workflow": service_graph(), "limits": {"paid_renders": 2}, "extra_data": dict(ACCOUNT)}
    status, answer = theatre.client.post("/imitatoes/runs", body)
    assert status == 200, answer
    run = theatre.ended(answer["prompt_id"])
    assert (run["status"], len(run["iterations"])) == ("limit", 2)


def test_without_the_account_the_services_own_words_end_the_run(theatre):
    run = theatre.played(service_graph(paid_renders=3))
    assert run["status"] == "failed"
    assert "Unauthorized" in run["reason"]


def test_every_render_runs_the_outputs_that_the_user_asked_for(theatre):
    theatre.judge.default = scripted(-3, clause=["one red circle"])
    graph = loop_graph(iterations_per_loop=2, max_loops=1, **ONE_LINE)
    for node, source in (("20", "7"), ("21", "6")):
        inputs = {"images": [source, 0], "filename_prefix": f"kept_{node}"}
        graph[node] = {"class_type": "SaveImage", "inputs": inputs}
    run = theatre.played(graph, partial_execution_targets=["11", "20"])
    for iteration in run["iterations"]:
        ran = theatre.client.get(f"/history/{iteration['prompt_id']}")[iteration["prompt_id"]]["outputs"]
        assert set(ran) == {"11", "20"}
    assert len(run["iterations"]) == 2


def test_a_loop_that_reaches_nothing_ends_and_names_both_ends(theatre):
    theatre.judge.default = scripted(-3, clause=["one red circle"])
    graph = loop_graph(**ONE_LINE)
    inputs = {name: 1 if name in ("seed", "steps", "cfg") else "one star" for name in SETTINGS}
    graph["60"] = {"class_type": "RehearsalPainter", "inputs": {**graph["6"]["inputs"], **inputs}}
    graph["61"] = {"class_type": "SaveImage", "inputs": {"images": ["6", 0], "filename_prefix": "steered"}}
    graph["11"]["inputs"].update(images=["60", 0], model=MODEL)
    run = theatre.played(graph)
    assert run["status"] == "no_effect"
    first, *others = [i["duplicate_of"] for i in run["iterations"]]
    seeds = {i["settings"]["seed"] for i in run["iterations"]}
    assert first is None and set(others) == {1}
    assert len(others) == (1 if len(seeds) == 2 else 2), "another seed is certain, other words the second time"
    for part in ("prompt of node 6 (RehearsalPainter)", "node 60 (RehearsalPainter)"):
        assert part in run["reason"]
