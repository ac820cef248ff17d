"""Writing read by rapidocr, where it is installed. Never required, and not imported before a picture is to be read.

Its packages carry their models' files; one that would have to fetch them first is not used.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .installed_packages import carries, told_in_words

PACKAGES = ("rapidocr_onnxruntime", "rapidocr")
"""By the names they are imported by, the one whose errors were measured first."""
MODELS = ("models/*_det_*.onnx", "models/*_cls_*.onnx", "models/*_rec_*.onnx")
"""The model files that reading takes: lines are found, turned upright, and read."""
THEIR_LOG = "RapidOCR"


def installed_package() -> str | None:
    """The one that can be used; None without any. Imports none."""
    return next((name for name in PACKAGES if carries(name, MODELS)), None)


class RapidOcr:
    """A TextReader. package: one of PACKAGES."""

    def __init__(self, package: str) -> None:
        self.name = package.replace("_", "-")
        self._package = package

    def read(self, pixels: np.ndarray) -> Sequence[str]:
        """See TextReader.read."""
        # One at a time: its engine is not said to be safe for several threads.
        with told_in_words(self.name, "read the picture"), _reading:
            return _lines(_engine(self._package)(np.ascontiguousarray(pixels[..., ::-1])))


_reading = threading.Lock()
_engines: dict[str, Callable[[np.ndarray], Any]] = {}


def _engine(package: str) -> Callable[[np.ndarray], Any]:
    """Its import takes a second, its models another one."""
    if package not in _engines:
        if package == "rapidocr_onnxruntime":
            from rapidocr_onnxruntime import RapidOCR
        else:
            from rapidocr import RapidOCR
        _engines[package] = RapidOCR()
        # It warns of each picture without writing, at a level that it sets itself.
        logging.getLogger(THEIR_LOG).setLevel(logging.ERROR)
    return _engines[package]


def _lines(found: Any) -> list[str]:
    """Of what either package gives: (lines of box, text, score, times), or an object with the texts."""
    if isinstance(found, tuple):
        return [str(line[1]) for line in found[0] or ()]
    return [str(text) for text in getattr(found, "txts", None) or ()]
