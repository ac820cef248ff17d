"""UI workflows for the page tests."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

from ..comfyui.theatre import GOAL, MODEL, PROMPT

DATA = Path(__file__).resolve().parent / "data"
OBJECT_INFO = json.loads((DATA / "object_info.json").read_text(encoding="utf-8"))
"""Core nodes of ComfyUI 0.8.0 that some reference graphs use, as its /object_info tells them."""
NAMES = ("prompt", "negative", "seed", "steps", "cfg")
TYPES = ("STRING", "STRING", "INT", "INT", "FLOAT")


def reference(name: str) -> dict[str, Any]:
    return json.loads((DATA / "graphs" / f"{name}.json").read_text(encoding="utf-8"))


def empty_workflow() -> dict[str, Any]:
    """One with no nodes, and an id of its own."""
    counters = {"last_node_id": 0, "last_link_id": 0}
    return {
        "id": str(uuid.uuid4()),
        **counters,
        "nodes": [],
        "links": [],
        "groups": [],
        "config": {},
        "extra": {},
        "version": 0.4,
    }


def _node(number: int, kind: str, at: list[int], size: list[int], **rest: Any) -> dict[str, Any]:
    shape = {"pos": at, "size": size, "flags": {}, "order": 0, "mode": 0, "properties": {"Node name for S&R": kind}}
    return {"id": number, "type": kind, **shape, **rest}


def loop_workflow(
    goal: str = GOAL, prompt: str = PROMPT, seconds: float = 0.3, checklist: str = "", batch: int = 1, **limits: Any
) -> dict[str, Any]:
    """SelfImprovingPrompt (10) -> painter (6) -> VLMCritique (11), with an id of its own."""
    limits = {"iterations_per_loop": 4, "max_loops": 3, "pass_score": 0.8, "seed_policy": "auto", **limits}
    painter_in = [
        {"name": n, "type": t, "link": i + 1, "widget": {"name": n}}
        for i, (n, t) in enumerate(zip(NAMES, TYPES, strict=True))
    ]
    outputs = [{"name": n, "type": t, "links": [i + 1]} for i, (n, t) in enumerate(zip(NAMES, TYPES, strict=True))]
    outputs.append({"name": "loop", "type": "IMITATOES_LOOP", "links": [7]})
    critic_in = [
        {"name": "images", "type": "IMAGE", "link": 6},
        {"name": "loop", "type": "IMITATOES_LOOP", "link": 7},
    ]
    painted = [{"name": "images", "type": "IMAGE", "links": [6]}]
    widgets = [
        goal,
        prompt,
        "",
        1,
        "fixed",
        20,
        7.0,
        *limits.values(),
        checklist,
        0.0,
        0,
        0.95,
        0.0,
        -1,
        "everything",
        "auto",
    ]
    paint = ["", "", 0, "fixed", 20, 7.0, 256, 256, batch, seconds]
    judge = ["", MODEL, "local", "", 0.8, "0", "auto", "auto"]
    links = [[i + 1, 10, i, 6, i, t] for i, t in enumerate(TYPES)]
    links += [[6, 6, 0, 11, 0, "IMAGE"], [7, 10, 5, 11, 1, "IMITATOES_LOOP"]]
    return {
        "id": str(uuid.uuid4()),
        "revision": 0,
        "last_node_id": 11,
        "last_link_id": 7,
        "nodes": [
            _node(
                10,
                "ImitatoesSelfImprovingPrompt",
                [40, 60],
                [380, 660],
                inputs=[],
                outputs=outputs,
                widgets_values=widgets,
            ),
            _node(
                6, "RehearsalPainter", [470, 60], [280, 420], inputs=painter_in, outputs=painted, widgets_values=paint
            ),
            _node(
                11,
                "ImitatoesVLMCritique",
                [800, 60],
                [380, 760],
                inputs=critic_in,
                outputs=[],
                widgets_values=judge,
            ),
        ],
        "links": links,
        "groups": [],
        "config": {},
        "extra": {},
        "version": 0.4,
    }


GUARD = [0.0, 0.5, "only if short", "everything", "connected models", "unload and wait", "warn", False]


def _guard(number: int, link_in: int, links_out: list[int], connection: str) -> dict[str, Any]:
    return _node(
        number,
        "ImitatoesVRAMGuard",
        [470, 520],
        [280, 300],
        inputs=[{"name": "anything", "type": "*", "link": link_in}],
        outputs=[{"name": "anything", "type": "*", "links": links_out}],
        widgets_values=[*GUARD, connection],
    )


def guarded_workflow(connection: str) -> dict[str, Any]:
    """Painter (1) -> VRAMGuard (2) that asks a connection -> preview (3): no loop."""
    painted = [{"name": "images", "type": "IMAGE", "links": [1]}]
    paint = ["", "", 0, "randomize", 20, 7.0, 64, 64, 1, 0.0]
    return {
        **empty_workflow(),
        "nodes": [
            _node(1, "RehearsalPainter", [40, 60], [280, 420], inputs=[], outputs=painted, widgets_values=paint),
            _guard(2, 1, [2], connection),
            _node(3, "PreviewImage", [800, 60], [200, 200], inputs=[{"name": "images", "type": "IMAGE", "link": 2}]),
        ],
        "links": [[1, 1, 0, 2, 0, "*"], [2, 2, 0, 3, 0, "IMAGE"]],
    }


def guarded_loop_workflow(connection: str) -> dict[str, Any]:
    """loop_workflow with a VRAMGuard (12) between painter and critic."""
    workflow = loop_workflow()
    workflow["links"] = [link for link in workflow["links"] if link[0] != 6]
    workflow["links"] += [[6, 6, 0, 12, 0, "IMAGE"], [8, 12, 0, 11, 0, "IMAGE"]]
    workflow["nodes"].append(_guard(12, 6, [8], connection))
    workflow["nodes"][2]["inputs"][0]["link"] = 8
    return workflow
