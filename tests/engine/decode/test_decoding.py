"""What is tried first, what comes after memory ran out, and what is said about it."""

from __future__ import annotations

import pytest
import torch
from pack.engine.decode.decoding import RETRIES, NotEnoughMemory, decode
from pack.engine.decode.options import DecodeOptions

from .fakes import BYTES, FakeLayerwise, FakeVae, Interrupted, OutOfMemory

GIB = 2**30
CELLS = 96 * 130
WHOLE = BYTES * CELLS


def latent(batch=1, height=96, width=130):
    return torch.rand(batch, 4, height, width, generator=torch.Generator().manual_seed(1))


def same(done, vae, given, most=5e-4):
    """Equal but for what the outermost pixel of a tile, which a 3 x 3 convolution cannot know, weighs."""
    return (done.pixels - vae.pixels(given)).abs().max() < most


def test_whole_when_it_fits():
    vae, given = FakeVae(), latent()
    done = decode(given, vae, DecodeOptions())
    assert torch.equal(done.pixels, vae.pixels(given))
    assert (done.tiled, done.failed, vae.loaded) == (False, (), [WHOLE])
    assert done.report == "Decoded whole: needs 0.01 GB, 931.3 GB free."


def test_tiles_when_it_does_not():
    vae, given = FakeVae(free_bytes=WHOLE), latent()
    done = decode(given, vae, DecodeOptions())
    assert done.tiled
    assert same(done, vae, given)
    # Room is made for a tile only, because the whole could not fit into all there is.
    assert vae.loaded == [done.step.need]
    assert done.step.need <= 0.85 * WHOLE
    assert done.report == "2 stripes of 584x768 pixels, 1.1x the work: a whole decode needs 0.01 GB, 0.01 GB free."
    assert vae.bars == [[2, 2]]


def test_layer_by_layer_comes_before_tiles():
    vae, given = FakeVae(free_bytes=WHOLE), latent(2)
    vae.way = FakeLayerwise(vae, WHOLE / 2)
    done = decode(given, vae, DecodeOptions())
    assert torch.equal(done.pixels, vae.pixels(given))
    assert (done.step.kind, done.tiled, vae.decoded, vae.bars) == ("layerwise", True, [], [[4, 4]])
    assert done.report.startswith("Decoded layer by layer in 0.01 GB, the same picture as whole: a whole decode needs")


def test_a_way_that_is_not_needed_is_not_looked_for():
    vae = FakeVae()
    vae.layerwise = None
    assert not decode(latent(), vae, DecodeOptions()).tiled


@pytest.mark.parametrize("need", [0.9 * WHOLE, 2 * WHOLE])
def test_not_layer_by_layer_when_that_does_not_fit_either(need):
    vae = FakeVae(free_bytes=WHOLE)
    vae.way = FakeLayerwise(vae, need)
    assert decode(latent(), vae, DecodeOptions()).step.kind == "tiles"


@pytest.mark.parametrize("wish", [{"tile_size": 512}, {"overlap": 64}])
def test_sizes_given_by_the_user_mean_tiles(wish):
    vae = FakeVae(free_bytes=WHOLE)
    vae.way = FakeLayerwise(vae, 1.0)
    assert decode(latent(), vae, DecodeOptions(**wish)).step.kind == "tiles"


def test_a_given_tile_size_is_tried_whatever_the_estimate():
    vae, given = FakeVae(free_bytes=1.0), latent()
    done = decode(given, vae, DecodeOptions(tile_size=640))
    assert (done.step.plan.rows.tile, done.step.plan.columns.tile) == (52, 73)
    assert same(done, vae, given)


@pytest.mark.parametrize("way", [False, True])
def test_always_tiled(way):
    vae, given = FakeVae(), latent()
    vae.way = FakeLayerwise(vae, 1.0) if way else None
    done = decode(given, vae, DecodeOptions(mode="tiled"))
    assert (done.tiled, done.step.kind) == (True, "layerwise" if way else "tiles")
    assert same(done, vae, given)


def test_too_small_to_be_tiled():
    vae, given = FakeVae(), latent(1, 20, 20)
    done = decode(given, vae, DecodeOptions(mode="tiled"))
    assert not done.tiled
    assert torch.equal(done.pixels, vae.pixels(given))
    assert done.report.startswith("Decoded in one tile, too small to be split: ")


def test_never_tiled():
    vae, given = FakeVae(free_bytes=1.0), latent()
    done = decode(given, vae, DecodeOptions(mode="whole"))
    assert torch.equal(done.pixels, vae.pixels(given))
    vae = FakeVae(free_bytes=WHOLE, fails=[1])
    with pytest.raises(NotEnoughMemory, match=r"while decoding whole: that needs about 0\.01 GB, .* Set mode to auto"):
        decode(given, vae, DecodeOptions(mode="whole"))
    assert len(vae.decoded) == 1


def test_margin_and_limit():
    assert not decode(latent(), FakeVae(free_bytes=1.2 * WHOLE), DecodeOptions()).tiled
    assert decode(latent(), FakeVae(free_bytes=1.1 * WHOLE), DecodeOptions()).tiled
    assert not decode(latent(), FakeVae(free_bytes=1.1 * WHOLE), DecodeOptions(margin_gb=0.05 * WHOLE / GIB)).tiled
    assert decode(latent(), FakeVae(), DecodeOptions(memory_limit_gb=0.9 * WHOLE / GIB)).tiled


@pytest.mark.parametrize("failing", [1, 2, 3])
def test_out_of_memory_steps_down_and_still_gives_the_picture(failing):
    """The first decode is the whole one, or else tiles, of which what is done by then is thrown away."""
    vae, given = FakeVae(free_bytes=1e12 if failing == 1 else WHOLE / 2, fails=[failing]), latent()
    done = decode(given, vae, DecodeOptions())
    assert same(done, vae, given)
    assert (len(done.failed), vae.tidied) == (1, 1)
    assert done.step.need <= done.failed[0].need / 2
    said = "decoding whole" if failing == 1 else "with stripes of"
    assert done.report.splitlines()[1].startswith(f"Ran out of memory before, {said}")


def test_from_whole_to_layer_by_layer_to_tiles():
    vae, given = FakeVae(fails=[1]), latent()
    vae.way = FakeLayerwise(vae, WHOLE / 3, fails=True)
    done = decode(given, vae, DecodeOptions())
    assert [step.kind for step in done.failed] == ["whole", "layerwise"]
    assert done.step.kind == "tiles"
    assert done.step.need <= WHOLE / 6
    assert same(done, vae, given)


def test_no_more_than_four_smaller_plans():
    vae = FakeVae(free_bytes=1e12, fails=range(1, 100))
    with pytest.raises(NotEnoughMemory, match=r"even with tiles of .* pixels, which needs .* Close other"):
        decode(latent(1, 600, 600), vae, DecodeOptions())
    assert len(vae.decoded) == 1 + RETRIES


def test_the_smallest_tiles_end_it_at_once():
    vae = FakeVae(free_bytes=1.0, fails=[1])
    with pytest.raises(NotEnoughMemory, match=r"even with tiles of 2\d\dx2\d\d pixels"):
        decode(latent(1, 128, 128), vae, DecodeOptions())
    assert len(vae.decoded) == 1


def test_a_small_picture_that_does_not_fit_is_not_tried_twice():
    vae = FakeVae(fails=[1])
    with pytest.raises(NotEnoughMemory, match="decoding whole"):
        decode(latent(1, 20, 20), vae, DecodeOptions())
    assert len(vae.decoded) == 1


def test_the_exception_is_gone_before_the_next_attempt():
    """It would hold the tensors of the failed one."""
    import sys

    seen = []
    vae = FakeVae(fails=[1])
    vae.tidy = lambda: seen.append(sys.exc_info())
    decode(latent(), vae, DecodeOptions())
    assert seen == [(None, None, None)]


def test_other_errors_are_not_memory():
    vae = FakeVae()
    vae.decode = lambda given: (_ for _ in ()).throw(RuntimeError("a bug"))
    with pytest.raises(RuntimeError, match="a bug"):
        decode(latent(), vae, DecodeOptions())
    assert vae.tidied == 0


def test_an_interrupt_ends_it_between_two_tiles():
    vae = FakeVae(free_bytes=WHOLE / 4, interrupt_at=2)
    with pytest.raises(Interrupted):
        decode(latent(), vae, DecodeOptions())
    assert len(vae.decoded) == 2
    assert vae.bars[0][1] > 2


def test_a_batch_goes_as_many_at_a_time_as_fit():
    vae, given = FakeVae(free_bytes=2.5 * WHOLE), latent(5)
    done = decode(given, vae, DecodeOptions())
    assert torch.equal(done.pixels, vae.pixels(given))
    assert [shape[0] for shape in vae.decoded] == [2, 2, 1]


def test_a_batch_that_is_too_much_goes_one_by_one_before_it_is_cut():
    vae, given = FakeVae(fails=[1]), latent(3)
    done = decode(given, vae, DecodeOptions())
    assert torch.equal(done.pixels, vae.pixels(given))
    assert [shape[0] for shape in vae.decoded] == [3, 1, 1, 1]
    assert not done.tiled
    assert done.report.splitlines()[1] == "Ran out of memory before, decoding whole, 3 pictures at a time."


def test_tiles_of_a_batch_go_one_by_one_before_they_shrink():
    vae, given = FakeVae(fails=[2]), latent(3)
    done = decode(given, vae, DecodeOptions(mode="tiled"))
    assert [shape[0] for shape in vae.decoded] == [3, 3] + [1] * 6
    assert done.step.plan == done.failed[0].plan
    assert same(done, vae, given)


def test_a_batch_in_tiles():
    vae, given = FakeVae(free_bytes=WHOLE), latent(3)
    done = decode(given, vae, DecodeOptions())
    assert same(done, vae, given)
    assert {shape[0] for shape in vae.decoded} == {1}
    assert vae.bars == [[6, 6]]


def test_video_in_time_and_space():
    vae = FakeVae(video=True, free_bytes=BYTES * 4 * 40 * 40)
    still = latent(1, 70, 70)[:, :, None].expand(-1, -1, 12, -1, -1)
    done = decode(still, vae, DecodeOptions())
    assert done.step.plan.time.count > 1
    assert done.pixels.shape == (1, 3, 45, 560, 560)
    assert same(done, vae, still)
    assert " latent frames, " in done.report


def test_the_fake_runs_out_as_it_is_told():
    with pytest.raises(OutOfMemory):
        FakeVae(fails=[1]).decode(latent())
