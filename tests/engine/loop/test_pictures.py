"""Small copies of pictures, and their cache."""

from __future__ import annotations

import io
import os
import struct
import zlib

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pack.engine.loop import pictures
from pack.engine.loop.journal import PICTURE
from pack.engine.loop.pictures import (
    CAPTION,
    PNG_SIGNATURE,
    SIDE,
    TILE,
    TILES_A_SHEET,
    SheetTile,
    Thumbnails,
    TileRepair,
    contact_sheet_names,
    png_chunk,
    read_small,
    save_contact_sheets,
    save_png,
)
from pack.engine.loop.repaired_tile import box_of, draw_frame, draw_outline, inset_before
from pack.engine.loop.run import RepairedRegion
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


def sheet_of(folder, name="contact_sheet.jpg"):
    with Image.open(folder / name) as sheet:
        return sheet.convert("RGB").copy()


def tile(sheet, position, columns):
    left, top = position % columns * TILE, position // columns * (TILE + CAPTION)
    return sheet.crop((left, top, left + TILE, top + TILE))


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: b"no picture",
        lambda data: data[: len(data) // 2],
        lambda data: data[:40] + b"\xff" * 30 + data[70:],
        lambda data: data[:16] + (0).to_bytes(4, "big") + data[20:],
    ],
    ids=["empty", "text", "cut", "broken", "no width"],
)
def test_a_picture_that_cannot_be_read_leaves_its_tile_empty(tmp_path, damage):
    paths = [tmp_path / f"loop_01_iter_0{n}.png" for n in (1, 2, 3)]
    for path in paths:
        save_png(torch.ones(40, 40, 3), path, {})
    paths[1].write_bytes(damage(paths[1].read_bytes()))
    save_contact_sheets([SheetTile(path, path.stem, False) for path in paths], tmp_path)
    sheet = sheet_of(tmp_path)
    assert sheet.size == (3 * TILE, TILE + CAPTION)
    highest = [max(high for _, high in tile(sheet, n, 3).getextrema()) for n in range(3)]
    assert highest[0] > 200 and highest[2] > 200 and highest[1] < 100


def test_many_pictures_take_several_sheets(tmp_path):
    paths = [tmp_path / f"loop_{n // 99:02d}_iter_{n % 99:02d}.png" for n in range(TILES_A_SHEET + 7)]
    save_png(torch.ones(8, 8, 3), paths[0], {})
    for path in paths[1:]:
        path.write_bytes(paths[0].read_bytes())
    save_contact_sheets([SheetTile(path, path.stem, False) for path in paths], tmp_path)
    names = contact_sheet_names(len(paths))
    assert names == ["contact_sheet.jpg", "contact_sheet_2.jpg"]
    assert [sheet_of(tmp_path, name).size[1] // (TILE + CAPTION) for name in names] == [TILES_A_SHEET // 6, 2]
    assert contact_sheet_names(0) == [] and contact_sheet_names(TILES_A_SHEET) == names[:1]
    assert all(PICTURE.fullmatch(name) for name in names), "they are served"


def test_a_picture_is_kept_to_the_pixel_as_comfyui_would_save_it_and_read_again_stays_the_same(tmp_path):
    image = torch.rand(64, 64, 3)
    image[0, 0] = torch.tensor([0.9999, 0.5 / 255, 1.0])
    path = tmp_path / "loop_01_iter_01.png"
    save_png(image, path, {})
    kept = np.asarray(Image.open(path))
    assert (kept == np.clip(255.0 * image.numpy(), 0, 255).astype(np.uint8)).all()  # SaveImage, nodes.py of ComfyUI
    levels = torch.arange(256, dtype=torch.uint8).repeat(3, 2, 1).movedim(0, -1)
    opacity = 1 - (1 - torch.arange(256).float().div(255))
    save_png(torch.cat([levels.float().div(255), opacity.repeat(2, 1)[..., None]], dim=-1), path, {})
    assert (np.asarray(Image.open(path)) == torch.arange(256).repeat(4, 2, 1).movedim(0, -1).numpy()).all()
    for read in (levels.float().div(255), torch.from_numpy(levels.numpy().astype(np.float32) / 255.0)):
        save_png(read, path, {})
        assert (np.asarray(Image.open(path)) == levels.numpy()).all()


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", [(70, 1000), (1000, 70), (333, 333)])
def test_a_picture_too_large_to_unpack_whole_is_shown_small(tmp_path, monkeypatch, channels, size):
    """Pillow refuses from 179 million pixels on. What is shown then is every n-th pixel."""
    monkeypatch.setattr(pictures, "PIXELS_AT_ONCE", 1000)
    monkeypatch.setattr(Image, "open", None)
    ramp = torch.linspace(0, 1, size[0])[:, None, None] * torch.linspace(0.2, 1, size[1])[None, :, None]
    path = tmp_path / "loop_01_iter_01.png"
    save_png(ramp.repeat(1, 1, channels), path, {"prompt": {"text": "x" * 3000}})
    small = read_small(path, 100)
    step = -(-max(size) // 100)
    assert small.size == (-(-size[1] // step), -(-size[0] // step))
    if channels != 4:
        expected = (ramp[::step, ::step, 0] * 255).floor()
        got = torch.from_numpy(np.array(small.convert("L"))).float()
        assert (got - expected).abs().max() <= 1


def test_a_picture_of_claimed_size_that_others_packed_is_refused(tmp_path):
    """A small file may claim to be enormous."""
    path = tmp_path / "loop_01_iter_01.png"
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes([1]) + bytes(180_000))
    path.write_bytes(
        b"".join([PNG_SIGNATURE, png_chunk(b"IHDR", header), png_chunk(b"IDAT", body), png_chunk(b"IEND", b"")])
    )
    with pytest.raises(ValueError, match="packed in another way"):
        read_small(path, 256)
    tail = png_chunk(b"IDAT", zlib.compress(bytes([2]) + bytes(180_000))) + png_chunk(b"IEND", b"")
    path.write_bytes(PNG_SIGNATURE + png_chunk(b"IHDR", header) + tail)
    with pytest.raises(ValueError, match="ends after 1 of 60000 rows"):
        read_small(path, 256)


BOX = (0.5, 0.5, 0.75, 0.75)
TRIANGLE = RepairedRegion(outlines=(((0.5, 0.5), (0.9, 0.5), (0.5, 0.9)),), feather=4)


def blue(tile):
    """Where the line of a repair is."""
    pixels = np.asarray(tile).astype(int)
    return (pixels[..., 2] - pixels[..., 0] > 60) & (pixels[..., 1] > 100)


def test_what_was_repaired_is_outlined_on_the_sheet(tmp_path):
    """By its mask where that is known, else by the box of what changed."""
    path = tmp_path / "one.png"
    Image.new("RGB", (512, 512)).save(path)
    repairs = [None, TileRepair(None, BOX), TileRepair(TRIANGLE, BOX), TileRepair(RepairedRegion(), None)]
    save_contact_sheets([SheetTile(path, "x", False, repair) for repair in repairs], tmp_path)
    sheet = sheet_of(tmp_path)
    found = [blue(tile(sheet, n, 4)) for n in range(4)]
    assert not found[0].any() and not found[3].any() and found[1].sum() > 50 and found[2].sum() > 50
    inside = slice(TILE // 2 + 8, TILE // 2 + 24)
    assert not found[2][inside, inside].any(), "a line, no area"


@pytest.mark.parametrize("repair", [TileRepair(TRIANGLE, BOX), TileRepair(None, BOX)], ids=["mask", "box"])
def test_the_part_before_is_shown_beside_it(tmp_path, repair):
    paths = [tmp_path / name for name in ("before.png", "after.png")]
    Image.new("RGB", (2000, 1600), "#c02020").save(paths[0])
    Image.new("RGB", (2000, 1600), "#202020").save(paths[1])
    save_contact_sheets([SheetTile(paths[1], "x", False, repair._replace(before=paths[0]))], tmp_path)
    sheet = np.asarray(tile(sheet_of(tmp_path), 0, 1)).astype(int)
    red = sheet[..., 0] - sheet[..., 1] > 80
    rows, columns = np.nonzero(red)
    assert red.sum() > 1000 and rows.max() < TILE / 2 and columns.max() < TILE / 2, "away from the part itself"
    paths[0].write_bytes(b"no picture")
    save_contact_sheets([SheetTile(paths[1], "x", False, repair._replace(before=paths[0]))], tmp_path)
    assert blue(tile(sheet_of(tmp_path), 0, 1)).any(), "the outline at least"


@given(
    st.tuples(*[st.floats(0, 1)] * 4).map(lambda at: (*sorted(at[:2]), *sorted(at[2:]))),
    st.tuples(*[st.integers(1, 300)] * 4),
)
def test_any_part_of_any_picture_can_be_shown(at, sizes):
    box = (at[0], at[2], at[1], at[3])
    picture, before = Image.new("RGB", sizes[:2]), Image.new("RGB", sizes[2:], "red")
    inset_before(picture, before, box)
    draw_frame(picture, box)
    draw_outline(picture, RepairedRegion(outlines=(((box[0], box[1]), (box[2], box[3])),)))
    assert box_of(RepairedRegion(outlines=(((0.2, 0.4), (0.5, 0.1)),))) == (0.2, 0.1, 0.5, 0.4)
    assert box_of(RepairedRegion()) is None
