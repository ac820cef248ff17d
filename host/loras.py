"""StyleLoRAPicker's work: what is installed, the choice by the engine, and applying it with ComfyUI's own loader."""

from __future__ import annotations

import inspect
import logging
from collections import OrderedDict
from pathlib import Path
from typing import Any

import folder_paths

from ..engine.style.catalogue import StyleFiles
from ..engine.style.fit import Fit, Verdict
from ..engine.style.header import BadHeader
from ..engine.style.installed import Index, LoraFile
from ..engine.style.picking import AppliedLora, Picked, depends_on, pick
from ..engine.style.request import NO_FILE, OFF, Refused, StyleRequest
from .lora_fit import family_of, fit_of
from .paths import styles_file

FOLDER = "loras"
ENDINGS = (".safetensors", ".sft")
"""Other formats cannot be looked into without loading them."""
MOST_LOADED = 2
_TEXTS = ("prompt", "style", "lora_name", "second_style")

_index = Index()
_styles = StyleFiles()
_loaded: OrderedDict[tuple[Path, Any], tuple[Any, Any]] = OrderedDict()


class LoraRefused(ValueError):
    """The message names the node, the input, what was wrong and what to do."""


def listed() -> list[str]:
    """The files for the node's list, as ComfyUI names them."""
    return [NO_FILE, *(name for name in folder_paths.get_filename_list(FOLDER) if name.lower().endswith(ENDINGS))]


def installed() -> list[LoraFile]:
    """Every LoRA file, read again where it has changed."""
    paths = ((name, folder_paths.get_full_path(FOLDER, name)) for name in listed()[1:])
    return _index.files((name, Path(path)) for name, path in paths if path)


def pick_loras(model: Any, clip: Any | None, node: str, **inputs: Any) -> tuple[Any, Any, Picked]:
    """(MODEL, CLIP, what was picked). Raises LoraRefused. The models given are never changed."""
    try:
        request = _request(inputs)
        catalogue = _styles.catalogue(styles_file())
        files = [] if request.mode == OFF else installed()
        found = pick(
            request, catalogue, files, family_of(model), clip is not None, lambda file: _fit(file, model, clip)
        )
        for applied in found.applied:
            model, clip = _applied(applied, model, clip)
    except Refused as problem:
        raise LoraRefused(f"Style LoRA Picker (node {node}), input {problem.input}: {problem}") from problem
    for line in found.report.splitlines():
        if line.startswith(("Skipped: ", "Warning: ")):
            logging.warning("Imitatoes, Style LoRA Picker (node %s): %s", node, line)
    return model, clip, found


def fingerprint(**inputs: Any) -> str:
    """Changes when the picker, asked the same again, might choose or load something else.

    Linked inputs are None here; where the prompt or a name is linked, every file counts.
    """
    if inputs.get("mode") == OFF:
        return OFF
    files, styles = installed(), styles_file()
    if all(isinstance(inputs.get(name, ""), str) for name in _TEXTS):
        try:
            files = depends_on(_request(inputs), _styles.catalogue(styles), files)
        except Refused as problem:
            return str(problem)
    stamp = styles.stat().st_mtime_ns if styles.is_file() else 0
    return repr((stamp, sorted((file.name, file.stamp) for file in files)))


def _request(inputs: dict[str, Any]) -> StyleRequest:
    return StyleRequest(**{"prompt": "", **{name: value for name, value in inputs.items() if value is not None}})


def _fit(file: LoraFile, model: Any, clip: Any | None) -> Fit:
    try:
        return fit_of(file, model, clip)
    except (BadHeader, OSError) as problem:
        return Fit(Verdict.REFUSE, f"It cannot be used: {problem}")


def _applied(applied: AppliedLora, model: Any, clip: Any | None) -> tuple[Any, Any]:
    """The models with one LoRA on top, as ComfyUI's LoraLoader would give them."""
    import comfy.sd

    tensors, metadata = _tensors(applied.file)
    options = {}
    if "lora_metadata" in inspect.signature(comfy.sd.load_lora_for_models).parameters:  # since 0.22.0
        options["lora_metadata"] = metadata
    to_model = model if applied.strength_model else None
    to_clip = clip if applied.strength_clip else None
    patched_model, patched_clip = comfy.sd.load_lora_for_models(
        to_model, to_clip, tensors, applied.strength_model, applied.strength_clip, **options
    )
    return (model if patched_model is None else patched_model, clip if patched_clip is None else patched_clip)


def _tensors(file: LoraFile) -> tuple[Any, Any]:
    """(tensors, metadata) of a file; of the last two used they are at hand, for all pickers together."""
    import comfy.utils

    key = (file.path, file.stamp)
    if key not in _loaded:
        while len(_loaded) >= MOST_LOADED:
            _loaded.popitem(last=False)
        try:
            _loaded[key] = comfy.utils.load_torch_file(str(file.path), safe_load=True, return_metadata=True)
        except Exception as problem:  # what a damaged file may raise, nobody has listed
            raise Refused("lora_name", f"{file.name} cannot be loaded: {problem}. Get the file again.") from problem
    _loaded.move_to_end(key)
    return _loaded[key]
