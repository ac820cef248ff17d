"""Showing a folder on the computer that ComfyUI runs on."""

from __future__ import annotations

import webbrowser
from pathlib import Path


def can_open_folders() -> bool:
    """Whether there is a desktop: what shows pages in the terminal would take ComfyUI's own."""
    try:
        return type(webbrowser.get()) is not webbrowser.GenericBrowser
    except webbrowser.Error:
        return False


def open_folder(folder: Path) -> bool:
    """Whether the desktop was asked to show it; it does so with its file manager."""
    return can_open_folders() and folder.is_dir() and webbrowser.open(folder.resolve().as_uri())
