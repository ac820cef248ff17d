"""VAE objects as ComfyUI 0.3.64 and 0.8.0 have them, and with what newer versions add."""

from __future__ import annotations

import types

import torch

from ..engine.decode.fakes import FakeVae
from ..engine.decode.kl_decoder import Model

BYTES = 1000


def nearest(latent):
    return FakeVae().pixels(latent)


class FirstStage(torch.nn.Module):
    """decoded: shapes of what it was given."""

    def __init__(self, pixels=nearest):
        super().__init__()
        self.pixels, self.decoded = pixels, []

    def decode(self, latent):
        self.decoded.append(tuple(latent.shape))
        return self.pixels(latent)


class Patcher:
    """Weights that take no memory and are wherever they are wanted."""

    load_device = torch.device("cpu")

    def model_size(self):
        return 0

    def partially_load(self, device_to, extra_memory=0, force_patch_weights=False):
        return 0


def picture_vae(model=None, **more):
    """8 pixels for each cell, [B, 4, h, w]."""
    model = FirstStage() if model is None else model
    cpu = torch.device("cpu")
    vae = types.SimpleNamespace(
        first_stage_model=model,
        patcher=Patcher(),
        memory_used_decode=lambda shape, dtype: BYTES * shape[-2] * shape[-1],
        process_output=lambda image: torch.clamp((image + 1.0) / 2.0, min=0.0, max=1.0),
        spacial_compression_decode=lambda: 8,
        vae_dtype=torch.float32,
        device=cpu,
        output_device=cpu,
        latent_dim=2,
        latent_channels=4,
        output_channels=3,
        upscale_ratio=8,
        extra_1d_channel=None,
        disable_offload=False,
    )
    vae.__dict__.update(more)
    vae.decode = lambda latent: vae.process_output(vae.first_stage_model.decode(latent)).movedim(1, -1)
    return vae


def video_vae(**more):
    """4 n - 3 frames of n latent ones."""
    return picture_vae(
        FirstStage(FakeVae(video=True).pixels),
        **{
            "latent_dim": 3,
            "upscale_ratio": (lambda a: max(0, a * 4 - 3), 8, 8),
            "upscale_index_formula": (4, 8, 8),
            **more,
        },
    )


def kl_vae(**more):
    """Of three levels, so 4 pixels for each cell."""
    model = Model()
    return picture_vae(model, spacial_compression_decode=lambda: 4, upscale_ratio=4, **more)


def new_version(vae):
    """As in 2026: works in place, has an output dtype of its own, and a patcher that knows what is free."""

    def in_place(image):
        return image.add_(1.0).div_(2.0).clamp_(0.0, 1.0)

    def decode(latent):
        own = vae.first_stage_model.decode(latent).to(vae.vae_output_dtype(), copy=True)
        vae.process_output(own)
        return own.movedim(1, -1)

    vae.process_output, vae.decode = in_place, decode
    vae.vae_output_dtype = lambda: torch.float16
    vae.patcher.get_free_memory = lambda device: 12345.0
    vae.handles_tiling = False
    return vae


class Nested:
    """ComfyUI's NestedTensor, as LTX-2 gives video and sound in one latent."""

    is_nested = True

    def __init__(self, *tensors):
        self.tensors = tensors

    def unbind(self):
        return self.tensors
