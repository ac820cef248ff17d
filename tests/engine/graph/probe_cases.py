"""The graphs of the recorded probes: each changes the SDXL reference graph in one way. Bodies that are no graph, and
fields beside the graph, are left out: they never reach a check."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .reference import graph

Graph = dict[str, Any]


def _set(node: str, **values: Any) -> Callable[[Graph], None]:
    return lambda g: g[node]["inputs"].update(values)


def _drop(node: str, name: str) -> Callable[[Graph], None]:
    return lambda g: g[node]["inputs"].pop(name)


def _add(**nodes: tuple[str, dict[str, Any]]) -> Callable[[Graph], None]:
    def change(g: Graph) -> None:
        g.update({i[1:]: {"class_type": kind, "inputs": inputs} for i, (kind, inputs) in nodes.items()})

    return change


def _upscale(source: str) -> tuple[str, dict[str, Any]]:
    return "LatentUpscaleBy", {"samples": [source, 0], "upscale_method": "bilinear", "scale_by": 1.5}


def _cycle(ends_at: str | None, **sources: str) -> Callable[[Graph], None]:
    def change(g: Graph) -> None:
        _add(**{node: _upscale(source) for node, source in sources.items()})(g)
        if ends_at:
            g["6"]["inputs"]["samples"] = [ends_at, 0]

    return change


def _resized(**inputs: Any) -> Callable[[Graph], None]:
    values = {"input": ["6", 0], "scale_method": "area", **{name.replace("__", "."): v for name, v in inputs.items()}}
    return _add(_12=("ResizeImageMaskNode", values), _13=("PreviewImage", {"images": ["12", 0]}))


def _batched(**inputs: Any) -> Callable[[Graph], None]:
    values = {name.replace("__", "."): value for name, value in inputs.items()}
    return _add(_12=("BatchImagesNode", values), _13=("PreviewImage", {"images": ["12", 0]}))


def _remove(node: str, key: str | None = None) -> Callable[[Graph], None]:
    return lambda g: g.pop(node) if key is None else g[node].pop(key)


CHANGES: dict[str, Callable[[Graph], Any]] = {
    "ok": lambda g: None,
    "missing_class_type_key": _remove("4", "class_type"),
    "unknown_class_type": lambda g: g["4"].update(class_type="NoSuchNode"),
    "missing_required_input": _drop("5", "cfg"),
    "missing_required_link_input": _drop("5", "positive"),
    "value_not_in_list_short": _set("5", scheduler="karas"),
    "value_not_in_list_long": _set("5", sampler_name="eulerr"),
    "value_not_in_list_model": _set("1", ckpt_name="nope.safetensors"),
    "link_wrong_type": _set("6", samples=["1", 0]),
    "link_slot_out_of_range": _set("6", samples=["5", 3]),
    "link_to_missing_node": _set("6", samples=["99", 0]),
    "link_len1": _set("6", samples=["5"]),
    "link_slot_string": _set("6", samples=["5", "0"]),
    "link_node_id_int": _set("6", samples=[5, 0]),
    "link_float_slot": _set("6", samples=["5", 0.0]),
    "string_for_link_input": _set("6", samples="hello"),
    "int_bad_string": _set("5", steps="{{STEPS}}"),
    "int_numeric_string": _set("5", steps="25"),
    "int_null_seed": _set("5", seed=None),
    "float_in_int": _set("5", steps=20.7),
    "below_min": _set("5", steps=0),
    "above_max": _set("5", denoise=1.5),
    "seed_too_big": _set("5", seed=2**64),
    "seed_negative": _set("5", seed=-1),
    "step_violation_width_1001": _set("4", width=1001),
    "no_outputs": _remove("7"),
    "empty_prompt": lambda g: g.clear(),
    "unknown_extra_input_ignored": _set("5", bogus=1),
    "meta_key_in_prompt": lambda g: g.update(_meta={"title": "mine"}),
    "list_value_for_string": _set("2", text=["a", "b", "c"]),
    "list2_value_for_string": _set("2", text=["a", "b"]),
    "no_inputs_key": _remove("4", "inputs"),
    "cycle_2": _cycle("9", _8="9", _9="8"),
    "cycle_self": _cycle("8", _8="8"),
    "cycle_not_reachable_from_output": _cycle(None, _8="9", _9="8"),
    "one_output_good_one_bad": _add(
        _11=("VAEDecode", {"samples": ["5", 0]}),
        _10=("SaveImage", {"images": ["11", 0], "filename_prefix": "x"}),
    ),
    "missing_image_file": _add(_12=("LoadImage", {"image": "nofile.png"}), _13=("PreviewImage", {"images": ["12", 0]})),
    "dyncombo_missing_key": _resized(),
    "dyncombo_bad_key": _resized(resize_type="nope"),
    "dyncombo_missing_sub": _resized(resize_type="scale dimensions", resize_type__width=64, resize_type__crop="center"),
    "dyncombo_nested_sub_unprefixed": _resized(resize_type="scale by multiplier", multiplier=2.0),
    "autogrow_empty": _batched(),
    "autogrow_one": _batched(images__image0=["6", 0], images__image1=["6", 0]),
}
FILES_ON_DISK = ("missing_image_file",)
"""Cases that only someone who sees the folders can decide as the server does."""


def probe(name: str) -> Graph:
    changed = graph("sdxl_txt2img")
    CHANGES[name](changed)
    return changed
