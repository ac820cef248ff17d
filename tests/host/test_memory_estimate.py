"""The need of the next step, by ComfyUI's own estimates."""

from __future__ import annotations

from types import SimpleNamespace as Box

import torch
from pack.host.memory import ComfyMemory
from pack.host.memory_estimate import need_of

from .small_card import CPU, Decoder, Patcher, SmallCard

LATENT = {"samples": torch.zeros(1, 4, 8, 8)}


class Vae:
    vae_dtype, latent_dim = torch.float16, 2

    def __init__(self, patcher):
        self.patcher = patcher

    def memory_used_decode(self, shape, dtype):
        return 1000 * shape[2] * shape[3]


def unloaded(size, model=None, **more):
    patcher = Patcher(size, model, **more)
    patcher.loaded = 0
    return patcher


def memory(device=None):
    return ComfyMemory(SmallCard(10**9) if device is None else SmallCard(10**9, device=device))


def test_without_anything_linked_it_is_comfyuis_minimum():
    need = need_of(memory())
    assert (need.amount, need.source) == (1, "what ComfyUI wants free for any step")


def test_sampling_counts_weights_to_load_and_two_passes():
    need = need_of(memory(), model=unloaded(500), latent=LATENT)
    assert need.amount == 1 + 500 + 2 * 4 * 8 * 8
    assert need.source == "sampling a latent of 1x4x8x8, ComfyUI's estimate"


def test_decoding_counts_what_the_vae_says():
    need = need_of(memory(), vae=Vae(unloaded(300, Decoder())), latent=LATENT)
    assert need.amount == 64_000 + 300
    assert need.source.startswith("decoding a latent of 1x4x8x8")


def test_of_two_steps_the_larger_counts():
    vae = Vae(Patcher(300, Decoder()))
    assert need_of(memory(), Patcher(1), vae, LATENT).source.startswith("decoding")
    assert need_of(memory(), unloaded(10**6), vae, LATENT).source.startswith("sampling")


def test_loaded_weights_need_nothing_and_on_a_cpu_none_do():
    assert need_of(memory(), model=Patcher(500)).amount == 1
    assert need_of(memory(CPU), model=unloaded(500, device=CPU)).amount == 1
    assert need_of(memory(), model=unloaded(500, dynamic=True)).amount == 1


def test_a_video_latent_for_a_picture_vae_counts_one_frame():
    need = need_of(memory(), vae=Vae(Patcher(1)), latent={"samples": torch.zeros(1, 4, 1, 8, 8)})
    assert need.amount == 64_000


def test_of_sound_and_picture_side_by_side_the_picture_counts():
    nested = Box(is_nested=True, unbind=lambda: [torch.zeros(1, 4, 8, 8), torch.zeros(1, 8, 100)])
    assert need_of(memory(), vae=Vae(Patcher(1)), latent={"samples": nested}).amount == 64_000


def test_a_latent_that_does_not_suit_is_said():
    need = need_of(memory(), vae=Vae(unloaded(300)), latent={"samples": torch.zeros(1, 8, 100)})
    assert "does not suit the VAE" in need.source
    assert need.amount == 301


def test_values_that_are_no_latent_tell_no_size():
    for value in (None, 3, {"samples": None}, {"samples": "x"}, torch.zeros(1, 4, 8, 8)):
        assert "no latent is linked" in need_of(memory(), vae=Vae(unloaded(300)), latent=value).source
