"""The middle of a video decoder, shared by its tiles: they become the whole picture, whatever the middle looks at."""

from __future__ import annotations

import pytest
import torch
from pack.engine.decode.decoder_structure import Unsupported
from pack.engine.decode.decoding import decode
from pack.engine.decode.options import DecodeOptions
from pack.engine.decode.plan import Axis, TilePlan
from pack.engine.decode.shared_middle import SharedMiddle
from torch import nn

from .fakes import BYTES, FakeVae


class Mean(nn.Module):
    """Adds each frame's mean, as attention over the whole frame does when it attends to everything alike."""

    def forward(self, x):
        return x + x.mean(dim=(-2, -1), keepdim=True)


class Decoder(nn.Module):
    """given: extents of what reached the layers behind the middle."""

    def __init__(self, fake):
        super().__init__()
        self.middle = nn.Sequential(nn.Identity(), Mean())
        self.fake, self.given = fake, []

    def forward(self, frame):
        for layer in self.middle:
            frame = layer(frame)
        self.given.append(tuple(frame.shape[-2:]))
        return self.fake.pixels(frame)


class Model(nn.Module):
    """Decodes a video one latent frame at a time, each to one frame; or all of it at once."""

    def __init__(self, at_once=False):
        super().__init__()
        self.decoder, self.at_once = Decoder(FakeVae(video=True)), at_once

    def decode(self, latent):
        if self.at_once:
            return self.decoder(latent)
        return torch.cat([self.decoder(latent[:, :, i : i + 1]) for i in range(latent.shape[2])], dim=2)


def latent(frames=3, batch=1):
    drawn = torch.rand(batch, 4, frames, 20, 30, generator=torch.Generator().manual_seed(1))
    drawn[..., :10] += 2.0
    return drawn


def tiles_of(plan):
    for t in plan.time.starts():
        for y in plan.rows.starts():
            for x in plan.columns.starts():
                yield slice(t, t + plan.time.tile), slice(y, y + plan.rows.tile), slice(x, x + plan.columns.tile)


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("batch", [1, 2])
def test_a_tile_is_its_part_of_the_whole(at_once, batch):
    model, given = Model(at_once), latent(batch=batch)
    whole, middle = model.decode(given), SharedMiddle(model, given)
    for cells in tiles_of(TilePlan(Axis(3, 3), Axis(20, 12, 2), Axis(30, 30))):
        alone = model.decode(given[(..., *cells)])
        with middle.given_to(cells):
            tile = model.decode(given[(..., *cells)])
        rows = slice(cells[1].start * 8 + 1, cells[1].stop * 8 - 1)
        expected = whole[..., rows, :]
        assert (tile[..., 1:-1, :] - expected).abs().max() < 1e-6
        assert (alone[..., 1:-1, :] - expected).abs().max() > 1e-3


def test_pieces_of_time_get_their_own_frames():
    model, given = Model(), latent(5)
    whole, middle = model.decode(given), SharedMiddle(model, given)
    cells = (slice(2, 4), slice(0, 20), slice(0, 30))
    with middle.given_to(cells):
        assert torch.allclose(model.decode(given[(..., *cells)]), whole[:, :, 2:4])


def test_only_a_corner_goes_through_the_large_layers():
    model = Model()
    SharedMiddle(model, latent())
    assert model.decoder.given == [(2, 2)] * 3


def test_nothing_is_left_behind():
    model, given = Model(), latent()
    before = model.decode(given)
    middle = SharedMiddle(model, given)
    with pytest.raises(RuntimeError, match="The middle of a tile is"), middle.given_to((slice(0, 3),) * 3):
        model.decode(given)
    assert torch.equal(model.decode(given), before)
    assert not model.decoder.middle[-1]._forward_hooks


def without(change):
    model = Model()
    change(model)
    return model


@pytest.mark.parametrize(
    "model",
    [
        nn.Linear(2, 2),
        without(lambda m: delattr(m.decoder, "middle")),
        without(lambda m: setattr(m.decoder, "middle", nn.Sequential())),
        without(lambda m: setattr(m.decoder, "norm", nn.GroupNorm(2, 4))),
        without(lambda m: setattr(m, "decode", lambda given: given)),
        without(lambda m: setattr(m.decoder, "middle", nn.Sequential(nn.Upsample(scale_factor=2.0)))),
    ],
)
def test_other_models_are_refused(model):
    with pytest.raises(Unsupported, match=r"\w"):
        SharedMiddle(model, latent())


def test_a_decode_in_tiles_shares_it():
    """From the ladder to the pixels, with a middle that looks at the whole frame."""
    model, given = Model(), latent(3)
    vae = FakeVae(free_bytes=BYTES * 3 * 20 * 24)
    vae.pixels = model.decode
    asked = DecodeOptions(mode="tiled", tile_size=160)
    assert (decode(given, vae, asked).pixels - model.decode(given)).abs().mean() > 1e-2
    vae.middle = lambda part: SharedMiddle(model, part)
    done = decode(given, vae, asked)
    assert done.step.plan.tiles > 1
    assert (done.pixels - model.decode(given)).abs().max() < 5e-3
