"""Rules about values: required, convertible, in range, on the list, on the step; and inputs nobody declared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..dynamic_inputs import DYNAMIC_COMBO, InputSpec
from ..finding import Finding, Severity
from ..graph_view import GraphView, Node
from ..nearest import alternatives, misspelt, near

ANNOTATED = re.compile(r" \[(input|output|temp)\]$")
"""A file name that says its folder: taken by the server whatever the list holds."""
OWN_LIST = ("image_upload", "audio_upload", "video_upload", "file_upload", "remote", "image_folder")
"""Options of inputs whose node checks the name itself or fills the list later."""
OWN_CHECK = ("CustomCombo",)
"""Core classes that take any choice and any input: their options are written on the node, and only the page has them.
(`validate_inputs` and `accept_all_inputs` of comfy_extras/nodes_logic.py, 0.8.0 and 0.33.0.)"""
_CONVERT = {"INT": int, "FLOAT": float}
_MEANT = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_NUMBER_NAMES = {"INT": "a whole number", "FLOAT": "a number"}
SIZES = ("width", "height", "length")


def values(view: GraphView) -> Iterator[Finding]:
    """Every input of every node."""
    for node in view.nodes.values():
        if node.class_type in OWN_CHECK:
            continue
        for name, spec in node.specs.items():
            if name not in node.inputs:
                yield from _absent(node, spec)
            elif not isinstance(node.inputs[name], list):
                yield from of_value(node, spec)
        yield from _too_few(node)
        yield from _undeclared(node)


def plain(value: Any) -> Any:
    """A value without the wrapping in which lists are sent."""
    return value["__value__"] if isinstance(value, dict) and "__value__" in value else value


def of_value(node: Node, spec: InputSpec) -> Iterator[Finding]:
    """The findings about one literal. Conversions and limits as `validate_inputs` of execution.py (0.8.0)."""
    value = plain(node.inputs[spec.name])
    if isinstance(spec.type, str) and spec.type in _CONVERT:
        try:
            number = _CONVERT[spec.type](value)
        except (TypeError, ValueError, OverflowError):
            fix = f"Write {_NUMBER_NAMES[spec.type]}{_limits(spec)}."
            default = spec.options.get("default") if value is None else None
            what = f"{_shown(value)} is not {_NUMBER_NAMES[spec.type]}."
            yield _found(node, spec, "invalid_input_type", "rejected", what, fix, default)
            return
        yield from _limited(node, spec, number)
        yield from _converted(node, spec, value, number)
    elif spec.type == "BOOLEAN" and isinstance(value, str):
        meant = _MEANT.get(value.strip().casefold())
        what = f"the text {_shown(value)} counts as {str(bool(value)).lower()}."
        yield _found(node, spec, "text_for_boolean", "wrong", what, "Write true or false without quotes.", meant)
    elif spec.choices is not None:
        yield from _chosen(node, spec, value)


def _limited(node: Node, spec: InputSpec, number: float) -> Iterator[Finding]:
    low, high, step = (spec.options.get(name) for name in ("min", "max", "step"))
    if low is not None and number < low:
        what, fix = f"{number} is less than {low}.", f"Use {low} or more."
        yield _found(node, spec, "value_smaller_than_min", "rejected", what, fix, low)
    elif high is not None and number > high:
        what, fix = f"{number} is more than {high}.", f"Use {high} or less."
        yield _found(node, spec, "value_bigger_than_max", "rejected", what, fix, high)
    elif spec.type == "INT" and isinstance(step, int) and step > 1 and (number - (low or 0)) % step:
        severity = "wrong" if spec.name.rsplit(".", 1)[-1] in SIZES else "suspicious"
        what = f"{number} is off its step of {step}; the model rounds it without a word."
        better = _on_step(spec, number)
        yield _found(node, spec, "off_step", severity, what, f"Use {better}.", better)


def _on_step(spec: InputSpec, number: float) -> int:
    """The nearest whole number that keeps an input's limits and step."""
    low, step, high = spec.options.get("min") or 0, spec.options["step"], spec.options.get("max")
    rounded = low + round((number - low) / step) * step
    return int(rounded if high is None or rounded <= high else rounded - step)


def _converted(node: Node, spec: InputSpec, value: Any, number: float) -> Iterator[Finding]:
    if isinstance(value, str):
        what, fix = f"the number {number} is written as text.", f"Write {number} without quotes."
        yield _found(node, spec, "number_as_text", "suspicious", what, fix, number)
    elif spec.type == "INT" and number != value:
        what, fix = f"{value} is cut to {number}.", f"Write the whole number {number}."
        yield _found(node, spec, "number_cut", "wrong", what, fix, number)


def _chosen(node: Node, spec: InputSpec, value: Any) -> Iterator[Finding]:
    offered = spec.choices or []
    several = isinstance(value, list) and spec.options.get("multiselect")
    if value in offered or (several and all(one in offered for one in value)):
        return
    text = value if isinstance(value, str) else str(value)
    if any(spec.options.get(option) for option in OWN_LIST):
        if not ANNOTATED.search(text):
            yield _found(
                node,
                spec,
                "file_not_listed",
                "wrong",
                f"{_shown(value)} is not among the uploaded files.",
                'Upload it, or name its folder behind it, like "name.png [output]".',
            )
        return
    if spec.type == DYNAMIC_COMBO:
        yield _found(node, spec, "dynamic_choice_unknown", "wrong", *_not_offered(text, offered))
        return
    if not offered:
        yield _found(
            node,
            spec,
            "value_not_in_list",
            "rejected",
            f"{_shown(value)} is asked for, but no file of this kind is installed.",
            "Put the file into the models folder of its kind.",
        )
        return
    yield _found(node, spec, "value_not_in_list", "rejected", *_not_offered(text, offered))


def _not_offered(value: str, offered: list[Any]) -> tuple[str, str]:
    if "." in value:
        like = alternatives(value, offered)
        fix = "Install it" + (f", or use {' or '.join(like)}." if like else "; nothing of its family is installed.")
        return f"the file {_shown(value)} is not installed.", fix
    like = near(value, offered)
    shown = ", ".join(str(one) for one in (like or offered[:8]))
    return f"{_shown(value)} is not on its list of {len(offered)}.", f"Use {shown}{'' if like else ' ...'}."


def _absent(node: Node, spec: InputSpec) -> Iterator[Finding]:
    if not spec.required:
        return
    if spec.type == DYNAMIC_COMBO:
        offered = ", ".join(spec.choices or [])
        yield _found(node, spec, "dynamic_choice_missing", "wrong", "no choice is made.", f"Choose one of: {offered}.")
        return
    fix = f"Give it a value, {spec.default!r} by default." if spec.default is not None else f"Link {spec.type} to it."
    yield _found(node, spec, "required_input_missing", "rejected", "it is required but missing.", fix)


def _too_few(node: Node) -> Iterator[Finding]:
    for growth in node.growths:
        given = sum(slot in node.inputs for slot in growth.slots)
        if given < growth.minimum:
            yield Finding(
                kind="too_few_slots",
                severity="rejected" if growth.required and node.known.demands_slots else "wrong",
                node=node.id,
                input=growth.name,
                what=f"{node.heading()}, input {growth.name} needs at least {growth.minimum} links, not {given}.",
                fix=f"Link {', '.join(growth.slots[: growth.minimum])}.",
            )


def _undeclared(node: Node) -> Iterator[Finding]:
    if not node.known:
        return
    for name in node.inputs:
        if name not in node.specs:
            meant = meant_input(node, name)
            yield Finding(
                kind="unknown_input",
                severity="suspicious",
                node=node.id,
                input=name,
                what=f"{node.heading()} has no input {name}; the value is ignored.",
                fix=f"Did you mean {meant}?" if meant else "Remove it.",
            )


def meant_input(node: Node, name: str) -> str | None:
    """The unfilled input that an undeclared name stands for: without its prefix, or misspelt. None for no such."""
    unfilled = [spec for spec in node.specs if spec not in node.inputs]
    suffixed = [spec for spec in unfilled if spec.endswith("." + name)]
    return suffixed[0] if len(suffixed) == 1 else misspelt(name, unfilled)


def _found(
    node: Node, spec: InputSpec, kind: str, severity: Severity, what: str, fix: str, instead: Any = None
) -> Finding:
    what = f"{node.heading()}, input {spec.name}: {what}"
    return Finding(kind=kind, severity=severity, node=node.id, input=spec.name, what=what, fix=fix, instead=instead)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _limits(spec: InputSpec) -> str:
    low, high = spec.options.get("min"), spec.options.get("max")
    return f" from {low} to {high}" if low is not None and high is not None else ""
