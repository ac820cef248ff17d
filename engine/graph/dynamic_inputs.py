"""The inputs of a node class for the values at hand: V3 classes declare some inputs that depend on others.

Mirrors `get_finalized_class_inputs` of comfy_api/latest/_io.py in ComfyUI 0.8.0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

DYNAMIC_COMBO = "COMFY_DYNAMICCOMBO_V3"
AUTOGROW = "COMFY_AUTOGROW_V3"
DYNAMIC_SLOT = "COMFY_DYNAMICSLOT_V3"


@dataclass(frozen=True)
class InputSpec:
    """One input as object_info declares it. type: a name, or a list of choices in classes of the old style (V1)."""

    name: str
    type: Any
    required: bool
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def choices(self) -> list[Any] | None:
        """What a combo offers; None when the input is no combo. Empty when no file of the kind is installed."""
        if isinstance(self.type, list):
            return self.type
        if self.type == "COMBO":
            return list(self.options.get("options") or [])
        if self.type == DYNAMIC_COMBO:
            return [option["key"] for option in self.options.get("options", [])]
        return None

    @property
    def default(self) -> Any:
        """The declared default, else a combo's first choice, else None."""
        if "default" in self.options:
            return self.options["default"]
        return self.choices[0] if self.choices else None


@dataclass(frozen=True)
class Growth:
    """An input that grows by numbered slots: its name, the slots it may have, and how many it needs at least.

    required: whether what goes into a slot is a required input by its template; else the minimum is not enforced.
    """

    name: str
    slots: tuple[str, ...]
    minimum: int
    required: bool = True


@dataclass
class Expanded:
    """inputs: every input that exists with these values, by its full name. growths: what they were counted from."""

    inputs: dict[str, InputSpec] = field(default_factory=dict)
    growths: list[Growth] = field(default_factory=list)


def expand(declared: Mapping[str, Any], values: Mapping[str, Any]) -> Expanded:
    """The inputs a node of this class has. declared: `input` of its object_info. values: its inputs as sent."""
    expanded = Expanded()
    _walk(expanded, declared, values, "")
    return expanded


def _walk(expanded: Expanded, declared: Mapping[str, Any], values: Mapping[str, Any], prefix: str) -> None:
    for name, required, kind, options in _declared(declared):
        spec = InputSpec(prefix + name, kind, required, options)
        if kind == AUTOGROW:
            _grow(expanded, spec, values)
            continue
        expanded.inputs[spec.name] = spec
        if kind == DYNAMIC_COMBO:
            chosen = values.get(spec.name)
            chosen_inputs = next((o["inputs"] for o in options.get("options", []) if o["key"] == chosen), {})
            _walk(expanded, chosen_inputs, values, spec.name + ".")
        elif kind == DYNAMIC_SLOT and spec.name in values:
            _walk(expanded, options.get("inputs", {}), values, spec.name + ".")


def _grow(expanded: Expanded, spec: InputSpec, values: Mapping[str, Any]) -> None:
    template = spec.options.get("template", {})
    names = template.get("names") or [f"{template.get('prefix', '')}{i}" for i in range(template.get("max", 0))]
    slots = tuple(f"{spec.name}.{name}" for name in names)
    of_one = next(iter(_declared(template.get("input", {}))), None)
    expanded.growths.append(Growth(spec.name, slots, template.get("min", 0), of_one is not None and of_one[1]))
    if of_one is not None:
        for slot in slots:
            if slot in values:
                expanded.inputs[slot] = InputSpec(slot, of_one[2], False, of_one[3])


def _declared(sections: Mapping[str, Any]) -> Iterator[tuple[str, bool, Any, Mapping[str, Any]]]:
    """(name, required, type, options) of every input but the hidden ones, which nobody sends."""
    for section in ("required", "optional"):
        for name, spec in (sections.get(section) or {}).items():
            options = spec[1] if len(spec) > 1 and isinstance(spec[1], Mapping) else {}
            yield name, section == "required", spec[0], options
