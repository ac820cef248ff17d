"""Verdicts that nothing bends, on a whole ComfyUI: wrong words, a judge that is gone, long batches."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pack.engine.judge.self_test import KindFigures, SelfTest
from pack.rehearsal.ollama_double import OllamaDouble, pixel_judge

from .theatre import MODEL, ONE_LINE, USER_FOLDERS, loop_graph, scripted

DUCKS = {"goal": "three ducks", "checklist": "three ducks"}


@contextmanager
def settings(theatre, **fields) -> Iterator[None]:
    """The server owner's settings while a test runs."""
    for folder in USER_FOLDERS:
        (theatre.base / folder / "settings.json").write_text(json.dumps({"learn_from_runs": False, **fields}))
    try:
        yield
    finally:
        theatre.learn(False)


@contextmanager
def self_tested(theatre, **verdicts) -> Iterator[None]:
    """The judge was tested: by kind, (verdict, threshold)."""
    kinds = [
        KindFigures(
            kind=kind,
            n=40,
            unreadable=0,
            tpr=0.9,
            fpr=0.4,
            auroc=0.6 if verdict == "too weak" else 0.95,
            threshold=threshold,
            threshold_again=threshold,
            verdict=verdict,
        )
        for kind, (verdict, threshold) in verdicts.items()
    ]
    digest = hashlib.sha256(MODEL.encode()).hexdigest()
    tested = SelfTest(model=MODEL, digest=digest, date="2026-01-01", soft=True, kinds=tuple(kinds))
    files = [theatre.base / folder / "judges" / f"{digest}.json" for folder in USER_FOLDERS]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(tested.model_dump_json())
    try:
        yield
    finally:
        for file in files:
            file.unlink()


def counts_seven(body, images):
    said = "\n".join(str(message.get("content")) for message in body["messages"])
    if "<task>edit</task>" in said:
        return json.dumps({"edits": [], "evidence": [], "negative": []})
    levels = {f"quality_{name}": "excellent" for name in ("artifacts", "composition", "faces", "text")}
    return json.dumps({**dict.fromkeys(re.findall(r"^(q\d+) \(", said, re.MULTILINE), 7), **levels})


@pytest.fixture
def judge(theatre):
    """Says how the double judges; it reads pixels again afterwards."""

    def answer(how):
        theatre.judge.default = how

    yield answer
    theatre.judge.default = pixel_judge


def test_a_judge_that_counts_seven_never_makes_it_three_whatever_its_self_test_says(theatre, judge):
    judge(counts_seven)
    with self_tested(theatre, count=("good", -1.7)):
        run = theatre.played(loop_graph(seed=701, pass_score=0.75, iterations_per_loop=2, max_loops=1, **DUCKS))
    assert run["status"] == "limit"
    assert "Still failing: three ducks (I count 7)" in run["reason"]
    assert not any(item["passed"] for i in run["iterations"] for item in i["critique"]["items"])


def test_a_judge_too_weak_for_all_of_it_ends_at_the_limit_and_says_so(theatre, judge):
    judge(scripted(5))
    with self_tested(theatre, object=("too weak", -3.0)):
        run = theatre.played(loop_graph(seed=702, iterations_per_loop=2, max_loops=1, **ONE_LINE))
    assert run["status"] == "limit"
    assert "This judge cannot tell whether the goal is met" in run["reason"]
    assert run["best"]["score"] > 0.8


def test_a_judge_that_is_away_for_a_while_is_waited_for(theatre):
    """Restarted in the middle of a run, it costs neither a render nor a verdict."""
    judge = OllamaDouble(default=scripted(-3))
    judge.start()
    port = int(judge.url.rsplit(":", 1)[1])
    with settings(theatre, connections={"second": {"url": judge.url}}, wait_for_judge_seconds=20):
        graph = loop_graph(
            seed=703, seconds=0.5, iterations_per_loop=3, max_loops=1, critic={"connection": "second"}, **ONE_LINE
        )
        prompt_id = theatre.client.queue(graph)
        theatre.until(prompt_id, lambda run: run["iteration_count"] == 1)
        judge.stop()
        theatre.until(prompt_id, lambda run: run["phase"] == "judging" and run["iteration_count"] == 1)
        back = OllamaDouble(default=scripted(-3))
        back.start(port=port)
        try:
            run = theatre.ended(prompt_id, 40)
        finally:
            back.stop()
    assert (run["status"], run["iteration_count"]) == ("limit", 3)
    assert all(i["critique"]["score"] is not None for i in run["iterations"])


def test_a_picture_that_nobody_looked_at_has_no_score_and_is_judged_when_the_judge_is_back(theatre):
    judge = OllamaDouble(default=scripted(-4))
    judge.start()
    port = int(judge.url.rsplit(":", 1)[1])
    with settings(theatre, connections={"second": {"url": judge.url}}, wait_for_judge_seconds=0):
        graph = loop_graph(
            seed=704, seconds=0.5, iterations_per_loop=3, max_loops=1, critic={"connection": "second"}, **ONE_LINE
        )
        prompt_id = theatre.client.queue(graph)
        theatre.until(prompt_id, lambda run: run["iteration_count"] == 1)
        judge.stop()
        run = theatre.ended(prompt_id, 40)
        assert (run["status"], run["iteration_count"], run["best"]["iteration"]) == ("unverified", 2, 1)
        unseen = run["iterations"][1]["critique"]
        assert (unseen["score"], unseen["passed"], unseen["sees_content"]) == (None, False, False)
        status, refused = theatre.client.post(f"/imitatoes/runs/{run['run_id']}/judge", {"iteration": 2})
        assert (status, "Start it" in refused["error"]["message"]) == (409, True)
        back = OllamaDouble(default=scripted(5))
        back.start(port=port)
        try:
            status, judged = theatre.client.post(f"/imitatoes/runs/{run['run_id']}/judge", {"iteration": 2})
        finally:
            back.stop()
    assert (status, judged["status"], judged["best"]["iteration"]) == (200, "done", 2)
    best = theatre.picture(judged, "best.png").read_bytes()
    assert best == theatre.picture(judged, judged["iterations"][1]["picture"]).read_bytes()


def test_a_long_batch_costs_at_most_twelve_calls_and_says_that_it_is_a_sample(theatre, judge):
    judge(scripted(4))
    before = len(theatre.judge.chats())
    run = theatre.played(loop_graph(seed=705, batch=21, size=64, iterations_per_loop=1, max_loops=1, **ONE_LINE))
    asked = [chat for chat in theatre.judge.chats()[before:] if chat.body["messages"]]
    assert len(asked) <= 12
    assert run["status"] == "done"
    assert "Looked at 8 of 21 pictures, evenly spaced." in run["iterations"][0]["critique"]["reason"]


def test_seven_renders_cost_one_and_a_half_calls_each_all_kinds_together(theatre):
    """Checklist, looks, editor, the blank picture, and the second looks at the end of a run that was not done."""
    goal = "two green stars left of a yellow triangle, a black background"
    before, renders = len(theatre.judge.chats()), 0
    for seed in (910, 930, 940):
        graph = loop_graph(
            goal=goal, prompt="some shapes", seed=seed, size=128, iterations_per_loop=7, max_loops=1, pass_score=0.97
        )
        renders += theatre.played(graph)["iteration_count"]
    asked = [chat for chat in theatre.judge.chats()[before:] if chat.body["messages"]]
    assert renders > 14, "too few of them ended early"
    assert len(asked) <= 1.5 * renders


@pytest.mark.parametrize(
    ("check", "told"),
    [("artifacts", "parts of the picture are broken: steps 20 to "), ("faces", "faces or hands look wrong: a")],
)
def test_a_poor_check_of_a_picture_that_shows_everything_is_what_the_next_render_is_about(theatre, judge, check, told):
    met = scripted(4)

    def sees(body, images):
        answer = json.loads(met(body, images))
        return json.dumps({**answer, f"quality_{check}": "bad"} if "quality_faces" in answer else answer)

    judge(sees)
    run = theatre.played(loop_graph(seed=720, iterations_per_loop=2, max_loops=1, **ONE_LINE))
    first, second = run["iterations"]
    assert all(item["passed"] for item in first["critique"]["items"])
    assert told in second["plan"]["reason"]
    assert (second["settings"]["steps"] > first["settings"]["steps"]) is (check == "artifacts")
    assert second["settings"]["seed"] == first["settings"]["seed"]
    assert run["status"] == "limit"
    assert {"artifacts": "Parts of the picture are broken.", "faces": "Faces or hands look wrong."}[check] in run[
        "reason"
    ]
