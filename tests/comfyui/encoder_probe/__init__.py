"""A node pack for the contract tests: Qwen3-VL as ComfyUI builds it, tiny and of random numbers, and what it was asked.

Everything but the numbers is real: tokenizer, picture part, generation. `says` puts words into its mouth after it has
generated, so that a whole run can be played.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import comfy.model_management
import folder_paths
import torch

LAYERS = {"num_hidden_layers": 2, "hidden_size": 256, "intermediate_size": 512}
HEADS = {"num_attention_heads": 4, "num_key_value_heads": 2}
FEW = 8
PICTURE_PART = {"hidden_size": 256, "intermediate_size": 512, "depth": 3, "deepstack_visual_indexes": [0, 1, 2]}


def tiny_encoder(seed):
    """A CLIP of comfy.sd with a Qwen3-VL of random numbers."""
    import comfy.sd
    from comfy.text_encoders import qwen3vl

    qwen3vl.QWEN3VL_VISION["qwen3vl_4b"] = PICTURE_PART
    target = type("Target", (), {})()
    target.clip = qwen3vl.te(dtype_llama=torch.float32, model_type="qwen3vl_4b")
    target.tokenizer = qwen3vl.tokenizer(model_type="qwen3vl_4b")
    target.params = {}
    options = {"qwen3vl_4b_model_config": {**LAYERS, **HEADS}}
    clip = comfy.sd.CLIP(target, embedding_directory=None, parameters=1, model_options=options)
    drawn = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for value in clip.cond_stage_model.parameters():
            value.copy_(torch.randn(value.shape, generator=drawn) * 0.05)
    return clip


class Noted:
    """The encoder, with a note of each answer in encoder.json of the output folder. says: instead of its nonsense.
    seconds: it takes so much longer; below 0 it generates nothing, where a test needs many answers."""

    def __init__(self, clip, says, seconds):
        self.clip, self.says, self.seconds = clip, says, seconds

    def __getattr__(self, name):
        return getattr(self.clip, name)

    def generate(self, tokens, **options):
        row = next(iter(tokens.values()))[0]
        pictures = [list(entry[0]["data"].shape) for entry in row if isinstance(entry[0], dict)]
        loaded = [one.model for one in comfy.model_management.current_loaded_models]
        begun = time.monotonic()
        self.note({"began": True, "pictures": pictures})
        time.sleep(max(self.seconds, 0))
        # Nonsense has no end: a few tokens are as good as a hundred.
        few = min(options["max_length"], FEW)
        ids = self.clip.generate(tokens, **{**options, "max_length": few}) if self.seconds >= 0 else [1] * few
        now = [one.model for one in comfy.model_management.current_loaded_models]
        told = {"pictures": pictures, "tokens": len(ids), "most": options["max_length"]}
        told |= {"loaded_before": self.clip.patcher in loaded, "loaded": self.clip.patcher in now}
        self.note({**told, "seconds": time.monotonic() - begun, "inference": torch.is_inference_mode_enabled()})
        return ids

    def decode(self, ids, **options):
        said = self.clip.decode(ids, **options)
        self.note({"nonsense": said})
        return said if not self.says else self.says

    def note(self, what):
        path = Path(folder_paths.get_output_directory()) / "encoder.json"
        told = json.loads(path.read_text()) if path.exists() else []
        part = path.with_suffix(".part")
        part.write_text(json.dumps([*told, what]))
        part.replace(path)  # whoever reads it now reads all of it


class ProbeEncoder:
    CATEGORY = "probe"
    RETURN_TYPES = ("CLIP",)
    FUNCTION = "load"
    loaded: dict = {}  # noqa: RUF012

    @classmethod
    def INPUT_TYPES(cls):  # noqa: N802
        says = ("STRING", {"default": "", "multiline": True})
        return {"required": {"seed": ("INT", {"default": 1}), "says": says, "seconds": ("FLOAT", {"default": 0.0})}}

    def load(self, seed, says, seconds):
        if seed not in self.loaded:
            self.loaded[seed] = tiny_encoder(seed)
        return (Noted(self.loaded[seed], says, seconds),)


class ProbeBlindEncoder:
    """What CLIPTextEncode uses of an older model: it neither writes nor sees."""

    CATEGORY = "probe"
    RETURN_TYPES = ("CLIP",)
    FUNCTION = "load"

    @classmethod
    def INPUT_TYPES(cls):  # noqa: N802
        return {"required": {}}

    def load(self):
        import comfy.sd
        from comfy import sd1_clip

        target = type("Target", (), {"clip": sd1_clip.SD1ClipModel, "tokenizer": sd1_clip.SD1Tokenizer, "params": {}})()
        return (comfy.sd.CLIP(target, embedding_directory=None, parameters=1),)


NODE_CLASS_MAPPINGS = {"ProbeEncoder": ProbeEncoder, "ProbeBlindEncoder": ProbeBlindEncoder}
