"""The labels of real pictures, and what the benchmark of face detectors makes of counts. No detector is needed."""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter

import numpy as np
import pytest
from pack.benchmarks._faces_bench import counts_of, fitted, joined, side_by_side, table
from pack.benchmarks._labelled_pictures import TRUTH, labelled_pictures
from pack.benchmarks._ocr_scenes import generated_scenes
from pack.engine.judge.face_detector import measured_face_rates
from pack.engine.judge.faces import MOST_PEOPLE, FaceRates, chance_of_faces
from PIL import Image


@pytest.fixture
def folder(tmp_path):
    """Eight pictures of one person each, four of nobody with writing, one that nobody has labelled; and the truth."""
    pictures = {}
    for number in range(13):
        path = tmp_path / f"{number}.png"
        Image.new("RGB", (40 + number, 30), (number, 9, 9)).save(path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        if number < 8:
            pictures[digest] = {"name": path.name, "people": 1, "faces": number % 2, "drawn": number > 6}
        elif number < 12:
            pictures[path.name] = {
                "people": 0,
                "faces": 0,
                "writing": ["GRAND HOTEL", f"Route {'ABCDEFGHIJKLM'[number]}"],
            }
    truth = tmp_path / "truth.json"
    truth.write_text(json.dumps({"pictures": pictures | {"0" * 12: {"name": "gone.png", "people": 3}}}))
    return tmp_path, truth


def test_pictures_are_known_by_what_is_in_them_or_by_name(folder):
    found, of = labelled_pictures([folder[0]], folder[1])
    assert (len(found), of) == (12, 13)
    assert Counter(one.people for one in found) == {1: 8, 0: 4}
    assert found[0].pixels().shape == (30, 40, 3)


def test_the_labels_that_come_with_it_are_whole():
    known = json.loads(TRUTH.read_text(encoding="utf-8"))["pictures"]
    assert len(known) > 500
    for digest, one in known.items():
        assert len(digest) == 12 and int(digest, 16) >= 0
        assert one.keys() <= {"name", "people", "faces", "drawn", "writing", "meant"}
        assert 0 <= one.get("faces", 0) <= one.get("people", 0)


def test_pictures_of_one_are_put_side_by_side(folder):
    found, _ = labelled_pictures([folder[0]], folder[1])
    made = list(side_by_side(found))
    assert {style for style, _, _ in made} == {"photo"}, "of one drawing nothing can be put together"
    assert Counter(people for _, people, _ in made) == dict.fromkeys((2, 3, 4, 5), 40)
    assert made[0][2].shape == (400, 800, 3)
    assert joined([found[0].pixels()] * 5, 3).shape == (800, 1200, 3)


def test_questions_about_generated_writing_have_the_shares_of_drawn_ones(folder):
    found, _ = labelled_pictures([folder[0]], folder[1])
    scenes = list(generated_scenes(found))
    assert Counter(scene.case for scene in scenes) == {"met": 8, "misspelt": 4, "other": 2, "none": 2}
    assert all(scene.wanted not in found[8].writing for scene in scenes if scene.case == "misspelt")


def test_rates_are_found_again_from_what_they_give():
    true = FaceRates(found=0.8, kept=0.9, alike=0.15, extra=0.05)
    dice = random.Random(1)
    seen = []
    for people in range(MOST_PEOPLE + 1):
        chances = [chance_of_faces(true, people, found) for found in range(8)]
        seen += [("photo", people, found) for found in dice.choices(range(8), chances, k=4000)]
    rates = fitted(counts_of([*seen, ("drawn", 1, 0), ("photo", 8, 8)], "photo"))
    assert np.allclose(rates, true, atol=0.03)
    assert "photo, 5 people" in table(seen)


def test_what_the_pack_believes_is_what_the_counts_give():
    """The counts in benchmarks/README.md, faces."""
    facenet = [
        [161], [81, 149, 1], [6, 17, 32, 1], [6, 13, 15, 7], [0, 4, 9, 21, 9], [1, 4, 9, 14, 10, 4, 0, 1],
    ]  # fmt: skip
    mediapipe = [[158, 2, 1], [78, 152, 1], [8, 25, 23], [9, 17, 13, 2], [5, 14, 19, 4, 1], [6, 17, 11, 7, 2]]
    assert measured_face_rates() == {"facenet-pytorch": fitted(facenet), "mediapipe": fitted(mediapipe)}
