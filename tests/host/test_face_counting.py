"""Which counter of faces is used, how its answers are read, and that it stays out where it is absent, broken or off.

What a real one finds is tested where the Python that runs the tests has it: pip install --no-deps facenet-pytorch.
"""

from __future__ import annotations

import asyncio
import importlib
import sys

import numpy as np
import pytest
import torch
from pack.engine.judge.critique import CHECKS
from pack.engine.judge.detector import DetectorFailed
from pack.engine.judge.face_detector import FaceCounter, measured_face_rates
from pack.engine.judge.judge import Judge
from pack.engine.judge.jury import Jury
from pack.engine.judge.picture import Picture

from ..engine.judge.test_jury_faces import CHECKLIST, Counting
from ..painted import painted

faces = importlib.import_module("pack.host.face_counting")
REAL = faces.installed_faces()
FACENET, MEDIAPIPE = faces.PACKAGES
MODULES = ("facenet_pytorch", "torchvision", "mediapipe")
WEIGHTS = {"facenet_pytorch": FACENET.needs, "mediapipe": MEDIAPIPE.needs, "torchvision": ()}


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """Packages by name, with their code by file and the files that they carry; none is installed else."""
    monkeypatch.setattr(faces, "_loaded", {})
    monkeypatch.setattr(faces, "_broken", set())
    before = {name: module for name, module in sys.modules.items() if name.split(".")[0] in MODULES}
    for name in before:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(name, code, needs=None):
        files = dict.fromkeys(WEIGHTS[name] if needs is None else needs, "") | {"__init__.py": "", **code}
        for file, text in files.items():
            path = tmp_path / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        importlib.invalidate_caches()

    yield make
    for name in [name for name in sys.modules if name.split(".")[0] in MODULES]:
        sys.modules.pop(name)
    sys.modules.update(before)


def with_facenet(packages, code):
    packages("torchvision", {})
    packages("facenet_pytorch", {"__init__.py": code})


MTCNN = """
class MTCNN:
    def __init__(self, keep_all, device):
        assert keep_all and device == "cpu"
    def detect(self, pixels):
        assert pixels.dtype.name == "uint8" and pixels.shape[2] == 3
        if not pixels.any():
            return None, [None]
        return [[0, 0, 9, 9]] * 3, [0.999, 0.96, 0.91]
"""
SOLUTION = """
class Found:
    detections = [object(), object()]
class Nothing:
    detections = None
class FaceDetection:
    def __init__(self, model_selection, min_detection_confidence):
        assert model_selection == 1
    def process(self, pixels):
        return Found() if pixels.any() else Nothing()
"""
PIXELS = np.full((8, 8, 3), 7, np.uint8)


@pytest.mark.skipif(REAL is not None, reason="one is installed in this Python")
def test_none_is_installed():
    assert faces.installed_faces() is None


def test_sure_faces_of_facenet_are_counted(packages):
    with_facenet(packages, MTCNN)
    assert faces.installed_faces() is FACENET
    assert "facenet_pytorch" not in sys.modules, "not imported before a picture is to be looked at"
    finder = faces.InstalledFaces(FACENET)
    assert (finder.name, finder.count(PIXELS), finder.count(PIXELS * 0)) == ("facenet-pytorch", 2, 0)


def test_faces_of_mediapipe_are_counted(packages):
    packages("mediapipe", {"python/solutions/face_detection.py": SOLUTION})
    assert MEDIAPIPE.installed
    finder = faces.InstalledFaces(MEDIAPIPE)
    assert (finder.name, finder.count(PIXELS), finder.count(PIXELS * 0)) == ("mediapipe", 2, 0)


def test_one_without_its_weights_is_not_used(packages):
    packages("torchvision", {})
    packages("facenet_pytorch", {"__init__.py": MTCNN}, needs=FACENET.needs[:2])
    packages("mediapipe", {}, needs=MEDIAPIPE.needs[1:])
    if REAL is None:
        assert faces.installed_faces() is None
    assert not faces.carries("facenet_pytorch", ("data/nothing.pt",))


def test_large_pictures_are_looked_at_reduced(packages):
    with_facenet(packages, MTCNN.replace("if not", "assert pixels.shape == (320, 640, 3)\n        if not"))
    assert faces.InstalledFaces(FACENET).count(np.full((1024, 2048, 3), 7, np.uint8)) == 2


def test_a_broken_one_is_told_in_words(packages):
    with_facenet(packages, "raise OSError('another torch')")
    with pytest.raises(DetectorFailed, match=r"facenet-pytorch could not look .*OSError.*exact_evidence"):
        faces.InstalledFaces(FACENET).count(PIXELS)
    assert faces.installed_faces() is not FACENET, "and not tried again"


def test_one_picture_that_fails_does_not_end_it(packages):
    with_facenet(packages, MTCNN.replace("return None, [None]", "raise ValueError('odd picture')"))
    finder = faces.InstalledFaces(FACENET)
    with pytest.raises(DetectorFailed, match="ValueError"):
        finder.count(PIXELS * 0)
    assert faces.installed_faces() is FACENET
    assert finder.count(PIXELS) == 2


def test_each_has_rates_of_its_own():
    assert set(measured_face_rates()) == {one.name for one in faces.PACKAGES}


@pytest.mark.skipif(REAL is None, reason="needs facenet-pytorch or mediapipe in this Python")
def test_a_real_one_finds_nobody_where_nobody_is():
    counter = FaceCounter(faces.InstalledFaces(REAL), measured_face_rates()[REAL.name])
    for picture in (painted("three red circles"), Picture(painted("one blue square").image * 0)):
        (item, *_) = asyncio.run(counter.detect(picture, CHECKLIST.requirements))
        assert (item.answer, item.passed) == ("0", False)


@pytest.mark.skipif(REAL is None, reason="needs facenet-pytorch or mediapipe in this Python")
def test_a_real_one_counts_the_people_of_official_templates():
    """Of generated pictures that come with ComfyUI: many are found, and hardly one too many."""
    from pack.benchmarks._labelled_pictures import labelled_pictures, template_folders

    known = [one for one in labelled_pictures(template_folders())[0] if one.people is not None and not one.drawn]
    if len(known) < 300:
        pytest.skip("needs comfyui-workflow-templates in this Python")
    finder = faces.InstalledFaces(REAL)
    some = [one for one in known if one.faces][:20] + [one for one in known if not one.people][:20]
    found = [finder.count(one.pixels()) for one in some]
    assert sum(found[:20]) >= 12
    assert sum(count > one.people for one, count in zip(some, found, strict=True)) <= 1
    crowd = max(known, key=lambda one: one.faces)
    shown = Picture(torch.from_numpy(crowd.pixels().astype("float32") / 255))
    counter = FaceCounter(finder, measured_face_rates()[REAL.name])
    judging = Jury(Judge("ollama", Counting(2), 0.8, CHECKS), [], [counter])
    told = asyncio.run(judging.judge_pictures([shown], CHECKLIST, 5)).critiques[0]
    assert not told.passed and "faces" in told.reason, "the judge counts what it expects"
    assert told.jury[1].items[0].evidence == -2.5
