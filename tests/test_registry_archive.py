"""What the Registry would ship, and what its text scan would find in it."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import zipfile

import pytest

from .conftest import ROOT
from .test_house import tracked

NETWORK = re.compile(
    r"\.(connect|bind|send|sendall|recv)\s?\(|ClientSession|urllib\.request|urlopen|requests\.(get|post)|http\.client"
    r"|socket\."
)
ENVIRONMENT = re.compile(r"os\.environ|os\.getenv")
COMMAND = re.compile(r"subprocess|os\.system")
DYNAMIC = re.compile(r"importlib\.import_module\(|marshal|eval\(|exec\(|__import__")
OTHER = re.compile(r"sqlite3\.connect\(|auth_token_comfy_org")

ALLOWED: dict[tuple[str, str], str] = {
    ("ollama_client/connection.py", "os.environ"): "OLLAMA_HOST, in every form that Ollama itself takes",
}
"""(file, literal) to the reason why it must stay. Only files of ollama_client may appear here."""


def shipped():
    """git-tracked files minus .comfyignore, as `comfy node pack` takes them."""
    lines = (ROOT / ".comfyignore").read_text(encoding="utf-8").split("\n")
    ignored = [line.strip() for line in lines if line.strip()]
    for path in tracked():
        name = path.relative_to(ROOT).as_posix()
        if not any(name == rule or name.startswith(rule.rstrip("/") + "/") for rule in ignored):
            yield name, path


def test_the_text_scan_finds_nothing_but_what_is_allowed():
    hits = {}
    for name, path in shipped():
        text = path.read_text(encoding="utf-8", errors="ignore")
        for rule in (NETWORK, ENVIRONMENT, COMMAND, DYNAMIC, OTHER):
            for hit in rule.finditer(text):
                hits[name, hit.group()] = text[max(0, hit.start() - 60) : hit.end() + 20]
    assert {key: value for key, value in hits.items() if key not in ALLOWED} == {}
    assert set(ALLOWED) <= set(hits), "an allowance nobody needs any more"
    assert all(name.startswith("ollama_client/") for name, _ in ALLOWED)


def test_the_archive_holds_the_pack_and_nothing_of_the_workshop():
    rooms = {name.split("/")[0] for name, _ in shipped()}
    assert {
        "__init__.py",
        "nodes",
        "engine",
        "host",
        "routes",
        "ollama_client",
        "openai_client",
        "http_client",
        "web",
        "workflows",
    } <= rooms
    assert not rooms & {"tests", "rehearsal", "benchmarks", "dev.py", ".ci", ".github", "examples"}
    names = [name for name, _ in shipped()]
    assert not [n for n in names if n.endswith((".safetensors", ".ckpt", ".pt", ".min.js"))]


def test_templates_lie_in_one_folder_and_are_ui_workflows():
    # Of several such folders ComfyUI lists all and serves only the first, even one without templates.
    for folder in ("example_workflows", "example", "examples", "workflow"):
        assert not (ROOT / folder).exists()
    templates = sorted((ROOT / "workflows").glob("*.json"))
    assert templates
    for path in templates:
        assert {"nodes", "links"} <= set(json.loads(path.read_text(encoding="utf-8"))), path.name
        assert (path.parent / "api" / path.name).is_file()


def test_requirements_and_metadata_agree():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").split():
        assert f'"{line}"' in text
    assert 'name = "imitatoes"' in text
    assert "web =" not in text, "WEB_DIRECTORY alone, or every script is listed twice"


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
@pytest.mark.parametrize("path", sorted((ROOT / "web").rglob("*.js")), ids=lambda p: p.name)
def test_scripts_are_valid_modules(path, tmp_path):
    module = tmp_path / (path.stem + ".mjs")
    module.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    done = subprocess.run(["node", "--check", str(module)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_tutorial_is_small():
    """Painter, judge, template and its picture together, compressed as the archive holds them, without its help."""
    named = [(name.lower(), path) for name, path in shipped() if "web/docs" not in path.as_posix()]
    parts = [path for name, path in named if "tutorial" in name or "see it improve" in name]
    assert len(parts) > 20
    with io.BytesIO() as stream:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in parts:
                archive.write(path, path.relative_to(ROOT))
        assert len(stream.getvalue()) < 60_000
