"""One judge on two servers: the pictures of a batch are looked at side by side, by one server where the other fails."""

from __future__ import annotations

import json

import pytest
from pack.rehearsal.ollama_double import OllamaDouble

from .test_contract_verdicts import settings
from .theatre import ONE_LINE, loop_graph, opened, scripted


@pytest.fixture
def two(server, tmp_path):
    """(theatre, the second server). The first one is `local`, the second `upstairs`."""
    with (
        OllamaDouble(default=scripted(-3)) as second,
        opened(tmp_path / "base", server.process.comfyui_path, server.process.python) as theatre,
        settings(theatre, connections={"upstairs": {"url": second.url}}),
    ):
        theatre.judge.default = scripted(-3)
        yield theatre, second


def judged(theatre, connection):
    graph = loop_graph(
        batch=4, iterations_per_loop=1, max_loops=1, size=64, critic={"connection": connection}, **ONE_LINE
    )
    run = theatre.played(graph)
    (iteration,) = run["iterations"]
    assert len(iteration["others"]) == 3 and all(one["critique"]["score"] is not None for one in iteration["others"])
    return run


def looks(double):
    return [chat for chat in double.chats() if "<task>look</task>" in json.dumps(chat.body)]


def test_a_batch_is_judged_by_both_and_by_one_where_the_other_is_gone(two):
    theatre, second = two
    judged(theatre, "local, upstairs")
    assert looks(theatre.judge) and looks(second)
    before = len(looks(theatre.judge))
    second.__exit__(None, None, None)
    judged(theatre, "local, upstairs")
    assert len(looks(theatre.judge)) >= before + 4


def test_a_name_that_no_connection_has_is_told_before_anything_is_rendered(two):
    theatre, _ = two
    graph = loop_graph(critic={"connection": "local, nowhere"}, **ONE_LINE)
    entry = theatre.client.run(graph)
    (error,) = [data for name, data in entry["status"]["messages"] if name == "execution_error"]
    assert "nowhere" in error["exception_message"] and "upstairs" in error["exception_message"]
