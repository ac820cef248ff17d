"""The widgets that the page gives a node, in the order in which their values are saved. Pure.

As registerNodeDef, configure and the widget constructors of the frontend do it (read: 1.35.9, 1.49.6, 1.58.1): sockets
first, then a widget for each input of a type in page_widgets.json, and behind it what controls it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ..dynamic_inputs import AUTOGROW, DYNAMIC_COMBO
from ..model import Graph, inputs_of
from ..node_class import ObjectInfo

Version = tuple[int, ...]
NEWEST: Version = (1, 58)
"""Version of the frontend whose rules hold where nobody says which one the user has."""
ABSENT = object()
"""No value: JSON leaves such an input out."""
SEEDS = ("seed", "noise_seed")
"""INT inputs of these names get a control without being declared so."""
CUSTOM_COMBO = "CustomCombo"
"""A core class whose options are widgets that only the page knows: option1, option2 and so on."""


@dataclass(frozen=True)
class PageWidget:
    """A widget with its value. sent: it goes into the API graph under its name. saved: it has a place among the saved
    values. type: as declared."""

    name: str
    type: str
    value: Any
    sent: bool = True
    saved: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Kind:
    """A type that the page makes a widget for. saved: it takes a place in widgets_values."""

    default: Any = None
    saved: bool = True
    sent: bool = True
    followed_by: tuple[str, ...] = ()
    since: Version = (0,)


@cache
def _table() -> Mapping[str, Any]:
    return json.loads((Path(__file__).parent / "page_widgets.json").read_text(encoding="utf-8"))


@cache
def _kinds() -> Mapping[str, _Kind]:
    return {name: _kind(row) for name, row in _table()["types"].items()}


def _kind(row: Mapping[str, Any]) -> _Kind:
    since = tuple(int(part) for part in row.get("since", "0").split("."))
    return _Kind(row.get("default"), row.get("saved", True), row.get("sent", True), tuple(row.get("then", ())), since)


def version_of(text: str) -> Version:
    """The version in "1.49.6" or "1.24.0-1"; the newest rules where it holds no number."""
    numbers = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(part) for part in numbers.groups("0")) if numbers else NEWEST


def entered(widget: PageWidget, value: Any) -> Any:
    """The value as it is after somebody has entered it: whole, or rounded to the decimals that the widget shows."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return value
    options = widget.options
    if widget.type == "INT":
        step = int(options.get("step") or 1)
        offset = int(options.get("min") or 0) % step if step != 1 else 0
        return math.floor((value - offset) / step + 0.5) * step + offset
    if widget.type == "FLOAT":
        decimals = max(0, -math.floor(math.log10(abs(options.get("step") or 0.5))))
        step = options.get("round") or (10**-decimals if decimals else 0)
        if not step:
            return value
        rounded = round(math.floor(value / step + 0.5) * step, decimals)
        return min(max(rounded, options.get("min") or 0), options.get("max", 2048))
    return value


def widget_type(kind: Any, options: Mapping[str, Any], frontend: Version) -> str:
    """The type of the widget that an input gets; empty where it is a socket only."""
    name = "COMBO" if isinstance(kind, list) else str(options.get("widgetType") or kind)
    known = _kinds().get(name)
    if known is None or options.get("forceInput") or frontend[: len(known.since)] < known.since:
        return ""
    return name


def ordered_inputs(described: Mapping[str, Any]) -> Iterator[tuple[str, Any, Mapping[str, Any]]]:
    """(name, type, options) of a class's inputs in the order of the page: as input_order says, then what it omits."""
    declared, order = described.get("input") or {}, described.get("input_order") or {}
    for section in ("required", "optional"):
        specs = declared.get(section) or {}
        names = [name for name in order.get(section) or () if name in specs]
        for name in [*names, *(name for name in specs if name not in names)]:
            spec = specs[name]
            options = spec[1] if len(spec) > 1 and isinstance(spec[1], Mapping) else {}
            yield name, spec[0], options


class _Saved:
    """Takes the saved values in turn, or by name where they were saved so."""

    def __init__(self, values: tuple[Any, ...], named: Mapping[str, Any] | None) -> None:
        self._values, self._named, self._next = values, named, 0

    def take(self, name: str, default: Any) -> Any:
        if self._named is not None:
            return self._named.get(name, default)
        self._next += 1
        return self._values[self._next - 1] if self._next <= len(self._values) else default

    def rest(self) -> tuple[Any, ...]:
        return self._values[self._next :] if self._named is None else ()


def page_widgets(
    class_type: str,
    described: Mapping[str, Any],
    values: tuple[Any, ...],
    named: Mapping[str, Any] | None = None,
    frontend: Version = NEWEST,
) -> tuple[list[PageWidget], tuple[Any, ...]]:
    """The node's widgets with the values saved for them, and the values that no widget takes.

    described: the class in object_info. A widget for which nothing was saved has its default.
    """
    saved = _Saved(_without_sockets(described, values, frontend), named)
    specs = list(ordered_inputs(described))
    widgets = [widget for spec in specs for widget in _of_input(spec, "", saved.take, frontend)]
    if class_type == CUSTOM_COMBO and widgets:
        widgets += _custom_combo(widgets[0].value, saved.rest(), named)
        return widgets, ()
    listed = list(_listed(class_type, values))
    return widgets + listed, () if listed else saved.rest()


def _of_input(
    spec: tuple[str, Any, Mapping[str, Any]], prefix: str, take: Callable[[str, Any], Any], frontend: Version
) -> Iterator[PageWidget]:
    """The widgets of one input: none for a socket, several for a number with a control or a dynamic combo."""
    name, kind, options = prefix + spec[0], spec[1], spec[2]
    if kind == AUTOGROW:
        yield from _grown(name, options, take, frontend)
        return
    widget = widget_type(kind, options, frontend)
    if not widget:
        return
    row = _kinds()[widget]
    default = _default(widget, kind, options)
    value = take(name, default) if row.saved else default
    if value is None and widget == "COMBO" and default is not ABSENT:
        value = default
    yield PageWidget(name, widget, value, row.sent, row.saved, options)
    for control in (*_controls(name, widget, options), *row.followed_by):
        yield PageWidget(control, "", take(control, None), sent=False)
    if widget == DYNAMIC_COMBO:
        for inner in ordered_inputs({"input": _chosen(options, value)}):
            yield from _of_input(inner, f"{name}.", take, frontend)


def _grown(
    name: str, options: Mapping[str, Any], take: Callable[[str, Any], Any], frontend: Version
) -> Iterator[PageWidget]:
    """The widgets of the slots that a growing input has from the beginning, where it grows by values."""
    template = options.get("template") or {}
    inner = list(ordered_inputs({"input": template.get("input") or {}}))
    for number in range(int(template.get("min", 1) or 0)):
        for key, kind, its_options in inner:
            slot = (template.get("names") or [])[number : number + 1] or [
                f"{template.get('prefix', '') if len(inner) == 1 else key}{number}"
            ]
            yield from _of_input((slot[0], kind, its_options), f"{name}.", take, frontend)


def _chosen(options: Mapping[str, Any], value: Any) -> Mapping[str, Any]:
    return next((one.get("inputs") or {} for one in options.get("options") or () if one.get("key") == value), {})


def _default(widget: str, kind: Any, options: Mapping[str, Any]) -> Any:
    choices = kind if isinstance(kind, list) else options.get("options")
    if widget == DYNAMIC_COMBO:
        choices = [one.get("key") for one in choices or ()]
    if widget in ("COMBO", DYNAMIC_COMBO):
        return options.get("default") or (choices[0] if choices else ABSENT)
    return options["default"] if options.get("default") is not None else _kinds()[widget].default


def _controls(name: str, widget: str, options: Mapping[str, Any]) -> tuple[str, ...]:
    """What the page puts behind a value to change it after each run; a combo gets a filter of its list too."""
    wanted = options.get("control_after_generate")
    if wanted is None and widget == "INT":
        wanted = name in SEEDS
    if not wanted or widget not in ("INT", "FLOAT", "COMBO"):
        return ()
    control = wanted if isinstance(wanted, str) and widget != "COMBO" else "control_after_generate"
    return (control, "control_filter_list") if widget == "COMBO" else (control,)


def _custom_combo(choice: Any, values: tuple[Any, ...], named: Mapping[str, Any] | None) -> Iterator[PageWidget]:
    """The options that the user wrote, and which of them is chosen. 1.35 kept no place for the number."""
    if named is not None:
        options = [value for name, value in named.items() if name.startswith("option")]
    else:
        options = list(values[1:] if values and isinstance(values[0], int) else values)
    yield PageWidget("index", "INT", options.index(choice) if choice in options else -1)
    for number, value in enumerate(options):
        yield PageWidget(f"option{number + 1}", "STRING", value)


def _listed(class_type: str, values: tuple[Any, ...]) -> Iterator[PageWidget]:
    """Widgets that the pack's page code makes from the saved values, counted from 1."""
    row = _table()["lists"].get(class_type)
    if row:
        found = [value for value in values if isinstance(value, Mapping) and row["key"] in value]
        for number, value in enumerate(found):
            yield PageWidget(f"{row['prefix']}{number + 1}", "", value)


def made_in_page(class_type: str) -> str:
    """The input of this class whose value only the page can make, as a picture of the camera; empty for the others."""
    return _table()["made_in_page"].get(class_type, "")


def with_displays(graph: Graph, object_info: ObjectInfo) -> Graph:
    """The graph with the inputs that a class requires for the page's display alone, as the page writes them.

    A graph made without the page often lacks them; the server refuses the node then, though it reads nothing in them.
    """
    changed = dict(graph)
    for node_id, node in graph.items():
        class_type = node.get("class_type") if isinstance(node, Mapping) else None
        described = object_info.get(class_type) if isinstance(class_type, str) else None
        required = (described.get("input") or {}).get("required") or {} if described else {}
        inputs = inputs_of(node)
        absent = {name: _display(spec) for name, spec in required.items() if name not in inputs and _display(spec)}
        if absent:
            changed[node_id] = {**node, "inputs": {**inputs, **absent}}
    return changed


def _display(spec: Any) -> Any:
    """What the page writes for an input that it keeps nothing for; None for others."""
    row = _kinds().get(spec[0]) if isinstance(spec, (list, tuple)) and spec and isinstance(spec[0], str) else None
    if row is None or row.saved or not row.sent:
        return None
    return {"__value__": row.default} if isinstance(row.default, list) else row.default


def _without_sockets(described: Mapping[str, Any], values: tuple[Any, ...], frontend: Version) -> tuple[Any, ...]:
    """Values of inputs that are sockets now: files from before forceInput was known kept a place for them.

    Told by the count alone, as migrateWidgetsValues of the frontend tells it.
    """
    forced: list[bool] = []
    for name, kind, options in ordered_inputs({"input": described.get("input")}):
        widget = widget_type(kind, options, frontend)
        if widget or options.get("forceInput"):
            forced += [bool(options.get("forceInput")), *(False for _ in _controls(name, widget, options))]
    if not any(forced) or len(forced) != len(values):
        return values
    return tuple(value for value, gone in zip(values, forced, strict=True) if not gone)
