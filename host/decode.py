"""AutoTiledDecode's inputs, checked, and its work, handed to the engine."""

from __future__ import annotations

from typing import Any

import torch

from ..engine.decode.blend import WrongSize
from ..engine.decode.decoding import decode
from ..engine.decode.options import DecodeOptions
from .comfyui import WrongInput
from .vae import ComfyVae, why_not_ours

NAME = "Auto Tiled Decode"


def decode_latent(samples: Any, vae: Any, node_id: str, **wishes: Any) -> tuple[torch.Tensor, bool, str]:
    """(IMAGE [B,H,W,C], whether it was decoded in parts, report) of a LATENT.

    Raises WrongInput; NotEnoughMemory; whatever ComfyUI raises for an interrupt.
    """
    node = f"{NAME} (node {node_id})"
    try:
        asked = DecodeOptions(**wishes)
    except ValueError as problem:
        raise WrongInput(f"{node}, input {problem}") from problem
    latent = _latent(samples, node)
    if getattr(vae, "first_stage_model", vae) is None:
        raise WrongInput(
            f"{node}, input vae: holds no VAE. The checkpoint it comes from has none: use Load VAE with a VAE file."
        )
    if getattr(vae, "latent_dim", None) == 2 and latent.ndim == 5:
        latent = latent[:, :, 0]
    reason = why_not_ours(vae, latent)
    try:
        if reason is not None:
            return _images(vae.decode(latent)), False, f"Decoded by the VAE's own method, because {reason}."
        done = decode(latent, ComfyVae(vae), asked)
    except WrongSize as problem:
        raise WrongInput(f"{node}, input vae: cannot be tiled, {problem}. Set mode to whole.") from problem
    except RuntimeError as problem:
        _explain(problem, latent, vae, node)
        raise
    return _images(done.pixels.movedim(1, -1)), done.tiled, done.report


def _latent(samples: Any, node: str) -> torch.Tensor:
    latent = samples.get("samples") if isinstance(samples, dict) else None
    if getattr(latent, "is_nested", False):
        # Video with sound: the first part is the video, as for VAEDecode.
        latent = latent.unbind()[0]
    if not isinstance(latent, torch.Tensor):
        raise WrongInput(f"{node}, input samples: is not a latent. Link a sampler's LATENT output.")
    if latent.numel() == 0:
        raise WrongInput(f"{node}, input samples: is empty, of size {tuple(latent.shape)}. Link a latent that is not.")
    return latent


def _images(pixels: torch.Tensor) -> torch.Tensor:
    """[B,H,W,C]: the frames of videos one behind the other, as VAEDecode gives them."""
    return pixels.reshape(-1, *pixels.shape[-3:]) if pixels.ndim == 5 else pixels


def _explain(problem: RuntimeError, latent: torch.Tensor, vae: Any, node: str) -> None:
    """Raise WrongInput where a failed decode is that of a latent of another model. Only then is the reason known."""
    channels = getattr(vae, "latent_channels", None)
    if channels is not None and latent.shape[1] != channels and "memory" not in str(problem).lower():
        raise WrongInput(
            f"{node}, input vae: takes latents of {channels} channels, and samples has {latent.shape[1]}. "
            "They belong to different models. Link the VAE of the model that made the latent."
        ) from problem
