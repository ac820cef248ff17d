"""Pictures as the models want them."""

from __future__ import annotations

import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pack.engine.mask.segmenters.kinds import CLIPSEG, GROUNDING_DINO, KINDS, SAM, SAM3
from pack.engine.mask.segmenters.preprocessing import DEFAULTS, PixelRules, letterboxed, limited, read_rules, stretched

PLAIN = PixelRules(mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0), height=8, width=8, shortest=80, longest=133)
SIDES = st.integers(1, 200)


def test_every_kind_has_rules_without_a_file(tmp_path):
    for kind in KINDS:
        assert read_rules(tmp_path, kind) == DEFAULTS[kind.name]


@pytest.mark.parametrize("wrapped", [False, True])
def test_the_folders_own_rules_count(tmp_path, wrapped):
    rules = {"size": {"height": 64, "width": 96}, "image_mean": [0.1, 0.2, 0.3], "image_std": [1, 2, 3]}
    name = "processor_config.json" if wrapped else "preprocessor_config.json"
    (tmp_path / name).write_text(json.dumps({"image_processor": rules} if wrapped else rules), encoding="utf-8")
    found = read_rules(tmp_path, SAM3)
    assert (found.mean, found.std) == ((0.1, 0.2, 0.3), (1.0, 2.0, 3.0))
    assert (found.height, found.width) == (64, 96)


@pytest.mark.parametrize(
    "written",
    [
        "[]",
        "{",
        '{"size": "big", "image_mean": [1], "image_std": "x"}',
        '{"size": {"height": true, "width": -5}, "image_mean": [0.5, 0.5, "x"], "image_std": [0, 0, 0]}',
        '{"size": 100000}',
    ],
)
def test_rules_that_make_no_sense_are_not_followed(tmp_path, written):
    (tmp_path / "preprocessor_config.json").write_text(written, encoding="utf-8")
    assert read_rules(tmp_path, CLIPSEG) == DEFAULTS[CLIPSEG.name]


def test_one_number_is_both_sides_and_edges_are_limits(tmp_path):
    (tmp_path / "preprocessor_config.json").write_text('{"size": 224}', encoding="utf-8")
    assert (read_rules(tmp_path, CLIPSEG).height, read_rules(tmp_path, CLIPSEG).width) == (224, 224)
    (tmp_path / "preprocessor_config.json").write_text('{"size": {"shortest_edge": 400, "longest_edge": 666}}')
    assert (read_rules(tmp_path, GROUNDING_DINO).shortest, read_rules(tmp_path, GROUNDING_DINO).longest) == (400, 666)


def test_mean_and_deviation_are_taken_by_channel():
    rules = PixelRules(mean=(0.1, 0.2, 0.3), std=(1.0, 2.0, 4.0))
    flat = torch.tensor([0.6, 0.7, 0.8]).expand(2, 5, 7, 3)
    normal = stretched(flat, rules, 4, 6)
    assert normal.shape == (2, 3, 4, 6)
    for channel, expected in enumerate((0.5, 0.25, 0.125)):
        assert torch.allclose(normal[:, channel], torch.tensor(expected))


def test_opacity_is_left_out():
    picture = torch.rand(1, 5, 7, 4)
    assert torch.equal(stretched(picture, PLAIN, 4, 4), stretched(picture[..., :3], PLAIN, 4, 4))


@given(height=SIDES, width=SIDES)
def test_sam_keeps_the_aspect_and_pads_right_and_below(height, width):
    padded, inner_height, inner_width = letterboxed(torch.ones(1, height, width, 3), DEFAULTS[SAM.name], 64)
    assert padded.shape == (1, 3, 64, 64)
    assert max(inner_height, inner_width) == 64
    assert abs(inner_height / inner_width - height / width) <= max(height, width) / min(height, width) * 0.5 or (
        min(inner_height, inner_width) == 1
    )
    assert (padded[:, :, :inner_height, :inner_width] > 1).all(), "white, normalised"
    assert (padded[:, :, inner_height:] == 0).all()
    assert (padded[:, :, :, inner_width:] == 0).all()


@pytest.mark.parametrize(
    ("size", "expected"),
    [((480, 640), (80, 107)), ((100, 400), (33, 133)), ((400, 100), (133, 33)), ((7, 7), (80, 80))],
)
def test_grounding_dino_limits_both_sides(size, expected):
    assert limited(torch.rand(2, *size, 3), PLAIN).shape == (2, 3, *expected)


def test_our_pixels_are_the_librarys_own():
    """At most 0.0173 of a normalised value apart, measured; skipped where the library's own needs torchvision."""
    transformers = pytest.importorskip("transformers")
    picture = torch.nn.functional.interpolate(torch.rand(1, 3, 12, 16), size=(60, 80), mode="bicubic").clamp(0, 1)
    bytes_ = (picture[0].permute(1, 2, 0) * 255).round().to(torch.uint8)
    try:
        theirs = transformers.ViTImageProcessor(
            size={"height": 48, "width": 48}, image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225]
        )(images=[bytes_.numpy()], return_tensors="pt")["pixel_values"]
    except Exception as problem:
        pytest.skip(f"the library's processor is not usable here: {type(problem).__name__}")
    ours = stretched(bytes_[None].float() / 255, DEFAULTS[CLIPSEG.name], 48, 48)
    assert (ours - theirs).abs().max() < 0.03
