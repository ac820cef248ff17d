"""Pictures in ComfyUI's own folders, by the names that a request gives: nothing outside of them is ever opened."""

from __future__ import annotations

import os
from pathlib import Path

import folder_paths
import numpy as np
import torch
from PIL import Image

from ..engine.judge.ranking import MOST_PICTURES, FolderOfPictures, PictureFolder
from .paths import NAME

ENDINGS = (".png", ".jpg", ".jpeg", ".webp")
MOST_PIXELS = 100_000_000
MOST_FOLDERS, DEEPEST = 200, 4
"""Folders that are offered, and how many names they lie below ComfyUI's own."""
OWN = (NAME, f"{NAME}_rankings")
"""In the output folder: runs and rankings are no folders of the user's."""


def find_picture(name: str, folder: PictureFolder | None) -> tuple[Path, PictureFolder]:
    """The picture of that name, with or without a sub-folder. folder: None looks into output, then input.

    Raises ValueError for a name that leads elsewhere, or to nothing.
    """
    for place in [folder] if folder is not None else ["output", "input"]:
        path = _inside(_root(place), name)
        if path.suffix.lower() in ENDINGS and path.is_file():
            return path, place
    where = folder or "output and input"
    raise ValueError(f"image: there is no picture '{name[:120]}' in ComfyUI's {where} folder.")


def list_pictures(sub_folder: str, folder: PictureFolder) -> list[str]:
    """Names of the pictures in a folder, without those in folders below it, sorted. Raises ValueError."""
    root = _root(folder)
    place = _inside(root, sub_folder) if sub_folder.strip("/\\ ") else root.resolve()
    if not place.is_dir():
        raise ValueError(f"folder: there is no folder '{sub_folder[:120]}' in ComfyUI's {folder} folder.")
    found = sorted(
        one.relative_to(root.resolve()).as_posix()
        for one in place.iterdir()
        if one.suffix.lower() in ENDINGS and one.is_file()
    )
    if not found:
        raise ValueError(f"folder: there are no pictures in '{sub_folder[:120] or folder}' (png, jpg or webp).")
    if len(found) > MOST_PICTURES:
        raise ValueError(f"folder: {len(found)} pictures are too many. At most {MOST_PICTURES} are ranked at once.")
    return found


def list_folders() -> list[FolderOfPictures]:
    """The folders with pictures in ComfyUI's output and input folder, by name; hidden ones and links are left out."""
    found: list[FolderOfPictures] = []
    for folder in ("output", "input"):
        root = _root(folder)
        for place, below, files in os.walk(root):
            inside = Path(place).relative_to(root)
            deep = len(inside.parts)
            below[:] = sorted(n for n in below if deep < DEEPEST and not n.startswith(".") and (deep or n not in OWN))
            pictures = sum(Path(name).suffix.lower() in ENDINGS for name in files)
            if pictures:
                name = "" if not deep else inside.as_posix()
                found.append(FolderOfPictures(folder=folder, sub_folder=name, pictures=pictures))
            if len(found) >= MOST_FOLDERS:
                return found
    return found


def read_picture(path: Path) -> torch.Tensor:
    """IMAGE [H, W, 3], float32, 0..1. Raises ValueError for a file that is no picture, or far too large."""
    try:
        with Image.open(path) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise ValueError(f"image: '{path.name}' has more than {MOST_PIXELS // 10**6} million pixels.")
            pixels = np.asarray(opened.convert("RGB"), dtype=np.float32) / 255
    except (OSError, Image.DecompressionBombError) as problem:
        raise ValueError(f"image: '{path.name}' cannot be read as a picture.") from problem
    return torch.from_numpy(pixels)


def _root(folder: PictureFolder) -> Path:
    known = {
        "output": folder_paths.get_output_directory,
        "input": folder_paths.get_input_directory,
        "temp": folder_paths.get_temp_directory,
    }
    return Path(known[folder]())


def _inside(root: Path, name: str) -> Path:
    """Raises ValueError for a name that leads out of the root, by dots or by links."""
    root = root.resolve()
    if "\0" in name:
        raise ValueError("image: the name holds a zero byte.")
    path = (root / name.replace("\\", "/")).resolve()
    if path != root and root not in path.parents:
        raise ValueError(f"image: '{name[:120]}' leads out of ComfyUI's folder.")
    return path
