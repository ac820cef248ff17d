"""What measures one thing in a picture exactly, where the package for it is installed and the owner wants it."""

from __future__ import annotations

from ..engine.judge.detector import PictureDetector
from ..engine.judge.writing_detector import WritingDetector
from .rapid_ocr import RapidOcr, installed_package
from .settings import ServerSettings


def installed_detectors(known: ServerSettings) -> list[PictureDetector]:
    """Those of this server. Imports none of their packages."""
    package = installed_package() if known.exact_evidence else None
    return [] if package is None else [WritingDetector(RapidOcr(package))]
