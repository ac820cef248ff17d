"""Which OCR is used, how its answers are read, and that it stays out where it is absent, broken or switched off.

What a real one reads is tested where the Python that runs the tests has it: pip install rapidocr-onnxruntime.
"""

from __future__ import annotations

import asyncio
import importlib
import sys

import numpy as np
import pytest
from pack.engine.judge.critique import CHECKS
from pack.engine.judge.detector import DetectorFailed
from pack.engine.judge.judge import Judge
from pack.engine.judge.jury import Jury
from pack.engine.judge.writing_detector import WritingDetector
from PIL import Image, ImageDraw, ImageFont

from ..engine.judge.test_jury_detectors import CHECKLIST, Model
from ..painted import painted

rapid_ocr = importlib.import_module("pack.host.rapid_ocr")
INSTALLED = rapid_ocr.installed_package()
ONE, TWO = rapid_ocr.PACKAGES
MODELS = ("ch_PP-OCRv4_det_infer.onnx", "ch_ppocr_mobile_v2.0_cls_infer.onnx", "ch_PP-OCRv4_rec_infer.onnx")


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """Packages by name, with the files of their models and their code."""
    monkeypatch.setattr(rapid_ocr, "_engines", {})
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(name, code, models=MODELS):
        folder = tmp_path / name
        (folder / "models").mkdir(parents=True)
        (folder / "__init__.py").write_text(code)
        for model in models:
            (folder / "models" / model).write_bytes(b"")
        importlib.invalidate_caches()

    for name in (ONE, TWO):
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield make
    for name in (ONE, TWO):
        sys.modules.pop(name, None)


TUPLE = """
def RapidOCR():
    return lambda pixels: ([[[0, 0], "HELLO", 0.9], [[0, 9], "WORLD", 0.8]] if pixels.any() else None, [0.1])
"""
OBJECT = """
class Found:
    txts = ("HELLO", "WORLD")
def RapidOCR():
    return lambda pixels: Found()
"""
BROKEN = "raise OSError('no onnxruntime')"
PIXELS = np.full((8, 8, 3), 7, np.uint8)


@pytest.mark.skipif(INSTALLED is not None, reason="one is installed in this Python")
def test_none_is_installed(packages):
    assert rapid_ocr.installed_package() is None


@pytest.mark.parametrize("code", [TUPLE, OBJECT])
def test_lines_of_either_package(packages, code):
    packages(TWO, code)
    if INSTALLED is None:
        assert rapid_ocr.installed_package() == TWO
    assert TWO not in sys.modules, "not imported before a picture is to be read"
    reader = rapid_ocr.RapidOcr(TWO)
    assert (reader.name, list(reader.read(PIXELS))) == ("rapidocr", ["HELLO", "WORLD"])


def test_nothing_read(packages):
    packages(ONE, TUPLE)
    assert list(rapid_ocr.RapidOcr(ONE).read(PIXELS * 0)) == []


def test_one_that_would_have_to_fetch_its_models_is_not_used(packages):
    packages(ONE, TUPLE, models=MODELS[:2])
    assert rapid_ocr.installed_package() != ONE


def test_a_broken_one_is_told_in_words(packages):
    packages(ONE, BROKEN)
    with pytest.raises(DetectorFailed, match=r"rapidocr-onnxruntime could not read .*OSError.*Reinstall") as problem:
        rapid_ocr.RapidOcr(ONE).read(PIXELS)
    assert "exact_evidence" in str(problem.value)


@pytest.mark.skipif(INSTALLED is None, reason="needs rapidocr-onnxruntime in this Python")
def test_a_real_one_reads_a_sign():
    picture = Image.new("RGB", (512, 256), (240, 240, 235))
    ImageDraw.Draw(picture).text((60, 90), "HELLO", font=ImageFont.load_default(size=70), fill=(20, 20, 30))
    reader = rapid_ocr.RapidOcr(INSTALLED)
    assert [line.upper() for line in reader.read(np.asarray(picture))] == ["HELLO"]
    assert list(reader.read(np.full((256, 256, 3), 200, np.uint8))) == []


@pytest.mark.skipif(INSTALLED is None, reason="needs rapidocr-onnxruntime in this Python")
@pytest.mark.parametrize(("written", "passed"), [("HELLO", True), ("HELO", False), ("MUSIC", False)])
def test_a_real_one_beside_a_judge_that_reads_what_it_expects(written, passed):
    judging = Jury(
        Judge("ollama", Model({"r1", "r2"}), 0.8, CHECKS), [], [WritingDetector(rapid_ocr.RapidOcr(INSTALLED))]
    )
    duck, word, _ = CHECKLIST.requirements
    checklist = CHECKLIST.model_copy(update={"requirements": (duck, word)})
    picture = painted(f'one red circle and the word "{written}"')
    found = asyncio.run(judging.judge_pictures([picture], checklist, 5)).critiques[0]
    assert found.passed == passed, found.reason
    assert found.jury[1].items[0].answer.upper() == written
