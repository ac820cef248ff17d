"""From one queued graph to the end of its run."""

from __future__ import annotations

import json

import pytest

from .theatre import GOAL, MODEL, ONE_LINE, PROMPT, embedded, loop_graph, other_job, pixels, scripted


def test_one_loop_to_done(theatre):
    prompt_id = theatre.client.queue(loop_graph())
    run = theatre.ended(prompt_id)
    assert (run["status"], run["phase"]) == ("done", "waiting"), run["reason"]
    assert run["first_prompt_id"] == prompt_id
    scores = [i["critique"]["score"] for i in run["iterations"]]
    # The surest picture is returned, which need not be the one with the highest score among equals.
    assert max(scores) >= run["best"]["score"] > max(scores) - 0.01 >= 0.8
    assert run["best_iteration"]["critique"]["looks"] == 2
    assert run["iterations"][0]["settings"]["prompt"] == PROMPT
    assert scores[0] < 0.8, "it had something to improve"
    folder = theatre.runs_folder / run["run_id"]
    names = {p.name for p in folder.iterdir()}
    for i in run["iterations"]:
        stem = f"loop_{i['plan']['loop']:02d}_iter_{i['plan']['index']:02d}"
        assert {f"{stem}.png", f"{stem}.json"} <= names
        assert set(i["seconds"]) >= {"render", "judge", "save"}
        assert i["decision"]["reason"]
    assert {"run.json", "graph.json", "best.png", "contact_sheet.jpg"} <= names
    assert not [n for n in names if n.endswith(".part")]
    assert (pixels(folder / "best.png") == pixels(folder / run["best_iteration"]["picture"])).all()


def test_the_judge_is_asked_blind_and_as_ollama_wants_it(theatre):
    run = theatre.played(loop_graph(negative="ugly"))
    looks = theatre.looks()
    for look in looks:
        said = json.dumps(look.body["messages"])
        assert GOAL not in said
        assert PROMPT not in said
        assert "ugly" not in said
        assert look.body["think"] is False
        assert look.body["options"]["num_ctx"] == 8192
        assert look.body["options"]["temperature"] == 0
        assert look.body["stream"] is False
        assert look.body["logprobs"] is True
    assert len(looks) == sum(i["critique"]["looks"] for i in run["iterations"] if i["duplicate_of"] is None)
    assert all(i["critique"]["soft"] for i in run["iterations"])


def test_the_judge_is_shown_a_blank_picture_once_before_it_is_believed(theatre):
    run = theatre.played(loop_graph())
    assert run["status"] == "done"
    (shown,) = theatre.blank_looks()
    told = [i["critique"]["blank"] for i in run["iterations"] if i["critique"]["blank"] is not None]
    assert len(told) == 1
    assert told[0], "it was asked about the requirements that nothing cannot meet"
    assert all(value < 0 for value in told[0].values()), "a judge that reads pixels sees nothing there"
    assert json.dumps(shown.body).count("<task>look</task>") == 1


def test_a_judge_that_says_yes_to_everything_is_found_out(theatre):
    theatre.judge.default = scripted(5, imagines=True)
    run = theatre.played(loop_graph(**ONE_LINE))
    assert "in an empty picture too" in run["iterations"][0]["critique"]["reason"]
    assert (run["status"], run["best_iteration"]["critique"]["passed"]) == ("limit", False)
    assert run["best"]["sure"] < 0.9
    assert len(theatre.blank_looks()) == 1


def test_the_checklist_is_made_once_frozen_and_kept(theatre):
    run = theatre.played(loop_graph())
    asked = [c for c in theatre.judge.chats() if "<task>checklist</task>" in json.dumps(c.body)]
    assert len(asked) == 1
    assert {r["kind"] for r in run["checklist"]["requirements"]} >= {"count", "relation"}
    assert all(r["span"].lower() in GOAL for r in run["checklist"]["requirements"])
    on_disk = json.loads(theatre.picture(run, "run.json").read_text())
    assert on_disk["checklist"]["requirements"] == run["checklist"]["requirements"]
    for i in run["iterations"]:
        assert [item["id"] for item in i["critique"]["items"]] == [r["id"] for r in run["checklist"]["requirements"]]


def test_the_users_own_checklist_is_used_as_it_is(theatre):
    lines = "exactly three red circles\na white background"
    run = theatre.played(loop_graph(checklist=lines, seed=21))
    assert [r["text"] for r in run["checklist"]["requirements"]] == lines.split("\n")
    assert not [c for c in theatre.judge.chats() if "<task>checklist</task>" in json.dumps(c.body)]
    assert embedded(theatre.picture(run, "best.png"))["10"]["inputs"]["checklist"] == lines


def test_an_empty_prompt_is_made_from_the_goal_and_kept(theatre):
    theatre.judge.default = scripted(-3, -3, 5, clause="a red circle in the middle")
    goal = "a red circle, painted in oil, no squares, on a white background"
    run = theatre.played(loop_graph(goal=goal, prompt="", seed=23, **ONE_LINE))
    first, *later = [i["settings"]["prompt"] for i in run["iterations"]]
    assert first == "a red circle, on a white background, painted in oil"
    assert later and all(prompt.startswith(first) for prompt in later)
    graphs = [embedded(theatre.picture(run, i["picture"])) for i in run["iterations"]]
    assert [graph["10"]["inputs"]["prompt"] for graph in graphs] == ["", *later]


def test_limits_end_a_run_and_the_best_is_what_comes_out(theatre):
    theatre.judge.default = scripted(-2, -4, -3, -1)
    run = theatre.played(loop_graph(iterations_per_loop=2, max_loops=2, seed=22, **ONE_LINE))
    assert run["status"] == "limit"
    assert [(i["plan"]["loop"], i["plan"]["index"]) for i in run["iterations"]] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert [i["decision"]["kind"] for i in run["iterations"]] == ["accept", "accept", "reject", "reject"]
    kept = run["iterations"][run["best"]["iteration"] - 1]["picture"]
    assert (pixels(theatre.picture(run, "best.png")) == pixels(theatre.picture(run, kept))).all()


def test_a_single_done_is_not_believed(theatre):
    theatre.judge.default = scripted(5, -2, 5, 5)
    run = theatre.played(loop_graph(seed=23, **ONE_LINE))
    assert (run["status"], len(run["iterations"])) == ("done", 2)


def test_every_picture_carries_the_graph_that_made_it(theatre):
    run = theatre.played(loop_graph())
    last = run["iterations"][-1]
    path = theatre.picture(run, last["picture"])
    graph = embedded(path)
    assert {k: graph["10"]["inputs"][k] for k in last["settings"]} == last["settings"]
    assert not any("is_changed" in node for node in graph.values())
    again = theatre.played(graph)
    assert again["run_id"] != run["run_id"]
    assert (pixels(theatre.picture(again, "loop_01_iter_01.png")) == pixels(path)).all()


def test_an_unchanged_graph_queued_again_starts_a_new_run(theatre):
    graph = loop_graph(iterations_per_loop=1, max_loops=1)
    first, second = theatre.played(graph), theatre.played(graph)
    assert first["run_id"] != second["run_id"]
    assert len(second["iterations"]) == 1
    status = theatre.client.entry(second["first_prompt_id"])["status"]
    cached = next(data["nodes"] for name, data in status["messages"] if name == "execution_cached")
    assert "6" in cached, "only the critic looks again; nothing is rendered twice"


def test_a_critic_of_its_own_is_a_gate_and_cached_by_its_inputs(theatre):
    graph = loop_graph()
    graph["11"]["inputs"] = {"images": ["6", 0], "goal": GOAL, "model": MODEL}
    graph["10"]["inputs"]["seed"] = 77
    entry = theatre.client.run(graph)
    (verdict,) = entry["outputs"]["11"]["imitatoes"]
    assert 0 <= verdict["score"] <= 1
    assert entry["outputs"]["11"]["images"][0]["type"] == "temp"
    asked = len(theatre.looks())
    assert asked
    theatre.client.run(graph)
    assert len(theatre.looks()) == asked
    assert theatre.known(entry["prompt"][1]) is None


def test_each_picture_of_a_batch_is_judged_and_the_best_counts(theatre):
    theatre.judge.default = scripted(-2, -4, -3)
    run = theatre.played(loop_graph(batch=3, iterations_per_loop=1, max_loops=1, **ONE_LINE))
    (iteration,) = run["iterations"]
    assert iteration["batch_index"] == 1
    assert iteration["critique"]["checks"]["artifacts"] == pytest.approx(0.75)
    assert iteration["picture"] == "loop_01_iter_01_b.png"
    assert [one["picture"] for one in iteration["others"]] == ["loop_01_iter_01_a.png", "loop_01_iter_01_c.png"]
    for one in (iteration, *iteration["others"]):
        assert theatre.picture(run, one["picture"]).is_file()
        assert one["source"]["seed"] == iteration["settings"]["seed"], "a batch has one seed, and places"
    assert [one["source"]["place"] for one in (iteration, *iteration["others"])] == [1, 0, 2]


def test_the_same_picture_is_not_judged_twice_and_ends_the_run(theatre):
    graph = loop_graph(iterations_per_loop=3, max_loops=1, checklist="two green stars on the left")
    for name, value in (("prompt", "two green stars"), ("seed", 5), ("negative", "")):
        graph["6"]["inputs"][name] = value  # the loop's changes reach nothing
    theatre.judge.default = scripted(-3, clause=["large green stars", "bright stars", "stars in green"])
    run = theatre.played(graph)
    assert len(theatre.looks()) == 1
    assert [i["duplicate_of"] for i in run["iterations"]] == [None, 1, 1]
    assert [i["decision"]["kind"] for i in run["iterations"]] == ["accept", "reject", "reject"]
    assert run["status"] == "no_effect"
    assert "node 6" in run["reason"]


def test_a_users_job_keeps_its_turn(theatre):
    theatre.judge.default = scripted(-3)
    prompt_id = theatre.client.queue(loop_graph(seconds=0.5, iterations_per_loop=2, max_loops=1, **ONE_LINE))
    theatre.client.wait(lambda: prompt_id in theatre.client.running())
    mine = theatre.client.queue(other_job(0.1))
    run = theatre.ended(prompt_id)
    order = [*theatre.client.get("/history")]
    second = run["iterations"][1]["prompt_id"]
    assert order.index(prompt_id) < order.index(mine) < order.index(second)


def test_two_runs_at_the_same_time_do_not_mix(theatre):
    other_goal = "two green stars on a white background"
    a = theatre.client.queue(loop_graph(seed=3))
    b = theatre.client.queue(loop_graph(seed=4, goal=other_goal, prompt="some green stars"))
    first, second = theatre.ended(a), theatre.ended(b)
    assert (first["goal"], second["goal"]) == (GOAL, other_goal)
    ids = [[i["prompt_id"] for i in run["iterations"]] for run in (first, second)]
    assert not set(ids[0]) & set(ids[1])
    for run, word in ((first, "circle"), (second, "star")):
        for i in run["iterations"]:
            assert word in i["settings"]["prompt"]
            assert i["settings"] == {
                k: embedded(theatre.picture(run, i["picture"]))["10"]["inputs"][k] for k in i["settings"]
            }


def test_a_run_goes_on_with_its_page_closed_and_every_page_hears_of_it(theatre):
    with theatre.client.page() as other:
        with theatre.client.page() as page:
            prompt_id = theatre.client.queue(loop_graph(), client_id=page.client_id)
            page.wait_for(lambda m: m["type"] == "imitatoes.run" and m["data"]["phase"] == "judging")
        run = theatre.ended(prompt_id)
        other.wait_for(lambda m: m["type"] == "imitatoes.run" and m["data"]["waiting"])
        assert {m["run_id"] for m in other.of_type("imitatoes.run")} == {run["run_id"]}
        assert not other.of_type("execution_start"), "ComfyUI's own messages stay with the page that queued"


def test_a_second_page_that_attaches_gets_the_renders_to_come(theatre):
    with theatre.client.page() as page, theatre.client.page() as other:
        prompt_id = theatre.client.queue(loop_graph(seconds=0.4, max_loops=1), client_id=page.client_id)
        page.wait_for(lambda m: m["type"] == "imitatoes.run" and m["data"]["phase"] == "judging")
        status, _ = theatre.client.post(f"/imitatoes/runs/{prompt_id}/attach", {"client_id": other.client_id})
        assert status == 200
        run = theatre.ended(prompt_id)
        last = run["iterations"][-1]["prompt_id"]
        other.wait_for_end(last)
        started = [m["prompt_id"] for m in (*page.of_type("execution_start"), *other.of_type("execution_start"))]
        assert sorted(started) == sorted(i["prompt_id"] for i in run["iterations"]), "none lost, none twice"
        assert last in [m["prompt_id"] for m in other.of_type("execution_start")]


def test_the_page_learns_of_every_step_in_order(theatre):
    with theatre.client.page() as page:
        run = theatre.played(loop_graph(), client_id=page.client_id)
        page.wait_for(lambda m: m["type"] == "imitatoes.run" and m["data"]["waiting"])
        told = page.of_type("imitatoes.run")
        assert [m["revision"] for m in told] == sorted({m["revision"] for m in told})
        assert told[-1]["best"]["score"] == run["best"]["score"]
        started = [m["prompt_id"] for m in page.of_type("execution_start")]
        assert started == [i["prompt_id"] for i in run["iterations"]], "the canvas shows the loop's own prompts"
        for prompt_id in started[1:]:
            announced = next(n for n, m in enumerate(page.messages) if prompt_id in json.dumps(m["data"]))
            assert page.messages[announced]["type"] == "imitatoes.run", "announced before it starts"


def test_embedded_workflow_shows_the_iterations_values(theatre):
    widgets = [GOAL, PROMPT, "", 1, "randomize", 20, 7.0, 4, 3, 0.8, "auto", ""]
    node = {"id": 10, "type": "ImitatoesSelfImprovingPrompt", "widgets_values": widgets, "inputs": []}
    workflow = {"id": "w-1", "nodes": [node], "links": []}
    extra = {"extra_pnginfo": {"workflow": workflow, "other": {"kept": True}}}
    run = theatre.played(loop_graph(), extra_data=extra)
    assert run["workflow_id"] == "w-1"
    for i in run["iterations"]:
        path, settings = theatre.picture(run, i["picture"]), i["settings"]
        shown = embedded(path, "workflow")["nodes"][0]["widgets_values"]
        assert shown[1:7] == [
            *(settings[k] for k in ("prompt", "negative", "seed")),
            "fixed",
            *(settings[k] for k in ("steps", "cfg")),
        ]
        assert embedded(path, "other") == {"kept": True}


def test_past_runs_teach_and_can_be_forgotten(theatre):
    clause = "a frame of gold"
    asked = {"goal": "a red circle in a frame", "prompt": "a red circle", **ONE_LINE}
    theatre.learn(True)
    try:
        theatre.judge.default = scripted(-3, 5, 5, clause=clause)
        first = theatre.played(loop_graph(**asked))
        assert (first["status"], first["iterations"][1]["plan"]["wording"]["clauses"]) == ("done", [clause])
        theatre.judge.default = scripted(-3, 5, 5, clause="something else")
        second = theatre.played(loop_graph(seed=2, **asked))
        assert second["iterations"][1]["plan"]["wording"]["clauses"] == [clause]
        theatre.learn(True)
        theatre.judge.default = scripted(-3, 5, 5, clause="something else")
        third = theatre.played(loop_graph(seed=3, **asked))
        assert third["iterations"][1]["plan"]["wording"]["clauses"] == ["something else"], "the file was deleted"
    finally:
        theatre.learn(False)
