"""Every engine on tiny random weights: shapes, batches, order, nothing there, flat maps, interrupt."""

from __future__ import annotations

import pytest
import torch
from pack.engine.mask.piece import Piece
from pack.engine.mask.segmenters import florence2
from pack.engine.mask.segmenters.clipseg import ClipSeg
from pack.engine.mask.segmenters.detecting import BoxedSegmenter
from pack.engine.mask.segmenters.ellipses import WARNING, Ellipses
from pack.engine.mask.segmenters.florence2 import Florence2
from pack.engine.mask.segmenters.grounding_dino import GroundingDino
from pack.engine.mask.segmenters.sam import SamOutliner
from pack.engine.mask.segmenters.sam3 import Sam3

from ....tiny_segmenters import offered
from .conftest import PlainMemory

PHRASES = ("cat", "red dog")
THRESHOLD = 0.1
"""Random weights are sure of nothing; SAM 3's scores lie about .25."""


def boxed(memory, tiny, outliner, frames):
    outlines = SamOutliner(memory, tiny[outliner], frames) if outliner else Ellipses()
    return BoxedSegmenter("GroundingDINO+SAM", GroundingDino(memory, tiny["grounding_dino"], frames), outlines)


ENGINES = {
    "clipseg": lambda memory, tiny, frames: ClipSeg(memory, tiny["clipseg"], frames),
    "sam3": lambda memory, tiny, frames: Sam3(memory, tiny["sam3"], frames),
    "florence2": lambda memory, tiny, frames: Florence2(memory, tiny["florence2"], frames),
    "sam": lambda memory, tiny, frames: boxed(memory, tiny, "sam", frames),
    "sam2": lambda memory, tiny, frames: boxed(memory, tiny, "sam2", frames),
    "ellipses": lambda memory, tiny, frames: boxed(memory, tiny, None, frames),
}


@pytest.fixture(params=ENGINES)
def engine(request, memory, tiny, monkeypatch):
    """frames_at_once to the engine."""
    if request.param != "ellipses" and not offered(request.param):
        pytest.skip(f"this transformers has no {request.param}")
    monkeypatch.setattr(florence2, "LONGEST", 12)
    return lambda frames=0, models=memory: ENGINES[request.param](models, tiny, frames)


def plain(sightings):
    """All that a sighting holds, to be compared."""
    return [
        (
            [(p.phrase, round(p.score, 5), p.top, p.left, p.crop.shape, int(p.crop.sum())) for p in sighting.pieces],
            sighting.notes,
        )
        for sighting in sightings
    ]


@pytest.mark.parametrize("count", [1, 2, 5])
def test_one_sighting_for_each_picture_with_pieces_inside_it(engine, pictures, count):
    found = engine().look(pictures[:count], PHRASES, THRESHOLD)
    assert len(found) == count
    height, width = pictures.shape[1:3]
    for piece in (piece for sighting in found for piece in sighting.pieces):
        assert isinstance(piece, Piece)
        assert piece.phrase in PHRASES
        assert THRESHOLD <= piece.score <= 1
        rows, columns = piece.crop.shape
        assert (piece.crop.dtype, piece.crop.device.type) == (torch.bool, "cpu")
        assert 0 <= piece.top <= piece.top + rows <= height
        assert 0 <= piece.left <= piece.left + columns <= width
        assert piece.area > 0
        box = piece.box
        assert min(box.x, box.y, box.width, box.height) >= 0
        assert (box.x + box.width, box.y + box.height) <= (width + 1e-3, height + 1e-3)


def test_the_chunks_make_no_difference(engine, pictures):
    # Not black: in a flat picture GroundingDINO's best places are equals, and the last bit decides between them.
    pictures[2] = pictures[1].flip(1)
    whole = plain(engine(5).look(pictures, PHRASES, THRESHOLD))
    assert whole == plain(engine(1).look(pictures, PHRASES, THRESHOLD))
    assert whole == plain(engine(2).look(pictures, PHRASES, THRESHOLD))
    assert whole == plain(engine(0).look(pictures, PHRASES, THRESHOLD))
    assert whole[3] == plain(engine(0).look(pictures[3:4], PHRASES, THRESHOLD))[0]


def test_nothing_reaches_a_threshold_above_certainty(engine, pictures, request):
    if "florence2" in request.node.name:
        pytest.skip("it gives no scores")
    assert [sighting.pieces for sighting in engine().look(pictures[:2], PHRASES, 1.0)] == [(), ()]


def test_no_pictures_at_all(engine, pictures):
    assert engine().look(pictures[:0], PHRASES, THRESHOLD) == []


def test_interrupt_ends_it_between_chunks(engine, pictures, memory):
    stopping = PlainMemory(stop_after=2)
    stopping.loaded = memory.loaded
    with pytest.raises(InterruptedError):
        engine(1, stopping).look(pictures, PHRASES, THRESHOLD)
    assert stopping.finished == [0, 1, 1]


def test_weights_that_say_nothing_give_no_nan(engine, pictures, tiny):
    """All zeros: flat maps, equal boxes."""
    empty = PlainMemory()
    for folder in tiny.values():
        loaded = empty.ready(folder, 0)
        for weight in loaded.model.parameters():
            weight.data.zero_()
    for sighting in engine(0, empty).look(pictures[:2], PHRASES, 0.4):
        for piece in sighting.pieces:
            assert 0 <= piece.score <= 1
            assert piece.area > 0


@pytest.mark.parametrize("name", ["clipseg", "sam", "sam2", "florence2"])
def test_kinds_that_run_in_16_bits_do(name, tiny, pictures, monkeypatch):
    """On the CPU; it shows that no part is left in 32 bits, not how good the masks are."""
    if not offered(name):
        pytest.skip(f"this transformers has no {name}")
    monkeypatch.setattr(florence2, "LONGEST", 6)
    folder, half = tiny[name], PlainMemory(torch.float16)
    assert folder.kind.half is torch.float16
    if name in ("sam", "sam2"):
        found = GroundingDino(PlainMemory(), tiny["grounding_dino"]).detect(pictures[:2], PHRASES, THRESHOLD)
        assert any(sighting.pieces for sighting in SamOutliner(half, folder).outline(pictures[:2], found))
    else:
        assert len(ENGINES[name](half, tiny, 0).look(pictures[:2], PHRASES, THRESHOLD)) == 2


def test_ellipses_say_what_they_are(memory, tiny, pictures):
    found = boxed(memory, tiny, None, 0).look(pictures[:1], ("cat",), THRESHOLD)
    assert found[0].pieces
    assert found[0].notes == (WARNING,)
    assert boxed(memory, tiny, None, 0).look(pictures[:1], ("cat",), 1.0)[0].notes == ()


def test_phrases_are_embedded_once_for_all_chunks(memory, tiny, pictures, monkeypatch):
    model = memory.ready(tiny["clipseg"], 0).model
    calls = []
    original = model.get_conditional_embeddings
    monkeypatch.setattr(model, "get_conditional_embeddings", lambda **k: calls.append(k) or original(**k))
    ClipSeg(memory, tiny["clipseg"], 1).look(pictures, PHRASES, THRESHOLD)
    assert len(calls) == 1


def test_clipseg_sees_a_picture_once_for_all_phrases_and_answers_as_if_asked_alone(memory, tiny, pictures, monkeypatch):
    engine = ClipSeg(memory, tiny["clipseg"], 0)
    alone = [plain(engine.look(pictures, (phrase,), THRESHOLD)) for phrase in PHRASES]
    vision = memory.ready(tiny["clipseg"], 0).model.clip.vision_model
    calls = []
    original = vision.forward
    monkeypatch.setattr(vision, "forward", lambda *a, **k: calls.append(1) or original(*a, **k))
    together = plain(engine.look(pictures, PHRASES, THRESHOLD))
    assert len(calls) == 1
    assert [pieces for pieces, _ in together] == [one + other for (one, _), (other, _) in zip(*alone, strict=True)]


@pytest.mark.parametrize(("name", "method"), [("sam2", "get_image_embeddings"), ("sam3", "get_vision_features")])
def test_a_picture_is_embedded_once_for_all_boxes_and_phrases(memory, tiny, pictures, monkeypatch, name, method):
    if not offered(name):
        pytest.skip(f"this transformers has no {name}")
    model = memory.ready(tiny[name], 0).model
    calls = []
    original = getattr(model, method)
    monkeypatch.setattr(model, method, lambda *a, **k: calls.append(1) or original(*a, **k))
    ENGINES[name](memory, tiny, 0).look(pictures[:2], PHRASES, THRESHOLD)
    assert len(calls) == 1
