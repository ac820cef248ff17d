"""Where the pack reads and writes. Asked for anew each time: the folders can be changed while the server runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import folder_paths

NAME = "imitatoes"


def runs_folder() -> Path:
    """Root of all run folders."""
    return Path(folder_paths.get_output_directory()) / NAME


def temp_folder() -> Path:
    """ComfyUI's folder for previews, emptied at every start."""
    return Path(folder_paths.get_temp_directory())


def written_file(told: Mapping[str, Any]) -> Path | None:
    """A file as nodes tell it: filename, subfolder and type. None for one that is not there, or not in the folder
    of its type."""
    name, subfolder, kind = (told.get(key, "") for key in ("filename", "subfolder", "type"))
    folders = {"output": folder_paths.get_output_directory, "temp": folder_paths.get_temp_directory}
    if kind not in folders or not isinstance(name, str) or not isinstance(subfolder, str) or not name:
        return None
    root = Path(folders[kind]()).resolve()
    try:
        path = (root / subfolder / name).resolve()
    except (OSError, ValueError):
        return None
    return path if path.is_relative_to(root) and path.is_file() else None


def thumbnails_folder() -> Path:
    """Small copies of the runs' pictures. ComfyUI empties it at every start, so nothing piles up."""
    return temp_folder() / NAME


def rankings_folder() -> Path:
    """Rankings of folders of pictures, with their contact sheets."""
    return Path(folder_paths.get_output_directory()) / f"{NAME}_rankings"


def experiments_folder() -> Path:
    """What was measured on this computer: requests, looks and reports. Pictures are in the folders of their runs."""
    return Path(folder_paths.get_output_directory()) / f"{NAME}_experiments"


def judges_folder() -> Path:
    """The self-tests of judge models."""
    return settings_file().parent / "judges"


def wordings_file() -> Path:
    """What past runs taught. Plain JSON that anybody may read or delete."""
    return settings_file().parent / "wordings.json"


def styles_file() -> Path:
    """The user's own styles for StyleLoRAPicker, beside the shipped ones."""
    return settings_file().parent / "styles.json"


def settings_file() -> Path:
    """The server owner's settings. No route serves it; connections are written by routes for our own page alone."""
    if hasattr(folder_paths, "get_system_user_directory"):
        return Path(folder_paths.get_system_user_directory(NAME)) / "settings.json"
    return Path(folder_paths.get_user_directory()) / NAME / "settings.json"
