"""Real pictures of known content: what labelled_pictures.json says of them, and their pixels from where they are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import util
from pathlib import Path

import numpy as np
from PIL import Image

TRUTH = Path(__file__).with_name("labelled_pictures.json")
PACKAGES = tuple(f"comfyui_workflow_templates_media_{part}" for part in ("image", "api", "video", "other", "assets_01"))
ENDINGS = {".webp", ".png", ".jpg", ".jpeg"}
DIGITS = 12
"""Of the hash that a picture is known by."""


@dataclass(frozen=True)
class Labelled:
    """people: None where nobody has counted them. faces: those of the people that can be seen. writing: phrases in it.
    meant: what misspelt writing in it seems to be meant for, "" without any."""

    name: str
    people: int | None
    faces: int
    drawn: bool
    writing: tuple[str, ...]
    meant: str
    path: Path

    def pixels(self) -> np.ndarray:
        """uint8 [H, W, 3], RGB; of a moving picture the first."""
        with Image.open(self.path) as picture:
            return np.asarray(picture.convert("RGB"))


def labelled_pictures(folders: Sequence[Path], truth: Path = TRUTH) -> tuple[list[Labelled], int]:
    """Those that are in the folders, in the order of their names, and how many the truth knows. Each is known by the
    beginning of its SHA-256, or by its name."""
    known = json.loads(truth.read_text(encoding="utf-8"))["pictures"]
    found: dict[str, Labelled] = {}
    for path in _files(folders):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:DIGITS]
        key = digest if digest in known else path.name
        if key in known and key not in found:
            said = known[key]
            found[key] = Labelled(
                name=path.name,
                people=said.get("people"),
                faces=said.get("faces", 0),
                drawn=said.get("drawn", False),
                writing=tuple(said.get("writing", ())),
                meant=said.get("meant", ""),
                path=path,
            )
    return sorted(found.values(), key=lambda one: (one.name, one.path)), len(known)


def template_folders() -> list[Path]:
    """Where the official workflow templates of this Python have their pictures."""
    specs = [util.find_spec(package) for package in PACKAGES]
    return [Path(root) / "templates" for spec in specs if spec for root in spec.submodule_search_locations or ()]


def _files(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in folders:
        yield from sorted(path for path in folder.glob("*") if path.suffix.lower() in ENDINGS)
