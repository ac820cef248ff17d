"""What POST /prompt refuses, and how."""

from __future__ import annotations

import pytest

from .graphs import node, shown, text


def refusal(comfy, graph, **fields):
    status, answer = comfy.post("/prompt", {"prompt": graph, **fields})
    assert status == 400, answer
    assert set(answer) == {"error", "node_errors"}
    assert set(answer["error"]) == {"type", "message", "details", "extra_info"}
    return answer


def only_error(comfy, graph, node_id="a"):
    answer = refusal(comfy, graph)
    assert answer["error"]["type"] == "prompt_outputs_failed_validation"
    assert list(answer["node_errors"]) == [node_id], answer["node_errors"]
    blamed = answer["node_errors"][node_id]
    assert (blamed["dependent_outputs"], blamed["class_type"]) == (["show"], graph[node_id]["class_type"])
    (error,) = blamed["errors"]
    return error


def test_no_prompt(comfy):
    status, answer = comfy.post("/prompt", {})
    assert (status, answer["error"]["type"], answer["node_errors"]) == (400, "no_prompt", {})


def test_a_list_is_a_server_error(comfy):
    assert comfy.ask("POST", "/prompt", json={"prompt": ["a"]})[0] == 500
    assert comfy.ask("POST", "/prompt", data="not json")[0] == 500


def test_missing_class_type(comfy):
    error = refusal(comfy, {"a": {"inputs": {}}})["error"]
    assert (error["type"], error["details"]) == ("invalid_prompt", "Node ID '#a'")


def test_unknown_class(comfy):
    error = refusal(comfy, shown(a=node("NoSuchNode")))["error"]
    assert (error["type"], error["details"]) == ("invalid_prompt", "Node ID '#a'")
    assert "NoSuchNode" in error["message"]


@pytest.mark.parametrize("graph", [{}, {"a": text()}])
def test_no_outputs(comfy, graph):
    assert refusal(comfy, graph)["error"]["type"] == "prompt_no_outputs"


def test_partial_target_that_is_no_output(comfy):
    answer = refusal(comfy, shown(a=text()), partial_execution_targets=["a"])
    assert answer["error"]["type"] == "prompt_no_outputs"


def test_required_input_missing(comfy):
    error = only_error(comfy, shown(a=node("ProbeText", text="x")))
    assert error["type"] == "required_input_missing"
    assert (error["details"], error["extra_info"]) == ("count", {"input_name": "count"})


def test_details_name_the_errors_of_the_output_itself(comfy):
    answer = refusal(comfy, {"show": node("ProbeShow")})
    assert answer["error"]["details"] == "Required input is missing: value"
    assert answer["node_errors"]["show"]["errors"][0]["type"] == "required_input_missing"


@pytest.mark.parametrize(
    ("inputs", "kind"),
    [
        ({"count": "many"}, "invalid_input_type"),
        ({"count": None}, "invalid_input_type"),
        ({"ratio": "half"}, "invalid_input_type"),
        ({"count": -1}, "value_smaller_than_min"),
        ({"count": 11}, "value_bigger_than_max"),
        ({"ratio": 1.5}, "value_bigger_than_max"),
        ({"count": ["a"]}, "bad_linked_input"),
        ({"count": ["a", 0, 1]}, "bad_linked_input"),
    ],
)
def test_bad_values(comfy, inputs, kind):
    error = only_error(comfy, shown(a=text(**inputs)))
    assert error["type"] == kind
    name, value = next(iter(inputs.items()))
    assert (error["extra_info"]["input_name"], error["extra_info"]["received_value"]) == (name, value)
    assert len(error["extra_info"]["input_config"]) == 2


def test_values_are_converted(comfy):
    graph = shown(a=node("ProbeText", text=5, count="7", ratio="0.25", flag="false"))
    entry = comfy.run(graph)
    assert entry["prompt"][2]["a"]["inputs"] == {"text": "5", "count": 7, "ratio": 0.25, "flag": True}
    assert comfy.calls("execute")[0]["values"] == {"text": "5", "count": 7, "ratio": 0.25, "flag": True}


def test_wrapped_list_is_a_value(comfy):
    entry = comfy.run({"show": node("ProbeShow", value={"__value__": ["a", "b", "c"]})})
    assert entry["outputs"]["show"]["probe"] == ["['a', 'b', 'c']"]


@pytest.mark.parametrize("inputs", [{"colour": "blue"}, {"colour": "red", "many": "99"}])
def test_combo(comfy, inputs):
    error = only_error(comfy, shown(a=node("ProbeOld", text="x", **inputs)))
    name, value = list(inputs.items())[-1]
    assert error["type"] == "value_not_in_list"
    if name == "colour":
        assert error["details"] == "colour: 'blue' not in ['red', 'green']"
        assert error["extra_info"]["input_config"] == [["red", "green"], {}]
    else:
        assert error["details"] == "many: '99' not in (list of length 30)"
        assert error["extra_info"]["input_config"] is None
    assert error["extra_info"]["received_value"] == value


def test_wrong_link_type(comfy):
    error = only_error(comfy, shown(t=text(), a=text(count=["t", 0])))
    assert error["type"] == "return_type_mismatch"
    assert error["details"] == "count, received_type(STRING) mismatch input_type(INT)"
    assert error["extra_info"]["linked_node"] == ["t", 0]
    assert error["extra_info"]["received_type"] == "STRING"


def test_unions_and_any(comfy):
    graph = shown(t=text(count=2), n=node("ProbeNumber", number=["t", 1]))
    assert comfy.run(graph)["outputs"]["show"]["probe"] == ["2"]
    error = only_error(comfy, shown(t=text(), a=node("ProbeNumber", number=["t", 0])))
    assert error["type"] == "return_type_mismatch"


@pytest.mark.parametrize(("link", "exception"), [(["gone", 0], "KeyError"), (["t", 9], "IndexError")])
def test_dead_links(comfy, link, exception):
    error = only_error(comfy, shown(t=text(), a=text(count=link)))
    assert error["type"] == "exception_during_inner_validation"
    info = error["extra_info"]
    assert (info["input_name"], info["linked_node"], info["exception_type"]) == ("value", ["a", 0], exception)


def test_dead_link_of_an_output(comfy):
    error = only_error(comfy, {"show": node("ProbeShow", value=["gone", 0])}, "show")
    assert error["type"] == "exception_during_validation"
    assert error["extra_info"]["exception_type"] == "KeyError"


def test_own_validation(comfy):
    error = only_error(comfy, shown(a=node("ProbeChecked", text="bad", count=1)))
    assert (error["type"], error["details"]) == ("custom_validation_failed", "text - bad is not good")
    assert comfy.run(shown(a=node("ProbeChecked", text="good", count=1)))["status"]["completed"]


def test_cycle(comfy):
    graph = shown(b=node("ProbeFail", text=["a", 0]), a=node("ProbeFail", text=["b", 0], how="raise"))
    graph["b"]["inputs"]["how"] = "raise"
    answer = refusal(comfy, graph)
    assert answer["error"]["type"] == "prompt_outputs_failed_validation"
    assert (answer["error"]["details"], answer["node_errors"]) == ("", {})


def test_one_good_and_one_bad_output(comfy):
    graph = {**shown(a=text(count=99)), "good": node("ProbeShow", value="fine")}
    status, answer = comfy.post("/prompt", {"prompt": graph, "client_id": "tests"})
    assert (status, list(answer["node_errors"])) == (200, ["a"])
    entry = comfy.entry(answer["prompt_id"])
    assert entry["outputs"] == {"good": {"probe": ["fine"]}}


def test_unknown_inputs_are_ignored(comfy):
    entry = comfy.run(shown(a=text("hi", surprise=3)))
    assert entry["status"]["completed"]
    assert "surprise" not in comfy.calls("execute")[0]["values"]
