"""Versions of what runs here: this pack's, ComfyUI's, its page's."""

from __future__ import annotations

import re
from functools import cache
from importlib import metadata
from pathlib import Path


@cache
def pack_version() -> str:
    """Of this pack, as its pyproject.toml says; "" where that is gone."""
    try:
        text = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    except OSError:
        return ""
    found = re.search(r'^version\s*=\s*"([^"]+)"', text, re.MULTILINE)
    return found[1] if found else ""


def comfyui_version() -> str | None:
    """As "0.8.0"; None where ComfyUI does not say."""
    try:
        from comfyui_version import __version__
    except ImportError:
        return None
    return str(__version__)


def frontend_version() -> str | None:
    """Version of the page that is installed with ComfyUI, as "1.35.9"; None where it comes from elsewhere."""
    try:
        return metadata.version("comfyui-frontend-package")
    except metadata.PackageNotFoundError:
        return None
