"""One sound mask for each picture, whatever was seen, and a report that says what happened."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.mask.finishing import Finishing, NothingFound, mask_of
from pack.engine.mask.piece import Box, Piece, Sighting
from pack.engine.mask.request import read_request

from .scenes import block

H, W = 40, 60
CAT = read_request("cat")
NOTHING = Sighting(())


def seen(*pieces: Piece) -> Sighting:
    return Sighting(pieces)


@st.composite
def any_piece(draw):
    rows, columns = draw(st.integers(1, 30)), draw(st.integers(1, 30))
    crop = torch.rand(rows, columns, generator=torch.Generator().manual_seed(draw(st.integers(0, 99)))) < draw(
        st.sampled_from([0.0, 0.5, 1.0])
    )
    top, left = draw(st.integers(-20, 50)), draw(st.integers(-20, 70))
    box = Box(float(left), float(top), float(columns), float(rows))
    return Piece(draw(st.sampled_from(["cat", "collar", "dog", "fish"])), draw(st.floats(0, 1)), box, crop, top, left)


sightings = st.lists(st.lists(any_piece(), max_size=4).map(lambda pieces: Sighting(tuple(pieces))), max_size=5)
finishings = st.builds(
    Finishing,
    grow=st.integers(-12, 12) | st.sampled_from([-256, 256]),
    feather=st.floats(0, 20) | st.just(128.0),
    fill_holes=st.booleans(),
    invert=st.booleans(),
    if_nothing_found=st.sampled_from(["empty mask", "full mask"]),
)
requests = st.sampled_from(["cat", "cat, dog, -collar", "largest cat, -leftmost dog", "second cat, cat"]).map(
    read_request
)


@settings(max_examples=250, deadline=None)
@given(seen=sightings, request_=requests, finishing=finishings)
def test_always_one_sound_mask_for_each_picture(seen, request_, finishing):
    outcome = mask_of(seen, request_, finishing, H, W, 0.4)
    assert outcome.mask.shape == (len(seen), H, W)
    assert outcome.mask.dtype == torch.float32
    assert torch.isfinite(outcome.mask).all()
    assert not len(seen) or 0 <= outcome.mask.min() <= outcome.mask.max() <= 1
    assert len(outcome.boxes) == len(outcome.found) == len(seen)
    assert [len(boxes) for boxes in outcome.boxes] == outcome.found
    assert all(isinstance(number, float) for boxes in outcome.boxes for box in boxes for number in box.values())
    assert all(line.endswith(".") for line in outcome.report)


@settings(max_examples=60, deadline=None)
@given(seen=sightings, request_=requests, finishing=finishings)
def test_a_batch_gives_what_its_pictures_give_alone(seen, request_, finishing):
    together = mask_of(seen, request_, finishing, H, W, 0.4)
    for index, sighting in enumerate(seen):
        alone = mask_of([sighting], request_, finishing, H, W, 0.4)
        assert torch.equal(alone.mask[0], together.mask[index])
        assert alone.boxes[0] == together.boxes[index]


def test_an_empty_picture_in_the_middle_keeps_the_order():
    left, right = block(2, 5, 10, 10), block(45, 5, 10, 10)
    outcome = mask_of([seen(left), NOTHING, seen(right)], CAT, Finishing(), H, W, 0.4)
    assert outcome.found == [1, 0, 1]
    assert outcome.mask.sum((1, 2)).tolist() == [100, 0, 100]
    assert outcome.mask[0, 10, 5] == outcome.mask[2, 10, 50] == 1
    assert outcome.report == (
        'In the mask: 2 of "cat", in 2 of 3 pictures.',
        'Picture 2: no "cat" found above 0.40; its mask is empty. '
        "Lower the threshold, or describe it by what can be seen of it (its colour, its kind).",
    )


def test_boxes_are_in_cores_form():
    outcome = mask_of([seen(block(2, 5, 10, 12, score=0.75))], CAT, Finishing(grow=9), H, W, 0.4)
    assert outcome.boxes == [[{"x": 2.0, "y": 5.0, "width": 10.0, "height": 12.0, "score": 0.75}]]


@pytest.mark.parametrize("invert", [False, True])
@pytest.mark.parametrize(("policy", "value"), [("empty mask", 0.0), ("full mask", 1.0)])
def test_nothing_found_is_exactly_what_the_user_chose(policy, value, invert):
    finishing = Finishing(grow=5, feather=6, invert=invert, if_nothing_found=policy)
    outcome = mask_of([NOTHING], CAT, finishing, H, W, 0.4)
    assert (outcome.mask == value).all()
    assert policy.split()[0] in outcome.report[1]


def test_stop_with_error_names_the_pictures_and_the_way_out():
    finishing = Finishing(if_nothing_found="stop with error")
    pictures = [seen(block(1, 1, 5, 5)), NOTHING, NOTHING, seen(block(1, 1, 5, 5)), NOTHING]
    with pytest.raises(NothingFound) as stopped:
        mask_of(pictures, CAT, finishing, H, W, 0.4)
    assert 'Pictures 2, 3, 5: no "cat" found above 0.40' in str(stopped.value)
    assert "if_nothing_found" in str(stopped.value)
    assert "mask is" not in str(stopped.value)
    assert mask_of(pictures[:1], CAT, finishing, H, W, 0.4).found == [1]


def test_what_is_taken_away_stays_away_when_the_mask_is_filled_and_grown():
    request = read_request("cat, -collar")
    picture = seen(block(10, 5, 30, 30), block(20, 15, 5, 5, "collar"))
    mask = mask_of([picture], request, Finishing(grow=4), H, W, 0.4).mask[0]
    assert mask[15:20, 20:25].sum() == 0
    assert mask[14, 20:25].all()
    assert mask[2, 20] == 1


def test_holes_are_filled_unless_switched_off():
    ring = block(10, 5, 30, 30)
    ring.crop[10:20, 10:20] = False
    assert mask_of([seen(ring)], CAT, Finishing(), H, W, 0.4).mask.sum() == 900
    assert mask_of([seen(ring)], CAT, Finishing(fill_holes=False), H, W, 0.4).mask.sum() == 800


def test_inverted_is_one_minus():
    picture = [seen(block(10, 5, 30, 30))]
    plain, other = (mask_of(picture, CAT, Finishing(feather=5, invert=i), H, W, 0.4).mask for i in (False, True))
    assert plain + other == pytest.approx(torch.ones(1, H, W))


def reported(sightings, text, **finishing):
    return mask_of(sightings, read_request(text), Finishing(**finishing), H, W, 0.4).report


def test_one_thing_missing_beside_another():
    lines = reported([seen(block(1, 1, 9, 9))], "cat, dog")
    assert lines == (
        'In the mask: 1 of "cat", 0 of "dog", in the picture.',
        'Picture 1: no "dog" found above 0.40; the rest is in the mask.',
    )


def test_a_number_that_is_not_there():
    lines = reported([seen(block(1, 1, 9, 9), block(20, 1, 9, 9))], "third cat")
    assert lines == (
        "Nothing of what was asked for was found.",
        'Picture 1: 2 found for "cat", so there is no number 3 from the left; its mask is empty. '
        "Ask for a smaller number.",
    )
    lines = reported([seen(block(1, 1, 9, 9), block(20, 1, 9, 9, "dog"))], "second cat, dog")
    assert lines[1].endswith("no number 2 from the left; the rest is in the mask.")


def test_several_instances_are_said_with_the_words_that_choose_one():
    lines = reported([seen(block(1, 1, 9, 9), block(20, 1, 9, 9))] * 3, "cat")
    assert lines[1].startswith('Pictures 1 to 3: more than one "cat" found')
    assert '"leftmost cat"' in lines[1]
    assert len(reported([seen(block(1, 1, 9, 9), block(20, 1, 9, 9))], "leftmost cat")) == 1


def test_a_mask_that_was_shrunk_or_taken_away_is_not_silently_empty():
    assert any("shrinking left nothing" in line for line in reported([seen(block(9, 9, 9, 9))], "cat", grow=-20))
    both = seen(block(9, 9, 9, 9), block(5, 5, 20, 20, "dog"))
    assert any("nothing is left" in line for line in reported([both], "cat, -dog"))


def test_the_same_piece_asked_for_twice_counts_once():
    outcome = mask_of([seen(block(9, 9, 9, 9))], read_request("cat, leftmost cat"), Finishing(), H, W, 0.4)
    assert outcome.found == [1]


def test_notes_name_their_pictures_once():
    note = "a box was left out."
    lines = reported([Sighting((block(1, 1, 5, 5),), (note,)), NOTHING, Sighting((), (note,))], "cat")
    assert lines[-1] == f"Pictures 1, 3: {note}"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"grow": 257}, "grow is 257"),
        ({"feather": -1.0}, "feather is -1"),
        ({"feather": float("nan")}, "feather is nan"),
        ({"if_nothing_found": "shrug"}, "if_nothing_found is"),
    ],
)
def test_values_out_of_range(values, message):
    with pytest.raises(ValueError, match=message):
        Finishing(**values)


def test_a_piece_without_a_pixel_is_nothing():
    empty = block(9, 9, 9, 9)
    empty.crop[:] = False
    assert mask_of([seen(empty)], CAT, Finishing(), H, W, 0.4).found == [0]
