"""Going on from the clip of a run: what the next segment is queued with, and what its folder holds at the end."""

from __future__ import annotations

import asyncio

import pytest
from pack.engine.graph.ui_workflow import WIDGETS
from pack.engine.graph.wrap import wrap
from pack.engine.loop.clip_saving import CannotEncode
from pack.engine.loop.extending import close_folder, next_segment
from pack.engine.loop.journal import Journal
from pack.engine.loop.refusals import NotNow
from pack.engine.loop.run import ClipRecord
from pack.engine.loop.view import run_view
from PIL import Image

from ..graph.reference import graph, object_info
from .runs import critique, judged, run

FORMER = "20260101-110000-0123abcd"


class Clips:
    """Clips as text files: joining puts one behind the other, a broken one cannot be read."""

    def last_frames(self, clip, count):
        last = Image.new("RGB", (4, 4), clip.read_text().strip() or "red")
        return [*(Image.new("RGB", (4, 4), (number, 9, 0)) for number in range(count - 1)), last]

    def join(self, first, second, to, shared=1):
        if "broken" in second.read_text():
            raise CannotEncode("It is broken.")
        to.write(first.read_bytes() + second.read_bytes()[shared - 1 :])


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "imitatoes")


def kept(journal, run_id=FORMER, ending=".mp4", text="blue", extends="", graph=None, embedded=None):
    """An ended run with one clip."""
    now = judged(run().model_copy(update={"id": run_id, "extends": extends}), critique(0.9, passed=True))
    name = f"loop_01_iter_01{ending}"
    clip = ClipRecord(frames=9, rate=8.0, shown=(0, 8), file=name)
    one = now.iterations[0].model_copy(update={"clip": clip})
    now = now.model_copy(update={"iterations": (one,), "status": "done", "pending": None})
    journal.open(now, graph or {}, embedded)
    (journal.folder(run_id) / name).write_text(text)
    return now


def closed(journal, now, clips):
    joined, told = close_folder(journal, clips, now)
    return now.model_copy(update={"joined": joined}), told


def test_the_whole_clip_is_the_best_one(journal):
    closed(journal, kept(journal), Clips())
    segment, told = closed(journal, kept(journal, run().id, ".webp", "green", FORMER), Clips())
    assert (segment.joined, told) == (True, "")
    view = run_view(segment)
    assert (view.best.clip, view.joined) == ("best.mp4", True)
    assert journal.clip(segment.id, "best.mp4").read_text() == "bluegreen"
    assert journal.clip(segment.id, "best.webp") is None
    assert journal.is_closed(segment)


@pytest.mark.parametrize("why", ["no former", "broken", "no PyAV"])
def test_what_cannot_be_joined_is_the_segment_under_its_own_name(journal, why):
    if why != "no former":
        closed(journal, kept(journal), Clips())
    text = "broken" if why == "broken" else "green"
    segment = kept(journal, run().id, ".webp", text, FORMER)
    segment, told = closed(journal, segment, None if why == "no PyAV" else Clips())
    assert told and not segment.joined
    assert run_view(segment).best.clip == "best.webp"
    assert journal.clip(segment.id, "best.webp").read_text() == text
    assert journal.is_closed(segment)


def test_a_server_that_died_before_the_clips_were_joined_lets_them_be_joined_later(journal):
    closed(journal, kept(journal), Clips())
    segment = kept(journal, run().id, extends=FORMER, text="green")
    journal.close(segment)
    assert not journal.is_closed(segment)


def embedded_in(made, hub):
    """The workflow as the canvas would have it, of the nodes that matter here."""
    loader = next(key for key, node in made.items() if node["class_type"] == "LoadImage")
    widgets = [made[hub]["inputs"].get(name, "fixed") for name in WIDGETS]
    nodes = [
        {"id": int(loader), "type": "LoadImage", "widgets_values": ["mine.png", "image"]},
        {"id": int(hub), "type": made[hub]["class_type"], "widgets_values": widgets, "inputs": []},
    ]
    return {"workflow": {"id": "w", "nodes": nodes, "links": []}}


def test_the_workflow_goes_along_and_shows_the_next_segment(journal):
    made = wrap(graph("wan22_img2vid"), "a goal", object_info()).graph
    hub = next(key for key, node in made.items() if "SelfImproving" in node["class_type"])
    former = kept(journal, graph=made, embedded=embedded_in(made, hub)).model_copy(update={"loop_node": hub})
    segment = asyncio.run(next_segment(journal, Clips(), former, "it runs away", ""))
    loader, loop = segment.extra_pnginfo["workflow"]["nodes"]
    picture = f"imitatoes/{FORMER}/last_frame.png [output]"
    assert loader["widgets_values"] == [picture, "image"]
    shown = dict(zip(WIDGETS, loop["widgets_values"], strict=True))
    assert (shown["goal"], shown["prompt"], shown["checklist"]) == ("it runs away", "", "")
    assert shown["seed"] == segment.graph[hub]["inputs"]["seed"]
    assert journal.load_graph(FORMER)[1] == embedded_in(made, hub), "the run before keeps its own"
    with Image.open(journal.folder(FORMER) / "last_frame.png") as frame:
        assert frame.getpixel((0, 0)) == (0, 0, 255)


def test_a_model_that_begins_with_video_gets_the_last_frames_and_all_of_them_are_kept_once(journal):
    made = wrap(graph("ltx2_img2vid"), "a goal", object_info()).graph
    hub = next(key for key, node in made.items() if "SelfImproving" in node["class_type"])
    former = kept(journal, graph=made).model_copy(update={"loop_node": hub})
    segment = asyncio.run(next_segment(journal, Clips(), former, "more", ""))
    loader = next(node for node in segment.graph.values() if node["class_type"] == "LoadImage")
    assert loader["inputs"]["image"] == f"imitatoes/{FORMER}/last_9_frames.webp [output]"
    with Image.open(journal.folder(FORMER) / "last_9_frames.webp") as frames:
        assert frames.n_frames == 9
        for number, colour in ((0, (0, 9, 0)), (7, (7, 9, 0)), (8, (0, 0, 255))):
            frames.seek(number)
            assert frames.convert("RGB").getpixel((0, 0)) == colour, "without loss"
    closed(journal, former, Clips())
    second, _ = closed(
        journal, kept(journal, run().id, text="123456789abc", extends=FORMER, graph=segment.graph), Clips()
    )
    assert journal.clip(second.id, "best.mp4").read_text() == "blue9abc"
    alone = asyncio.run(next_segment(journal, Clips(), former, "more", "", frames=1))
    assert any(
        node["inputs"].get("image", "") == f"imitatoes/{FORMER}/last_frame.png [output]"
        for node in alone.graph.values()
    )


def test_what_cannot_go_on_is_refused_before_its_clip_is_read(journal):
    made = wrap(graph("sdxl_txt2img"), "a goal", object_info()).graph
    hub = next(key for key, node in made.items() if "SelfImproving" in node["class_type"])
    former = kept(journal, graph=made).model_copy(update={"loop_node": hub})
    with pytest.raises(NotNow, match="picture to video"):
        asyncio.run(next_segment(journal, None, former, "more", ""))


def test_frames_that_stand_still_are_one(journal):
    """A moving WebP holds frames that are alike once; LoadImage would bring fewer than are cut off later."""
    assert journal.folder(FORMER).mkdir(parents=True) is None
    still = [Image.new("RGB", (4, 4), "red")] * 9
    assert journal.save_last_frames(FORMER, still) == "last_frame.png"


@pytest.mark.parametrize("embedded", [None, {}, {"workflow": 3}, {"workflow": {"nodes": [3]}}])
def test_what_is_no_workflow_does_no_harm(journal, embedded):
    made = wrap(graph("wan22_img2vid"), "a goal", object_info()).graph
    hub = next(key for key, node in made.items() if "SelfImproving" in node["class_type"])
    former = kept(journal, graph=made, embedded=embedded).model_copy(update={"loop_node": hub})
    assert asyncio.run(next_segment(journal, Clips(), former, "more", "")).graph


def test_a_run_that_goes_on_cannot_be_extended(journal):
    going = kept(journal).model_copy(update={"status": "running"})
    with pytest.raises(NotNow, match="still goes on"):
        asyncio.run(next_segment(journal, Clips(), going, "more", ""))
