"""Small copies of pictures, and their cache."""

from __future__ import annotations

import io
import os

import pytest
import torch
from pack.engine.loop.pictures import SIDE, Thumbnails, save_png
from PIL import Image

RUN = "20260101-120000-0123abcd"


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "loop_01_iter_01.png"
    save_png(torch.rand(300, 600, 3), path, {})
    return path


def opened(jpeg):
    return Image.open(io.BytesIO(jpeg))


def test_a_thumbnail_is_small_and_keeps_its_shape(picture, tmp_path):
    jpeg = Thumbnails(tmp_path / "cache").of(picture, RUN)
    assert opened(jpeg).format == "JPEG"
    assert opened(jpeg).size == (SIDE, SIDE // 2)
    assert len(jpeg) < picture.stat().st_size / 4


def test_it_is_made_once_and_again_when_the_picture_was_rendered_anew(picture, tmp_path):
    cache = Thumbnails(tmp_path / "cache")
    first = cache.of(picture, RUN)
    (file,) = cache.root.iterdir()
    file.write_bytes(b"kept")
    assert cache.of(picture, RUN) == b"kept"
    save_png(torch.zeros(300, 600, 3), picture, {})
    os.utime(picture, ns=(1, 1))
    assert cache.of(picture, RUN) not in (first, b"kept")


def test_only_so_many_are_kept(tmp_path):
    cache = Thumbnails(tmp_path / "cache", kept=2)
    for number in range(4):
        path = tmp_path / f"loop_01_iter_0{number}.png"
        save_png(torch.rand(8, 8, 3), path, {})
        assert opened(cache.of(path, RUN)).size == (8, 8)
    assert len(list(cache.root.iterdir())) == 2
    cache.kept = 0
    assert cache.of(tmp_path / "loop_01_iter_00.png", RUN), "kept or not, it is shown"
    cache.forget(RUN)
    assert not list(cache.root.iterdir())


def test_an_emptied_cache_is_filled_again(picture, tmp_path):
    cache = Thumbnails(tmp_path / "cache")
    before = cache.of(picture, RUN)
    next(cache.root.iterdir()).unlink()
    cache.root.rmdir()
    assert cache.of(picture, RUN) == before


def test_a_missing_picture_is_an_os_error(tmp_path):
    with pytest.raises(OSError):
        Thumbnails(tmp_path).of(tmp_path / "best.png", RUN)
