"""AutoTiledDecode's inputs: what is refused in which words, and what every kind of latent becomes."""

from __future__ import annotations

import pytest
import torch

from .comfy_vae import BYTES, FirstStage, Nested, kl_vae, new_version, picture_vae, video_vae
from .stand_in import comfy  # noqa: F401

GIB = 2**30


@pytest.fixture
def decoded(comfy):  # noqa: F811
    from pack.host import decode

    def call(samples, vae, **wishes):
        return decode.decode_latent(samples, vae, "7", **wishes)

    return call


@pytest.fixture
def wrong(decoded):
    def refused(samples, vae, **wishes):
        from pack.host.comfyui import WrongInput

        with pytest.raises(WrongInput) as caught:
            decoded(samples, vae, **wishes)
        assert str(caught.value).startswith("Auto Tiled Decode (node 7), input ")
        return str(caught.value)

    return refused


def latent(*shape):
    return {"samples": torch.rand(*shape, generator=torch.Generator().manual_seed(1))}


def tiles(cells):
    """A limit under which that many cells fit."""
    return {"memory_limit_gb": (BYTES * cells + 1) / GIB}


@pytest.mark.parametrize("make", [picture_vae, lambda: new_version(picture_vae()), kl_vae])
def test_whole_is_what_the_vae_gives_to_the_bit(decoded, make):
    vae, given = make(), latent(3, 4, 20, 30)
    if hasattr(vae.patcher, "get_free_memory"):
        vae.patcher.get_free_memory = lambda device: 1e12
    image, tiled, report = decoded(given, vae)
    assert torch.equal(image, vae.decode(given["samples"]))
    assert not tiled
    assert report.startswith("Decoded whole: ")


def test_tiles_are_the_same_picture(decoded):
    vae, given = picture_vae(), latent(2, 4, 100, 70)
    image, tiled, report = decoded(given, vae, **tiles(60 * 70))
    assert (image - vae.decode(given["samples"])).abs().max() < 5e-4
    assert image.shape == (2, 800, 560, 3)
    assert tiled
    assert report.startswith("2 stripes of 560x")


def test_layer_by_layer_is_the_same_picture(decoded):
    # Its memory begins with what attention takes, so the estimate has to be large for a latent this small.
    vae, given = kl_vae(memory_used_decode=lambda shape, dtype: GIB), latent(2, 4, 40, 30)
    image, tiled, report = decoded(given, vae, memory_limit_gb=0.9)
    assert (image - vae.decode(given["samples"])).abs().max() < 1e-5
    assert tiled
    assert report.startswith("Decoded layer by layer in ")


def test_a_video_becomes_its_frames(decoded):
    vae, given = video_vae(), latent(2, 4, 3, 8, 8)
    image, tiled, _ = decoded(given, vae)
    assert (image.shape, tiled) == ((18, 64, 64, 3), False)
    assert torch.equal(image, vae.decode(given["samples"]).flatten(0, 1))


def test_of_video_with_sound_the_video_is_decoded(decoded):
    vae, given = video_vae(), latent(1, 4, 3, 80, 40)
    nested = {"samples": Nested(given["samples"], torch.zeros(1, 8, 16, 4))}
    image, tiled, _ = decoded(nested, vae, **tiles(50 * 40))
    assert (image.shape, tiled) == ((9, 640, 320, 3), True)
    assert (image - vae.decode(given["samples"]).flatten(0, 1)).abs().max() < 5e-4


def test_a_vae_for_pictures_takes_the_first_frame(decoded):
    vae, given = picture_vae(), latent(2, 4, 1, 8, 8)
    image, _, _ = decoded(given, vae)
    assert torch.equal(image, vae.decode(given["samples"][:, :, 0]))


def test_what_is_not_ours_is_decoded_by_the_vae(decoded):
    vae, given = picture_vae(handles_tiling=True), latent(1, 4, 100, 70)
    image, tiled, report = decoded(given, vae, mode="tiled")
    assert torch.equal(image, vae.decode(given["samples"]))
    assert (tiled, report) == (False, "Decoded by the VAE's own method, because it splits the work itself.")
    assert vae.first_stage_model.decoded[0] == (1, 4, 100, 70)


def test_a_wish_that_makes_no_sense(wrong):
    assert "input mode: 'never' is not one of auto, whole, tiled" in wrong(
        latent(1, 4, 8, 8), picture_vae(), mode="never"
    )
    assert "input overlap: 400 pixels is more than half of tile_size (512). Use 256 or less" in wrong(
        latent(1, 4, 8, 8), picture_vae(), tile_size=512, overlap=400
    )


@pytest.mark.parametrize("samples", [{}, None, {"samples": [1, 2]}])
def test_something_else_than_a_latent(wrong, samples):
    assert "input samples: is not a latent. Link a sampler's LATENT output." in wrong(samples, picture_vae())


def test_an_empty_latent(wrong):
    assert "input samples: is empty, of size (0, 4, 8, 8)" in wrong(latent(0, 4, 8, 8), picture_vae())


def test_a_checkpoint_without_vae(wrong):
    vae = picture_vae()
    vae.first_stage_model = None
    assert "input vae: holds no VAE. The checkpoint it comes from has none: use Load VAE" in wrong(
        latent(1, 4, 8, 8), vae
    )


def test_the_vae_of_another_model(wrong):
    said = wrong(latent(1, 16, 8, 8), picture_vae())
    assert "input vae: takes latents of 4 channels, and samples has 16. They belong to different models." in said


def test_a_wrong_number_of_channels_alone_is_no_error(decoded):
    """Some versions have the number wrong; only a decode that fails is explained by it."""
    vae = picture_vae(latent_channels=64)
    assert decoded(latent(1, 4, 8, 8), vae)[0].shape == (1, 64, 64, 3)


def test_an_error_of_the_decoder_itself_stays_what_it_is(decoded):
    def broken(given):
        raise RuntimeError("a bug of the decoder")

    with pytest.raises(RuntimeError, match="a bug of the decoder"):
        decoded(latent(1, 4, 8, 8), picture_vae(FirstStage(broken)))


def test_a_vae_whose_tiles_do_not_fit_together(wrong):
    def half(given):
        return torch.zeros(len(given), 3, given.shape[2] * 4, given.shape[3] * 4)

    said = wrong(latent(1, 4, 100, 70), picture_vae(FirstStage(half)), mode="tiled")
    assert "input vae: cannot be tiled, a tile came out as (" in said
    assert "Set mode to whole." in said


def test_out_of_memory_goes_on_in_parts(decoded, comfy):  # noqa: F811
    from ..engine.decode.fakes import FakeVae

    pixels, calls = FakeVae().pixels, []

    def short(given):
        calls.append(tuple(given.shape))
        if len(calls) == 1:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
        return pixels(given)

    vae, given = picture_vae(FirstStage(short)), latent(1, 4, 100, 70)
    image, tiled, report = decoded(given, vae)
    assert (image - vae.process_output(pixels(given["samples"])).movedim(1, -1)).abs().max() < 5e-4
    assert tiled
    assert report.splitlines()[1] == "Ran out of memory before, decoding whole."


def test_out_of_memory_for_good(decoded):
    def short(given):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(RuntimeError, match="Out of memory while decoding, even with tiles of 312x312"):
        decoded(latent(1, 16, 100, 70), picture_vae(FirstStage(short)))
