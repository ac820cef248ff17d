"""What measures one thing in a picture exactly, where the package for it is installed and the owner wants it."""

from __future__ import annotations

from ..engine.judge.detector import PictureDetector
from ..engine.judge.face_detector import FaceCounter, measured_face_rates
from ..engine.judge.writing_detector import WritingDetector
from .face_counting import InstalledFaces, installed_faces
from .rapid_ocr import RapidOcr, installed_package
from .settings import ServerSettings


def installed_detectors(known: ServerSettings) -> list[PictureDetector]:
    """Those of this server. Imports none of their packages."""
    if not known.exact_evidence:
        return []
    reader, faces = installed_package(), installed_faces()
    found: list[PictureDetector] = [] if reader is None else [WritingDetector(RapidOcr(reader))]
    return found if faces is None else [*found, FaceCounter(InstalledFaces(faces), measured_face_rates()[faces.name])]
