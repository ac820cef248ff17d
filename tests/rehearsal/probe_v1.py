"""A pack of one file in the old style."""

from __future__ import annotations


class ProbeOld:
    CATEGORY = "probe"
    RETURN_TYPES = ("STRING",)
    RETURN_NAMES = ("echo",)
    FUNCTION = "run"
    DESCRIPTION = "The old way."

    @classmethod
    def INPUT_TYPES(cls):  # noqa: N802
        return {
            "required": {"text": ("STRING", {"default": "x"}), "colour": (["red", "green"],)},
            "optional": {"many": ([str(number) for number in range(30)], {"default": "0"})},
            "hidden": {"unique_id": "UNIQUE_ID"},
        }

    @classmethod
    def IS_CHANGED(cls, text, colour, **_):  # noqa: N802
        return text

    def run(self, text, colour, many="0", unique_id=None):
        return (f"{text} {colour} {unique_id}",)


NODE_CLASS_MAPPINGS = {"ProbeOld": ProbeOld}
NODE_DISPLAY_NAME_MAPPINGS = {"ProbeOld": "Probe (old)"}
