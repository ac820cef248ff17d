"""Run folders that version 0.1.0 wrote: later versions list, show, resume and continue them.

kept_runs/ holds a run that is done, one that was given a wish, one of several loops, and one whose server was killed;
views.json is what 0.1.0 answered about each, save that a run which was cut off names no files that were never written.
"""

from __future__ import annotations

import shutil

import pytest

from ..kept_runs import KEPT, VIEWS, missing

FINISHED = [name for name, view in VIEWS.items() if view["status"] != "suspended"]


@pytest.fixture
def theatre(theatre):
    """A server in whose output folder the kept runs lie as they were written."""
    ids = [view["run_id"] for view in VIEWS.values()]
    for run_id in ids:
        shutil.copytree(KEPT / run_id, theatre.runs_folder / run_id)
    yield theatre
    for run_id in ids:
        status, _ = theatre.client.post(f"/imitatoes/runs/{run_id}/delete", {})
        assert status == 200


def test_they_are_listed(theatre):
    listed = {run["run_id"]: run for run in theatre.client.get("/imitatoes/runs")["runs"]}
    for view in VIEWS.values():
        assert listed[view["run_id"]]["status"] == view["status"]


@pytest.mark.parametrize("name", VIEWS)
def test_one_is_shown_as_it_was(theatre, name):
    assert not missing(VIEWS[name], theatre.run(VIEWS[name]["run_id"]))


@pytest.mark.parametrize("name", VIEWS)
def test_its_pictures_are_served(theatre, name):
    run_id = VIEWS[name]["run_id"]
    for iteration in VIEWS[name]["iterations"]:
        status, body, _, _ = theatre.client.ask("GET", f"/imitatoes/runs/{run_id}/pictures/{iteration['picture']}")
        assert (status, body[:4]) == (200, b"\x89PNG")


@pytest.mark.parametrize("name", FINISHED)
def test_one_that_ended_is_continued(theatre, name):
    run_id, before = VIEWS[name]["run_id"], VIEWS[name]["iteration_count"]
    status, going = theatre.client.post(
        f"/imitatoes/runs/{run_id}/continue", {"instruction": "and exactly one green star"}
    )
    assert (status, going["status"]) == (200, "running")
    ended = theatre.ended(run_id)
    assert ended["status"] in ("done", "limit", "no_progress"), ended["reason"]
    assert ended["iteration_count"] > before
    assert not missing(VIEWS[name]["iterations"], ended["iterations"][:before])


def test_the_one_that_was_cut_off_is_resumed(theatre):
    run_id, before = VIEWS["suspended"]["run_id"], VIEWS["suspended"]["iteration_count"]
    status, going = theatre.client.post(f"/imitatoes/runs/{run_id}/resume", {})
    assert (status, going["status"]) == (200, "running")
    ended = theatre.ended(run_id)
    assert ended["status"] in ("done", "limit", "no_progress"), ended["reason"]
    assert ended["iteration_count"] > before
    assert ended["iterations"][0]["prompt_id"] == VIEWS["suspended"]["iterations"][0]["prompt_id"]
