"""Fingerprints: the same picture again is a duplicate, one more small thing or another colour is not."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pack.engine.judge.picture import Fingerprint, fingerprint, near_duplicate
from PIL import Image, ImageDraw

GROUNDS = ["white", "black", "gradient", "texture"]


def ground(kind: str, size: int) -> np.ndarray:
    rows, columns = np.mgrid[0:size, 0:size] / size
    if kind == "gradient":
        return np.stack([rows, columns, 1 - rows], axis=-1)
    if kind == "texture":
        waves = np.sin(rows * 90) * np.sin(columns * 70) + np.random.default_rng(5).normal(0, 0.4, rows.shape)
        return np.repeat((0.5 + 0.2 * waves)[..., None], 3, axis=-1).clip(0, 1)
    return np.full((size, size, 3), 1.0 if kind == "white" else 0.0)


def scene(kind: str = "white", size: int = 512, colour: str = "red", extra: tuple[float, float, str] | None = None):
    canvas = Image.fromarray((ground(kind, size) * 255).astype(np.uint8))
    draw = ImageDraw.Draw(canvas)
    draw.ellipse([size * 0.2, size * 0.25, size * 0.4, size * 0.45], fill=colour)
    draw.rectangle([size * 0.6, size * 0.5, size * 0.85, size * 0.8], fill="blue")
    if extra:
        across, down, fill = extra
        left, top = across * size, down * size
        draw.rectangle([left, top, left + 0.06 * size, top + 0.06 * size], fill=fill)
    return torch.from_numpy(np.asarray(canvas).astype(np.float32) / 255)


def compressed(image: torch.Tensor) -> torch.Tensor:
    stream = io.BytesIO()
    Image.fromarray((image.numpy() * 255).round().astype(np.uint8)).save(stream, "JPEG", quality=85)
    return torch.from_numpy(np.asarray(Image.open(stream)).astype(np.float32) / 255)


def same(a: torch.Tensor, b: torch.Tensor) -> bool:
    return near_duplicate(fingerprint(a), fingerprint(b))


@pytest.mark.parametrize("kind", GROUNDS)
@pytest.mark.parametrize("size", [384, 512, 1024])
def test_the_same_picture_again(kind: str, size: int) -> None:
    image = scene(kind, size)
    assert same(image, image.clone())
    assert same(image, compressed(image))
    for seed in range(3):
        noise = torch.randn(image.shape, generator=torch.Generator().manual_seed(seed)) / 255
        assert same(image, (image + noise).clamp(0, 1))


@pytest.mark.parametrize("kind", GROUNDS)
def test_another_colour_of_one_object(kind: str) -> None:
    assert not same(scene(kind, colour="red"), scene(kind, colour="green"))
    assert not same(scene(kind, colour="red"), scene(kind, colour="orange"))


@settings(max_examples=120, deadline=None)
@given(
    kind=st.sampled_from(GROUNDS),
    across=st.floats(0, 0.94),
    down=st.floats(0, 0.94),
    size=st.sampled_from([256, 512, 768]),
    fill=st.sampled_from(["yellow", "purple", "#40a080"]),
)
def test_one_more_small_object(kind: str, across: float, down: float, size: int, fill: str) -> None:
    before, after = scene(kind, size), scene(kind, size, extra=(across, down, fill))
    changed = (before - after).abs().amax(dim=-1)
    assume(changed[changed > 0].numel() and changed[changed > 0].median() > 0.2)  # yellow on yellow cannot be seen
    assert not same(before, after)


@given(st.integers(0, 2**64 - 1), st.binary(min_size=3072, max_size=3072))
@settings(max_examples=30, deadline=None)
def test_text_and_back(dhash: int, thumbnail: bytes) -> None:
    print_ = Fingerprint(dhash, thumbnail)
    assert Fingerprint.from_text(print_.to_text()) == print_


@pytest.mark.parametrize("text", ["", "AAAA", "no base64!", "AAA"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Fingerprint.from_text(text)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 4096, 3), (4096, 1, 1), (5, 7, 4)])
def test_awkward_sizes(shape: tuple[int, int, int]) -> None:
    image = torch.rand(shape)
    assert same(image, image.clone())
    assert 0 <= fingerprint(image).dhash < 2**64
