"""Pictures for the judge: size, weight and colours of what is sent, for any tensor a graph can produce."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.judge import picture
from pack.engine.judge.picture import Encoded, encode_jpeg
from PIL import Image


def opened(encoded: Encoded) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(encoded.jpeg)))


def noise(height: int, width: int, channels: int = 3) -> torch.Tensor:
    return torch.rand(height, width, channels, generator=torch.Generator().manual_seed(height * 7 + width))


@settings(max_examples=60, deadline=None)
@given(
    height=st.integers(1, 1500),
    width=st.integers(1, 1500),
    channels=st.sampled_from([1, 3, 4]),
    kind=st.sampled_from(["noise", "flat", "wild"]),
)
def test_any_picture_is_small_enough(height: int, width: int, channels: int, kind: str) -> None:
    image = noise(height, width, channels)
    if kind == "flat":
        image = image[:1, :1].expand(height, width, channels)
    if kind == "wild":
        image = (image - 0.5) * 1e6
        image[0, 0] = float("nan")
    encoded = encode_jpeg(image)
    pixels = opened(encoded)
    assert len(encoded.jpeg) <= 600_000
    assert pixels.shape == (encoded.height, encoded.width, 3)
    assert max(pixels.shape[:2]) == min(1024, max(height, width))
    assert encoded.scale == max(pixels.shape[:2]) / max(height, width)


@pytest.mark.parametrize("shape", [(1, 1), (1, 4096), (4096, 1), (3, 5000), (2048, 2047), (3000, 3000), (1024, 1024)])
def test_noise_of_awkward_sizes(shape: tuple[int, int]) -> None:
    encoded = encode_jpeg(noise(*shape))
    assert len(encoded.jpeg) <= 600_000
    assert min(opened(encoded).shape[:2]) >= 1


def test_small_pictures_are_not_enlarged_and_keep_quality_85() -> None:
    encoded = encode_jpeg(noise(30, 50))
    assert (encoded.width, encoded.height, encoded.scale, encoded.quality) == (50, 30, 1.0, 85)


def test_quality_gives_way_before_size() -> None:
    image = noise(512, 512)
    normal = picture.encode_within(image, 512, 10**9)
    tight = picture.encode_within(image, 512, len(normal.jpeg) * 2 // 3)
    assert tight.quality < 85
    assert tight.width == 512
    tiny = picture.encode_within(image, 512, 5_000)
    assert tiny.width < 512
    assert len(tiny.jpeg) <= 5_000


def test_every_source_pixel_counts_when_shrinking() -> None:
    lines = torch.zeros(2048, 2048, 3)
    lines[::2] = 1.0
    pixels = opened(encode_jpeg(lines))
    assert abs(int(pixels[100:900, 100:900].mean()) - 128) <= 2


def test_colours_survive() -> None:
    image = torch.zeros(64, 64, 3)
    image[..., 0] = 1.0
    assert np.abs(opened(encode_jpeg(image))[32, 32].astype(int) - (254, 0, 0)).max() <= 2


def test_grey_becomes_rgb() -> None:
    assert np.abs(opened(encode_jpeg(torch.full((20, 20, 1), 0.5))).astype(int) - 128).max() <= 1


def test_transparent_parts_are_white() -> None:
    image = torch.zeros(64, 64, 4)
    image[:32, :, 3] = 1.0
    pixels = opened(encode_jpeg(image)).astype(int)
    assert pixels[8].max() <= 3
    assert pixels[56].min() >= 252


def test_values_that_are_no_numbers_become_black() -> None:
    image = torch.ones(40, 40, 3)
    image[:20] = float("nan")
    image[:10] = float("inf")
    pixels = opened(encode_jpeg(image)).astype(int)
    assert pixels[4].max() <= 3
    assert pixels[14].max() <= 3
    assert pixels[35].min() >= 252


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_number_types(dtype: torch.dtype) -> None:
    assert encode_jpeg(noise(64, 64).to(dtype)).width == 64


def test_the_tensor_is_left_alone() -> None:
    image = noise(64, 64, 4) * 2
    before = image.clone()
    encode_jpeg(image)
    assert torch.equal(image, before)


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 2), (0, 4, 3), (1, 4, 4, 3)])
def test_what_is_no_picture_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="shape"):
        encode_jpeg(torch.zeros(shape))
