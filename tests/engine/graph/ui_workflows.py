"""Small UI workflows, one for each kind of thing that the canvas has and the API graph has not.

What the page makes of each is recorded in data/page_graphs.json, by version of the frontend, for the reference checks
of tests/web/test_ui_conversion.py to hold and to renew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

MUTED, BYPASSED = 2, 4
RECORDED = Path(__file__).parent / "data" / "page_graphs.json"


def recorded() -> dict[str, dict[str, Any]]:
    """What the page made: version of the frontend to case to API graph."""
    return json.loads(RECORDED.read_text(encoding="utf-8"))


def node(
    number: int,
    kind: str,
    values: Any = (),
    *,
    ins: dict[str, tuple[str, int, int]] | None = None,
    widgets: dict[str, tuple[str, int, int]] | None = None,
    outs: str = "",
    **more: Any,
) -> dict[str, Any]:
    """A node. ins: input to (type, source, slot). widgets: the same for inputs of widgets. outs: types, by spaces."""
    inputs = [{"name": name, "type": end[0], "link": end} for name, end in (ins or {}).items()]
    inputs += [{"name": n, "type": end[0], "link": end, "widget": {"name": n}} for n, end in (widgets or {}).items()]
    return {
        "id": number,
        "type": kind,
        "pos": [number * 40, 0],
        "size": [300, 200],
        "flags": {},
        "order": 0,
        "mode": 0,
        "properties": {"Node name for S&R": kind},
        "inputs": inputs,
        "outputs": [{"name": one, "type": one, "links": []} for one in outs.split()],
        "widgets_values": list(values) if isinstance(values, (list, tuple)) else values,
        **more,
    }


def _joined(nodes: Iterable[dict[str, Any]], first: int) -> list[dict[str, Any]]:
    """The links of these nodes as objects; the nodes' own ends are filled in."""
    nodes, links = [*nodes], []
    by_id = {one["id"]: one for one in nodes}
    for one in nodes:
        for slot, entry in enumerate(one["inputs"]):
            kind, source, number = entry["link"]
            link = {"id": first + len(links), "origin_id": source, "origin_slot": number, "target_id": one["id"]}
            links.append({**link, "target_slot": slot, "type": kind})
            entry["link"] = link["id"]
            if source in by_id:
                by_id[source]["outputs"][number]["links"].append(link["id"])
    return links


def workflow(*nodes: dict[str, Any], subgraphs: Iterable[dict[str, Any]] = (), **more: Any) -> dict[str, Any]:
    links = _joined(nodes, 1)
    keys = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")
    return {
        "id": "6f1b9a52-0f1c-4b9a-8a1e-3d2f6a7b8c9d",
        "revision": 0,
        "last_node_id": max(one["id"] for one in nodes),
        "last_link_id": len(links),
        "nodes": [*nodes],
        "links": [[link[key] for key in keys] for link in links],
        "groups": [],
        "config": {},
        "extra": {},
        "version": 0.4,
        "definitions": {"subgraphs": [*subgraphs]},
        **more,
    }


def subgraph(
    letter: str, *nodes: dict[str, Any], inputs: str = "", outputs: Iterable[tuple[str, str, int, int]] = ()
) -> dict[str, Any]:
    """A definition. inputs: "name:TYPE", by spaces; a node inside names them as source -10. outputs: (name, type,
    source, slot)."""
    links = _joined(nodes, 1)
    by_id = {one["id"]: one for one in nodes}
    given = [one.split(":") for one in inputs.split()]
    ends = [[link["id"] for link in links if (link["origin_id"], link["origin_slot"]) == (-10, n)] for n in range(99)]
    out = []
    for number, (name, kind, source, slot) in enumerate(outputs):
        link = {"id": len(links) + 1, "origin_id": source, "origin_slot": slot, "target_id": -20}
        links.append({**link, "target_slot": number, "type": kind})
        by_id[source]["outputs"][slot]["links"].append(link["id"])
        out.append({"id": _uuid(f"{letter}{letter}", number), "name": name, "type": kind, "linkIds": [link["id"]]})
    return {
        "id": _uuid(letter, 0),
        "version": 1,
        "revision": 0,
        "state": {"lastGroupId": 0, "lastNodeId": max(by_id), "lastLinkId": len(links), "lastRerouteId": 0},
        "config": {},
        "name": f"Graph {letter}",
        "inputNode": {"id": -10, "bounding": [0, 0, 100, 100]},
        "outputNode": {"id": -20, "bounding": [900, 0, 100, 100]},
        "inputs": [
            {"id": _uuid(letter, n + 1), "name": name, "type": kind, "linkIds": ends[n]}
            for n, (name, kind) in enumerate(given)
        ],
        "outputs": out,
        "widgets": [],
        "nodes": [*nodes],
        "groups": [],
        "links": links,
        "extra": {},
    }


def _uuid(letters: str, number: int) -> str:
    return f"{letters[0] * 8}-{number:04d}-4{len(letters):03d}-8000-{letters[-1] * 12}"


LOADER = ("CheckpointLoaderSimple", ["one.safetensors"])
OUT = "MODEL CLIP VAE"
SAMPLED = [7, "randomize", 20, 8.0, "euler", "normal", 1.0]


def loader(number: int = 1) -> dict[str, Any]:
    return node(number, *LOADER, outs=OUT)


def text(number: int, words: str, clip: tuple[str, int, int] = ("CLIP", 1, 1), **more: Any) -> dict[str, Any]:
    return node(number, "CLIPTextEncode", [words], ins={"clip": clip}, outs="CONDITIONING", **more)


def sampler(number: int, model: Any = ("MODEL", 1, 0), values: Any = SAMPLED, **more: Any) -> dict[str, Any]:
    ins = {"model": model, "positive": ("CONDITIONING", 2, 0), "negative": ("CONDITIONING", 3, 0)}
    ins["latent_image"] = ("LATENT", 4, 0)
    return node(number, "KSampler", values, ins=ins, outs="LATENT", **more)


def latent(number: int = 4) -> dict[str, Any]:
    return node(number, "EmptyLatentImage", [512, 768, 1], outs="LATENT")


def picture(number: int, samples: Any = ("LATENT", 5, 0), vae: Any = ("VAE", 1, 2)) -> dict[str, Any]:
    return node(number, "VAEDecode", [], ins={"samples": samples, "vae": vae}, outs="IMAGE")


def save(number: int, images: Any = ("IMAGE", 6, 0), prefix: str = "out") -> dict[str, Any]:
    return node(number, "SaveImage", [prefix], ins={"images": images})


def basics(*without: int) -> list[dict[str, Any]]:
    """Loader 1, texts 2 and 3, latent 4, sampler 5, decode 6, save 7."""
    all_of_them = [loader(), text(2, "a fox"), text(3, ""), latent(), sampler(5), picture(6), save(7)]
    return [one for one in all_of_them if one["id"] not in without]
