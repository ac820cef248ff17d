"""A clip as one thing to judge: its frames, how they are shown, and what is measured in all of them."""

from __future__ import annotations

import asyncio
import io

import pytest
import torch
from pack.engine.judge.checklist_rules import checklist_of_goal, checklist_of_lines
from pack.engine.judge.clip import FRAME_SIDE, Clip, clip_of_strip, sample_frames
from pack.engine.judge.clip_measures import measure_motion, motion_faults
from pack.engine.judge.critique import Item
from pack.engine.judge.detector import detect_in
from pack.engine.judge.judge import Judge
from pack.engine.judge.offline import broken, critique
from pack.engine.judge.picture import near_duplicate
from pack.engine.judge.questions import question_groups
from pack.rehearsal.world.clip_painter import paint_clip
from PIL import Image


def clip_of(course, frames=25, rate=8.0):
    return Clip(torch.from_numpy(paint_clip(course, frames)).float() / 255, rate)


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (1, (0,)),
        (4, (0, 1, 2, 3)),
        (6, (0, 1, 2, 3, 4, 5)),
        (81, (0, 16, 32, 48, 64, 80)),
        (121, (0, 24, 48, 72, 96, 120)),
        (145, (0, 24, 48, 72, 96, 120, 144)),
        (241, (0, 30, 60, 90, 120, 150, 180, 210, 240)),
        (2000, (0, 250, 500, 750, 1000, 1249, 1499, 1749, 1999)),
    ],
)
def test_frames_are_evenly_spaced_with_the_first_and_the_last(count, shown):
    assert sample_frames(count) == shown


def test_moments_are_seconds_where_the_rate_is_known():
    assert clip_of("steady").moments == ("0.0 s", "0.6 s", "1.2 s", "1.8 s", "2.4 s", "3.0 s")
    assert clip_of("steady", rate=0.0).moments[:2] == ("frame 1", "frame 6")


def test_frames_and_sheet_are_small_enough_to_send():
    clip = Clip(torch.rand(30, 720, 1280, 3))
    assert sum(map(len, clip.jpegs)) <= 600_000
    assert len(clip.encoded.jpeg) <= 600_000
    assert max(Image.open(io.BytesIO(clip.jpegs[0])).size) <= FRAME_SIDE


def test_a_strip_gives_the_same_frames_back():
    clip = clip_of("moves left")
    again = clip_of_strip(clip.strip, clip.places, clip.length, clip.rate)
    assert (again.moments, again.length, len(again.shown)) == (clip.moments, 25, 6)
    for one, other in zip(clip.shown, again.shown, strict=True):
        assert (one.image - other.image).abs().max() < 2 / 255
    assert again.motion is None, "of six frames far apart nothing is measured"
    with pytest.raises(ValueError, match="no 7 frames"):
        clip_of_strip(clip.strip, range(7), 25, 8.0)


def test_clips_that_differ_in_one_frame_are_two():
    steady = clip_of("steady")
    changed = steady.frames.clone()
    changed[24, 80:110, 100:140] = 1.0
    assert not near_duplicate(steady.fingerprint, Clip(changed, 8.0).fingerprint)
    assert near_duplicate(steady.fingerprint, Clip(steady.frames + 0.001, 8.0).fingerprint)


def test_a_clip_is_broken_only_where_all_of_it_is():
    dark = torch.zeros(12, 64, 64, 3)
    assert "black" in broken(Clip(dark))
    assert broken(Clip(torch.cat([dark[:6], torch.rand(6, 64, 64, 3)]))) is None
    holes = torch.rand(12, 64, 64, 3)
    holes[11, 0, 0, 0] = float("nan")
    assert "not numbers" in broken(Clip(holes))


@pytest.mark.parametrize(
    ("course", "goal", "faults"),
    [
        ("steady", "a red circle", ()),
        ("moves left", "a red circle", ()),
        ("grows", "a red circle", ()),
        ("late", "a red circle", ()),
        ("camera left", "a red circle", ()),
        ("frozen", "a red circle", ("nothing moves: all frames are the same",)),
        ("frozen", "a still life", ()),
        ("one good", "a red circle", ("it flickers at 1.5 s",)),
        ("flickers", "a red circle", ("it flickers at 0.4 s, 1.2 s and 2.1 s",)),
        ("flickers", "a lamp that flickers", ()),
        ("cuts", "a red circle", ("it cuts to another shot at 1.6 s",)),
        ("cuts", "a red circle, then a montage", ()),
    ],
)
def test_flicker_standstill_and_cuts_are_measured(course, goal, faults):
    clip = clip_of(course)
    assert motion_faults(measure_motion(clip.frames), clip.rate, goal) == faults


def test_grain_and_brightness_that_drift_are_no_fault():
    torch.manual_seed(3)
    plain = torch.linspace(0.3, 0.6, 40)[:, None, None, None].expand(40, 72, 128, 3)
    assert motion_faults(measure_motion(plain + 0.05 * torch.randn(40, 72, 128, 3)), 16.0, "fog") == ()


def test_the_offline_judge_measures_motion_too():
    assert critique(clip_of("steady"), goal="a red circle").sound
    found = critique(clip_of("flickers"), goal="a red circle")
    assert found.faults and not found.sound
    assert "It flickers" in found.reason


def test_a_clip_is_asked_about_in_one_call_each_question_once():
    lines = ["a red circle", "two stars at the end", "a dog at the start", "the door opens", "a cat for a moment"]
    (asked,) = question_groups(checklist_of_lines("a goal", lines, clip=True), 3, 1, ("a", "b", "c"))
    keys = {key for key in asked.asked}
    assert len(keys) == 3 + 1 + 1 + 1 + 3
    assert asked.text.count("?") == 5
    assert list(asked.schema["properties"]) == sorted(asked.schema["properties"])
    times = {one.requirement.text: one.frame for one in asked.asked.values()}
    assert (times["two stars at the end"], times["a dog at the start"], times["the door opens"]) == (3, 1, 0)


def test_of_pictures_words_about_time_are_words():
    (one,) = checklist_of_goal("a red circle at the end").requirements
    assert one.when == "throughout"
    assert "at the end" in one.question


def test_when_only_shows_in_the_digest_of_what_is_not_always():
    picture, clip = checklist_of_goal("a red circle"), checklist_of_goal("a red circle", clip=True)
    assert picture.digest == clip.digest
    ending = checklist_of_goal("a red circle at the end", clip=True)
    assert ending.digest != picture.digest


def test_a_part_that_only_says_when_belongs_to_the_next():
    made = checklist_of_goal("At the end, a red circle. A blue square at the start, throughout", clip=True)
    assert [(one.text, one.when) for one in made.requirements] == [
        ("At the end a red circle", "end"),
        ("A blue square at the start throughout", "start"),
    ]


class Darkness:
    """Tells of each frame whether its middle is dark."""

    name = "darkness"
    worth = None

    def can_tell(self, requirement, checklist):
        return True

    async def detect(self, picture, requirements):
        dark = bool(picture.image[80:100, 100:120].mean() < 0.7)
        return tuple(
            Item(id=one.id, answer="yes" if dark else "no", p=0.9 if dark else 0.1, passed=dark) for one in requirements
        )


def test_a_detector_looks_at_each_frame_that_a_requirement_is_about():
    checklist = checklist_of_lines("g", ["dark", "dark at the end", "the light goes out"], clip=True)
    items = asyncio.run(detect_in(Darkness(), clip_of("late"), checklist.requirements))
    assert {item.id: item.passed for item in items} == {"r1": False, "r2": True}
    assert items[0].moments == ("0.0 s", "0.6 s", "1.2 s")


def test_a_judge_of_no_model_passes_a_clip_for_being_sound_alone():
    judge = Judge("offline", None, 0.8, ("prompt_match",))
    checklist = checklist_of_goal("a red circle", clip=True)
    found = asyncio.run(judge.judge_pictures([clip_of("cuts")], checklist, 1))
    assert "cuts to another shot" in found.critiques[0].reason
    assert not found.critiques[0].passed
