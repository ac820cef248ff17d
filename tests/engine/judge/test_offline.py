"""The judge without a model: gates that must close, warnings that must come, and honesty about being blind."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.judge.offline import broken, critique, measure
from PIL import Image
from scipy import ndimage


def photo(size: int = 512, seed: int = 3) -> torch.Tensor:
    """Soft shapes, edges and a little grain, as a photograph has."""
    random = np.random.default_rng(seed)
    colour = ndimage.gaussian_filter(random.random((size, size, 3)), (12, 12, 0))
    colour = (colour - colour.min()) / (colour.max() - colour.min())
    edges = ndimage.gaussian_filter(random.random((size, size)), 3) > 0.5
    mixed = 0.75 * colour + 0.2 * edges[..., None] + random.normal(0, 0.005, colour.shape)
    return torch.from_numpy(mixed.clip(0, 1).astype(np.float32))


def blurred(image: torch.Tensor, sigma: float) -> torch.Tensor:
    return torch.from_numpy(ndimage.gaussian_filter(image.numpy(), (sigma, sigma, 0)))


def compressed(image: torch.Tensor, quality: int) -> torch.Tensor:
    stream = io.BytesIO()
    Image.fromarray((image.numpy() * 255).astype(np.uint8)).save(stream, "JPEG", quality=quality)
    return torch.from_numpy(np.asarray(Image.open(stream)).astype(np.float32) / 255)


def not_finite() -> torch.Tensor:
    image = photo()
    image[5, 7, 1] = float("nan")
    return image


BROKEN = {
    "black": (torch.zeros(64, 64, 3), "black"),
    "nearly black": (torch.rand(256, 256, 3) * 0.01, "black"),
    "white": (torch.ones(64, 64, 3), "flat"),
    "grey with faint noise": ((torch.full((512, 512, 3), 0.5) + torch.randn(512, 512, 3) / 255), "flat"),
    "transparent": (torch.zeros(64, 64, 4), "flat"),
    "NaN": (not_finite(), "NaN"),
    "all NaN": (torch.full((64, 64, 3), float("nan")), "NaN"),
    "infinite": (torch.full((64, 64, 3), float("-inf")), "NaN"),
    "one black pixel": (torch.zeros(1, 1, 3), "black"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_pictures_are_refused_with_a_sentence(name: str) -> None:
    image, word = BROKEN[name]
    sentence = broken(image)
    assert sentence is not None
    assert word in sentence
    found = critique(image)
    assert (found.score, found.technical, found.sound, found.passed, found.done) == (None, 0.0, False, False, False)
    assert sentence in found.reason


@pytest.mark.parametrize("size", [64, 512, 2048])
def test_a_picture_is_not_broken(size: int) -> None:
    assert broken(photo(min(size, 512)).repeat(max(1, size // 512), max(1, size // 512), 1)) is None


def test_one_small_object_on_a_plain_ground_is_not_broken() -> None:
    for ground in (0.0, 1.0):
        image = torch.full((1024, 1024, 3), ground)
        image[500:561, 300:361] = 1 - ground
        assert broken(image) is None


def test_a_sound_picture_is_not_looked_at() -> None:
    found = critique(photo())
    assert (found.judge, found.outcome, found.sees_content) == ("offline", "judged", False)
    assert (found.score, found.technical, found.sound, found.passed, found.done) == (None, 1.0, True, False, False)
    assert found.describe().startswith("Not looked at. Technically sound.")
    assert "cannot see what it shows" in found.reason
    assert found.measures == measure(photo())


WORSE = {
    "over-exposed": ((photo() * 3).clamp(0, 1), "pure white"),
    "under-exposed": ((photo() - 0.6).clamp(0, 1), "pure black"),
    "blurred": (blurred(photo(), 6), "sharp"),
    "noise": (torch.rand(512, 512, 3), "noise"),
    "low contrast": (photo() * 0.06 + 0.5, "contrast"),
    "blocky": (compressed(photo(), 5), "Blocks"),
}


@pytest.mark.parametrize("name", WORSE)
def test_a_worse_picture_scores_less_and_says_why(name: str) -> None:
    image, word = WORSE[name]
    found = critique(image)
    assert 0 < found.technical < 1
    assert word in found.reason
    assert "cannot see what it shows" in found.reason


def test_sharpness_is_compared_with_the_run() -> None:
    soft = blurred(photo(), 1.5)
    assert "sharp" not in critique(soft).reason
    usual = [measure(photo(seed=seed)) for seed in range(3)]
    found = critique(soft, usual)
    assert "less sharp than the other pictures" in found.reason
    assert not found.sound


def test_black_pictures_do_not_set_the_standard() -> None:
    black = measure(torch.zeros(64, 64, 3))
    assert critique(photo(), [black, black, {}]).technical == 1.0


def test_the_measures_tell_what_they_say() -> None:
    image = photo()
    fine = measure(image)
    assert measure(blurred(image, 2))["sharpness"] < 0.1 * fine["sharpness"]
    assert measure(blurred(image, 2))["tenengrad"] < fine["tenengrad"]
    assert measure(compressed(image, 8))["blockiness"] > 1.5 > fine["blockiness"]
    noisy = measure((image + torch.randn(image.shape, generator=torch.Generator().manual_seed(1)) * 0.05).clamp(0, 1))
    assert noisy["noise"] == pytest.approx(0.05 * math.hypot(0.299, 0.587, 0.114), rel=0.3)
    grey = measure(image.mean(dim=2, keepdim=True))
    assert grey["colourfulness"] == pytest.approx(0, abs=1e-4)
    assert fine["colourfulness"] > 0.05
    assert 0 < fine["entropy"] <= 8
    assert measure(torch.full((64, 64, 3), 0.5))["entropy"] == 0


@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(1, 900),
    width=st.integers(1, 900),
    channels=st.sampled_from([1, 3, 4]),
    level=st.sampled_from([0.0, 0.5, 1e5, float("nan"), float("inf")]),
)
def test_any_picture_gets_finite_measures_and_a_score(height: int, width: int, channels: int, level: float) -> None:
    found = critique(torch.rand(height, width, channels) * level)
    assert all(math.isfinite(value) for value in found.measures.values())
    assert 0 <= found.technical <= 1
    assert found.score is None
    assert not found.done
