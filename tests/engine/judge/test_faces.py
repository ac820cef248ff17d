"""Which requirements counted faces can tell about, and what a number of faces is worth."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack.engine.judge.checklist import Checklist
from pack.engine.judge.checklist_rules import checklist_of_lines
from pack.engine.judge.detector import MOST_EVIDENCE
from pack.engine.judge.face_detector import measured_face_rates
from pack.engine.judge.faces import (
    MOST_EXACT,
    MOST_PEOPLE,
    FaceRates,
    Wanted,
    chance_of_faces,
    evidence_of_faces,
    faces_can_tell,
    people_wanted,
)

from .memory_model import requirement

MEASURED = sorted(measured_face_rates().items())
rates_of_any_detector = st.builds(
    FaceRates,
    found=st.floats(0, 0.99),
    kept=st.floats(0.3, 1),
    alike=st.floats(0.001, 0.9),
    extra=st.floats(0.001, 0.5),
)


def wanted_of(goal, *lines):
    """What the first requirement of a checklist wants, where faces can tell."""
    checklist = checklist_of_lines(goal, list(lines))
    first = checklist.requirements[0]
    return people_wanted(first) if faces_can_tell(first, checklist) else None


@pytest.mark.parametrize(
    ("line", "low", "high"),
    [
        ("one man", 1, 1),
        ("two women in red dresses on a bench", 2, 2),
        ("exactly three people", 3, 3),
        ("at least two boys", 2, None),
        ("two to four people walking in a park", 2, 4),
        ("two faces", 2, 2),
        ("4 old ladies", 4, 4),
        ("up to two men", 1, 2),
    ],
)
def test_people_are_counted(line, low, high):
    assert wanted_of(line, line) == Wanted(low, high)


@pytest.mark.parametrize(
    "line",
    ["three ducks", "a man", "no people", "12 people", "five people", "at least six women",
     "two astronauts", "one man's shoes", "two red circles"],
)  # fmt: skip
def test_things_and_many_people_are_not(line):
    assert wanted_of(line, line) is None


@pytest.mark.parametrize(
    "goal",
    [
        "two women and a man",
        "two women, people in the background",
        "a mother with two women",
        "two women seen from behind",
        "silhouettes of two women",
        "two women, anime",
        "two women in watercolor",
        "two women beside a statue",
        "two women before a mirror",
        "two women with helmets",
        "two women in a crowd",
    ],
)
def test_whoever_else_has_a_face_or_has_none_leaves_it_to_the_judge(goal):
    assert wanted_of(goal, "two women") is None
    assert wanted_of("a picture", "two women", goal) is None, "a requirement says it"
    assert wanted_of("a portrait of two women, detailed faces, photo", "two women") == Wanted(2, 2)


def test_two_counts_of_people_are_left_to_the_judge():
    assert wanted_of("people in a park", "two people", "three people beside them") is None
    assert wanted_of("two people and three dogs", "two people", "three dogs") == Wanted(2, 2)


def test_only_counts_are_looked_at():
    plain = requirement("r1", "object", "two women")
    assert people_wanted(plain) is None
    assert not faces_can_tell(plain, Checklist(goal="", requirements=(plain,)))
    both = requirement("r1", "count", "two women and two men")
    assert not faces_can_tell(both, Checklist(goal="", requirements=(both,)))


@pytest.mark.parametrize(("name", "rates"), MEASURED)
def test_what_was_measured(name, rates):
    def worth(asked, found):
        return evidence_of_faces(rates, Wanted(asked, asked), found)

    for asked in range(1, MOST_EXACT + 1):
        assert worth(asked, asked) > 0, "as many as asked for"
        assert worth(asked, asked + 1) < -1.5, "one more is strong evidence against"
        assert -0.7 < worth(asked, 0) < 0, "none is weak: people turn away, and faces are missed"
        told = [worth(asked, found) for found in range(asked + 1)]
        assert told == sorted(told), "the more of those that are asked for, the better"
    assert evidence_of_faces(rates, Wanted(2, None), 4) > 1
    assert evidence_of_faces(rates, Wanted(2, None), 1) < 0


@pytest.mark.parametrize(("name", "rates"), MEASURED)
@given(low=st.integers(1, MOST_EXACT), more=st.integers(0, 3), found=st.integers(0, 300))
def test_more_faces_than_asked_for_never_count_for_it(name, rates, low, more, found):
    high = min(MOST_EXACT, low + more)
    told = evidence_of_faces(rates, Wanted(low, high), found)
    assert abs(told) <= MOST_EVIDENCE
    if found > high:
        assert told < -1, "and hardly less where they are many more"


@given(rates=rates_of_any_detector, people=st.integers(0, MOST_PEOPLE))
def test_chances_are_chances(rates, people):
    told = [chance_of_faces(rates, people, found) for found in range(40)]
    assert all(0 <= chance <= 1 + 1e-9 for chance in told)
    assert math.isclose(sum(told), 1, abs_tol=1e-6)
    mean = people * rates.found * rates.kept ** max(0, people - 1) + rates.extra
    assert math.isclose(sum(found * chance for found, chance in enumerate(told)), mean, abs_tol=1e-6)


@given(rates=rates_of_any_detector, low=st.integers(1, MOST_EXACT), found=st.integers(0, 300))
def test_any_detector_and_any_number_of_faces_gives_evidence(rates, low, found):
    for wanted in (Wanted(low, low), Wanted(low, None)):
        assert abs(evidence_of_faces(rates, wanted, found)) <= MOST_EVIDENCE


@given(extra=st.floats(0.001, 0.5), low=st.integers(1, MOST_EXACT), found=st.integers(0, 9))
def test_a_detector_that_finds_nobody_tells_nothing(extra, low, found):
    blind = FaceRates(found=0, kept=1, alike=0.1, extra=extra)
    assert evidence_of_faces(blind, Wanted(low, low), found) == pytest.approx(0, abs=1e-6)
