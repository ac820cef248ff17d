"""The preflight says what a real server said: recorded answers of ComfyUI 0.8.0, and 22 graphs that it accepted."""

from __future__ import annotations

import pytest
from pack.engine.graph.check import check

from .probe_cases import CHANGES, FILES_ON_DISK, probe
from .reference import NAMES, STILL, accepted, graph, object_info, probes, ui_workflow

BESIDE_THE_GRAPH = {"number_and_front", "custom_prompt_id", "no_prompt_key", "prompt_is_list", "invalid_json"}
BESIDE_THE_GRAPH |= {"ui_format_as_prompt", "partial_targets", "partial_targets_bad"}
SAME_NAME = {
    "required_input_missing",
    "value_not_in_list",
    "return_type_mismatch",
    "bad_linked_input",
    "invalid_input_type",
    "value_smaller_than_min",
    "value_bigger_than_max",
}


def test_every_recorded_probe_has_its_graph():
    assert set(CHANGES) | BESIDE_THE_GRAPH == set(probes())


@pytest.mark.parametrize("name", [name for name in CHANGES if name not in FILES_ON_DISK])
def test_a_probe_is_accepted_or_refused_as_the_server_did(name):
    answer, checked = probes()[name], check(probe(name), object_info())
    errors = answer["body"]["node_errors"]
    assert bool(checked.running) == (answer["status"] == 200), checked
    if answer["status"] == 200:
        assert set(checked.refused) == {o for error in errors.values() for o in error["dependent_outputs"]}
    for node, error in errors.items():
        for one in error["errors"]:
            if one["type"] in SAME_NAME:
                said = (one["type"], node, one["extra_info"]["input_name"])
                assert said in {(f.kind, f.node, f.input) for f in checked.rejected}


@pytest.mark.parametrize(
    ("name", "node", "name_of_input"),
    [
        ("link_slot_out_of_range", "6", "samples"),
        ("link_to_missing_node", "6", "samples"),
        ("link_slot_string", "6", "samples"),
        ("link_node_id_int", "6", "samples"),
        ("link_float_slot", "6", "samples"),
        ("list2_value_for_string", "2", "text"),
    ],
)
def test_a_broken_link_is_named_where_it_is_not_where_the_server_tripped(name, node, name_of_input):
    first = check(probe(name), object_info()).findings[0]
    assert (first.severity, first.node, first.input) == ("rejected", node, name_of_input)


@pytest.mark.parametrize(
    ("name", "kind", "severity"),
    [
        ("string_for_link_input", "literal_for_link", "wrong"),
        ("int_numeric_string", "number_as_text", "suspicious"),
        ("float_in_int", "number_cut", "wrong"),
        ("step_violation_width_1001", "off_step", "wrong"),
        ("unknown_extra_input_ignored", "unknown_input", "suspicious"),
        ("cycle_not_reachable_from_output", "dependency_cycle", "suspicious"),
        ("missing_image_file", "file_not_listed", "wrong"),
        ("dyncombo_missing_key", "dynamic_choice_missing", "wrong"),
        ("dyncombo_bad_key", "dynamic_choice_unknown", "wrong"),
        ("autogrow_empty", "too_few_slots", "wrong"),
    ],
)
def test_what_the_server_lets_through_is_found(name, kind, severity):
    assert probes()[name]["status"] == 200
    assert (kind, severity) in {(f.kind, f.severity) for f in check(probe(name), object_info()).findings}


def test_too_few_slots_are_refused_where_the_server_demands_them():
    newer = {name: {**described, "is_input_list": False} for name, described in object_info().items()}
    checked = check(probe("autogrow_empty"), newer)
    assert ("too_few_slots", "rejected") in {(f.kind, f.severity) for f in checked.findings}


@pytest.mark.parametrize("name", ["cycle_2", "cycle_self"])
def test_the_nodes_of_a_cycle_are_named(name):
    found = next(f for f in check(probe(name), object_info()).findings if f.kind == "dependency_cycle")
    assert "8 -> " in found.what


@pytest.mark.parametrize("name", NAMES)
def test_a_graph_that_the_server_accepted_has_no_finding(name):
    checked = check(graph(name), object_info())
    assert [finding.kind for finding in checked.findings] == STILL.get(name, [])
    assert accepted(checked)


def test_partial_targets():
    sdxl = graph("sdxl_txt2img")
    assert accepted(check(sdxl, object_info(), targets=["7"]))
    refused = check(sdxl, object_info(), targets=["6"])
    assert (accepted(refused), refused.findings[0].kind) == (False, "prompt_no_outputs")


@pytest.mark.parametrize("sent", [ui_workflow(), [1, 2], None, "text", {"prompt": {"1": {}}}, {"a": 1}])
def test_another_kind_of_json_is_a_finding_not_a_crash(sent):
    checked = check(sent, object_info())
    assert [f.kind for f in checked.findings] == ["not_an_api_graph"]
    assert not accepted(checked)


def test_every_finding_says_where_what_and_what_to_do():
    for name in CHANGES:
        for finding in check(probe(name), object_info()).findings:
            assert finding.what.endswith("."), finding
            assert finding.fix.endswith((".", "?", "...")), finding


def test_a_value_behind_a_badly_written_link_is_still_checked():
    broken = probe("link_node_id_int")
    broken["5"]["inputs"]["steps"] = 0
    kinds = {finding.kind for finding in check(broken, object_info()).rejected}
    assert kinds == {"link_source_not_text", "value_smaller_than_min"}


def test_an_empty_model_list_says_that_nothing_is_installed():
    info = {**object_info(), "CheckpointLoaderSimple": {**object_info()["CheckpointLoaderSimple"]}}
    info["CheckpointLoaderSimple"]["input"] = {"required": {"ckpt_name": [[]]}}
    found = check(graph("sdxl_txt2img"), info).rejected
    assert [f.input for f in found] == ["ckpt_name"]
    assert "no file of this kind is installed" in found[0].what


def test_a_chain_too_deep_for_the_server_is_refused_and_does_not_hurt():
    deep = graph("sdxl_txt2img")
    for number in range(5000):
        samples = [str(10 + number - 1), 0] if number else ["5", 0]
        inputs = {"samples": samples, "upscale_method": "bilinear", "scale_by": 1.0}
        deep[str(10 + number)] = {"class_type": "LatentUpscaleBy", "inputs": inputs}
    deep["6"]["inputs"]["samples"] = ["5009", 0]
    checked = check(deep, object_info())
    assert not accepted(checked)
    assert [f.kind for f in checked.rejected] == ["chain_too_deep"]
