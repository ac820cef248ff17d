"""Which pieces are kept, on three blobs and on ties."""

from __future__ import annotations

import itertools

import pytest
from pack.engine.mask.selection import ALL, SELECTIONS, Selection, choose_pieces, describe_selection, selection_of

from .scenes import block

SMALL = block(10, 60, 10, 10, score=0.9)
LARGE = block(40, 40, 30, 30, score=0.5)
WIDE = block(75, 5, 20, 15, score=0.7)
THREE = (SMALL, LARGE, WIDE)


@pytest.mark.parametrize(
    ("select", "number", "kept"),
    [
        ("best score", 1, [SMALL]),
        ("best score", 2, [SMALL, WIDE]),
        ("largest", 1, [LARGE]),
        ("smallest", 1, [SMALL]),
        ("smallest", 9, [SMALL, WIDE, LARGE]),
        ("leftmost", 1, [SMALL]),
        ("rightmost", 1, [WIDE]),
        ("topmost", 1, [WIDE]),
        ("bottommost", 1, [SMALL]),
        ("center", 1, [LARGE]),
        ("number", 1, [SMALL]),
        ("number", 2, [LARGE]),
        ("number", 3, [WIDE]),
        ("number", 4, []),
    ],
)
def test_select(select, number, kept):
    for order in itertools.permutations(THREE):
        assert choose_pieces(order, selection_of(select, number), 100, 100) == kept


def test_all_keeps_all_by_score():
    assert choose_pieces(THREE, selection_of("all", 2), 100, 100) == [SMALL, WIDE, LARGE]


def test_every_choice_of_the_node_works():
    for select in SELECTIONS:
        assert choose_pieces(THREE, selection_of(select, 1), 100, 100)
        assert choose_pieces([], selection_of(select, 1), 100, 100) == []


def test_ties_do_not_depend_on_the_engines_order():
    twins = [block(x, y, 10, 10) for x in (0, 45, 90) for y in (0, 45, 90)]
    for select in SELECTIONS:
        selection = selection_of(select, 3)
        kept = [
            [id(p) for p in choose_pieces(order, selection, 100, 100)]
            for order in (twins, twins[::-1], twins[3:] + twins[:3])
        ]
        assert kept[0] == kept[1] == kept[2]


@pytest.mark.parametrize(("select", "number"), [("nearest", 1), ("", 1), ("largest", 0), ("number", -3)])
def test_what_does_not_exist_is_said(select, number):
    with pytest.raises(ValueError, match=r"select is|number is"):
        selection_of(select, number)


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        (ALL, "all"),
        (Selection("leftmost", 0, 1), "leftmost"),
        (Selection("largest", 0, 2), "2 largest"),
        (Selection("leftmost", 2, 1), "number 3 from the left"),
        (Selection("largest", 1, 1), "number 2 by size"),
    ],
)
def test_in_words(selection, words):
    assert describe_selection(selection) == words
