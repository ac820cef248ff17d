"""What runs again and what does not; fingerprints; lazy inputs."""

from __future__ import annotations

import copy

import pytest

from .graphs import node, shown, text


def cached(entry) -> set[str]:
    return set(dict(entry["status"]["messages"])["execution_cached"]["nodes"])


def chain(word: str = "one") -> dict:
    return shown(a=text(word), c=node("ProbeFail", text=["a", 0], how="pass"))


def test_the_same_again_runs_nothing(comfy):
    first = comfy.run(chain())
    comfy.set_state()
    second = comfy.run(chain())
    assert cached(first) == set()
    assert cached(second) == set(chain())
    assert not comfy.calls("execute") and not comfy.calls("show")
    assert second["outputs"] == first["outputs"], "the page still sees what the node showed"


def test_a_change_runs_what_lies_below(comfy):
    graph = shown(x=text("x"), a=text("one"), c=node("ProbeFail", text=["a", 0], how="pass"))
    graph["other"] = node("ProbeShow", value=["x", 0])
    comfy.run(graph)
    graph["a"]["inputs"]["text"] = "two"
    assert cached(comfy.run(graph)) == {"x", "other"}


def test_only_the_last_prompt_is_kept(comfy):
    for word in ("one", "two"):
        comfy.run(shown(a=text(word)))
    assert cached(comfy.run(shown(a=text("one")))) == set()


def test_new_ids_do_not_matter_to_most_nodes(comfy):
    comfy.run(shown(a=text("same")))
    renamed = {"z": text("same"), "y": node("ProbeShow", value=["z", 0])}
    assert cached(comfy.run(renamed)) == {"z", "y"}


def test_new_ids_matter_to_v1_nodes_that_ask_for_theirs(comfy):
    def graph(name: str) -> dict:
        return shown(**{name: node("ProbeOld", text="x", colour="red")})

    comfy.run(graph("a"))
    assert cached(comfy.run(graph("a"))) == {"a", "show"}
    entry = comfy.run(graph("b"))
    assert cached(entry) == set()
    assert entry["outputs"]["show"]["probe"] == ["x red b"]


def test_free_memory_forgets(comfy):
    comfy.run(shown(a=text()))
    assert comfy.post("/free", {"free_memory": True, "unload_models": True})[0] == 200
    # The worker may take one more prompt before it looks at the request.
    comfy.wait(lambda: cached(comfy.run(shown(a=text()))) == set())
    comfy.run(shown(a=text()))
    comfy.post("/free", {"unload_models": True})
    assert cached(comfy.run(shown(a=text()))) == {"a", "show"}


def fingerprint_graph() -> dict:
    return shown(a=text(), f=node("ProbeFingerprint", text="x", linked=["a", 0]))


def test_fingerprint_is_asked_every_time_with_constants_only(comfy):
    comfy.run(fingerprint_graph())
    prompt_id = comfy.queue(fingerprint_graph())
    comfy.entry(prompt_id)
    calls = comfy.calls("fingerprint")
    assert len(calls) == 2
    values = calls[-1]["values"]
    assert not values.pop("hidden_prompt"), "empty in 0.8.0, None in 0.3.64"
    assert values == {"text": "x", "linked": None}
    assert calls[-1]["context"] == [prompt_id, "f", 0]
    (executed,) = comfy.calls("fingerprinted")
    assert executed["values"] == {"text": "x", "linked": "hello"}


def test_fingerprint_decides(comfy):
    comfy.run(fingerprint_graph())
    assert cached(comfy.run(fingerprint_graph())) == {"a", "f", "show"}
    comfy.set_state(fingerprint="2")
    assert cached(comfy.run(fingerprint_graph())) == {"a"}
    assert cached(comfy.run(fingerprint_graph())) == {"a", "f", "show"}


@pytest.mark.parametrize("state", ["nan", "raise"])
def test_nan_and_exceptions_always_run(comfy, state):
    comfy.set_state(fingerprint=state)
    for _ in range(3):
        assert comfy.run(fingerprint_graph())["status"]["completed"]
    assert len(comfy.calls("fingerprinted")) == 3
    assert len(comfy.calls("execute")) == 1


def test_is_changed_in_the_graph_is_believed(comfy):
    graph = fingerprint_graph()
    graph["f"]["is_changed"] = ["frozen"]
    comfy.run(copy.deepcopy(graph))
    comfy.set_state(fingerprint="other")
    entry = comfy.run(copy.deepcopy(graph))
    assert cached(entry) == {"a", "f", "show"}
    assert comfy.calls("fingerprint") == []


def test_history_and_queue_do_not_show_the_fingerprint(comfy):
    entry = comfy.run(fingerprint_graph())
    assert "is_changed" not in entry["prompt"][2]["f"]


@pytest.mark.parametrize("kind", ["ProbeLazy", "ProbeLazyAsync"])
def test_lazy_inputs(comfy, kind):
    def graph(switch: bool) -> dict:
        bad = node("ProbeFail", text="no", how="raise")
        return shown(yes=text("yes"), no=bad, lazy=node(kind, switch=switch, on=["yes", 0], off=["no", 0]))

    prompt_id = comfy.queue(graph(True))
    entry = comfy.entry(prompt_id)
    assert entry["outputs"]["show"]["probe"] == ["yes"]
    asked = [call["values"] for call in comfy.calls("lazy")]
    assert asked == [{"on": None, "off": None}, {"on": "yes", "off": None}]
    if kind == "ProbeLazy":
        assert [call["context"] for call in comfy.calls("lazy")] == [[prompt_id, "lazy", 0]] * 2
    assert comfy.calls("lazy_execute")[0]["values"] == {"on": "yes", "off": None}

    failed = comfy.run(graph(False))
    assert failed["status"]["messages"][-1][0] == "execution_error"
    assert failed["status"]["messages"][-1][1]["node_id"] == "no"


def test_lazy_input_that_is_no_link(comfy):
    # The literal counts as there, so nothing is asked for.
    graph = shown(no=text("no"), lazy=node("ProbeLazy", switch=True, on="literal", off=["no", 0]))
    assert comfy.run(graph)["outputs"]["show"]["probe"] == ["literal"]
    assert comfy.calls("execute") == []
