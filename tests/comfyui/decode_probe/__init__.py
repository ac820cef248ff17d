"""A node pack for the contract tests: latents of known content, a VAE that fails on command, and a comparison."""

from __future__ import annotations

import copy
import json

import comfy.model_management
import torch


class ProbeLatent:
    CATEGORY = "probe"
    RETURN_TYPES = ("LATENT",)
    FUNCTION = "make"

    @classmethod
    def INPUT_TYPES(cls):  # noqa: N802
        whole = {name: ("INT", {"default": value, "min": 0, "max": 4096}) for name, value in cls.SIZES.items()}
        return {"required": {"kind": (["noise", "gradient"],), **whole}}

    SIZES = {"channels": 16, "frames": 0, "height": 64, "width": 64, "batch": 1, "seed": 1}  # noqa: RUF012

    def make(self, kind, channels, frames, height, width, batch, seed):
        """frames: 0 for a latent of pictures. A gradient goes from corner to corner, as the smoothest sky does."""
        drawn = torch.Generator().manual_seed(seed)
        if kind == "noise":
            latent = torch.randn(batch, channels, max(1, frames), height, width, generator=drawn)
        else:
            ramp = torch.linspace(-1, 1, height)[:, None] + torch.linspace(-1, 1, width)[None]
            latent = ramp.expand(batch, channels, max(1, frames), height, width).contiguous()
        return ({"samples": latent if frames else latent[:, :, 0]},)


class Told:
    """A VAE's model whose n-th decode runs out of memory, or is followed by an interrupt. 0: never."""

    def __init__(self, model, fail_at, interrupt_at):
        self.model, self.fail_at, self.interrupt_at, self.decodes = model, fail_at, interrupt_at, 0

    def __getattr__(self, name):
        return getattr(self.model, name)

    def decode(self, *given, **options):
        self.decodes += 1
        if self.decodes == self.fail_at:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
        pixels = self.model.decode(*given, **options)
        if self.decodes == self.interrupt_at:
            comfy.model_management.interrupt_current_processing()
        return pixels


class ProbeVae:
    CATEGORY = "probe"
    RETURN_TYPES = ("VAE",)
    FUNCTION = "tell"

    @classmethod
    def INPUT_TYPES(cls):  # noqa: N802
        times = ("INT", {"default": 0})
        return {"required": {"vae": ("VAE",), "fail_at": times, "interrupt_at": times}}

    @classmethod
    def IS_CHANGED(cls, **_):  # noqa: N802
        return float("nan")

    def tell(self, vae, fail_at, interrupt_at):
        told = copy.copy(vae)
        told.first_stage_model = Told(vae.first_stage_model, fail_at, interrupt_at)
        return (told,)


class ProbeCompare:
    """Differences of two pictures, 0..1. seam: the largest step of the difference between two rows or columns, which is
    what an eye would see as a line. What the node under test said comes along."""

    CATEGORY = "probe"
    RETURN_TYPES = ()
    FUNCTION = "compare"
    OUTPUT_NODE = True

    @classmethod
    def INPUT_TYPES(cls):  # noqa: N802
        said = {"tiled": ("BOOLEAN", {"forceInput": True}), "report": ("STRING", {"forceInput": True})}
        return {"required": {"image": ("IMAGE",), "whole": ("IMAGE",), **said}}

    def compare(self, image, whole, tiled, report):
        difference = image.float() - whole.float()
        steps = [difference.mean(dim=(0, axis, 3)).diff().abs().max().item() for axis in (1, 2)]
        found = {
            "shape": list(image.shape),
            "equal": torch.equal(image, whole),
            "most": difference.abs().max().item(),
            "mean": difference.abs().mean().item(),
            "seam": max(steps),
            "contrast": whole.std().item(),
            "tiled": tiled,
            "report": report,
        }
        return {"ui": {"text": [json.dumps(found)]}}


NODE_CLASS_MAPPINGS = {node.__name__: node for node in (ProbeLatent, ProbeVae, ProbeCompare)}
