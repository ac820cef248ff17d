"""Socket types: `String`, `Image`, `Custom("X")`, each with `.Input` and `.Output`.

The accepted keywords are those of ComfyUI 0.3.64, the oldest release the pack runs on; any other is a TypeError.
"""

from __future__ import annotations

import inspect
from enum import Enum
from typing import Any

_COMMON = ("display_name", "optional", "tooltip", "lazy")
_WIDGET = ("socketless", "force_input")
_DEFAULTS: dict[str, Any] = {"id": inspect.Parameter.empty, "optional": False, "multiline": False}
_SENT_AS = {"force_input": "forceInput", "dynamic_prompts": "dynamicPrompts", "display_mode": "display"}


def without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


class NumberDisplay(str, Enum):
    number = "number"
    slider = "slider"


class Input:
    """One input of a Schema. Subclasses name their keywords, in ComfyUI's positional order."""

    io_type = "*"
    keywords: tuple[str, ...] = ("id", *_COMMON, "extra_dict")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        signature = inspect.Signature(
            inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=_DEFAULTS.get(name))
            for name in self.keywords
        )
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        self.__dict__.update(bound.arguments)

    def get_io_type(self) -> str:
        return self.io_type

    def as_dict(self) -> dict[str, Any]:
        """The second half of the pair that /object_info shows."""
        named = {
            _SENT_AS.get(name, name): getattr(self, name)
            for name in self.keywords
            if name not in ("id", "optional", "extra_dict")
        }
        return without_none(named) | without_none(getattr(self, "extra_dict", None) or {})


class Output:
    io_type = "*"

    def __init__(
        self,
        id: str | None = None,
        display_name: str | None = None,
        tooltip: str | None = None,
        is_output_list: bool = False,
    ) -> None:
        self.id = id
        self.display_name = display_name or id
        self.tooltip = tooltip
        self.is_output_list = is_output_list


class ComfyType:
    """Base of every socket type."""

    Type = Any
    io_type = "*"


def Custom(io_type: str, keywords: tuple[str, ...] = Input.keywords, input_base: type = Input) -> Any:  # noqa: N802
    """A socket type of that name, with default Input and Output."""
    shared = {"io_type": io_type}
    made_input = type("Input", (input_base,), {**shared, "keywords": keywords})
    return type(io_type, (ComfyType,), {**shared, "Input": made_input, "Output": type("Output", (Output,), shared)})


class _ComboInput(Input):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(self.options, type) and issubclass(self.options, Enum):
            self.options = [member.value for member in self.options]
        if isinstance(self.default, Enum):
            self.default = self.default.value

    def as_dict(self) -> dict[str, Any]:
        named = {"multiselect": False, **super().as_dict()}
        upload = named.pop("upload", None)
        return named | ({upload.value: True} if upload else {})


_NUMBER = ("id", *_COMMON, "default", "min", "max", "step")
Boolean = Custom("BOOLEAN", ("id", *_COMMON, "default", "label_on", "label_off", *_WIDGET))
Int = Custom("INT", (*_NUMBER, "control_after_generate", "display_mode", *_WIDGET))
Float = Custom("FLOAT", (*_NUMBER, "round", "display_mode", *_WIDGET))
String = Custom("STRING", ("id", *_COMMON, "multiline", "placeholder", "default", "dynamic_prompts", *_WIDGET))
Combo = Custom(
    "COMBO",
    ("id", "options", *_COMMON, "default", "control_after_generate", "upload", "image_folder", "remote", "socketless"),
    _ComboInput,
)
Image = Custom("IMAGE")
Mask = Custom("MASK")
Latent = Custom("LATENT")
Model = Custom("MODEL")
Clip = Custom("CLIP")
Vae = Custom("VAE")
Conditioning = Custom("CONDITIONING")
AnyType = Custom("*")
