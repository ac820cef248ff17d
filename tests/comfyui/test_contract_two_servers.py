"""Two servers over one output folder, as with two cards in one computer."""

from __future__ import annotations

import pytest

from .theatre import ONE_LINE, loop_graph, opened, scripted


@pytest.fixture
def servers(server, tmp_path):
    """A, and B whose output folder is A's."""
    checkout, python = server.process.comfyui_path, server.process.python
    (tmp_path / "a" / "output").mkdir(parents=True)
    (tmp_path / "b").mkdir()
    try:
        (tmp_path / "b" / "output").symlink_to(tmp_path / "a" / "output", target_is_directory=True)
    except OSError:
        pytest.skip("links are not allowed here")
    with opened(tmp_path / "a", checkout, python) as a, opened(tmp_path / "b", checkout, python) as b:
        for one in (a, b):
            one.judge.default = scripted(-3)
        yield a, b


def test_a_run_is_one_servers_until_it_ends_or_dies(servers):
    a, b = servers
    prompt_id = a.client.queue(loop_graph(seconds=5.0, seed=5, **ONE_LINE))
    run_id = a.until(prompt_id, lambda run: len(run["iterations"]) == 1)["run_id"]
    (row,) = b.client.get("/imitatoes/runs")["runs"]
    assert (row["status"], row["elsewhere"], row["waiting"]) == ("running", True, False)
    assert "another server" in row["reason"]
    for action in ("stop", "resume", "continue", "delete"):
        status, answer = b.client.post(f"/imitatoes/runs/{run_id}/{action}", {})
        assert status == 409 and "another server" in answer["error"]["message"], action
    a.process.kill()
    shown = b.run(run_id)
    assert (shown["status"], shown["elsewhere"]) == ("suspended", False), "its lock went with it"
    status, going = b.client.post(f"/imitatoes/runs/{run_id}/resume", {})
    assert (status, going["status"]) == (200, "running")
    a.client.close()
    a.start()
    assert a.run(run_id)["elsewhere"], "now it is the other's"
    assert a.client.post(f"/imitatoes/runs/{run_id}/stop", {})[0] == 409
    assert b.client.post(f"/imitatoes/runs/{run_id}/stop", {})[0] == 200
    ended = a.ended(run_id)
    assert (ended["status"], ended["best"] is not None) == ("stopped", True)  # renders go on while a server starts
    assert a.picture(ended, "best.png").is_file()
    status, _ = a.client.post(f"/imitatoes/runs/{run_id}/continue", {"instruction": "at night"})
    assert status == 200, "whoever wants to goes on with an ended run"
    assert b.run(run_id)["elsewhere"]
    a.client.post(f"/imitatoes/runs/{run_id}/stop", {})
    assert a.ended(run_id)["status"] == "stopped"
    assert b.run(run_id)["instructions"] == ["at night"], "not as it was remembered"
    status, _ = b.client.post(f"/imitatoes/runs/{run_id}/delete", {})
    assert status == 200
    assert a.client.get("/imitatoes/runs")["runs"] == []
