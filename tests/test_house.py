"""The rules of the house, checked on the tree itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT

OUTSIDE = {"server", "nodes", "folder_paths", "comfy", "comfy_api", "comfy_execution", "aiohttp", "httpx", "ollama"}


def tracked(*patterns: str) -> list[Path]:
    """Files under version control or about to be, as .gitignore sees it."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    return [ROOT / name for name in sorted(filter(None, names)) if (ROOT / name).is_file()]


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("path", tracked("engine/*.py"), ids=lambda p: str(p.relative_to(ROOT)))
def test_the_engine_imports_nothing_of_comfyui_or_the_network(path):
    assert not imported(path) & OUTSIDE


def test_the_engine_never_reaches_into_another_room():
    for path in tracked("engine/*.py"):
        depth = len(path.relative_to(ROOT).parts) - 1
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not (isinstance(node, ast.ImportFrom) and node.level > depth), path


def test_only_ollama_client_talks_to_ollama():
    shipped = [p for p in tracked("*.py") if p.relative_to(ROOT).parts[0] in ("engine", "host", "nodes", "routes")]
    assert not [p for p in shipped if "ollama" in imported(p) or "httpx" in imported(p)]


def test_the_root_imports_nothing_before_it_is_asked():
    assert imported(ROOT / "__init__.py") == {"__future__", "typing"}


@pytest.mark.parametrize("path", tracked("nodes/*.py", "routes/*.py"), ids=lambda p: p.name)
def test_thin_rooms_stay_thin(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 200


def test_python_files_use_characters_that_every_windows_console_has():
    for path in tracked("*.py"):
        if path.relative_to(ROOT).parts[0] not in ("tests", "rehearsal"):
            path.read_text(encoding="utf-8").encode("cp1252")


@pytest.mark.parametrize("arguments", [["check"], ["format", "--check"]], ids=["check", "format"])
def test_ruff_is_clean(arguments):
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *arguments, "--no-cache", "."], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
