"""Faces counted by a package that is installed. Never required, and not imported before a picture is to be looked at.

The packages carry the weights of their models; one without them is not used.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from .installed_packages import carries, told_in_words

LONG_SIDE = 640
"""Pixels: enough for faces that matter, and about the size of those that errors were measured with."""
Count = Callable[[np.ndarray], int]


@dataclass(frozen=True)
class FacePackage:
    """name: as it is installed by. module: as it is imported by. needs: files in it. beside: another one it imports.
    load: makes the function that counts the faces of uint8 [H, W, 3], RGB."""

    name: str
    module: str
    needs: tuple[str, ...]
    load: Callable[[], Count]
    beside: str = ""

    @property
    def installed(self) -> bool:
        return carries(self.module, self.needs) and (not self.beside or carries(self.beside, ("__init__.py",)))


def _load_facenet() -> Count:
    from facenet_pytorch import MTCNN

    # On the CPU: the card belongs to what renders. It takes a second there.
    network = MTCNN(keep_all=True, device="cpu")

    def count(pixels: np.ndarray) -> int:
        _, chances = network.detect(pixels)
        return sum(one is not None and one >= SURE_OF_MTCNN for one in chances)

    return count


def _load_mediapipe() -> Count:
    from mediapipe.python.solutions.face_detection import FaceDetection

    network = FaceDetection(model_selection=FULL_RANGE, min_detection_confidence=SURE_OF_MEDIAPIPE)
    return lambda pixels: len(network.process(pixels).detections or ())


SURE_OF_MTCNN = 0.95
"""Probability of a face. At the package's own .9 it found faces in 5 of 236 pictures of nobody, at .95 in none."""
SURE_OF_MEDIAPIPE = 0.5
"""The package's own."""
FULL_RANGE = 1
"""Its model for faces within five metres; the other one, for selfies, found faces in one of five pictures of nobody."""
PACKAGES = (
    FacePackage(
        "facenet-pytorch",
        "facenet_pytorch",
        ("data/pnet.pt", "data/rnet.pt", "data/onet.pt"),
        _load_facenet,
        "torchvision",
    ),
    FacePackage(
        "mediapipe",
        "mediapipe",
        ("modules/face_detection/face_detection_full_range_sparse.tflite", "python/solutions/face_detection.py"),
        _load_mediapipe,
    ),
)
"""The one with fewest errors first (benchmarks/README.md, faces)."""


def installed_faces() -> FacePackage | None:
    """The one that can be used; None without any. Imports none. One that could not be imported is not tried again: many
    have mediapipe for something else, and beside another numpy or protobuf than it was made for."""
    return next((one for one in PACKAGES if one.name not in _broken and one.installed), None)


class InstalledFaces:
    """A FaceFinder."""

    def __init__(self, package: FacePackage) -> None:
        self.name = package.name
        self._package = package

    def count(self, pixels: np.ndarray) -> int:
        """See FaceFinder.count."""
        # One at a time: neither says that it is safe for several threads.
        with told_in_words(self.name, "look at the picture"), _counting:
            return int(self._network()(_reduced(pixels)))

    def _network(self) -> Count:
        if self.name not in _loaded:
            try:
                _loaded[self.name] = self._package.load()
            except Exception:
                _broken.add(self.name)
                raise
        return _loaded[self.name]


_counting = threading.Lock()
_loaded: dict[str, Count] = {}
"""Networks that are in memory: 2 MB each."""
_broken: set[str] = set()
"""Names of packages that could not be loaded since the server was started."""


def _reduced(pixels: np.ndarray) -> np.ndarray:
    height, width = pixels.shape[:2]
    scale = LONG_SIDE / max(height, width)
    if scale >= 1:
        return np.ascontiguousarray(pixels)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))
