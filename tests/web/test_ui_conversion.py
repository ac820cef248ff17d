"""The conversion of UI workflows held to the page: the same files opened in it, the same graph expected.

Minutes long, so only with COMFYUI_PATH, which must be a real ComfyUI of 0.8.0 or later. RECORD=1 renews
tests/engine/graph/data/page_graphs.json for the version of the page at hand.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pack.engine.graph.ui_conversion.convert import convert
from pack.engine.graph.ui_conversion.page_widgets import ABSENT, page_widgets, version_of
from pack.engine.graph.ui_conversion.reading import NotConvertible
from PIL import Image

from ..comfyui.theatre import Theatre, opened
from ..engine.graph.ui_cases import CASES
from ..engine.graph.ui_workflows import RECORDED, recorded
from .conftest import COMFYUI_PATH, FRONTENDS, SETTINGS, Tab, missing
from .conftest import version_of as name_of
from .official_templates import all_templates, read

pytestmark = [pytest.mark.browser, pytest.mark.comfyui, pytest.mark.slow]
PARTS = 8
"""So many tests share the templates: each takes a minute or two."""
PAGE_ONLY = {
    **dict.fromkeys(("LoadAudio", "SaveAudio", "SaveAudioMP3", "SaveAudioOpus", "PreviewAudio"), ("audioUI",)),
    "PreviewAny": ("preview", "previewMode"),
    "SaveGLB": ("image",),
    "Preview3D": ("image",),
}
"""Inputs that the page adds for its own display; the server ignores them."""
DIFFERENT = {
    "flux1_dev_uso_reference_image_gen": "the page also posts what is inside a bypassed node; nothing takes it",
    "template_contact_sheet-step_3.app": "in the page a primitive node's value does not reach the inputs of a subgraph",
    "templates_graphic_design_recomposer": "in the page a primitive gives a combo the first choice of another input",
}
"""Templates of which the page makes something else, and why that is not followed."""
MADE_IN_PAGE = ("Load3D", "RecordAudio")
"""Classes whose input only the page can make: these templates are refused."""
NOT_OPENED = {"basic_image_color_adjustment": "frontend 1.58.1 cannot clone its curve"}
LOOK = """async (workflow) => {
    try { await app.loadGraphData(workflow); } catch (error) { return { problem: `load: ${error}` }; }
    await new Promise((done) => setTimeout(done, 60));
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    try { return { graph: JSON.stringify((await app.graphToPrompt()).output) }; }
    catch (error) { return { problem: `prompt: ${error}` }; }
}"""
WIDGETS = """(names) => JSON.stringify(names.map((name) => {
    const node = LiteGraph.createNode(name);
    app.graph.add(node);
    const widgets = (node.widgets ?? []).map((one) => ({
        name: one.name, value: one.value ?? null,
        sent: one.options?.serialize !== false, saved: one.serialize !== false,
    }));
    app.graph.remove(node);
    return widgets;
}))"""
PAGE_WIDGETS = {"upload", "clear", "refresh", "upload 3d model", "upload extra resources", "waiting for camera...",
                "Auto-refresh after generation", "audioUI", "preview", "previewMode"}  # fmt: skip
"""Buttons and displays that the page adds, none of which stands before a value that counts."""
OTHER_WIDGETS = {
    "CustomCombo": "its options are what the workflow has saved",
    "Load3D": "its picture is made in the page",
    "LoadImageOutput": "its list is fetched later",
    "Preview3D": "a display",
    "RecordAudio": "its sound is recorded in the page",
    "SaveGLB": "a display",
}


@pytest.fixture(scope="module", params=[pytest.param(path, id=name_of(path)) for path in FRONTENDS or [None]])
def comfy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    if not COMFYUI_PATH or missing():
        pytest.skip(missing() or "COMFYUI_PATH names no ComfyUI")
    base = tmp_path_factory.mktemp("conversion")
    (base / "input").mkdir()
    Image.new("RGB", (8, 8)).save(base / "input" / "example.png")
    python = os.environ.get("COMFYUI_PYTHON")
    with opened(base, Path(COMFYUI_PATH), python, request.param, paid_nodes=True) as theatre:
        theatre.client.post("/settings", SETTINGS)
        theatre.real = True
        yield theatre


@pytest.fixture(scope="module")
def page_tab(browser: Any, comfy: Theatre) -> Iterator[Tab]:
    tab = Tab(browser, comfy)
    yield tab
    tab.context.close()


@pytest.fixture(scope="module")
def known(comfy: Theatre) -> Any:
    return comfy.client.get("/object_info")


@pytest.fixture(scope="module")
def frontend(page_tab: Tab) -> str:
    return str(page_tab.page.evaluate("window.__COMFYUI_FRONTEND_VERSION__"))


def look(tab: Tab, workflow: Any) -> tuple[dict[str, Any] | None, str]:
    """(the page's graph, or None and why it makes none)."""
    seen = tab.page.evaluate(LOOK, json.loads(json.dumps(workflow)))
    tab.problems.clear()
    return (json.loads(seen["graph"]), "") if "graph" in seen else (None, seen["problem"])


def meaning(graph: dict[str, Any]) -> dict[str, Any]:
    """Class and inputs of every node. Titles are left out: the page shows a class's in the user's language."""
    return {
        key: (
            one.get("class_type"),
            {n: v for n, v in one["inputs"].items() if n not in PAGE_ONLY.get(one.get("class_type"), ())},
        )
        for key, one in graph.items()
    }


@pytest.mark.parametrize("part", range(PARTS))
def test_every_template_becomes_what_the_page_makes_of_it(page_tab, known, frontend, part):
    wrong, right = {}, []
    for name, path in list(all_templates().items())[part::PARTS]:
        workflow = read(path)
        theirs, problem = look(page_tab, workflow)
        classless = [key for key, one in (theirs or {}).items() if not one.get("class_type")]
        try:
            ours = convert(workflow, known, frontend=version_of(frontend), choose=lambda count: 0).graph
        except NotConvertible as refusal:
            kinds = {one.get("class_type") for one in (theirs or {}).values()}
            if not classless and not kinds & set(MADE_IN_PAGE):
                wrong[name] = f"refused: {refusal}"
            continue
        if classless:
            wrong[name] = f"the page has no class for {classless}, and the conversion is content"
        elif theirs is None:
            if name not in NOT_OPENED:
                wrong[name] = f"the page makes nothing of it: {problem}"
        elif meaning(ours) != meaning(theirs):
            if name not in DIFFERENT:
                wrong[name] = differences(meaning(ours), meaning(theirs))
        else:
            right.append(name)
    assert wrong == {}
    assert len(right) > 10


def differences(ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    found = [f"{key}: only {'here' if key in ours else 'in the page'}" for key in sorted(ours.keys() ^ theirs.keys())]
    for key in sorted(ours.keys() & theirs.keys()):
        (kind, mine), (_, page) = ours[key], theirs[key]
        names = sorted(name for name in mine.keys() | page.keys() if mine.get(name, ABSENT) != page.get(name, ABSENT))
        found += [f"{key} {kind}.{name}: {mine.get(name)!r}, in the page {page.get(name)!r}" for name in names]
    return found[:20]


def test_the_recorded_cases_are_what_the_page_makes(page_tab, frontend):
    found = {}
    for name, workflow in CASES.items():
        graph, problem = look(page_tab, workflow)
        assert graph is not None, (name, problem)
        found[name] = graph
    if os.environ.get("RECORD"):
        record(frontend, found)
    stored = recorded().get(frontend)
    if stored is None:
        pytest.skip(f"nothing is recorded of frontend {frontend}")
    assert {name: meaning(graph) for name, graph in found.items()} == {n: meaning(stored[n]) for n in found}


def record(frontend: str, graphs: dict[str, Any]) -> None:
    """Writes the file anew, a line for each graph, so that a change is read easily."""
    everything = recorded()
    everything[frontend] = {**everything.get(frontend, {}), **graphs}
    lines = [
        f"{json.dumps(version)}:{{\n"
        + ",\n".join(
            f"{json.dumps(name)}:{json.dumps(one, separators=(',', ':'), sort_keys=True)}"
            for name, one in sorted(of.items())
        )
        + "}"
        for version, of in sorted(everything.items())
    ]
    RECORDED.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def test_every_class_has_the_widgets_that_the_page_gives_it(page_tab, known, frontend):
    names, wrong = sorted(set(known) - set(OTHER_WIDGETS)), {}
    for first in range(0, len(names), 40):
        chunk = names[first : first + 40]
        for name, theirs in zip(chunk, json.loads(page_tab.page.evaluate(WIDGETS, chunk)), strict=True):
            ours, _ = page_widgets(name, known[name], (), None, version_of(frontend))
            theirs = [one for one in theirs if one["name"] not in PAGE_WIDGETS]
            shown = {one["name"]: one["value"] for one in theirs if one["sent"]}
            sent = {one.name: None if one.value is ABSENT else one.value for one in ours if one.sent}
            places = [one["name"] for one in theirs if one["saved"]]
            if sent.keys() != shown.keys() or [one.name for one in ours if one.saved] != places:
                wrong[name] = (places, sorted(shown), [one.name for one in ours])
            elif any(sent[key] != shown[key] for key in sent if not made_by_the_page(known[name], key)):
                wrong[name] = {key: (sent[key], shown[key]) for key in sent if sent[key] != shown[key]}
    assert wrong == {}


def made_by_the_page(described: dict[str, Any], name: str) -> bool:
    """Whether a value is one that the page works out: a scene, or the file lists that are empty here."""
    specs = {**described["input"].get("required", {}), **described["input"].get("optional", {})}
    kind = specs.get(name, [None])[0]
    return kind == "LOAD_3D" or kind == [] or (kind == "COMBO" and not specs[name][1].get("options"))
