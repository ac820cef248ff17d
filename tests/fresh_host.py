"""Modules of the host loaded anew, by a server whose user directory is a folder of the test's own."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterable
from pathlib import Path

import pytest


def forget_modules(monkeypatch: pytest.MonkeyPatch, user_directory: Path, names: Iterable[str]) -> None:
    """The next import of these modules of the host, by name without the package, makes new ones."""
    folder = types.ModuleType("folder_paths")
    folder.get_user_directory = lambda: str(user_directory)
    monkeypatch.setitem(sys.modules, "folder_paths", folder)
    from pack import host

    for name in names:
        monkeypatch.delitem(sys.modules, f"pack.host.{name}", raising=False)
        monkeypatch.delattr(host, name, raising=False)  # else an import takes the one before
