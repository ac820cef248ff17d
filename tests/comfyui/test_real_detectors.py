"""Faces and hands found by detectors in a real ComfyUI: core's own with random weights where it has one, and stand-ins
with the sockets of Impact's. Only the region changes, and a detector that fails is done without."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from pack.engine.graph.detectors import detectors_of, installed_detector
from pack.engine.graph.local_edit import EditMask, LocalEdit, make_edit_graph
from PIL import Image, ImageDraw

from .test_contract_repairs import ALL, pointing, wrong_until_pointed
from .test_real_local_edit import FEATHER, FOLDER, GROW, ended, far_from, graph
from .theatre import embedded, opened, pixels, scripted
from .tiny_detectors import save_face_landmarker
from .tiny_models import save_checkpoint

pytestmark = pytest.mark.comfyui
COMFYUI_PATH = os.environ.get("COMFYUI_PATH")
if not COMFYUI_PATH:
    pytest.skip("set COMFYUI_PATH to a ComfyUI checkout to run these", allow_module_level=True)

SIZE, SPOT, BOX = (160, 144), (30, 40, 60, 70), (16, 24, 90, 100)
CORE, PACK = "MediaPipe Face Landmarker", "Ultralytics detector for faces"


@pytest.fixture(scope="module")
def painter(tmp_path_factory):
    base = tmp_path_factory.mktemp("painter")
    save_checkpoint(base / "models" / "checkpoints" / "tiny.safetensors")
    save_face_landmarker(base / "models" / "detection" / "face_landmarker.safetensors")
    shutil.copytree(Path(__file__).parent / "detector_probe", base / "custom_nodes" / "detector_probe")
    (base / "output" / FOLDER).mkdir(parents=True)
    with opened(base, Path(COMFYUI_PATH), os.environ.get("COMFYUI_PYTHON")) as theatre:
        theatre.judge.default = scripted(5)
        yield theatre


@pytest.fixture(scope="module")
def known(painter):
    return painter.client.get("/object_info")


def drawn(painter, name):
    """A grey picture of noise with a red spot, and a box around that; their names as LoadImage takes them."""
    random = np.random.default_rng(3)
    grey = np.repeat(random.integers(60, 120, (SIZE[1], SIZE[0], 1), np.uint8), 3, -1)
    picture, mask = Image.fromarray(grey), Image.new("RGB", SIZE)
    ImageDraw.Draw(picture).ellipse(SPOT, fill="red")
    ImageDraw.Draw(mask).rectangle(BOX, fill="white")
    folder = painter.base / "output" / FOLDER
    picture.save(folder / f"{name}.png")
    mask.save(folder / f"{name}_mask.png")
    spot = np.asarray(picture)[..., 0] > 200
    return (
        np.asarray(picture),
        spot,
        np.asarray(mask)[..., 0] > 127,
        [f"{FOLDER}/{name}{end}.png [output]" for end in ("", "_mask")],
    )


@pytest.mark.parametrize("name", [CORE, PACK])
def test_a_detector_gives_the_region_or_the_box_does(painter, known, name):
    without = {CORE, PACK} - {name}
    before, spot, box, (picture, file) = drawn(painter, name.split()[0])
    mask = EditMask(file=file, words="the face", detector=installed_detector("face", known, without))
    made = make_edit_graph(graph(), known, "11", LocalEdit(picture, mask, 0.6, grow=GROW, feather=FEATHER))
    if name == CORE and "MediaPipeFaceMask" not in known:
        assert detectors_of(made) == (), "an older core has none"
        pytest.skip("this ComfyUI finds no faces by itself")
    assert detectors_of(made) == (name,)
    run = ended(painter, painter.client.queue(made))
    assert run["status"] == "done", run["reason"]
    after = pixels(painter.picture(run, run["iterations"][0]["picture"]))
    outside = far_from(box)
    assert np.array_equal(after[outside], before[outside])
    if name == PACK:
        assert np.array_equal(after[far_from(spot)], before[far_from(spot)]), "no more than what was found"
        assert (after[spot] != before[spot]).mean() > 0.5
    else:
        assert (after[box] != before[box]).mean() > 0.3, "with random weights nobody is found, and the box counts"


def test_a_detector_that_fails_is_done_without(painter):
    """The stand-in's model for hands breaks: the run repairs by the judge's box and goes on."""
    judge = pointing(ALL, region="the left hand", box=[500, 500, 800, 800])
    _, painter.judge.default = wrong_until_pointed(judge)
    workflow = graph()
    lines = ("a red circle", "a green square", "a blue star")
    workflow["10"]["inputs"] |= {"checklist": "\n".join(lines), "goal": ", ".join(lines), "iterations_per_loop": 8}
    workflow["4"]["inputs"] |= {"width": 128, "height": 160}
    run = ended(painter, painter.client.queue(workflow))
    assert run["status"] == "done", run["reason"]
    (repair,) = [i for i in run["iterations"] if i["plan"]["action"] == "local_edit"]
    assert repair["plan"]["repair"]["kind"] == "hand" and repair["repaired"]
    assert repair["repaired_region"]["looked_for_by"] == ""
    assert detectors_of(embedded(painter.picture(run, repair["picture"]))) == ()
    assert "Ultralytics detector for hands failed" in painter.process.log_text()
