"""The graph of the next segment of a clip: the same one, started from the end of the clip before. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .loop_nodes import as_queued
from .model import Graph, class_of, inputs_of, is_link
from .node_table import first_clip_frames, first_pictures, hands_on_batches, takes_first_clip

LAST_FRAME = "last_frame.png"
"""File in the folder of a run: the last frame of its best clip."""
_LOADERS = ("LoadImage", "LoadImageOutput")
_VIDEO_LOADER = "LoadVideo"
_EXTENDED = re.compile(r".*/([^/]+)/last_(?:frame\.png|([0-9]{1,3})_frames\.webp) \[output\]")


def last_frames_file(count: int) -> str:
    """File in the folder of a run: so many last frames of its best clip, which LoadImage brings as a batch."""
    return LAST_FRAME if count == 1 else f"last_{count}_frames.webp"


class ExtendRefused(Exception):
    """The message says why this graph cannot go on from a clip, and what to do."""


def extend_graph(graph: Graph, hub: str, goal: str, prompt: str, seed: int, picture: str) -> Graph:
    """A copy that paints the next segment. hub: id of SelfImprovingPrompt. prompt: "" for one made from the goal.

    picture: the last frame, or frames, as LoadImage takes them ("imitatoes/RUN/last_frame.png [output]"). Raises
    ExtendRefused.
    """
    extended = as_queued(graph)
    for loader in _loaders_to_fill(extended):
        extended[loader]["inputs"]["image"] = picture
    extended[hub]["inputs"].update({"goal": goal, "prompt": prompt, "seed": seed, "checklist": ""})
    return extended


def run_extended(graph: Mapping[str, Any]) -> tuple[str, int]:
    """(id of the run whose clip a graph goes on from, how many frames both share); ("", 0) for none."""
    for name in _picture_loaders(graph):
        found = _EXTENDED.fullmatch(str(inputs_of(graph[name]).get("image")))
        if found:
            return found[1], int(found[2] or 1)
    return "", 0


def frames_to_begin_with(graph: Mapping[str, Any]) -> int:
    """How many frames of the clip before the next segment can begin with: more than one where all that takes the
    pictures is known to take a piece of video. Raises ExtendRefused."""
    loaders = _loaders_to_fill(graph)
    takers = [(name, slot) for name in loaders for slot in (0, 1)]
    seen: set[tuple[str, int]] = set()
    while takers:
        source = takers.pop()
        if source in seen:
            continue
        seen.add(source)
        for name, node in graph.items():
            if list(source) not in [value for value in inputs_of(node).values() if is_link(value)]:
                continue
            kind = class_of(node) or ""
            if takes_first_clip(kind):
                continue
            is_mask = source[0] in loaders and source[1] == 1
            if is_mask or not hands_on_batches(kind):
                return 1
            takers.append((name, 0))
    return first_clip_frames()


def _loaders_to_fill(graph: Mapping[str, Any]) -> list[str]:
    loaders = _picture_loaders(graph)
    if not loaders and any(class_of(node) == _VIDEO_LOADER for node in graph.values()):
        raise ExtendRefused(
            "This workflow makes a clip longer by itself: choose the best clip of this run in Load Video, write the "
            "next goal, and queue it again."
        )
    if not loaders:
        raise ExtendRefused(
            "This workflow does not begin with a picture that LoadImage brings, so it cannot go on from the last frame "
            "of a clip. Make the clip with a picture to video workflow."
        )
    return loaders


def _picture_loaders(graph: Mapping[str, Any]) -> list[str]:
    """The loaders of the pictures that begin to move, through whatever scales and prepares them on the way."""
    waiting = [name for node in graph.values() for name in first_pictures(node)]
    found: list[str] = []
    seen: set[str] = set()
    while waiting:
        name = waiting.pop(0)
        if name in seen or not isinstance(graph.get(name), Mapping):
            continue
        seen.add(name)
        if class_of(graph[name]) in _LOADERS:
            found.append(name)
            continue
        pictures = [value for key, value in inputs_of(graph[name]).items() if _is_picture(key) and is_link(value)]
        waiting += [value[0] for value in pictures]
    return found


def _is_picture(name: str) -> bool:
    return name.rsplit(".", 1)[-1].startswith(("image", "pixels", "input")) and not name.endswith("vae")
