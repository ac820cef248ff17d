"""Second looks on drawn scenes: they find and refine what one coarse look misses, and never spoil what is good."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from pack.engine.mask.lettering import means_lettering, strokes
from pack.engine.mask.looking_again import LookingAgain
from pack.engine.mask.piece import Sighting
from pack.engine.mask.pieces import piece_of_mask
from pack.engine.mask.refining import COMPLEX, complexity, refinings
from pack.engine.mask.shape import union
from PIL import Image, ImageDraw, ImageFont
from rehearsal.world.painter import PALETTE, draw
from rehearsal.world.scene import parse

from .scenes import COLOURS, ColourSegmenter, block, canvas, disc, overlap

H, W = 768, 1024


def star(x: float, y: float, outer: float, inner: float, points: int, colour: str = "green"):
    picture = Image.new("RGB", (W, H), tuple(round(c * 255) for c in canvas(1, 1)[0, 0].tolist()))
    corners = []
    for n in range(2 * points):
        radius, angle = (outer if n % 2 == 0 else inner), math.pi * n / points
        corners.append((x + radius * math.sin(angle), y - radius * math.cos(angle)))
    ImageDraw.Draw(picture).polygon(corners, fill=tuple(round(c * 255) for c in COLOURS[colour]))
    drawn = torch.from_numpy(np.asarray(picture).copy()).float() / 255
    return drawn, (drawn - torch.tensor(COLOURS[colour])).norm(dim=-1) < 0.1


def looked(picture, phrase, segmenter=None, threshold=0.4):
    """First sighting alone, the one with second looks, and the segmenter that was asked."""
    segmenter = segmenter or ColourSegmenter()
    (first,) = segmenter.look(picture[None], [phrase], threshold)
    segmenter.looked.clear()
    (again,) = LookingAgain(segmenter).look(picture[None], [phrase], threshold)
    return first, again, segmenter


def test_a_thing_too_small_for_one_look_is_found_in_tiles():
    picture = canvas(H, W)
    truth = disc(picture, 700, 300, 7, "red")
    first, again, segmenter = looked(picture, "red disc")
    assert not first.pieces
    assert len(again.pieces) == 1
    assert overlap(union(again.pieces, H, W), truth) > 0.85
    assert again.notes == (
        '"red disc" was not seen in the whole picture; looked again at 4 enlarged parts and found 1, small.',
        '"red disc": outlined 1 anew from an enlarged part, small or of a complex shape.',
    )
    assert segmenter.looked[1] == ((4, H, W, 3), ("red disc",))


def test_a_thing_where_tiles_overlap_is_found_once():
    picture = canvas(H, W)
    disc(picture, 512, 384, 7, "red")
    assert len(looked(picture, "red disc")[1].pieces) == 1


def test_a_small_thing_gets_a_finer_outline():
    picture = canvas(H, W)
    truth = disc(picture, 300, 500, 30, "red")
    first, again, _ = looked(picture, "red disc", ColourSegmenter(side=44))
    before, after = (overlap(union(sighting.pieces, H, W), truth) for sighting in (first, again))
    assert after > max(0.9, before + 0.05)
    assert "outlined 1 anew" in again.notes[0]


def test_what_looked_like_one_small_thing_can_be_two():
    picture = canvas(H, W)
    truth = disc(picture, 300, 500, 20, "red") | disc(picture, 344, 500, 20, "red")
    first, again, _ = looked(picture, "red disc", ColourSegmenter(side=64))
    assert [len(first.pieces), len(again.pieces)] == [1, 2]
    assert overlap(union(again.pieces, H, W), truth) > 0.85


def test_a_complex_shape_gets_a_finer_outline():
    picture, truth = star(500, 400, 230, 60, 9)
    first, again, _ = looked(picture, "green star", ColourSegmenter(side=44))
    before, after = (overlap(union(sighting.pieces, H, W), truth) for sighting in (first, again))
    assert after > before + 0.02
    assert "outlined 1 anew" in again.notes[0]


def test_a_large_plain_shape_is_looked_at_once():
    picture = canvas(H, W)
    disc(picture, 500, 400, 200, "blue")
    first, again, segmenter = looked(picture, "blue disc")
    assert len(segmenter.looked) == 1
    assert again.notes == ()
    assert torch.equal(again.pieces[0].crop, first.pieces[0].crop)


def test_what_is_absent_stays_absent_and_that_is_said():
    picture = canvas(H, W)
    disc(picture, 500, 400, 200, "blue")
    _, again, segmenter = looked(picture, "red disc")
    assert again.pieces == ()
    assert "in vain" in again.notes[0]
    assert len(segmenter.looked) == 2


def test_little_pictures_are_not_cut_up():
    _, again, segmenter = looked(canvas(200, 255), "red disc")
    assert (len(segmenter.looked), again.notes) == (1, ())


class Stubborn:
    """Answers the first look with one sighting and all later ones with another."""

    name = "stubborn"

    def __init__(self, first, later):
        self.first, self.later, self.calls = first, later, 0

    def look(self, pictures, phrases, threshold):
        self.calls += 1
        return [self.first if self.calls == 1 else self.later] * len(pictures)


def second_look(first, *later):
    (found,) = LookingAgain(Stubborn(Sighting(first), Sighting(later))).look(torch.rand(1, H, W, 3), ["cat"], 0.4)
    return found


SMALL = block(500, 380, 40, 40, score=0.8)
AT_ITS_PLACE = (384, 256, 256, 256)
"""Where SMALL lies in the view around it, enlarged."""


@pytest.mark.parametrize(
    "later",
    [(), (block(0, 0, 100, 90),), (block(*AT_ITS_PLACE, score=0.5),), (block(500, 370, 12, 12),), (block(0, 0, W, H),)],
    ids=["nothing", "elsewhere", "less sure", "a crumb", "everything"],
)
def test_a_second_look_that_disagrees_changes_nothing(later):
    found = second_look((SMALL,), *later)
    assert found.pieces == (SMALL,)
    assert "kept the first outline" in found.notes[0]


def test_a_second_look_that_agrees_counts():
    found = second_look((SMALL,), block(*AT_ITS_PLACE, score=0.75))
    assert found.pieces[0] is not SMALL
    assert found.pieces[0].score == 0.75


def test_an_outline_that_the_view_cuts_off_does_not_count():
    # A bar that the first look saw only the middle of.
    picture = canvas(H, W)
    picture[380:400, 200:800] = torch.tensor(COLOURS["red"])
    middle = block(480, 375, 60, 30, "red", 0.6)

    class Middle(ColourSegmenter):
        def look(self, pictures, phrases, threshold):
            first = not self.looked
            sightings = super().look(pictures, phrases, threshold)
            return [Sighting((middle,))] if first else sightings

    (found,) = LookingAgain(Middle()).look(picture[None], ["red"], 0.4)
    assert found.pieces == (middle,)
    assert "kept the first outline" in found.notes[0]


def test_two_parts_that_are_one_thing_count_once():
    picture = canvas(H, W)
    truth = disc(picture, 500, 400, 30, "red")
    halves = (block(470, 375, 24, 50, "red", 0.6), block(505, 375, 24, 50, "red", 0.5))

    class Halves(ColourSegmenter):
        def look(self, pictures, phrases, threshold):
            first = not self.looked
            sightings = super().look(pictures, phrases, threshold)
            return [Sighting(halves)] if first else sightings

    (found,) = LookingAgain(Halves()).look(picture[None], ["red"], 0.4)
    assert len(found.pieces) == 1
    assert overlap(union(found.pieces, H, W), truth) > 0.9


@pytest.mark.parametrize(
    "seen",
    [block(100, 100, 800, 600, score=0.99), block(200, 200, 60, 60, score=0.5), block(0, 0, W, 90, score=0.99)],
    ids=["large", "unsure", "cut off"],
)
def test_tiles_are_not_believed_lightly(seen):
    found = second_look((), seen)
    assert found.pieces == ()
    assert "to be believed" in found.notes[0]


def test_only_the_surest_of_many_small_things_are_looked_at_again():
    many = Sighting(tuple(block(n * 30, 10, 20, 20, score=n / 40) for n in range(30)))
    looks = refinings(many, ["cat"], H, W)
    assert [round(look.first.score * 40) for look in looks] == [29, 28, 27, 26, 25, 24, 23, 22]


def test_other_phrases_and_the_order_of_pictures_are_kept():
    pictures = torch.stack([canvas(H, W) for _ in range(3)])
    disc(pictures[0], 300, 300, 150, "blue")
    disc(pictures[2], 700, 300, 7, "red")
    found = LookingAgain(ColourSegmenter()).look(pictures, ["blue disc", "red disc"], 0.4)
    assert [[piece.phrase for piece in sighting.pieces] for sighting in found] == [["blue disc"], [], ["red disc"]]


def test_a_batch_gives_what_its_pictures_give_alone():
    pictures = torch.stack([canvas(384, 512) for _ in range(8)])
    for n, picture in enumerate(pictures):
        if n != 3:
            disc(picture, 60 * n + 40, 200, 3 + 4 * n, "red")
    together = LookingAgain(ColourSegmenter()).look(pictures, ["red", "blue"], 0.4)
    for n in range(8):
        (alone,) = LookingAgain(ColourSegmenter()).look(pictures[n : n + 1], ["red", "blue"], 0.4)
        assert alone.notes == together[n].notes
        assert [(p.top, p.left, p.score) for p in alone.pieces] == [
            (p.top, p.left, p.score) for p in together[n].pieces
        ]
        assert torch.equal(union(alone.pieces, 384, 512), union(together[n].pieces, 384, 512))


def test_complexity():
    disc_piece = piece_of_mask(disc(canvas(300, 300), 150, 150, 100, "red"), "disc", 1)
    assert complexity(disc_piece) == pytest.approx(1, abs=0.02)
    assert complexity(block(0, 0, 50, 50)) == pytest.approx(1.1, abs=0.05)
    assert complexity(block(0, 0, 100, 25)) < COMPLEX
    _, spiky = star(500, 400, 230, 100, 5)
    assert complexity(piece_of_mask(spiky, "star", 1)) > COMPLEX + 0.2


def test_a_turned_shape_is_as_complex_as_an_upright_one():
    y, x = torch.meshgrid(torch.arange(400) - 200, torch.arange(400) - 200, indexing="ij")
    upright = piece_of_mask((x.abs() < 140) & (y.abs() < 35), "bar", 1)
    turned = piece_of_mask(((x + y).abs() < 198) & ((x - y).abs() < 50), "bar", 1)
    assert complexity(turned) == pytest.approx(complexity(upright), abs=0.02)


def written(word: str, ink: int, paper: int, behind: int = 128):
    """A picture of a word on a sign, and the mask of its letters."""
    image = Image.new("L", (640, 360), behind)
    pen = ImageDraw.Draw(image)
    pen.rectangle((110, 90, 530, 270), fill=paper)
    letters = Image.new("L", image.size, 0)
    ImageDraw.Draw(letters).text((150, 120), word, fill=255, font=ImageFont.load_default(110))
    image.paste(ink, mask=letters)
    picture = torch.from_numpy(np.asarray(image).copy()).float().div(255)[..., None].expand(-1, -1, 3)
    return picture, torch.from_numpy(np.asarray(letters).copy()) > 127


@pytest.mark.parametrize(("ink", "paper"), [(20, 240), (240, 60), (90, 170)])
def test_text_is_its_strokes(ink, paper):
    picture, letters = written("SALE", ink, paper)
    area = block(140, 125, 340, 115, "sale text")
    grain = torch.rand(picture.shape, generator=torch.Generator().manual_seed(1)) * 0.04
    found = strokes(area, (picture + grain).clamp(0, 1))
    assert overlap(union([found], 360, 640), letters) > 0.9
    assert found.box == area.box


@pytest.mark.parametrize("picture", ["flat", "noise", "ramp", "half"])
def test_no_strokes_are_made_up(picture):
    noise = torch.rand(360, 640, 1, generator=torch.Generator().manual_seed(2)).expand(-1, -1, 3)
    drawn = {
        "flat": torch.full((360, 640, 3), 0.4),
        "noise": noise,
        "ramp": torch.linspace(0, 1, 640)[None, :, None].expand(360, 640, 3),
        "half": (torch.arange(640) > 440).float()[None, :, None].expand(360, 640, 3),
    }[picture]
    assert strokes(block(140, 125, 340, 115, "text"), drawn) is None


def test_what_follows_strokes_already_is_left_alone():
    picture, letters = written("SALE", 20, 240)
    piece = piece_of_mask(letters, "text", 0.9)
    assert strokes(piece, picture) is None


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("text", True),
        ("the red lettering", True),
        ("logo on the shirt", True),
        ("subtitles", True),
        ("watermark", True),
        ("woman with text on her shirt", False),
        ("sign", False),
        ("letter", False),
        ("text message bubble", False),
        ("", False),
    ],
)
def test_which_phrases_mean_lettering(phrase, expected):
    assert means_lettering(phrase) == expected


def test_a_text_found_as_an_area_comes_out_as_strokes_with_a_note():
    picture, letters = written("SALE", 20, 240)
    area = replace(block(140, 125, 340, 115), phrase="text")
    (found,) = LookingAgain(Stubborn(Sighting((area,)), Sighting(()))).look(picture[None], ["text"], 0.4)
    assert overlap(union(found.pieces, 360, 640), letters) > 0.9
    assert "follows its strokes" in found.notes[-1]


@pytest.mark.parametrize("side", [44, 88])
def test_second_looks_never_make_a_drawn_scene_worse_and_mostly_better(side, monkeypatch):
    red = tuple(value / 255 for value in PALETTE["red"])
    monkeypatch.setitem(COLOURS, "red", red)
    before, after = [], []
    for seed, words in itertools.product(range(2), ("five red stars", "three red rings", "nine red circles")):
        picture = torch.from_numpy(draw(parse(words), seed, 768, 512).copy()).float() / 255
        truth = (picture - torch.tensor(red)).norm(dim=-1) < 0.25
        first, again, _ = looked(picture, "red", ColourSegmenter(side))
        before.append(overlap(union(first.pieces, 512, 768), truth))
        after.append(overlap(union(again.pieces, 512, 768), truth))
    assert all(new > old - 0.005 for new, old in zip(after, before, strict=True))
    assert sum(after) / len(after) > sum(before) / len(before) + 0.05
