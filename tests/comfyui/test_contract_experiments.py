"""Experiments on a server: from a posted workflow to a report; stopped, killed and resumed without losing a render."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ..conftest import ROOT
from .conftest import COMFYUI_PATH, HOSTS
from .measured import PROMPTS, REFEREE, looks_at_pixels, request, requirement_ids, truth
from .shop import answered
from .theatre import MODEL, opened

ONE = "/imitatoes/experiments/{id}"


@pytest.fixture(scope="module", params=HOSTS)
def laboratory(request, tmp_path_factory):
    checkout, python = None, None
    if request.param == "comfyui":
        checkout, python = Path(COMFYUI_PATH), os.environ.get("COMFYUI_PYTHON")
    with opened(tmp_path_factory.mktemp("experiments"), checkout, python) as theatre:
        theatre.judge.default = looks_at_pixels
        yield theatre


def shown(theatre, name):
    return theatre.client.get(f"/imitatoes/experiments/{name}")


def until(theatre, name, reached, seconds=240):
    """The experiment as soon as the condition holds for it."""
    for _ in range(seconds * 5):
        experiment = shown(theatre, name)
        if reached(experiment):
            return experiment
        assert experiment["state"] in ("running", "planned"), experiment["message"]
        time.sleep(0.2)
    raise AssertionError(experiment)


def ended(theatre, name):
    return until(theatre, name, lambda one: one["state"] not in ("running",))


def data(theatre, name):
    return answered(theatre, "GET", f"/imitatoes/experiments/{name}/data", template=f"{ONE}/data")


def started(theatre, status=202, **fields):
    return answered(theatre, "POST", "/imitatoes/experiments", status, json=request(**fields))


@pytest.fixture(scope="module")
def measured(laboratory):
    """(experiment, report) of twelve prompts."""
    name = started(laboratory)["id"]
    experiment = ended(laboratory, name)
    assert experiment["state"] == "done", experiment["message"]
    return experiment, data(laboratory, name)


def test_twelve_prompts_are_measured_and_reported(laboratory, measured):
    experiment, report = measured
    assert (experiment["progress"]["looked"], experiment["progress"]["runs_done"]) == (12, 24)
    assert experiment["progress"]["seconds_left"] == 0
    assert experiment["verdict"] == report["summary"]["verdict"]
    assert report["summary"]["prompts"] == 12, [(one["id"], one["failed"]) for one in report["prompts"]]
    listed = answered(laboratory, "GET", "/imitatoes/experiments")["experiments"]
    assert [one["state"] for one in listed if one["id"] == report["id"]] == ["done"]
    assert set(experiment["arms"]) == {"one_shot", "seeds", "ours"}
    assert "repairs" in experiment["arms_left_out"]
    setup = report["setup"]
    assert (setup["judge"], setup["referee"], setup["renders"]) == (MODEL, REFEREE, 6)
    assert setup["judge_digest"] and setup["card"] and setup["system"]
    page = answered(laboratory, "GET", f"/imitatoes/experiments/{report['id']}/report", template=f"{ONE}/report")
    assert page.count(b"data:image/jpeg") == 36
    assert report["summary"]["verdict"].encode() in page


def test_the_figures_agree_with_the_painters_own_truth(laboratory, measured):
    """By the scene that was painted: each arm's share lies within the interval that the referee's word gives."""
    _, report = measured
    found = {"one_shot": [], "seeds": [], "ours": []}
    for reported, (prompt, lines) in zip(report["prompts"], PROMPTS, strict=True):
        assert reported["prompt"] == prompt
        for arm in found:
            played = reported["runs"]["seeds" if arm == "one_shot" else arm]
            milestone = played["milestones"][0 if arm == "one_shot" else -1]
            run = laboratory.run(played["run_id"])
            name = played["files"][milestone["picture"]]
            made = next(i["settings"] for i in run["iterations"] if i["picture"] == name)
            met = [
                truth(line, made["prompt"], made["seed"], made["negative"]) for line in requirement_ids(lines).values()
            ]
            found[arm].append(sum(met) / len(met))
    figures = {one["arm"]: one["values"] for one in report["summary"]["points"][0]["arms"]}
    for arm, shares in found.items():
        share, whole = figures[arm]["share"], figures[arm]["all_correct"]
        assert share["low"] <= sum(shares) / 12 <= share["high"], (arm, shares, share)
        assert whole["low"] <= sum(one == 1 for one in shares) / 12 <= whole["high"], (arm, shares, whole)
    apart = [a - b for a, b in zip(found["ours"], found["one_shot"], strict=True)]
    told = next(
        one["values"]["share"]
        for one in report["summary"]["points"][0]["comparisons"]
        if (one["one"], one["other"]) == ("ours", "one_shot")
    )
    assert told["low"] <= sum(apart) / 12 <= told["high"]
    assert told["larger"] and told["mean"] > 0, "an arm that always gives its first picture is found worse"


def test_the_arms_are_paired_and_what_they_may_do(laboratory, measured):
    _, report = measured
    for reported in report["prompts"]:
        runs = {arm: laboratory.run(played["run_id"]) for arm, played in reported["runs"].items()}
        first = {arm: run["iterations"][0]["settings"] for arm, run in runs.items()}
        assert first["seeds"] == first["ours"]
        assert {i["settings"]["prompt"] for i in runs["seeds"]["iterations"]} == {reported["prompt"]}
        assert all(len(run["iterations"]) <= 6 for run in runs.values())
        assert [r["text"] for r in runs["ours"]["checklist"]["requirements"]] == [
            one["text"] for one in reported["requirements"]
        ]
        # Both wordings of both, of every picture that was wanted.
        for picture in reported["pictures"]:
            looks = [(look["by"], look["wording"]) for look in picture["seen"]["looks"]]
            assert sorted(looks) == [("judge", 1), ("judge", 2), ("referee", 1), ("referee", 2)]


def test_nothing_is_learned_from_what_was_measured(laboratory):
    for folder in ("user/__imitatoes", "user/imitatoes"):
        assert not (laboratory.base / folder / "wordings.json").exists()


def test_a_person_ticks_pictures_and_the_report_tells_who_agrees(laboratory, measured):
    experiment, _ = measured
    name = experiment["id"]
    page = answered(laboratory, "GET", f"/imitatoes/experiments/{name}/page", template=f"{ONE}/page").decode()
    keys = [part.split('"')[0] for part in page.split('data-picture="')[1:]]
    assert len(keys) > 20
    body = {"picture": keys[0], "met": {"r1": True, "r2": False}}
    answer = answered(laboratory, "POST", f"/imitatoes/experiments/{name}/ticks", template=f"{ONE}/ticks", json=body)
    assert answer == {"ticked": 1, "pictures": len(keys)}
    for wrong in (
        {**body, "picture": "p001-x"},
        {**body, "met": {"r1": True}},
        {**body, "met": {"r1": True, "r9": True}},
    ):
        answered(laboratory, "POST", f"/imitatoes/experiments/{name}/ticks", 400, template=f"{ONE}/ticks", json=wrong)
    told = [(one["one"], one["other"], one["answers"]) for one in data(laboratory, name)["summary"]["agreements"]]
    assert ("person", "referee", 2) in told
    assert shown(laboratory, name)["ticked"] == 1


def test_it_asks_first_and_says_what_it_takes(laboratory):
    name = started(laboratory, own=request()["own"][:2], renders=2, ask_first=True)["id"]
    planned = ended(laboratory, name)
    assert planned["state"] == "planned"
    plan = planned["plan"]
    assert plan["renders"] == 8
    assert plan["seconds"] > 0 and plan["bytes"] > 10_000
    assert f"+-{plan['power']['all_correct']:g} points" in planned["message"]
    assert planned["progress"]["runs_done"] == 0
    answered(laboratory, "POST", f"/imitatoes/experiments/{name}/resume", template=f"{ONE}/resume", json={})
    assert ended(laboratory, name)["state"] == "done"
    answered(laboratory, "POST", f"/imitatoes/experiments/{name}/resume", 409, template=f"{ONE}/resume", json={})


def recorded(theatre, report):
    """By run id, how many iterations it has on disk."""
    folders = (theatre.runs_folder / played["run_id"] for one in report["prompts"] for played in one["runs"].values())
    return {folder.name: len(list(folder.glob("loop_*_iter_*.json"))) for folder in folders}


@pytest.mark.parametrize("killed", [False, True], ids=["stopped", "killed"])
def test_stopped_or_killed_and_resumed_it_loses_no_render(laboratory, killed):
    graph = request()["workflow"]
    graph["6"]["inputs"]["seconds"] = 0.15
    laboratory.runs_folder.mkdir(parents=True, exist_ok=True)
    before = set(os.listdir(laboratory.runs_folder))
    name = started(laboratory, own=request()["own"][:3], renders=4, workflow=graph)["id"]
    # In the middle of the second run.
    until(laboratory, name, lambda one: one["progress"]["runs_done"] == 1)
    laboratory.client.wait(lambda: laboratory.client.running())
    assert "Another experiment" in json.dumps(started(laboratory, 409))
    if killed:
        laboratory.process.restart(kill=True)
    else:
        stopped = answered(laboratory, "POST", f"/imitatoes/experiments/{name}/stop", template=f"{ONE}/stop", json={})
        assert stopped["state"] == "stopped"
        # The queue lists an interrupted prompt until its worker has cleaned up.
        laboratory.client.wait(lambda: not laboratory.client.running() and not laboratory.client.pending())
    assert shown(laboratory, name)["state"] == "stopped"
    kept = {
        folder.name: sorted((path.name, path.stat().st_mtime_ns) for path in folder.glob("loop_*.png"))
        for folder in laboratory.runs_folder.iterdir()
        if folder.name not in before
    }
    answered(laboratory, "POST", f"/imitatoes/experiments/{name}/resume", template=f"{ONE}/resume", json={})
    assert ended(laboratory, name)["state"] == "done"
    report = data(laboratory, name)
    assert report["summary"]["prompts"] == 3
    after = recorded(laboratory, report)
    assert len(after) == 6, "no run twice"
    for run_id, count in after.items():
        assert count == len(laboratory.run(run_id)["iterations"]) <= 4
    new = {name for name in os.listdir(laboratory.runs_folder) if not name.startswith(".")} - before
    assert len(new) == 7, "six runs and the measured one before them"
    for run_id, pictures in kept.items():
        now = {(path.name, path.stat().st_mtime_ns) for path in (laboratory.runs_folder / run_id).glob("loop_*.png")}
        # What was recorded is not rendered again; the one picture that was under way may be.
        assert len(set(pictures) - now) <= 1


def test_one_at_a_time_and_only_what_can_be_measured(laboratory):
    for fields, told in (
        ({"referee": {"model": "qwen2.5vl:7b"}}, "same model family"),
        ({"referee": {"model": ""}}, "referee.model"),
        ({"judge": {"model": MODEL, "connection": "http://192.0.2.1"}}, "judge.connection: there is no connection"),
        ({"own": [{"prompt": "x", "checklist": [" "]}]}, "prompt 1"),
        ({"workflow": {"1": {"class_type": "Nothing", "inputs": {}}}}, ""),
        ({"comfyui": "http://192.0.2.1"}, "comfyui"),
    ):
        error = started(laboratory, 400, **fields)["error"]
        assert told in json.dumps(error), error
    assert "has no model" in json.dumps(started(laboratory, 409, referee={"model": "gemma9:1b"}))
    for name in ("20260101-120000-0123abcd", "..%2F..%2Fx", "nonsense"):
        status, _, answer, _ = laboratory.client.ask("GET", f"/imitatoes/experiments/{name}")
        assert (status, "id:" in json.dumps(answer)) == (400, True) or status == 404


def test_the_same_family_is_told_in_the_report(laboratory):
    name = started(
        laboratory, own=request()["own"][:1], renders=1, referee={"model": "qwen2.5vl:7b"}, same_family=True
    )["id"]
    assert ended(laboratory, name)["state"] == "done"
    assert data(laboratory, name)["setup"]["same_family"] is True


def bench(*arguments):
    command = [sys.executable, "-m", "benchmarks.real", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": "", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=200)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def test_the_command_measures_pools_and_fits(laboratory, measured, tmp_path):
    order = request()
    for name, content in (("workflow_api.json", order["workflow"]), ("own.json", order["own"][:2])):
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
    where = ("--comfyui", laboratory.client.url, "--out", tmp_path / "report")
    judges = ("--judge", MODEL, "--referee", REFEREE, "--own", tmp_path / "own.json", "--renders", "2")
    done = bench(*where, "--workflow", tmp_path / "workflow_api.json", *judges, "--yes")
    assert done.returncode == 0, done.stdout
    assert "Best of many seeds" in done.stdout and "2 prompts" in done.stdout
    assert "<!doctype html>" in (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    own = tmp_path / "report" / "report.json"
    (tmp_path / "other.json").write_text(json.dumps(data(laboratory, measured[0]["id"])), encoding="utf-8")
    refused = bench("--merge", own, tmp_path / "other.json")
    assert (refused.returncode, "renders a run differ" in refused.stdout) == (1, True)
    fitted = bench("--fit", tmp_path / "other.json")
    assert "UNTESTED = Reliability(separation=" in fitted.stdout, fitted.stdout
    again = json.loads((tmp_path / "other.json").read_text(encoding="utf-8"))
    (tmp_path / "third.json").write_text(json.dumps({**again, "id": "20260101-120000-0123abcd"}), encoding="utf-8")
    merged = bench("--merge", tmp_path / "other.json", tmp_path / "third.json", "--out", tmp_path / "pooled")
    assert merged.returncode == 0 and "24 prompts" in merged.stdout, merged.stdout
    assert (tmp_path / "pooled" / "pooled.html").is_file()


def test_the_command_says_what_is_wrong(laboratory, tmp_path):
    (tmp_path / "w.json").write_text(json.dumps(request()["workflow"]), encoding="utf-8")
    for arguments, told in (
        ([], "Name a workflow"),
        (["--workflow", tmp_path / "none.json", "--referee", REFEREE], "cannot be read"),
        (["--workflow", tmp_path / "w.json", "--referee", "gemma9:1b"], "has no model"),
        (["--attach", "20260101-120000-0123abcd"], "there is no job"),
        (["--comfyui", "http://127.0.0.1:9", "--attach", "20260101-120000-0123abcd"], "No ComfyUI answers"),
        (["--fit", tmp_path / "w.json"], "w.json is no report"),
    ):
        done = bench("--comfyui", laboratory.client.url, *arguments)
        assert done.returncode in (1, 2)
        assert told in done.stdout, done.stdout
