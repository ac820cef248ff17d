"""The nodes as the server describes them. schemas.json is the record: node ids, inputs and outputs never change by
accident, because saved workflows hold them by name and place."""

from __future__ import annotations

import json
from pathlib import Path

from pack.engine.graph.loop_nodes import CRITIC_CLASS, LOOP_CLASS, LOOP_OUTPUT
from pack.engine.graph.ui_workflow import WIDGETS
from pack.engine.memory.preflight import GUARD_CLASS

from ..conftest import ROOT

RECORD = json.loads((Path(__file__).parent / "schemas.json").read_text(encoding="utf-8"))


def described(theatre, node_id):
    return theatre.client.get(f"/object_info/{node_id}")[node_id]


def kind(spec):
    """Type of an input: V1 and V3 write a combo in two ways."""
    return spec[0] if isinstance(spec[0], str) and spec[0] != "COMBO" else spec[1].get("options", spec[0])


def test_the_nodes_are_as_recorded(theatre):
    for node_id, recorded in RECORD.items():
        info = described(theatre, node_id)
        inputs = {n: (k, s) for k, part in info["input"].items() if k != "hidden" for n, s in part.items()}
        found = {
            name: {"type": kind(spec), "required": part == "required", "default": spec[1].get("default")}
            for name, (part, spec) in inputs.items()
        }
        assert found == recorded["inputs"], node_id
        assert [*found] == [*recorded["inputs"]], "the order of the widgets is what saved workflows go by"
        outputs = [list(pair) for pair in zip(info["output"], info["output_name"], strict=True)]
        assert outputs == recorded["outputs"], node_id
        assert info["output_node"] == recorded["output_node"]


def test_every_input_and_output_explains_itself(theatre):
    for node_id in RECORD:
        info = described(theatre, node_id)
        specs = {n: s for k, part in info["input"].items() if k != "hidden" for n, s in part.items()}
        assert all(spec[1].get("tooltip") for spec in specs.values()), node_id
        assert all(info["output_tooltips"]), node_id
        assert info["description"]
        assert info["category"] == ("imitatoes/tutorial" if "Tutorial" in node_id else "imitatoes")
        assert (ROOT / "web" / "docs" / f"{node_id}.md").is_file()


def test_they_are_found_by_other_words_where_the_server_knows_such(theatre):
    knows = "search_aliases" in described(theatre, "SaveImage")
    found = {node_id: described(theatre, node_id).get("search_aliases") or [] for node_id in RECORD}
    assert all(len(words) > 2 if knows else not words for words in found.values()), found
    if knows:
        said = {word for words in found.values() for word in words}
        assert said >= {"loop", "judge", "vision", "ollama", "evaluate", "agent", "quality", "prompt optimizer"}
        assert said >= {"out of memory", "LoRA style", "segment anything", "tiled"}


def test_what_the_engine_knows_of_the_nodes_is_true(theatre):
    info = described(theatre, LOOP_CLASS)
    widgets = [*info["input"]["required"], *info["input"]["optional"]]
    widgets.insert(widgets.index("seed") + 1, "control_after_generate")
    assert tuple(widgets) == WIDGETS
    assert info["output_name"][LOOP_OUTPUT] == "loop"
    assert {LOOP_CLASS, CRITIC_CLASS, GUARD_CLASS} <= set(RECORD)


def test_the_page_gets_our_scripts_and_help(theatre):
    scripts = theatre.client.get("/extensions")
    assert [s for s in scripts if s.endswith("/main.js") and "imitatoes" in s]
    status, body, _, _ = theatre.client.ask("GET", f"/extensions/imitatoes/docs/{LOOP_CLASS}.md")
    assert status == 200
    assert b"goal" in body
