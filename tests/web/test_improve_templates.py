"""Every official picture and video template made self-improving: by the command in the page, and by a script.

Minutes long, so only with COMFYUI_PATH, which must be a real ComfyUI of 0.8.0 or later; its Python holds the templates.
Model files are empty, so that the server's lists hold their names; nothing is rendered.
"""

from __future__ import annotations

import json
import logging
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pack.engine.graph.check import check
from pack.engine.graph.ui_conversion.convert import convert
from pack.engine.graph.ui_conversion.reading import NotConvertible

from ..comfyui.stocked_files import StockedFiles
from ..comfyui.theatre import Theatre, opened, other_job
from .conftest import COMFYUI_PATH, FRONTENDS, SETTINGS, Tab, missing
from .conftest import version_of as name_of
from .official_templates import read, templates_of

pytestmark = [pytest.mark.browser, pytest.mark.comfyui, pytest.mark.slow]
PARTS = 6
"""So many tests share a bundle: each takes some minutes."""
LEAST = 0.95
"""Of the templates that paint what they show, and whose nodes are all installed, so many become a loop."""
PAGE_ALONE = "only the page can make"
NOT_PAINTED = ("saves and shows no picture", "No sampler paints", "a mask or a control map", PAGE_ALONE)
"""Refusals of templates that show nothing a sampler painted from a text: sounds, 3D, upscalers."""
NOT_HERE = "this ComfyUI has no such node"
DIFFERENT = {
    "video_ltx2_3_ic_lora": "unpacked, one node holds the prompt for two sockets that no widget belongs to",
}
"""Templates in which the page links the loop elsewhere than a script does, to the same effect."""
HUB = ("prompt", "negative", "seed", "steps", "cfg")
MAKE = """async (workflow) => {
    await app.loadGraphData(workflow);
    await new Promise((done) => setTimeout(done, 100));
    const from = (name) => import(`/extensions/imitatoes/${name}.js`);
    const { improve } = await from("improve/improve");
    const { createServer } = await from("server");
    const { textsOf } = await from("texts");
    const t = textsOf("en");
    const server = createServer(window.comfyAPI.api.api, t);
    const asked = [];
    const choose = async (text, options) => { asked.push(options[0].value); return options[0].value; };
    const before = JSON.stringify(app.graph.serialize().nodes.length);
    const made = await improve({ app, liteGraph: LiteGraph, server, t, choose });
    const same = before === JSON.stringify(app.graph.serialize().nodes.length);
    return { ...made, asked, same, graph: JSON.stringify((await app.graphToPrompt()).output) };
}"""


@pytest.fixture(scope="module", params=[pytest.param(path, id=name_of(path)) for path in FRONTENDS or [None]])
def comfy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    if not COMFYUI_PATH or missing():
        pytest.skip(missing() or "COMFYUI_PATH names no ComfyUI")
    base, python = tmp_path_factory.mktemp("templates"), os.environ.get("COMFYUI_PYTHON")
    with opened(base, Path(COMFYUI_PATH), python, request.param, paid_nodes=True) as theatre:
        theatre.client.post("/settings", SETTINGS)
        theatre.real = True
        StockedFiles(theatre).put(_converted(theatre.client.get("/object_info")))
        job = theatre.client.queue(other_job(3600.0))  # so that what is accepted waits, and is never rendered
        theatre.client.wait(lambda: theatre.client.running() == [job])
        yield theatre
        theatre.client.post("/queue", {"clear": True})
        theatre.client.post("/interrupt", {"prompt_id": job})


def _converted(known: Any) -> Iterator[dict[str, Any]]:
    for bundle in ("media-image", "media-video"):
        for path in templates_of(bundle).values():
            try:
                yield convert(read(path), known).graph
            except NotConvertible:
                continue


@pytest.fixture(scope="module")
def page_tab(browser: Any, comfy: Theatre) -> Iterator[Tab]:
    tab = Tab(browser, comfy)
    yield tab
    tab.context.close()


@pytest.fixture(scope="module")
def known(comfy: Theatre) -> Any:
    return comfy.client.get("/object_info")


def loop_of(graph: dict[str, Any]) -> dict[str, Any]:
    """What a loop is, without the ids of its nodes: where it starts from, what takes it, what is judged."""
    by_class = {node["class_type"]: key for key, node in graph.items() if node["class_type"].startswith("Imitatoes")}
    hub, critic = by_class["ImitatoesSelfImprovingPrompt"], by_class["ImitatoesVLMCritique"]
    taking = Counter(
        (node["class_type"], name, value[1])
        for node in graph.values()
        for name, value in node["inputs"].items()
        if isinstance(value, list) and value[0] == hub
    )
    source, slot = graph[critic]["inputs"]["images"]
    values = {name: graph[hub]["inputs"][name] for name in HUB}
    return {"values": values, "taking": taking, "judged": (graph[source]["class_type"], slot)}


def allow_one_paid_render(graph: dict[str, Any]) -> None:
    """As the user does who is told that nodes cost money."""
    for node in graph.values():
        if node["class_type"] == "ImitatoesSelfImprovingPrompt":
            node["inputs"]["paid_renders"] = 1


def why_refused(comfy: Theatre, graph: dict[str, Any]) -> str:
    """What the server says against a graph; empty where it takes all of it."""
    status, answer = comfy.client.post("/prompt", {"prompt": graph, "client_id": "tests"})
    comfy.client.post("/queue", {"clear": True})
    problems = (answer or {}).get("node_errors") or ("" if status == 200 else answer)
    return json.dumps(problems)[:600] if problems else ""


@pytest.mark.parametrize("bundle", ["media-image", "media-video"])
@pytest.mark.parametrize("part", range(PARTS))
def test_templates_become_loops_in_the_page_as_by_a_script(comfy, page_tab, known, bundle, part):
    counted: Counter[str] = Counter()
    wrong: dict[str, Any] = {}
    for name, path in list(templates_of(bundle).items())[part::PARTS]:
        workflow = read(path)
        made = page_tab.page.evaluate(MAKE, workflow)
        page_tab.problems.clear()  # the browser tells every answer of 400
        body = {"workflow": workflow, "goal": "x", "dry_run": True, "limits": {"paid_renders": 1}}
        status, _, script, _ = comfy.client.ask("POST", "/imitatoes/runs", json=body)
        if "problem" in made or status != 200:
            kind = script["error"]["type"] if status != 200 else "made"
            told = script["error"]["message"] if status != 200 else ""
            counted[_class_of(told)] += 1
            if "problem" not in made or status == 200 or not made["same"]:
                wrong[name] = ("the page and the script do not agree", made.get("problem"), kind, told)
            elif told not in made["problem"] and NOT_HERE not in made["problem"] and PAGE_ALONE not in told:
                wrong[name] = ("refused for another reason", made["problem"], told)
            continue
        counted["made"] += 1
        counted["unpacked"] += "unpack" in made["asked"]
        graph = json.loads(made["graph"])
        allow_one_paid_render(graph)
        mine, theirs = loop_of(graph), loop_of(script["workflow"])
        if refused := check(graph, known).rejected:
            wrong[name] = ("the check refuses what the page made", refused[0].what)
        elif not script["accepted"]:
            wrong[name] = ("the check refuses what the script made", script["findings"][0]["message"])
        elif told := why_refused(comfy, graph):
            wrong[name] = ("the server refuses what the page made", told)
        elif told := why_refused(comfy, script["workflow"]):
            wrong[name] = ("the server refuses what the script made", told)
        elif mine != theirs and name not in DIFFERENT:
            wrong[name] = {key: (str(mine[key]), str(theirs[key])) for key in mine if mine[key] != theirs[key]}
    logging.info("%s, part %d: %s", bundle, part, dict(counted))  # --log-cli-level=INFO shows it
    assert not wrong, json.dumps(wrong, indent=1, default=str)
    painted = counted["made"] + counted["refused"]
    assert counted["made"] >= LEAST * painted - 1  # one in a small part is more than five of a hundred


def _class_of(told: str) -> str:
    if NOT_HERE in told:
        return "not here"
    return "not painted" if any(words in told for words in NOT_PAINTED) else "refused"
