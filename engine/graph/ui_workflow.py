"""Writing an iteration's settings, or a segment's first picture, into the UI workflow that ComfyUI embeds in pictures.

So a saved picture, dropped on the canvas, shows the values that made it.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from ..settings import Settings
from .loop_nodes import LOOP_CLASS

WIDGETS = (
    "goal",
    "prompt",
    "negative",
    "seed",
    "control_after_generate",
    "steps",
    "cfg",
    "iterations_per_loop",
    "max_loops",
    "pass_score",
    "seed_policy",
    "checklist",
    "render_minutes",
    "paid_renders",
    "confidence",
    "minutes",
    "repairs",
    "vary",
    "repair_with",
)
"""Order of SelfImprovingPrompt's widgets in `widgets_values`. The page adds control_after_generate behind the seed."""

Workflow = dict[str, Any]


def with_settings(
    workflow: Mapping[str, Any], loop_node: str, settings: Settings, goal: str, checklist: str = ""
) -> Workflow:
    """A copy whose SelfImprovingPrompt shows these values.

    loop_node: id in the API graph; inside subgraphs "outer:inner". The seed control is set to "fixed", so that queueing
    the loaded workflow renders this very picture. Links into the changed inputs are removed: they would win over the
    widgets. A workflow that does not hold the node is returned as it is.
    """
    patched = copy.deepcopy(dict(workflow))
    found = _find(patched, loop_node)
    if found is None or found[1].get("type") != LOOP_CLASS:
        return patched
    owner, node = found
    values = {"goal": goal, "checklist": checklist, **settings.model_dump(), "control_after_generate": "fixed"}
    widgets = node.get("widgets_values")
    if isinstance(widgets, dict):
        widgets.update({k: v for k, v in values.items() if k in widgets})
    elif isinstance(widgets, list):
        for index, name in enumerate(WIDGETS[: len(widgets)]):
            if name in values:
                widgets[index] = values[name]
    _unlink(owner, node, set(values))
    return patched


def in_extra_pnginfo(
    extra_pnginfo: Any, loop_node: str, settings: Settings, goal: str, checklist: str = ""
) -> dict[str, Any] | None:
    """extra_pnginfo with its workflow, where it has one, showing these values. None stays None.

    Whoever queues a graph may put anything there. What is no workflow is left out, because no render should fail for
    what is only embedded in its picture.
    """
    if not isinstance(extra_pnginfo, Mapping):
        return None
    rest = {key: value for key, value in extra_pnginfo.items() if key != "workflow"}
    workflow = extra_pnginfo.get("workflow")
    if not isinstance(workflow, Mapping):
        return rest
    try:
        return {**rest, "workflow": with_settings(workflow, loop_node, settings, goal, checklist)}
    except (AttributeError, LookupError, TypeError, ValueError, RecursionError):
        return rest


def with_pictures(extra_pnginfo: Any, pictures: Mapping[str, str]) -> dict[str, Any] | None:
    """extra_pnginfo whose workflow shows these pictures in the nodes that load them, by id in the API graph.

    None stays None, and what is no workflow stays as it is.
    """
    if not isinstance(extra_pnginfo, Mapping):
        return None
    changed = copy.deepcopy(dict(extra_pnginfo))
    try:
        for path, picture in pictures.items():
            _, node = _find(changed["workflow"], path) or (None, {})
            widgets = node.get("widgets_values")
            if isinstance(widgets, (dict, list)) and widgets:
                widgets["image" if isinstance(widgets, dict) else 0] = picture
    except (AttributeError, LookupError, TypeError, RecursionError):
        return dict(extra_pnginfo)
    return changed


def workflow_id(extra_pnginfo: Any) -> str:
    """Id of the embedded UI workflow; empty without one."""
    workflow = extra_pnginfo.get("workflow") if isinstance(extra_pnginfo, Mapping) else None
    found = workflow.get("id") if isinstance(workflow, Mapping) else None
    return str(found) if isinstance(found, (str, int)) else ""


def _find(workflow: Workflow, path: str) -> tuple[Workflow, dict[str, Any]] | None:
    """The node at a path of ids, with the graph or subgraph definition that holds it."""
    subgraphs = {s.get("id"): s for s in workflow.get("definitions", {}).get("subgraphs", [])}
    owner = workflow
    *outer, last = path.split(":")
    for step in outer:
        instance = _node(owner, step)
        owner = subgraphs.get(instance.get("type")) if instance else None
        if owner is None:
            return None
    node = _node(owner, last)
    return None if node is None else (owner, node)


def _node(owner: Mapping[str, Any], node_id: str) -> dict[str, Any] | None:
    return next((n for n in owner.get("nodes", []) if str(n.get("id")) == node_id), None)


def _unlink(owner: Workflow, node: dict[str, Any], names: set[str]) -> None:
    gone = set()
    for entry in node.get("inputs", []):
        if entry.get("name") in names and entry.get("link") is not None:
            gone.add(entry["link"])
            entry["link"] = None
    if not gone:
        return
    owner["links"] = [link for link in owner.get("links", []) if _link_id(link) not in gone]
    for other in owner["nodes"]:
        for output in other.get("outputs") or []:
            output["links"] = [link for link in output.get("links") or [] if link not in gone]
    for boundary in owner.get("inputs", []):  # only a subgraph has inputs of its own
        boundary["linkIds"] = [link for link in boundary.get("linkIds") or [] if link not in gone]


def _link_id(link: Any) -> Any:
    """Root links are lists that begin with their id; links of subgraphs are objects."""
    return link.get("id") if isinstance(link, dict) else link[0]
