"""Which scale a model's name means, and which picture is sent."""

from __future__ import annotations

import io

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pack.engine.judge.vision_model import ModelUnfit
from pack.engine.mask.box_conventions import convention_of, sent_picture, sent_size
from PIL import Image


@pytest.mark.parametrize(
    ("model", "scale", "key", "multiple"),
    [
        ("qwen2.5vl:7b", "pixels", "bbox_2d", 28),
        ("hf.co/unsloth/Qwen2.5-VL-7B-Instruct-GGUF:Q4_K_M", "pixels", "bbox_2d", 28),
        ("qwen2-vl:7b", "thousandths", "bbox_2d", 28),
        ("qwen3-vl:8b-instruct", "thousandths", "bbox_2d", 32),
        ("qwen3.5:9b", "thousandths", "bbox_2d", 32),
        ("qwen3.6:27b", "thousandths", "bbox_2d", 32),
        ("glm-4.5v", "thousandths", "bbox_2d", 224),
        ("glm4v:9b", "thousandths", "bbox_2d", 224),
        ("moondream:1.8b", "fractions", "bbox_2d", 224),
        ("gemma4:e4b", "thousandths", "box_2d", 224),
        ("paligemma:3b", "thousandths", "box_2d", 224),
        ("some-new-model:2b", "thousandths", "bbox_2d", 224),
    ],
)
def test_families(model, scale, key, multiple):
    convention = convention_of(model)
    assert (convention.scale, convention.key, convention.multiple) == (scale, key, multiple)
    uncertain = model.startswith(("gemma4", "some"))
    assert bool(convention.note) == uncertain
    assert not uncertain or model in convention.note


@pytest.mark.parametrize("model", ["gemma3:12b", "llava:7b", "llava-llama3", "mistral-small3.2:24b", "minicpm-v:8b"])
def test_families_without_a_convention_are_refused(model):
    with pytest.raises(ModelUnfit, match="cannot be trusted"):
        convention_of(model)


@pytest.mark.parametrize(
    ("size", "multiple", "sent"),
    [
        ((1024, 1024), 28, (1008, 1008)),
        ((1024, 1024), 32, (992, 992)),
        ((1024, 1024), 224, (896, 896)),
        ((1080, 1920), 28, (560, 1008)),
        ((512, 768), 28, (504, 756)),
        ((10, 10), 28, (28, 28)),
        ((1, 9000), 28, (28, 1008)),
    ],
)
def test_sent_sizes(size, multiple, sent):
    assert sent_size(*size, multiple) == sent


@given(st.integers(1, 9000), st.integers(1, 9000), st.sampled_from([28, 32, 224]))
def test_every_sent_size_is_a_multiple_within_the_limit(height, width, multiple):
    rows, columns = sent_size(height, width, multiple)
    assert rows % multiple == columns % multiple == 0
    assert 0 < min(rows, columns) <= max(rows, columns) <= 1008


def test_the_jpeg_has_exactly_that_size():
    picture = torch.rand(300, 500, 3)
    encoded = sent_picture(picture, convention_of("qwen3-vl:8b-instruct"))
    assert (encoded.width, encoded.height) == (512, 288)
    assert Image.open(io.BytesIO(encoded.jpeg)).size == (512, 288)
