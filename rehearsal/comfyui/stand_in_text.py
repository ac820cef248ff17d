"""ComfyUI's node that shows a text, with its name, inputs and outputs."""
# ruff: noqa: N802 - ComfyUI's method names

from __future__ import annotations

import json
from typing import Any


class PreviewAny:
    CATEGORY = "utils"
    RETURN_TYPES = ()
    OUTPUT_NODE = True
    FUNCTION = "main"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {"required": {"source": ("*", {})}}

    def main(self, source: Any = None) -> dict[str, Any]:
        text = source if isinstance(source, str) else json.dumps(source, indent=4, default=str)
        return {"ui": {"text": (text,)}}
