"""What can be measured in a clip, whatever it shows: whether it stands still, flickers, or cuts to another shot. Pure.

From differences between frames in small: what moves smoothly makes each frame most like its neighbours; a flicker makes
a frame unlike both neighbours, which are like each other; a cut is one step far above all others that is not taken
back (docs/design-notes.md, 20.3).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from .letters import listed
from .picture import resize, rgb

SMALL_SIDE = 64
"""Pixels of the long side that frames are compared at: a moving edge is a slope there, grain is gone."""
STEP_PIXELS = 512
"""So many pixels along a side are read of a frame, evenly spaced: every pixel would cost much more."""
FROZEN_BELOW = 4 / 255
"""Largest difference of any small pixel to the first frame in a clip that stands still. Codecs and decoders make one
or two levels; an eye that blinks makes tens."""
FLICKER_ABOVE = 0.008
"""Mean difference of a frame to both neighbours, 0..1: a thing of 2 % of the frame that comes and goes makes .01."""
RETURNED = 0.5
"""The neighbours of a flicker are at most so far apart, as share of its difference to them."""
LONGEST_FLICKER = 3
"""Frames that a flicker lasts. What stays away for longer is a change."""
CUT_ABOVE, CUT_TIMES = 0.12, 6.0
"""Mean difference of a cut, and how many times the usual step of the clip it is."""
MOST_NAMED = 3

_STILL = re.compile(r"\b(?:still|frozen|freeze|motionless|static|time[- ]?lapse|stop[- ]?motion)\b", re.I)
_FLICKER = re.compile(r"\b(?:flicker\w*|flash\w*|blink\w*|strobe\w*|lightning|glitch\w*|fireworks?|stutter\w*)\b", re.I)
_CUT = re.compile(r"\b(?:cuts?|montage|scenes|shots|transition\w*|jump[- ]?cut\w*|slide ?show|then)\b", re.I)


@dataclass(frozen=True)
class ClipMotion:
    """largest: the largest difference of any small pixel to the first frame, 0..1; usual: the median of the mean
    differences of neighbours. flickers: indices of frames
    that come and go. cuts: indices of frames that begin another shot. frames: how many there are."""

    frames: int
    largest: float = 0.0
    usual: float = 0.0
    flickers: tuple[int, ...] = ()
    cuts: tuple[int, ...] = ()

    @property
    def frozen(self) -> bool:
        return self.frames > 2 and self.largest < FROZEN_BELOW

    @property
    def measures(self) -> dict[str, float]:
        """For the journal, by name."""
        return {
            "clip_frames": float(self.frames),
            "clip_motion": round(self.usual, 6),
            "clip_flickers": float(len(self.flickers)),
            "clip_cuts": float(len(self.cuts)),
        }


@torch.inference_mode()
def measure_motion(frames: torch.Tensor) -> ClipMotion:
    """Of IMAGE [B,H,W,C] (float 0..1; C 1, 3 or 4). Raises ValueError for another shape."""
    count = len(frames)
    if count < 2:
        return ClipMotion(count)
    first = _small(frames[0])
    # One array, made before: small results kept between large leftovers let memory grow by some 2 MiB a frame.
    small = np.empty((count, *first.shape), first.dtype)
    small[0] = first
    for at in range(1, count):
        small[at] = _small(frames[at])
    steps = _apart(small[1:], small[:-1])
    usual = float(np.median(steps))
    cuts = _cuts(small, steps, usual)
    largest = float(np.abs(small[1:] - small[0]).max())
    return ClipMotion(count, largest, usual, _flickers(small, steps), cuts)


def motion_faults(motion: ClipMotion, rate: float, goal: str) -> tuple[str, ...]:
    """What is wrong, as parts of a sentence; nothing that the goal itself asks for. rate: frames a second, or 0."""
    faults = []
    if motion.frozen and not _STILL.search(goal):
        faults.append("nothing moves: all frames are the same")
    if motion.flickers and not _FLICKER.search(goal):
        faults.append(f"it flickers at {_moments(motion.flickers, rate)}")
    if motion.cuts and not _CUT.search(goal):
        faults.append(f"it cuts to another shot at {_moments(motion.cuts, rate)}")
    return tuple(faults)


def moment(place: int, rate: float) -> str:
    """When the frame at this index is, in words: "1.2 s", or "frame 31" where the rate is not known (0)."""
    return f"{place / rate:.1f} s" if rate > 0 else f"frame {place + 1}"


def _small(frame: torch.Tensor) -> np.ndarray:
    """[h,w,3] of a frame, long side SMALL_SIDE."""
    step = max(1, max(frame.shape[:2]) // STEP_PIXELS)
    full = rgb(frame[::step, ::step])
    scale = min(1.0, SMALL_SIDE / max(full.shape[:2]))
    return resize(full, max(1, round(full.shape[0] * scale)), max(1, round(full.shape[1] * scale))).numpy()


def _apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Mean difference of frames, 0..1."""
    return np.abs(one - other).mean(axis=(-3, -2, -1))


def _flickers(small: np.ndarray, steps: np.ndarray) -> tuple[int, ...]:
    found: set[int] = set()
    for lasting in range(1, LONGEST_FLICKER + 1):
        for first in range(1, len(small) - lasting):
            away, back = steps[first - 1], steps[first + lasting - 1]
            if min(away, back) <= FLICKER_ABOVE or found & set(range(first, first + lasting)):
                continue
            if float(_apart(small[first + lasting], small[first - 1])) < RETURNED * min(away, back):
                found.add(first)
    return tuple(sorted(found))


def _cuts(small: np.ndarray, steps: np.ndarray, usual: float) -> tuple[int, ...]:
    found = []
    for at, step in enumerate(steps):
        if step < CUT_ABOVE or step < CUT_TIMES * usual:
            continue
        before, after = max(0, at - LONGEST_FLICKER), min(len(small) - 1, at + 1 + LONGEST_FLICKER)
        if float(_apart(small[after], small[before])) > RETURNED * step:
            found.append(at + 1)
    return tuple(found)


def _moments(places: Sequence[int], rate: float) -> str:
    named = list(dict.fromkeys(moment(place, rate) for place in places))
    return listed(named, MOST_NAMED, "more times")
