"""The cases: name to workflow. Their classes are of ComfyUI 0.8.0 and still there in 0.33.0."""

from __future__ import annotations

from typing import Any

from .ui_workflows import (
    BYPASSED,
    MUTED,
    SAMPLED,
    basics,
    latent,
    loader,
    node,
    picture,
    sampler,
    save,
    subgraph,
    text,
    workflow,
)


def _plain() -> dict[str, Any]:
    return workflow(*basics(), node(8, "Note", ["hello"]), node(9, "MarkdownNote", ["# hello"]))


def _uploads() -> dict[str, Any]:
    image = node(1, "LoadImage", ["example.png", "image"], outs="IMAGE MASK")
    return workflow(image, save(2, ("IMAGE", 1, 0)))


def _reroutes() -> dict[str, Any]:
    first = node(8, "Reroute", [], ins={"": ("MODEL", 1, 0)}, outs="MODEL")
    second = node(9, "Reroute", [], ins={"": ("MODEL", 8, 0)}, outs="MODEL")
    return workflow(*basics(5), first, second, sampler(5, ("MODEL", 9, 0)))


def _linked_widgets() -> dict[str, Any]:
    """Inputs of widgets that are linked keep their places among the saved values."""
    words = node(8, "PrimitiveStringMultiline", ["a hare"], outs="STRING")
    seed = node(9, "PrimitiveInt", [11, "fixed"], outs="INT")
    linked = node(2, "CLIPTextEncode", [""], ins={"clip": ("CLIP", 1, 1)}, outs="CONDITIONING",
                  widgets={"text": ("STRING", 8, 0)})  # fmt: skip
    sampling = sampler(5, widgets={})
    sampling["inputs"].append({"name": "seed", "type": "INT", "link": ("INT", 9, 0), "widget": {"name": "seed"}})
    return workflow(*basics(2, 5), words, seed, linked, sampling)


def _lora(mode: int) -> list[dict[str, Any]]:
    values = ["style.safetensors", 0.8, 0.7]
    ends = {"model": ("MODEL", 1, 0), "clip": ("CLIP", 1, 1)}
    lora = node(8, "LoraLoader", values, ins=ends, outs="MODEL CLIP", mode=mode)
    return [lora, text(2, "a fox", ("CLIP", 8, 1)), sampler(5, ("MODEL", 8, 0))]


def _bypassed_without_a_match() -> dict[str, Any]:
    mask = node(8, "MaskToImage", [], ins={"mask": ("MASK", 9, 1)}, outs="IMAGE", mode=BYPASSED)
    image = node(9, "LoadImage", ["example.png", "image"], outs="IMAGE MASK")
    return workflow(image, mask, save(7, ("IMAGE", 9, 0)), save(10, ("IMAGE", 8, 0)))


def _bypassed_switch() -> dict[str, Any]:
    ends = {"on_false": ("IMAGE", 8, 0), "on_true": ("IMAGE", 9, 0)}
    images = [node(number, "LoadImage", ["example.png", "image"], outs="IMAGE MASK") for number in (8, 9)]
    switch = node(10, "ComfySwitchNode", [True], ins=ends, outs="IMAGE", mode=BYPASSED)
    return workflow(*images, switch, save(7, ("IMAGE", 10, 0)))


def _primitives() -> dict[str, Any]:
    """One value for two inputs; a decimal that the second input rounds."""
    steps = node(8, "PrimitiveNode", [12, "fixed"], outs="INT")
    steps["outputs"][0]["widget"] = {"name": "steps"}
    cfg = node(9, "PrimitiveNode", [4.26789, "fixed"], outs="FLOAT")
    cfg["outputs"][0]["widget"] = {"name": "cfg"}
    sampling = sampler(5)
    for name, kind, source in (("steps", "INT", 8), ("cfg", "FLOAT", 9)):
        sampling["inputs"].append({"name": name, "type": kind, "link": (kind, source, 0), "widget": {"name": name}})
    return workflow(*basics(5), steps, cfg, sampling)


def _dynamic_combo() -> dict[str, Any]:
    image = node(1, "LoadImage", ["example.png", "image"], outs="IMAGE MASK")
    resize = node(2, "ResizeImageMaskNode", ["scale dimensions", 640, 480, "center", "lanczos"],
                  ins={"input": ("IMAGE", 1, 0)}, outs="IMAGE")  # fmt: skip
    return workflow(image, resize, save(3, ("IMAGE", 2, 0)))


def _autogrow() -> dict[str, Any]:
    images = [node(number, "LoadImage", ["example.png", "image"], outs="IMAGE MASK") for number in (1, 2, 3)]
    ends = {f"images.image{number}": ("IMAGE", number + 1, 0) for number in range(3)}
    return workflow(*images, node(4, "BatchImagesNode", [], ins=ends, outs="IMAGE"), save(5, ("IMAGE", 4, 0)))


def _prompts() -> dict[str, Any]:
    """Comments go, escaped braces stay, one alternative of one is no choice."""
    words = "a {red} fox // not this\n/* nor this */ in \\{snow\\}"
    return workflow(loader(), text(2, words), text(3, ""), latent(), sampler(5), picture(6), save(7))


def _file_names() -> dict[str, Any]:
    return workflow(*basics(7), save(7, prefix="%KSampler.seed%_%EmptyLatentImage.width%_%width%_%Nobody.x%"))


def _inside(letter: str = "a", inner: dict[str, Any] | None = None) -> dict[str, Any]:
    """Text, seed and size are inputs of the subgraph; the picture is its output."""
    nodes = [loader(), text(2, ""), text(3, "ugly"), latent(), sampler(5), picture(6)]
    nodes[1]["inputs"].append(
        {"name": "text", "type": "STRING", "link": ("STRING", -10, 0), "widget": {"name": "text"}}
    )
    nodes[4]["inputs"].append({"name": "seed", "type": "INT", "link": ("INT", -10, 1), "widget": {"name": "seed"}})
    nodes[3]["inputs"].append({"name": "width", "type": "INT", "link": ("INT", -10, 2), "widget": {"name": "width"}})
    return subgraph(letter, *nodes, inputs="text:STRING seed:INT width:INT", outputs=[("IMAGE", "IMAGE", 6, 0)])


def _host(number: int, definition: dict[str, Any], values: list[Any], **more: Any) -> dict[str, Any]:
    proxies = [["-1", one["name"]] for one in definition["inputs"]]
    host = node(number, definition["id"], values, outs="IMAGE", **more)
    host["properties"] = {"proxyWidgets": proxies}
    return host


def _subgraph() -> dict[str, Any]:
    """Two nodes that stand for the same graph with other values."""
    inside = _inside()
    hosts = [_host(20, inside, ["a fox", 1, 640]), _host(21, inside, ["a hare", 2, 512])]
    return workflow(*hosts, save(22, ("IMAGE", 20, 0)), save(23, ("IMAGE", 21, 0)), subgraphs=[inside])


def _subgraph_linked() -> dict[str, Any]:
    """What is linked outside wins over what the host shows."""
    inside = _inside()
    words = node(19, "PrimitiveStringMultiline", ["an owl"], outs="STRING")
    host = _host(20, inside, ["a fox", 1, 640], widgets={"text": ("STRING", 19, 0)})
    return workflow(words, host, save(22, ("IMAGE", 20, 0)), subgraphs=[inside])


def _subgraph_off(mode: int) -> dict[str, Any]:
    inside = _inside()
    nodes = [_host(20, inside, ["a fox", 1, 640], mode=mode), save(22, ("IMAGE", 20, 0))]
    return workflow(*nodes, *basics(), subgraphs=[inside])


def _nested() -> dict[str, Any]:
    """A subgraph in a subgraph; the outer one shows two of the inner one's values."""
    inside = _inside("a")
    inner = _host(8, inside, ["a mole", 3, 320])
    inner["inputs"] = [
        {"name": "text", "type": "STRING", "link": ("STRING", -10, 0), "widget": {"name": "text"}},
        {"name": "seed", "type": "INT", "link": ("INT", -10, 1), "widget": {"name": "seed"}},
    ]
    scaled = node(9, "ImageScaleBy", ["lanczos", 2.0], ins={"image": ("IMAGE", 8, 0)}, outs="IMAGE")
    outer = subgraph("b", inner, scaled, inputs="text:STRING seed:INT", outputs=[("IMAGE", "IMAGE", 9, 0)])
    host = _host(20, outer, ["a badger", 4])
    return workflow(host, save(22, ("IMAGE", 20, 0)), subgraphs=[outer, inside])


def _same_ids() -> dict[str, Any]:
    """Two definitions whose nodes share ids with each other and with the workflow's own."""
    one, two = _inside("a"), _inside("b")
    nodes = [_host(20, one, ["a fox", 1, 640]), _host(21, two, ["a hare", 2, 512])]
    return workflow(*nodes, save(5, ("IMAGE", 20, 0)), save(6, ("IMAGE", 21, 0)), subgraphs=[one, two])


def _shown() -> dict[str, Any]:
    """The host shows widgets inside that are no inputs of the subgraph, with values of its own."""
    inside = subgraph("a", *basics(7), outputs=[("IMAGE", "IMAGE", 6, 0)])
    host = node(20, inside["id"], ["a stork", 33], outs="IMAGE")
    host["properties"] = {"proxyWidgets": [["2", "text"], ["5", "steps"]]}
    return workflow(host, save(22, ("IMAGE", 20, 0)), subgraphs=[inside])


CASES: dict[str, dict[str, Any]] = {
    "plain": _plain(),
    "uploads": _uploads(),
    "reroutes": _reroutes(),
    "linked_widgets": _linked_widgets(),
    "bypassed": workflow(*basics(2, 5), *_lora(BYPASSED)),
    "muted": workflow(*basics(2, 5), *_lora(MUTED)),
    "bypassed_without_a_match": _bypassed_without_a_match(),
    "bypassed_switch": _bypassed_switch(),
    "primitives": _primitives(),
    "dynamic_combo": _dynamic_combo(),
    "autogrow": _autogrow(),
    "prompts": _prompts(),
    "file_names": _file_names(),
    "missing_values": workflow(*basics(5), sampler(5, values=SAMPLED[:4])),
    "subgraph": _subgraph(),
    "subgraph_linked": _subgraph_linked(),
    "subgraph_muted": _subgraph_off(MUTED),
    "subgraph_bypassed": _subgraph_off(BYPASSED),
    "nested": _nested(),
    "same_ids": _same_ids(),
    "shown": _shown(),
}
