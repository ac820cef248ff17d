"""What users, other jobs and broken machines do to a run."""

from __future__ import annotations

import json
import os
import shutil
import time

import pytest
from pack.rehearsal.ollama_double import Reply

from .theatre import ONE_LINE, loop_graph, opened, other_job, scripted


def first_judged(run):
    return len(run["iterations"]) >= 1


def queued_behind_a_job(theatre):
    """A run whose second iteration waits behind a job of the user's; (prompt id, second prompt id, job id)."""
    theatre.judge.default = scripted(-3, clause="more snow")
    prompt_id = theatre.client.queue(loop_graph(seconds=0.3, seed=time.time_ns() % 10**6, **ONE_LINE))
    theatre.client.wait(lambda: prompt_id in theatre.client.running())
    job = theatre.client.queue(other_job(30.0, seed=time.time_ns() % 10**6))
    run = theatre.until(prompt_id, lambda run: run["pending"] and run["pending"]["number"] == 2)
    second = run["pending"]["prompt_id"]
    theatre.client.wait(lambda: theatre.client.pending() == [second] and theatre.client.running() == [job])
    return prompt_id, second, job


def interrupt(theatre, prompt_id):
    theatre.client.post("/interrupt", {"prompt_id": prompt_id})


def test_interrupt_while_rendering_ends_the_run_and_keeps_the_best(theatre):
    theatre.judge.default = scripted(-3)
    prompt_id = theatre.client.queue(loop_graph(seconds=1.0, seed=51, **ONE_LINE))
    run = theatre.until(prompt_id, lambda run: run["pending"] and run["pending"]["number"] == 2)
    theatre.client.wait(lambda: theatre.client.running() == [run["pending"]["prompt_id"]])
    interrupt(theatre, run["pending"]["prompt_id"])
    run = theatre.ended(prompt_id)
    assert (run["status"], run["best"]["iteration"]) == ("interrupted", 1)
    assert theatre.picture(run, "best.png").is_file()
    assert not theatre.client.pending()


def test_interrupt_while_judging_ends_within_a_second_and_ollama_stops(theatre):
    theatre.judge.script.append(Reply(kind="hang_headers"))
    prompt_id = theatre.client.queue(loop_graph(**ONE_LINE))
    theatre.client.wait(lambda: theatre.looks())
    pressed = time.monotonic()
    interrupt(theatre, prompt_id)
    run = theatre.ended(prompt_id)
    assert time.monotonic() - pressed < 1.0
    assert run["status"] == "interrupted"
    assert theatre.judge.wait_for(lambda: theatre.judge.disconnects(), 2.0), "the server saw the client leave"


def test_deleting_the_pending_iteration_ends_the_run(theatre):
    prompt_id, second, job = queued_behind_a_job(theatre)
    theatre.client.post("/queue", {"delete": [second]})
    run = theatre.ended(prompt_id)
    assert (run["status"], run["best"]["iteration"]) == ("deleted", 1)
    assert theatre.client.running() == [job], "the user's own job goes on"
    interrupt(theatre, job)


def test_clearing_the_queue_ends_the_run(theatre):
    prompt_id, _, job = queued_behind_a_job(theatre)
    theatre.client.post("/queue", {"clear": True})
    assert theatre.ended(prompt_id)["status"] == "deleted"
    interrupt(theatre, job)


def test_stopping_takes_out_only_our_own_prompt(theatre):
    prompt_id, _, job = queued_behind_a_job(theatre)
    mine = theatre.client.queue(other_job(0.0, seed=1))
    status, _ = theatre.client.post(f"/imitatoes/runs/{prompt_id}/stop", {})
    assert status == 200
    assert theatre.ended(prompt_id)["status"] == "stopped"
    assert theatre.client.running() == [job]
    assert theatre.client.pending() == [mine]
    interrupt(theatre, job)


def test_stop_now_interrupts_the_render_at_hand(theatre):
    theatre.judge.default = scripted(-3)
    prompt_id = theatre.client.queue(loop_graph(seconds=2.0, seed=52, **ONE_LINE))
    run = theatre.until(prompt_id, lambda run: run["pending"] and run["pending"]["number"] == 2)
    theatre.client.wait(lambda: theatre.client.running() == [run["pending"]["prompt_id"]])
    pressed = time.monotonic()
    theatre.client.post(f"/imitatoes/runs/{prompt_id}/stop", {})
    run = theatre.ended(prompt_id)
    assert time.monotonic() - pressed < 1.5
    assert (run["status"], len(run["iterations"])) == ("stopped", 1)


def test_a_run_can_be_stopped_in_its_very_first_render(theatre):
    prompt_id = theatre.client.queue(loop_graph(seconds=20.0, seed=54))
    begun = theatre.until(prompt_id, lambda run: run["phase"] == "rendering")
    assert (begun["iterations"], begun["pending"]["number"]) == ([], 1)
    theatre.client.post(f"/imitatoes/runs/{prompt_id}/stop", {})
    assert theatre.ended(prompt_id)["status"] == "stopped"
    assert theatre.client.entry(prompt_id)["status"]["status_str"] == "error"


def test_an_interrupted_first_render_can_be_continued(theatre):
    prompt_id = theatre.client.queue(loop_graph(seconds=5.0, seed=55))
    theatre.until(prompt_id, lambda run: run["phase"] == "rendering")
    interrupt(theatre, prompt_id)
    run = theatre.ended(prompt_id)
    assert (run["status"], run["iterations"], run["best"]) == ("interrupted", [], None)


def test_stop_after_this_iteration(theatre):
    theatre.judge.default = scripted(-3)
    prompt_id = theatre.client.queue(loop_graph(seconds=0.5, seed=53, **ONE_LINE))
    theatre.until(prompt_id, first_judged)
    theatre.client.post(f"/imitatoes/runs/{prompt_id}/stop", {"after_this": True})
    run = theatre.ended(prompt_id)
    assert (run["status"], len(run["iterations"])) == ("stopped", 2)


def test_a_node_error_in_the_middle_names_the_node_and_keeps_the_best(theatre):
    theatre.judge.default = scripted(-3, clause="a golden frame")
    run = theatre.played(loop_graph(fail_when="golden", **ONE_LINE))
    assert run["status"] == "failed"
    assert run["best"]["iteration"] <= len(run["iterations"]) and run["best"]["image"] == "best.png"
    assert "RehearsalFail (node 7) failed: the paint ran out" in run["reason"]
    assert theatre.played(loop_graph(seed=8, max_loops=1, iterations_per_loop=1))["status"] == "limit"


def test_clearing_the_history_does_not_end_a_run(theatre):
    theatre.judge.default = scripted(-3)
    prompt_id = theatre.client.queue(loop_graph(seconds=0.3, iterations_per_loop=3, max_loops=1, **ONE_LINE))
    theatre.until(prompt_id, first_judged)
    theatre.client.post("/history", {"clear": True})
    run = theatre.ended(prompt_id)
    assert (run["status"], len(run["iterations"])) == ("limit", 3)


def test_continue_with_a_further_instruction(theatre):
    run = theatre.played(loop_graph())
    assert run["status"] == "done"
    words = "and exactly one green star"
    status, going = theatre.client.post(f"/imitatoes/runs/{run['run_id']}/continue", {"instruction": words})
    assert (status, going["status"]) == (200, "running")
    ended = theatre.ended(run["run_id"])
    assert len(ended["iterations"]) > len(run["iterations"])
    assert words in ended["goal"]
    assert words in ended["iterations"][-1]["settings"]["prompt"]
    assert ended["best"]["iteration"] > len(run["iterations"]), "the old pictures do not show the star"
    assert ended["status"] == "done"


def test_the_queue_is_free_while_a_run_waits_for_instructions(theatre):
    theatre.played(loop_graph())
    assert theatre.client.run(other_job(0.0, seed=2))["status"]["status_str"] == "success"


def test_two_loops_in_one_graph_are_refused_before_anything_is_rendered(theatre):
    graph = loop_graph(seconds=20.0, seed=31)
    graph["12"] = {"class_type": "ImitatoesVLMCritique", "inputs": dict(graph["11"]["inputs"])}
    entry = theatre.client.run(graph)
    error = dict(entry["status"]["messages"])["execution_error"]
    assert "11, 12" in error["exception_message"]
    assert not theatre.looks()


@pytest.mark.parametrize(
    ("critic", "words"),
    [
        ({"model": "qwen2.5-vl:7b", "judge": "ollama"}, "qwen2.5vl:7b"),
        ({"model": "qwen2.5-vl:7b"}, "qwen2.5vl:7b"),
        ({"model": "text-only", "judge": "ollama"}, "see"),
        ({"connection": "http://192.0.2.1:11434"}, "connection"),
        ({"checks": "beauty"}, "prompt_match"),
        ({"keep_alive": "soon"}, "keep_alive"),
    ],
)
def test_wrong_inputs_are_explained_before_anything_is_rendered(theatre, critic, words):
    entry = theatre.client.run(loop_graph(seconds=20.0, seed=32, critic=critic))
    error = dict(entry["status"]["messages"])["execution_error"]
    assert words in error["exception_message"]
    assert "VLM Critique (node 11)" in error["exception_message"]
    assert "Traceback" not in error["exception_message"]
    assert not theatre.looks()


def test_an_empty_goal_is_explained(theatre):
    entry = theatre.client.run(loop_graph(goal="  ", seed=33))
    error = dict(entry["status"]["messages"])["execution_error"]
    assert error["node_id"] == "10", "the node that has the goal, not the one that misses it"
    said = "Self-Improving Prompt (node 10), input goal: is empty. Write there what the picture must show."
    assert error["exception_message"].strip() == said
    assert not theatre.looks()


def test_a_wrong_checklist_is_explained_on_the_node_that_has_it(theatre):
    lines = "\n".join(f"thing {number}" for number in range(31))
    entry = theatre.client.run(loop_graph(checklist=lines, seconds=20.0, seed=34))
    error = dict(entry["status"]["messages"])["execution_error"]
    assert error["node_id"] == "10"
    assert error["exception_message"].startswith("Self-Improving Prompt (node 10), input checklist: ")


def test_without_a_loop_an_empty_goal_is_fine(theatre):
    graph = loop_graph(goal="", seed=35)
    del graph["11"]
    graph["12"] = {"class_type": "PreviewImage", "inputs": {"images": ["6", 0]}}
    assert theatre.client.run(graph)["status"]["status_str"] == "success"


def test_an_answer_nobody_can_read_is_asked_for_again_then_named(theatre):
    theatre.judge.default = Reply(content="I would give it 8 out of 10.")
    run = theatre.played(loop_graph(**ONE_LINE))
    assert run["status"] == "judge_failed"
    assert [i["critique"]["outcome"] for i in run["iterations"]] == ["unreadable", "unreadable"]
    assert run["best"] == {"iteration": 2, "score": None, "image": "best.png", "sure": None, "clip": None}, (
        "the latest, not judged"
    )
    assert all(i["picture"] for i in run["iterations"]), "the pictures are kept"
    assert len(theatre.looks()) == 4


def test_one_unreadable_answer_does_not_end_a_run(theatre):
    theatre.judge.script.append(Reply(content="nonsense"))
    theatre.judge.script.append(Reply(content="nonsense"))
    run = theatre.played(loop_graph(seed=61, checklist="exactly three red circles\na white background"))
    assert run["status"] == "done"
    assert run["iterations"][0]["critique"]["outcome"] == "unreadable"


def test_a_model_that_dies_in_the_middle_leaves_the_run_with_its_best(theatre):
    first = scripted(-3)
    looked = []

    def dies(body, images):
        looked.append(body)
        return first(body, images)

    theatre.judge.default = dies
    prompt_id = theatre.client.queue(loop_graph(seconds=0.3, seed=62, **ONE_LINE))
    theatre.client.wait(lambda: looked)
    theatre.judge.default = Reply(kind="oom")
    run = theatre.ended(prompt_id)
    assert (run["status"], run["best"]["iteration"]) == ("judge_failed", 1)
    assert "memory" in run["reason"]


def test_the_offline_judge_says_that_it_cannot_see(theatre):
    run = theatre.played(loop_graph(critic={"judge": "offline"}))
    assert (run["status"], len(run["iterations"])) == ("unverified", 1)
    assert run["iterations"][0]["critique"]["sees_content"] is False
    assert run["best"] == {"iteration": 1, "score": None, "image": "best.png", "sure": None, "clip": None}
    assert not theatre.looks()


def test_without_ollama_auto_checks_offline_and_says_so_and_ollama_stops_before_the_render(theatre):
    nobody = {"connections": {"nobody": {"url": "http://127.0.0.1:9"}}}
    folders = [theatre.base / "user" / name for name in ("__imitatoes", "imitatoes")]  # 0.8.0 and later, 0.3.64
    for folder in folders:
        folder.mkdir(exist_ok=True)
        (folder / "settings.json").write_text(json.dumps(nobody))
    try:
        run = theatre.played(loop_graph(seed=42, critic={"connection": "nobody"}))
        assert run["status"] == "unverified"
        assert "http://127.0.0.1:9" in run["reason"]
        assert "cannot see" in run["reason"]
        entry = theatre.client.run(
            loop_graph(seed=43, seconds=20.0, critic={"connection": "nobody", "judge": "ollama"})
        )
        assert "http://127.0.0.1:9" in dict(entry["status"]["messages"])["execution_error"]["exception_message"]
    finally:
        for folder in folders:
            (folder / "settings.json").unlink()


def test_a_folder_that_cannot_be_written_ends_the_run_and_comfyui_goes_on(theatre, tmp_path):
    aside = tmp_path / "aside"
    if theatre.runs_folder.exists():
        shutil.move(theatre.runs_folder, aside)
    theatre.runs_folder.write_text("a file where the folder should be")
    try:
        run = theatre.played(loop_graph(seed=41))
        assert run["status"] == "unsaved"
        assert "could not be written" in run["reason"]
        assert theatre.client.run(other_job(0.0, seed=3))["status"]["status_str"] == "success"
    finally:
        os.remove(theatre.runs_folder)
        if aside.exists():
            shutil.move(aside, theatre.runs_folder)


@pytest.fixture
def own_server(server, tmp_path):
    """A server of the test's own, to be killed."""
    with opened(tmp_path / "base", server.process.comfyui_path, server.process.python) as theatre:
        yield theatre


def test_a_killed_server_loses_nothing(own_server):
    theatre = own_server
    theatre.judge.default = scripted(-3)
    prompt_id = theatre.client.queue(loop_graph(seconds=0.5, **ONE_LINE))
    run = theatre.until(prompt_id, lambda run: len(run["iterations"]) == 2)
    run_id, before = run["run_id"], run["iterations"]
    theatre.process.kill()
    theatre.client.close()
    theatre.start()
    (row,) = theatre.client.get("/imitatoes/runs")["runs"]
    assert (row["run_id"], row["status"], row["iteration_count"]) == (run_id, "suspended", 2)
    status, _ = theatre.client.post(f"/imitatoes/runs/{run_id}/resume", {"client_id": "reloaded"})
    assert status == 200
    theatre.until(run_id, lambda run: len(run["iterations"]) == 3)
    theatre.client.post(f"/imitatoes/runs/{run_id}/stop", {})
    run = theatre.ended(run_id)
    assert run["iterations"][:2] == before
    assert [i["number"] for i in run["iterations"]][:3] == [1, 2, 3]
    assert run["iterations"][2]["settings"] != before[1]["settings"]


def test_forty_iterations_stay_flat_in_memory(own_server):
    theatre = own_server
    theatre.judge.default = scripted(-3)
    prompt_id = theatre.client.queue(loop_graph(size=512, iterations_per_loop=20, max_loops=1, **ONE_LINE))
    theatre.until(prompt_id, lambda run: len(run["iterations"]) >= 5)
    early = theatre.process.memory_mb()
    run = theatre.ended(prompt_id)
    while len(run["iterations"]) < 40:
        theatre.client.post(f"/imitatoes/runs/{run['run_id']}/continue", {})
        run = theatre.ended(run["run_id"])
    assert run["status"] in ("limit", "no_progress"), run["reason"]
    assert theatre.process.memory_mb() - early < 80


def scarce(name, times, **fields):
    """The painted pictures pass through a node that is out of memory so many times."""
    graph = loop_graph(**ONE_LINE, **fields)
    graph["8"] = {
        "class_type": "RehearsalScarce",
        "inputs": {"anything": ["6", 0], "name": name, "times": times, "largest": 0},
    }
    graph["7"]["inputs"]["images"] = ["8", 0]
    return graph


def test_out_of_memory_once_is_unloaded_and_rendered_again(theatre):
    theatre.judge.default = scripted(5)
    run = theatre.played(scarce("once", 1, seed=71))
    assert (run["status"], len(run["iterations"])) == ("done", 1)
    (recovery,) = run["recoveries"]
    assert (recovery["number"], recovery["kind"]) == (1, "unload")
    assert "out of memory" in recovery["error"] and "node 8" in recovery["sentence"].lower()
    assert run["iterations"][0]["prompt_id"] != run["first_prompt_id"], "the second try has a prompt of its own"


def test_out_of_memory_for_good_ends_the_run_and_says_what_was_tried(theatre):
    theatre.judge.default = scripted(-3, clause="a golden frame")
    graph = scarce("always", 99, seed=72)
    run = theatre.played(graph)
    assert (run["status"], run["best"]) == ("failed", None)
    assert "out of memory" in run["reason"] and "Tried already" in run["reason"]
    assert theatre.played(loop_graph(seed=8, max_loops=1, iterations_per_loop=1))["status"] == "limit"


def test_a_render_over_its_limit_is_interrupted_and_tried_once_more(theatre):
    run = theatre.played(loop_graph(seconds=10.0, seed=73, render_minutes=0.01))
    assert [r["kind"] for r in run["recoveries"]] == ["timeout"]
    assert run["status"] == "failed" and "twice" in run["reason"]
    states = [theatre.client.entry(prompt)["status"]["messages"][-1][0] for prompt in prompts_of(theatre, run)]
    assert states == ["execution_interrupted"] * 2
    theatre.judge.default = scripted(5)
    assert theatre.played(loop_graph(seed=74, render_minutes=1.0, **ONE_LINE))["status"] == "done"


def prompts_of(theatre, run):
    """The prompts of a run without iterations, in the order in which they were queued."""
    history = theatre.client.get("/history")
    loops = {
        prompt: entry["prompt"][2]["10"]["inputs"] for prompt, entry in history.items() if "10" in entry["prompt"][2]
    }
    own = [prompt for prompt, inputs in loops.items() if inputs["seed"] == 73]
    assert run["first_prompt_id"] in own
    return own
