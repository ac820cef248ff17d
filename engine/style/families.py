"""Model families as LoRAs know them: their names, how each wants its prompt, and what other programs call them.

Names are those of engine/graph/families.json where a family is listed there whole; LoRAs care less for variants (one
made on FLUX.1 dev fits schnell), and more for sizes (Wan 14B and 1.3B). "" is an unknown family.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

TAG_FAMILIES = ("SD 1.5", "SD 2", "SDXL")
"""Trained on tags, whose first words weigh most. All others read sentences (official templates, November 2026)."""

_WRITTEN = tuple(
    (re.compile(pattern), family)
    for pattern, family in (
        (r"sdxl|stablediffusionxl|^xl$|pony|illustrious|noobai", "SDXL"),
        (r"^sdv?15|^sdv?1$|^sd14|stablediffusionv?1", "SD 1.5"),
        (r"^sdv?2|stablediffusionv?2", "SD 2"),
        (r"^sdv?3|stablediffusionv?3", "SD3"),
        (r"klein.*4b|flux2.*4b", "FLUX.2 klein 4B"),
        (r"klein.*9b|flux2.*9b", "FLUX.2 klein 9B"),
        (r"flux2klein", "FLUX.2 klein"),
        (r"flux2d", "FLUX.2 dev"),
        (r"flux2", "FLUX.2"),
        (r"chroma", "Chroma"),
        (r"flux", "FLUX.1"),
        (r"qwen", "Qwen-Image"),
        (r"zimage", "Z-Image"),
        (r"lumina", "Lumina 2"),
        (r"hunyuanimage", "HunyuanImage 2.1"),
        (r"hunyuanvideo15", "HunyuanVideo 1.5"),
        (r"hunyuanvideo|framepack", "HunyuanVideo"),
        (r"wan.*14b", "Wan 14B"),
        (r"wan.*13b", "Wan 1.3B"),
        (r"wan.*5b", "Wan 5B"),
        (r"^wan", "Wan"),
        (r"ltxv?2|ltxav", "LTX-2"),
        (r"ltx", "LTX-Video"),
    )
)
"""What trainers and sites write, in lower case with letters and digits only; the first that is found."""

_UNTRUSTED = ("sd_1.5",)
"""ai-toolkit's name for every model that it does not know."""

_CLASSES = {
    "SD15": "SD 1.5",
    "SD20": "SD 2",
    "SDXLRefiner": "SDXL refiner",
    "SDXL": "SDXL",
    "SD3": "SD3",
    "Flux2": "FLUX.2",
    "Flux": "FLUX.1",
    "Chroma": "Chroma",
    "QwenImage": "Qwen-Image",
    "ZImage": "Z-Image",
    "Lumina2": "Lumina 2",
    "HunyuanImage21": "HunyuanImage 2.1",
    "HunyuanVideo15": "HunyuanVideo 1.5",
    "HunyuanVideo": "HunyuanVideo",
    "WAN21_T2V": "Wan",
    "LTXAV": "LTX-2",
    "LTXV": "LTX-Video",
}
"""ComfyUI's model_config classes (comfy.supported_models). Where one inherits from another, the nearest counts."""

_BY_WIDTH = {
    ("FLUX.2", 6144): "FLUX.2 dev",
    ("FLUX.2", 4096): "FLUX.2 klein 9B",
    ("FLUX.2", 3072): "FLUX.2 klein 4B",
    ("Wan", 5120): "Wan 14B",
    ("Wan", 3072): "Wan 5B",
    ("Wan", 1536): "Wan 1.3B",
    ("Lumina 2", 3840): "Z-Image",
    ("LTX-Video", 4096): "LTX-Video 13B",
}


def family_written(text: str) -> str:
    """The family that a metadata field or a sidecar names; "" where it names none that is known."""
    if text.strip().casefold() in _UNTRUSTED:
        return ""
    bare = re.sub(r"[^a-z0-9]", "", text.casefold())
    return next((family for pattern, family in _WRITTEN if pattern.search(bare)), "")


def family_of_width(family: str, width: int | None) -> str:
    """The member of a family by its hidden size; the family itself where that tells nothing."""
    return _BY_WIDTH.get((family, width or 0), family)


def family_of_model(classes: Iterable[str], config: Mapping[str, Any]) -> str:
    """The family of a loaded model. classes: its model_config's class names, nearest first. config: its unet_config."""
    family = next((_CLASSES[name] for name in classes if name in _CLASSES), "")
    width = next((config[name] for name in ("hidden_size", "dim") if isinstance(config.get(name), int)), None)
    return family_of_width(family, width)


def may_fit(lora: str, model: str) -> bool:
    """Whether a LoRA of one family may go with a model of another, as far as names tell: "FLUX.2" and "FLUX.2 dev"."""
    return lora.startswith(model) or model.startswith(lora)


def reads_tags(family: str) -> bool:
    """Whether the family's prompts are lists of tags. An unknown one is treated so, as it does no harm elsewhere."""
    return family in TAG_FAMILIES or not family
