"""The rules of the house, checked on the tree itself."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import defaultdict
from functools import cache
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


ARROWS = {
    "engine": set(),
    "engine.decode": set(),
    "engine.experiment": {"engine", "engine.judge", "engine.loop"},
    "engine.graph": {"engine", "engine.judge"},
    "engine.judge": set(),
    "engine.loop": {"engine", "engine.graph", "engine.judge"},
    "engine.mask": {"engine.judge"},
    "engine.memory": {"engine", "engine.graph"},
    "engine.style": {"engine", "engine.judge"},
    "engine.tutorial": {"engine.judge"},
    "ollama_client": {"engine.judge", "engine.memory"},
    "openai_client": {"engine.judge", "ollama_client"},
    "http_client": set(),
}
"""Which rooms of the product a room may import from; host, nodes and routes are held below."""
ABOVE = {
    "host": {"nodes", "routes"},
    "routes": {"host", "nodes", "ollama_client", "openai_client", "http_client"},
    "nodes": {"ollama_client", "openai_client", "http_client"},
}
"""What the upper rooms may not import from: everything else is below them."""
CLIENTS = ("ollama_client/*.py", "openai_client/*.py", "http_client/*.py")
PRODUCT = ("engine/*.py", "host/*.py", "nodes/*.py", "routes/*.py", *CLIENTS)


def room(module: str) -> str:
    """ "engine.loop" for engine.loop.policy, "engine" for engine.settings, "host" for host.app."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "engine" and len(parts) > 2 else parts[0]


@cache
def product_imports() -> dict[str, set[str]]:
    """By module of the product, the modules of the product that it imports anywhere in its text."""
    paths = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in tracked(*PRODUCT)}
    found = {}
    for module, path in paths.items():
        package, arrows = module.split(".")[:-1], set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom) or not node.level:
                continue
            source = [*package[: len(package) - node.level + 1], *(node.module.split(".") if node.module else [])]
            for alias in node.names:
                names = (".".join([*source, alias.name]), ".".join(source), ".".join([*source, "__init__"]))
                arrows |= {next((name for name in names if name in paths), "")}
        found[module] = arrows - {"", module}
    return found


def test_arrows_between_rooms_point_one_way():
    for module, arrows in product_imports().items():
        here = room(module)
        to = {room(other) for other in arrows} - {here}
        if here in ARROWS:
            assert to <= ARROWS[here], module
        else:
            assert not to & ABOVE[here], module


def test_no_file_imports_itself_by_way_of_others():
    imports, done = product_imports(), set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join([*trail[trail.index(module) :], module])
        if module not in done:
            for other in sorted(imports[module]):
                visit(other, (*trail, module))
            done.add(module)

    for module in imports:
        visit(module, ())


def test_a_class_name_stands_for_one_thing():
    found = defaultdict(set)
    for path in tracked(*PRODUCT):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                found[node.name].add(str(path.relative_to(ROOT)))
    assert {name: paths for name, paths in found.items() if len(paths) > 1} == {}


def test_every_citation_of_the_design_notes_has_its_section():
    notes = (ROOT / "docs" / "design-notes.md").read_text(encoding="utf-8")
    sections = set(re.findall(r"^(?:#+ |- \*\*)(\d+(?:\.\d+)?)\b", notes, re.MULTILINE))
    cited = re.compile(r"design-notes(?:\.md)?, ((?:\d+(?:\.\d+)?)(?:(?:, | and | to )\d+(?:\.\d+)?)*)")
    for path in tracked("*.py", "*.js", "engine/*.json"):
        for one in cited.findall(" ".join(path.read_text(encoding="utf-8").split())):
            assert set(re.findall(r"\d+(?:\.\d+)?", one)) <= sections, f"{path.relative_to(ROOT)}: {one}"


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
