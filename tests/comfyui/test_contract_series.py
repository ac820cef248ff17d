"""A series of many goals on a server that is killed, and by two servers over one output folder."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from .test_contract_two_servers import servers  # noqa: F401
from .test_contract_verdicts import settings
from .theatre import loop_graph, opened, scripted

GOALS = [f"{number} red circles" for number in range(1, 21)]
LINE = "a red circle"


@pytest.fixture
def own_server(server, tmp_path):
    """A server of the test's own, to be killed."""
    with opened(tmp_path / "base", server.process.comfyui_path, server.process.python) as theatre:
        theatre.judge.default = scripted(-3)
        yield theatre


def started(theatre, goals, **fields):
    graph = loop_graph(iterations_per_loop=2, max_loops=1, size=64)
    body = {"workflow": graph, "goals": goals, "checklists": [LINE] * len(goals), **fields}
    status, answer = theatre.client.post("/imitatoes/runs", body)
    assert status == 200, answer
    return answer["series_id"]


def series_of(theatre, series_id):
    return theatre.client.get(f"/imitatoes/series/{series_id}")


def reached(theatre, series_id, condition):
    def look():
        series = series_of(theatre, series_id)
        return series if condition(series) else None

    return theatre.client.wait(look, limit=60)


def rendered(theatre, series):
    """(goal, iteration) of every picture of the series' runs."""
    runs = [theatre.run(one["run_id"]) for one in series["goals"]]
    assert len({run["run_id"] for run in runs}) == len(runs)
    return [(run["goal"], i["number"]) for run in runs for i in run["iterations"]]


def test_twenty_goals_survive_two_kills_with_nothing_rendered_twice(own_server):
    theatre = own_server
    series_id = started(theatre, GOALS)
    for ended in (6, 13):
        reached(theatre, series_id, lambda series, ended=ended: series["ended"] >= ended)
        theatre.process.kill()
        theatre.client.close()
        theatre.start()
        seen = series_of(theatre, series_id)
        assert (seen["state"], seen["ended"] >= ended) == ("suspended", True)
        status, _ = theatre.client.post(f"/imitatoes/series/{series_id}/resume", {})
        assert status == 200
    series = reached(theatre, series_id, lambda series: series["state"] != "running")
    assert (series["state"], series["ended"], series["renders"]) == ("done", 20, 40), series["reason"]
    pictures = rendered(theatre, series)
    assert len(pictures) == len(set(pictures)) == 40
    assert len(theatre.client.get("/imitatoes/runs")["runs"]) == 20, "no goal has two runs"
    painted = {image.data for look in theatre.looks() for image in look.images}
    assert len(painted) <= 40 + 2, "at each kill the render at hand was lost, and nothing else"
    words = {run["goal"]: run["iterations"][0]["settings"]["prompt"] for run in map(theatre.run, _ids(series))}
    assert all(words[goal].startswith(goal.split()[0]) for goal in GOALS), "each prompt is made from its goal"
    status, sheet, _, _ = theatre.client.ask("GET", f"/imitatoes/series/{series_id}/sheet")
    assert (status, len(sheet) > 1000) == (200, True)


def _ids(series):
    return [one["run_id"] for one in series["goals"]]


def test_two_servers_share_a_series_run_by_run(servers):  # noqa: F811
    a, b = servers
    series_id = started(a, GOALS[:8])
    reached(a, series_id, lambda series: series["ended"] >= 1)
    seen = series_of(b, series_id)
    assert seen["elsewhere"] or seen["state"] == "done"
    status, _ = b.client.post(f"/imitatoes/series/{series_id}/stop", {})
    if status == 200:
        stopped = reached(a, series_id, lambda series: series["state"] != "running")
        assert stopped["state"] == "stopped", "whichever server was asked"
        assert b.client.post(f"/imitatoes/series/{series_id}/resume", {})[0] == 200
    series = reached(b, series_id, lambda series: series["state"] != "running")
    assert (series["state"], series["ended"]) == ("done", 8)
    pictures = rendered(b, series)
    assert len(pictures) == len(set(pictures)) == 16


def test_a_server_that_nobody_asked_for_anything_helps(servers):  # noqa: F811
    """It looks a while after its start, and then every ten seconds."""
    a, b = servers
    graph = loop_graph(iterations_per_loop=1, max_loops=1, size=64, seconds=3.0)
    goals = GOALS[:16]
    body = {"workflow": graph, "goals": goals, "checklists": [LINE] * len(goals)}
    status, answer = a.client.post("/imitatoes/runs", body)
    assert status == 200, answer

    def painted_by_b():
        return len(b.client.get("/history"))

    b.client.wait(painted_by_b, limit=60)
    assert a.client.post(f"/imitatoes/series/{answer['series_id']}/stop", {})[0] == 200
    series = reached(a, answer["series_id"], lambda series: series["state"] != "running")
    assert series["state"] == "stopped"


class _Listener(BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def test_the_owner_of_the_server_is_told_of_the_end(own_server):
    theatre = own_server
    with HTTPServer(("127.0.0.1", 0), _Listener) as listener:
        listener.told = []
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        webhook = f"http://127.0.0.1:{listener.server_port}/end"
        with settings(theatre, series_webhook=webhook), theatre.client.page() as page:
            series_id = started(theatre, GOALS[:2])
            page.wait_for(lambda m: m["type"] == "imitatoes.series" and m["data"]["state"] == "done")
            theatre.client.wait(lambda: listener.told)
        listener.shutdown()
    (told,) = listener.told
    assert (told["series_id"], told["state"], told["ended"]) == (series_id, "done", 2)
