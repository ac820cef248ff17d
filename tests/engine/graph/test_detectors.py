"""Detectors of faces and hands in the graph of a repair: where the server has one, and never as a requirement."""

from __future__ import annotations

import copy
import re

import pytest
from pack.engine.graph.check import check
from pack.engine.graph.detectors import (
    detector_in,
    detector_rows,
    detector_source,
    detectors_of,
    installed_detector,
)
from pack.engine.graph.local_edit import EditMask, make_edit_graph

from .reference import graph, object_info_0_33
from .test_local_edit import INFO, MASK, edit, looped, of_class

FACES, HANDS = "face_yolov8m.pt", "bbox/hand_yolov8s.pt"
IMPACT = {
    "UltralyticsDetectorProvider": {
        "input": {"required": {"model_name": [["bbox/" + FACES, HANDS]]}},
        "output": ["BBOX_DETECTOR", "SEGM_DETECTOR"],
    },
    "BboxDetectorCombined_v2": {
        "input": {
            "required": {
                "bbox_detector": ["BBOX_DETECTOR"],
                "image": ["IMAGE"],
                "threshold": ["FLOAT", {"default": 0.5, "min": 0.0, "max": 1.0}],
                "dilation": ["INT", {"default": 4, "min": 0, "max": 255}],
            }
        },
        "output": ["MASK"],
    },
}


def core(model="face_landmarker.safetensors"):
    """The reference server with the nodes of core 0.33.0 that find faces, and this file for them."""
    newer = copy.deepcopy({name: object_info_0_33()[name] for name in object_info_0_33() if "MediaPipe" in name})
    files = newer["LoadMediaPipeFaceLandmarker"]["input"]["required"]["model_name"][1]
    files["options"] = [model] if model else []
    return {**INFO, **newer}


def made(info, finds, **mask):
    workflow, critic = looped(graph("sdxl_txt2img"))
    masked = EditMask(engine="Ollama boxes", detector=installed_detector(finds, info), **mask)
    repair = make_edit_graph(workflow, info, critic, edit(mask=masked))
    found = check(repair, info).findings
    before = {(f.kind, f.node, f.input) for f in check(workflow, info).findings}
    assert not [f for f in found if f.severity in ("rejected", "wrong") and (f.kind, f.node, f.input) not in before]
    return repair


def test_every_row_has_its_sources_and_patterns_that_are_ones():
    assert len({row.name for row in detector_rows()}) == len(detector_rows())
    for row in detector_rows():
        re.compile(row.model)
        assert all(detector_source(name).startswith("https://") for name in row.sources)


@pytest.mark.parametrize(
    ("info", "finds", "name"),
    [
        (core(), "face", "MediaPipe Face Landmarker"),
        (core(""), "face", None),
        (core("yolox_l.pt"), "face", None),
        (core(), "hand", None),
        (core(), "", None),
        ({**INFO, **IMPACT}, "face", "Ultralytics detector for faces"),
        ({**INFO, **IMPACT}, "hand", "Ultralytics detector for hands"),
        ({**core(), **IMPACT}, "face", "MediaPipe Face Landmarker"),
        (INFO, "face", None),
        ({name: one for name, one in {**INFO, **IMPACT}.items() if name != "MaskComposite"}, "face", None),
        ({**INFO, "UltralyticsDetectorProvider": IMPACT["UltralyticsDetectorProvider"]}, "face", None),
    ],
    ids=range(11),
)
def test_which_detector_a_server_has(info, finds, name):
    found = installed_detector(finds, info)
    assert (found.row.name if found else None) == name


def test_one_that_failed_makes_room_for_the_next():
    info = {**core(), **IMPACT}
    found = installed_detector("face", info, without={"MediaPipe Face Landmarker"})
    assert (found.row.name, found.model) == ("Ultralytics detector for faces", "bbox/" + FACES)


@pytest.mark.parametrize("info", [core(), {**INFO, **IMPACT}], ids=["core", "pack"])
def test_what_is_found_counts_within_the_judges_box_and_the_box_where_nothing_is(info):
    repair = made(info, "face", words="the face", file=MASK)
    (crop,) = of_class(repair, "ImitatoesRegionCrop")
    within = repair[crop["mask"][0]]
    assert within["class_type"] == "MaskComposite" and within["inputs"]["operation"] == "multiply"
    assert repair[crop["else_mask"][0]]["class_type"] == "LoadImageMask" and not of_class(
        repair, "ImitatoesTextSegmentMask"
    )
    assert within["inputs"]["source"] == crop["else_mask"]
    assert detector_in(repair, within["inputs"]["destination"][0]) and len(detectors_of(repair)) == 1


def test_without_a_box_words_count_where_nothing_is_found():
    repair = made(core(), "face", words="the face")
    (crop,) = of_class(repair, "ImitatoesRegionCrop")
    assert detector_in(repair, crop["mask"][0]) == "MediaPipe Face Landmarker"
    assert repair[crop["else_mask"][0]]["class_type"] == "ImitatoesTextSegmentMask"


def test_a_server_without_any_repairs_as_before():
    repair = made(INFO, "face", words="the face", file=MASK)
    assert detectors_of(repair) == () and of_class(repair, "ImitatoesTextSegmentMask")


def test_nodes_of_the_users_own_are_no_detector_of_ours():
    own = {"1": {"class_type": "UltralyticsDetectorProvider", "inputs": {"model_name": "x"}}, "2": "junk"}
    assert detector_in(own, "1") == detector_in(own, "2") == detector_in(own, "9") == ""
