"""Decoding layer by layer gives what a whole decode gives, and knows for which decoders it does."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.decode.decoder_structure import Unsupported
from pack.engine.decode.layerwise import LayerwiseDecoder

from .kl_decoder import Block, Decoder, Model


def latent(height=12, width=9, channels=4, seed=1):
    """Its upper half differs from the lower one, as sky from ground: tiles would have other statistics."""
    drawn = torch.randn(1, channels, height, width, generator=torch.Generator().manual_seed(seed))
    drawn[:, :, : height // 2] += 3.0
    return drawn


def decoded(model, given, stripes=16):
    rows, calls = [], []

    def sink(top, pixels):
        assert top == sum(part.shape[2] for part in rows)
        rows.append(pixels.clone())

    way = LayerwiseDecoder(model, stripes)
    way.decode(given, sink, lambda: calls.append(1))
    assert len(calls) == way.layers()
    return torch.cat(rows, dim=2)


MODELS = {
    "as SD": Model(),
    "wide": Model(Decoder((8, 16, 16))),
    "narrow below": Model(Decoder((16, 8, 8))),
    "attention in levels": Model(Decoder((8, 8), attentive=(1,))),
    "tanh": Model(Decoder((8, 16), tanh_out=True)),
    "one level": Model(Decoder((8,))),
    "folded": Model(folded=True),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("stripes", [1, 5, 64, 10**9])
def test_the_same_pixels_as_whole(name, stripes):
    given = latent(channels=16 if name == "folded" else 4)
    whole = MODELS[name].decode(given)
    found = decoded(MODELS[name], given, stripes)
    assert found.shape == whole.shape
    assert (found - whole).abs().max() < 2e-5 * whole.abs().max()


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 14), st.integers(1, 14), st.integers(1, 200), st.integers(0, 1000))
def test_of_any_size_and_in_any_stripes(height, width, stripes, seed):
    given = latent(height, width, seed=seed)
    whole = MODELS["as SD"].decode(given)
    assert (decoded(MODELS["as SD"], given, stripes) - whole).abs().max() < 5e-5 * whole.abs().max().clamp_min(1)


def test_tiles_would_not_give_the_same():
    """What all this is for: halves by themselves differ far more than rounding does."""
    given, model = latent(16, 8), MODELS["as SD"]
    halves = torch.cat([model.decode(given[:, :, :8]), model.decode(given[:, :, 8:])], dim=2)
    whole = model.decode(given)
    assert (halves - whole).abs().mean() > 1000 * (decoded(model, given) - whole).abs().mean()


def test_in_16_bits_it_is_as_near_to_the_truth_as_a_whole_decode():
    given, model = latent(), Model()
    truth = model.decode(given)
    model = Model().to(torch.bfloat16)
    given = given.to(torch.bfloat16)
    whole, found = model.decode(given).float(), decoded(model, given).float()
    assert (found - truth).abs().mean() <= 1.5 * (whole - truth).abs().mean()


def test_the_latent_and_the_weights_stay_as_they_are():
    given, model = latent(), Model()
    before = [given.clone(), *(value.clone() for value in model.state_dict().values())]
    decoded(model, given)
    assert all(torch.equal(a, b) for a, b in zip(before, [given, *model.state_dict().values()], strict=True))
    assert not model.decoder._forward_pre_hooks


def test_it_agrees_with_a_model_that_it_understands_only():
    given = latent()
    assert LayerwiseDecoder(MODELS["as SD"]).agrees(given)
    assert LayerwiseDecoder(MODELS["folded"]).agrees(latent(channels=16))
    assert LayerwiseDecoder(Model().to(torch.bfloat16)).agrees(given.to(torch.bfloat16))
    assert not LayerwiseDecoder(Model(after=0.5)).agrees(given), "something is done after the decoder"
    odd = Model()
    odd.decoder.mid.block_1.forward = lambda x: 2 * x
    assert not LayerwiseDecoder(odd).agrees(given), "a block does something else than its layers say"


def changed(change):
    model = Model()
    change(model.decoder)
    return model


@pytest.mark.parametrize(
    "model",
    [
        torch.nn.Linear(2, 2),
        changed(lambda d: delattr(d, "mid")),
        changed(lambda d: setattr(d, "conv_in", torch.nn.Conv3d(4, 16, 3, padding=1))),
        changed(lambda d: setattr(d, "norm_out", torch.nn.Identity())),
        changed(lambda d: setattr(d.up[1].upsample, "scale_factor", (1.0, 2.0, 2.0))),
        changed(lambda d: setattr(d.mid.block_1, "norm1", torch.nn.LayerNorm(16))),
        changed(lambda d: setattr(d.mid.block_1.conv1, "padding_mode", "circular")),
        changed(lambda d: setattr(d, "give_pre_end", True)),
        changed(lambda d: setattr(d.mid, "attn_1", torch.nn.Identity())),
        changed(lambda d: delattr(d.up[0].block[0], "conv2")),
    ],
)
def test_other_decoders_are_refused(model):
    with pytest.raises(Unsupported, match=r"\w"):
        LayerwiseDecoder(model)


def test_a_model_that_goes_around_its_decoder_is_refused():
    model = Model()
    model.decode = lambda given: given
    with pytest.raises(Unsupported, match="does not use its decoder"):
        decoded(model, latent())


def test_the_need_follows_from_the_layers():
    """Of SD's decoder at 1024 pixels the largest step holds 256 and 128 channels at full size."""
    decoder = Decoder((128, 256, 512, 512))
    way = LayerwiseDecoder(Model(decoder))
    full = way.need(128 * 128, 8, torch.float32)
    held = (256 + 128) * 1024**2 * 4
    assert 1.5 * held < full < 2.5 * held
    assert way.need(256 * 256, 8, torch.float32) == pytest.approx(4 * full, rel=0.05)
    assert full / 2 < way.need(128 * 128, 8, torch.bfloat16) < 0.75 * full
    # FLUX.2's latent has a quarter of the cells, of 16 pixels each.
    assert way.need(64 * 64, 16, torch.float32) == full


def test_a_growing_block_has_room():
    model = Model(Decoder((16, 8, 8)))
    assert any(b.in_channels < b.out_channels for b in model.modules() if isinstance(b, Block))
    given = latent(6, 5)
    assert (decoded(model, given, 40) - model.decode(given)).abs().max() < 1e-4
