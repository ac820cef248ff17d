"""A clip is one thing to a run, on a whole ComfyUI: one verdict, one picture of it, its frames for a second look."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from pack.rehearsal.world.clip_painter import paint_clip
from PIL import Image

from ..templates import api_graph
from .shop import ended
from .theatre import MODEL, pixels

LENGTH, WIDTH, HEIGHT = 25, 256, 160


def clip_graph(courses="one good, steady", *, checklist="a red circle", frames=None, save=True, **inputs):
    """SelfImprovingPrompt (10) -> clip painter (6) -> VLMCritique (11), saved as an animation (8)."""
    values = {"goal": checklist, "prompt": "a red circle", "negative": "", "seed": 7, "steps": 20, "cfg": 7.0}
    limits = {"iterations_per_loop": 3, "max_loops": 1, "pass_score": 0.8, "seed_policy": "auto"}
    hub = {**values, **limits, "checklist": checklist, **inputs}
    painter = {"prompt": ["10", 0], "seed": ["10", 2], "courses": courses, "first_seed": 7}
    painter |= {"length": LENGTH, "width": WIDTH, "height": HEIGHT, "seconds": 0.0}
    graph = {
        "10": {"class_type": "ImitatoesSelfImprovingPrompt", "inputs": hub},
        "6": {"class_type": "RehearsalClip", "inputs": painter},
        "11": {
            "class_type": "ImitatoesVLMCritique",
            "inputs": {"images": ["6", 0], "loop": ["10", 5], "model": MODEL, **({"frames": frames} if frames else {})},
        },
    }
    if save:
        animation = {"images": ["6", 0], "filename_prefix": "clips/test", "fps": 8.0, "lossless": True}
        animation |= {"quality": 80, "method": "default"}
        graph["8"] = {"class_type": "SaveAnimatedWEBP", "inputs": animation}
    return graph


def played(theatre, graph):
    return ended(theatre, theatre.client.queue(graph))


@pytest.mark.parametrize("frames", [None, "auto", "clip"])
def test_one_good_frame_is_no_good_clip(theatre, frames):
    run = played(theatre, clip_graph(frames=frames))
    first, *_, last = run["iterations"]
    assert not first["critique"]["passed"]
    assert (run["status"], run["best"]["iteration"]) == ("done", last["number"]), run["reason"]
    assert first["clip"] == {
        "frames": LENGTH,
        "rate": 8.0,
        "shown": [0, 5, 10, 14, 19, 24],
        "strip": "loop_01_iter_01_frames.jpg",
        "file": "loop_01_iter_01.webp",
        "problem": "",
    }


def test_the_same_frames_as_pictures_pass_by_their_best(theatre):
    run = played(theatre, clip_graph("late", frames="pictures"))
    assert (run["status"], run["iteration_count"]) == ("done", 1), run["reason"]
    assert run["iterations"][0]["clip"] is None


def test_a_failing_moment_is_named(theatre):
    run = played(theatre, clip_graph("late", iterations_per_loop=1))
    assert "red circle at 0.0 s" in run["iterations"][0]["critique"]["reason"]
    assert run["iterations"][0]["critique"]["items"][0]["moments"] == ["0.0 s", "0.6 s", "1.2 s"]


def test_a_clip_costs_at_most_three_calls_an_iteration(theatre):
    theatre.judge.requests.clear()
    run = played(theatre, clip_graph("late", iterations_per_loop=3, checklist="a red circle\na green square"))
    asked = [chat for chat in theatre.judge.chats() if chat.body["messages"]]
    assert len(asked) <= 3 * run["iteration_count"]


def test_what_happens_is_judged_by_the_whole_clip(theatre):
    run = played(theatre, clip_graph("moves left", checklist="the red circle moves left"))
    assert (run["status"], run["iteration_count"]) == ("done", 1), run["iterations"][0]["critique"]["reason"]
    assert run["checklist"]["requirements"][0]["when"] == "motion"


def test_the_picture_of_a_clip_is_its_middle_frame_and_the_strip_holds_what_was_judged(theatre):
    run = played(theatre, clip_graph("steady", iterations_per_loop=1))
    one = run["iterations"][0]
    assert pixels(theatre.picture(run, one["picture"])).shape == (HEIGHT, WIDTH, 3)
    with Image.open(theatre.picture(run, one["clip"]["strip"])) as strip:
        assert strip.size == (6 * WIDTH, HEIGHT)
    status, *_ = theatre.client.ask("GET", f"/imitatoes/runs/{run['run_id']}/pictures/{one['clip']['strip']}")
    assert status == 200


def test_a_goal_that_a_model_takes_apart_knows_its_times(theatre):
    run = played(theatre, clip_graph("late", checklist="", goal="a red circle at the end", iterations_per_loop=1))
    assert [one["when"] for one in run["checklist"]["requirements"]] == ["end"]
    assert run["status"] == "done", run["reason"]


def test_the_clip_that_the_graph_wrote_is_kept_and_the_best_one_comes_out(theatre):
    run = played(theatre, clip_graph())
    written = sorted((theatre.base / "output" / "clips").glob("test_*.webp"))[-run["iteration_count"] :]
    for one, file in zip(run["iterations"], written, strict=True):
        assert one["clip"]["file"] == f"{one['picture'].removesuffix('.png')}.webp"
        assert theatre.picture(run, one["clip"]["file"]).read_bytes() == file.read_bytes()
    best = run["iterations"][run["best"]["iteration"] - 1]
    assert run["best"]["clip"] == "best.webp"
    assert theatre.picture(run, "best.webp").read_bytes() == theatre.picture(run, best["clip"]["file"]).read_bytes()
    assert theatre.picture(run, "best.png").read_bytes() == theatre.picture(run, best["picture"]).read_bytes()
    with Image.open(theatre.picture(run, "best.webp")) as clip:
        assert (clip.n_frames, clip.size) == (LENGTH, (WIDTH, HEIGHT))


def fetched(theatre, path, accept="*/*"):
    status, body, *_ = theatre.client.ask("GET", path, headers={"Accept": accept})
    assert status == 200, path
    return body


def test_best_is_the_clip_where_a_video_is_asked_for_and_its_frame_where_not(theatre):
    run = played(theatre, clip_graph("steady", iterations_per_loop=1))
    clip, picture = (theatre.picture(run, name).read_bytes() for name in ("best.webp", "best.png"))
    base = f"/imitatoes/runs/{run['run_id']}"
    assert fetched(theatre, f"{base}/best") == picture
    assert fetched(theatre, f"{base}/best?as=image") == picture
    assert fetched(theatre, f"{base}/best?as=video") == clip
    assert fetched(theatre, f"{base}/best", accept="video/mp4, video/*;q=0.5") == clip
    assert fetched(theatre, f"{base}/best", accept="image/png, video/mp4") == picture
    assert fetched(theatre, f"{base}/pictures/best.webp") == clip
    assert theatre.client.ask("GET", f"{base}/best?as=sculpture")[0] == 400


def test_a_run_of_pictures_has_no_clip(theatre):
    run = played(theatre, clip_graph("steady", frames="pictures", iterations_per_loop=1))
    status, _, said, _ = theatre.client.ask("GET", f"/imitatoes/runs/{run['run_id']}/best?as=video")
    assert (status, said["error"]["type"]) == (404, "no_clip")
    assert run["best"]["clip"] is None


PROBE = """
import json, sys, av
with av.open(sys.argv[1]) as clip:
    video, sound = clip.streams.video[0], clip.streams.audio
    frames = [frame for packet in clip.demux(video) for frame in packet.decode()]
    told = {"frames": len(frames), "rate": float(video.average_rate), "size": [video.width, video.height]}
    told["seconds"] = float(sum(frame.duration or 0 for frame in frames) * video.time_base)
    told["sound"] = [float(one.duration * one.time_base) for one in sound]
print(json.dumps(told))
"""


@pytest.fixture
def real(theatre):
    """A server that encodes videos."""
    if "SaveVideo" not in theatre.client.get("/object_info"):
        pytest.skip("The rehearsal encodes no video.")
    return theatre


def probed(path):
    python = os.environ.get("COMFYUI_PYTHON") or sys.executable
    return json.loads(subprocess.run([python, "-c", PROBE, path], capture_output=True, text=True, check=True).stdout)


def with_video(graph, fps=12.0, sound=True):
    graph["20"] = {"class_type": "CreateVideo", "inputs": {"images": ["6", 0], "fps": fps}}
    graph["21"] = {
        "class_type": "SaveVideo",
        "inputs": {"video": ["20", 0], "filename_prefix": "video/clip", "format": "mp4", "codec": "h264"},
    }
    if sound:
        silence = {"duration": LENGTH / fps, "sample_rate": 44100, "channels": 2}
        graph["22"] = {"class_type": "EmptyAudio", "inputs": silence}
        graph["20"]["inputs"]["audio"] = ["22", 0]
    return graph


@pytest.mark.comfyui
@pytest.mark.parametrize("sound", [True, False])
def test_mp4_in_mp4_out_with_its_frames_rate_length_and_sound(real, sound):
    run = played(real, with_video(clip_graph(save=False), sound=sound))
    assert run["status"] == "done", run["reason"]
    assert run["best"]["clip"] == "best.mp4"
    written = sorted((real.base / "output" / "video").glob("clip_*.mp4"))[-1]
    assert real.picture(run, "best.mp4").read_bytes() == written.read_bytes()
    told = probed(real.picture(run, "best.mp4"))
    assert (told["frames"], told["rate"], told["size"]) == (LENGTH, 12.0, [WIDTH, HEIGHT])
    assert told["seconds"] == pytest.approx(LENGTH / 12.0, abs=0.01)
    assert len(told["sound"]) == sound
    assert told["sound"] == pytest.approx([LENGTH / 12.0] * sound, abs=0.06)
    assert run["iterations"][0]["clip"]["rate"] == 12.0


@pytest.mark.comfyui
def test_a_clip_that_the_graph_does_not_save_is_encoded_from_its_frames(real):
    run = played(real, clip_graph("steady", save=False, iterations_per_loop=1))
    told = probed(real.picture(run, "best.mp4"))
    assert (told["frames"], told["rate"], told["size"], told["sound"]) == (LENGTH, 16.0, [WIDTH, HEIGHT], [])
    assert run["iterations"][0]["clip"]["problem"] == ""


def test_without_pyav_the_run_says_how_its_clip_can_be_kept(theatre):
    if "SaveVideo" in theatre.client.get("/object_info"):
        pytest.skip("This server has PyAV.")
    run = played(theatre, clip_graph("steady", save=False, iterations_per_loop=1))
    assert run["status"] == "done"
    assert "PyAV" in run["iterations"][0]["clip"]["problem"]
    assert run["best"]["clip"] is None


def test_an_interrupt_in_the_middle_leaves_the_clips_that_were_whole(theatre):
    graph = clip_graph("late", iterations_per_loop=3)
    graph["6"]["inputs"]["seconds"] = 1.0
    prompt_id = theatre.client.queue(graph)
    theatre.until(prompt_id, lambda run: run["iteration_count"] == 1 and run["phase"] == "rendering")
    theatre.client.post("/interrupt", {})
    run = theatre.ended(prompt_id)
    assert run["status"] == "interrupted"
    assert theatre.picture(run, run["best"]["clip"]).is_file()
    assert not list(theatre.picture(run, "run.json").parent.glob(".*.part"))


def moving_graph(theatre, goal="a red circle", length=9, animated=False):
    """A picture of the user's own that drifts sideways, as a video with sound, or as an animation."""
    picture = Image.fromarray(paint_clip("steady", 1, WIDTH, HEIGHT)[0])
    picture.save(theatre.base / "input" / "first.png")
    graph = clip_graph(save=animated, checklist=goal)
    if not animated:
        graph = with_video(graph, fps=8.0)
        graph["22"]["inputs"]["duration"] = length / 8.0
    graph["5"] = {"class_type": "LoadImage", "inputs": {"image": "first.png"}}
    moving = {"start_image": ["5", 0], "prompt": ["10", 0], "seed": ["10", 2], "length": length, "step": 6}
    graph["6"] = {"class_type": "RehearsalImageToVideo", "inputs": moving}
    graph["10"]["inputs"]["checklist"] = ""
    return graph


FRAMES = """
import json, sys, av, numpy as np
def frames(path):
    with av.open(path) as clip:
        return [frame.to_ndarray(format="rgb24").astype(float) for frame in clip.decode(video=0)]
one, other, joined = (frames(path) for path in sys.argv[1:])
wanted = [*one, *other[1:]]
print(json.dumps([len(joined), len(wanted), max(float(np.abs(a - b).mean()) for a, b in zip(joined, wanted))]))
"""


@pytest.mark.comfyui
def test_a_clip_goes_on_from_its_last_frame_and_both_come_out_as_one(real):
    first = played(real, moving_graph(real))
    assert (first["status"], first["best"]["clip"]) == ("done", "best.mp4"), first["reason"]
    path = f"/imitatoes/runs/{first['run_id']}/extend"
    status, started = real.client.post(path, {"goal": "a red circle and a green square"})
    assert (status, started["extends"]) == (200, first["run_id"])
    second = ended(real, started["prompt_id"])
    assert (second["status"], second["extends"]) == ("done", first["run_id"]), second["reason"]
    assert second["goal"] == "a red circle and a green square"
    own = second["iterations"][second["best"]["iteration"] - 1]["clip"]["file"]
    files = [real.picture(first, "best.mp4"), real.picture(second, own), real.picture(second, "best.mp4")]
    python = os.environ.get("COMFYUI_PYTHON") or sys.executable
    told = subprocess.run([python, "-c", FRAMES, *files], capture_output=True, text=True, check=True).stdout
    count, wanted, apart = json.loads(told)
    assert count == wanted == 17
    assert apart < 2.0, "every frame is the one it was"
    whole = probed(files[2])
    assert (whole["frames"], whole["rate"]) == (17, 8.0)
    assert whole["seconds"] == pytest.approx(17 / 8.0, abs=0.01)
    assert whole["sound"] == pytest.approx([17 / 8.0], abs=0.05)
    assert fetched(real, f"/imitatoes/runs/{second['run_id']}/best?as=video") == files[2].read_bytes()
    status, third = real.client.post(f"/imitatoes/runs/{second['run_id']}/extend", {"goal": "a red circle"})
    third = ended(real, third["prompt_id"])
    assert probed(real.picture(third, "best.mp4"))["frames"] == 25


def test_a_run_that_kept_no_clip_cannot_be_extended(theatre):
    run = played(theatre, clip_graph("steady", frames="pictures", iterations_per_loop=1))
    status, said = theatre.client.post(f"/imitatoes/runs/{run['run_id']}/extend", {"goal": "more"})
    assert status == 409
    assert "kept no clip" in said["error"]["message"]
    assert theatre.client.post(f"/imitatoes/runs/{run['run_id']}/extend", {"goal": " "})[0] == 400


def extended(theatre, run, goal, **fields):
    status, started = theatre.client.post(f"/imitatoes/runs/{run['run_id']}/extend", {"goal": goal, **fields})
    assert (status, started["extends"]) == (200, run["run_id"]), started
    return ended(theatre, started["prompt_id"])


def test_an_animation_goes_on_from_its_last_frame(theatre):
    """FFmpeg decodes no moving WebP. Without PyAV no video is written: the segment stands alone, and it is said."""
    first = played(theatre, moving_graph(theatre, animated=True))
    assert first["best"]["clip"] == "best.webp", first["reason"]
    second = extended(theatre, first, "a red circle")
    last = pixels(theatre.picture(first, "last_frame.png"))
    with Image.open(theatre.picture(first, "best.webp")) as clip:
        clip.seek(clip.n_frames - 1)
        assert (last == np.asarray(clip.convert("RGB"))).all()
    if "SaveVideo" not in theatre.client.get("/object_info"):
        assert (second["best"]["clip"], second["joined"]) == ("best.webp", False)
        assert "PyAV" in second["reason"]
        assert theatre.picture(second, "best.webp").is_file()
        return
    assert (second["best"]["clip"], second["joined"]) == ("best.mp4", True), second["reason"]
    told = probed(theatre.picture(second, "best.mp4"))
    assert (told["frames"], told["rate"], told["size"]) == (17, 8.0, [WIDTH, HEIGHT])


def test_a_segment_belongs_to_the_workflow_of_the_run_before(theatre):
    graph = moving_graph(theatre, animated=True)
    nodes = [{"id": 5, "type": "LoadImage", "widgets_values": ["first.png", "image"]}]
    embedded = {"workflow": {"id": "my-workflow", "nodes": nodes, "links": []}}
    status, started = theatre.client.post(
        "/imitatoes/runs", {"workflow": graph, "extra_data": {"extra_pnginfo": embedded}}
    )
    assert status == 200, started
    second = extended(theatre, ended(theatre, started["prompt_id"]), "a red circle")
    assert second["workflow_id"] == "my-workflow"
    with Image.open(theatre.picture(second, second["iterations"][0]["picture"])) as saved:
        shown = json.loads(saved.text["workflow"])["nodes"][0]["widgets_values"]
    assert shown == [f"imitatoes/{second['extends']}/last_frame.png [output]", "image"]


@pytest.mark.comfyui
def test_the_template_that_makes_a_clip_longer_gives_the_whole_clip(real):
    """With a painter in the place of its model: the clip of a run by name, its last frame, and both as one."""
    first = played(real, moving_graph(real))
    graph = api_graph("18 Extend a clip with Wan 2.2")
    painted = {"start_image": ["22", 0], "prompt": ["10", 0], "seed": ["10", 2], "length": 9, "step": 6}
    graph["17"] = {"class_type": "RehearsalImageToVideo", "inputs": painted}
    for node in ("1", "2", "3", "4", "5", "6", "8", "9", "12", "13", "14", "15", "16", "23"):
        del graph[node]
    graph["20"]["inputs"]["file"] = f"imitatoes/{first['run_id']}/best.mp4 [output]"
    graph["10"]["inputs"] |= {"goal": "a red circle", "checklist": "a red circle", "iterations_per_loop": 1}
    run = played(real, graph)
    assert run["best"]["clip"] == "best.mp4", run["reason"]
    assert run["iterations"][0]["clip"]["frames"] == 9, "judged is the new segment"
    told = probed(real.picture(run, "best.mp4"))
    assert (told["frames"], told["rate"], told["size"]) == (17, 8.0, [WIDTH, HEIGHT])
    assert told["seconds"] == pytest.approx(17 / 8.0, abs=0.01)
    assert len(told["sound"]) == 1
    status, said = real.client.post(f"/imitatoes/runs/{run['run_id']}/extend", {"goal": "more"})
    assert status == 409 and "Load Video" in said["error"]["message"]


@pytest.mark.comfyui
def test_a_clip_goes_on_from_several_of_its_last_frames(real):
    """As models take them that begin with a piece of video; all that both clips have is there once."""
    first = played(real, moving_graph(real))
    second = extended(real, first, "a red circle", frames=5)
    assert (second["best"]["clip"], second["joined"]) == ("best.mp4", True), second["reason"]
    with Image.open(real.picture(first, "last_5_frames.webp")) as frames:
        assert frames.n_frames == 5
    own = second["iterations"][second["best"]["iteration"] - 1]["clip"]["file"]
    files = [real.picture(first, "best.mp4"), real.picture(second, own), real.picture(second, "best.mp4")]
    python = os.environ.get("COMFYUI_PYTHON") or sys.executable
    script = FRAMES.replace("other[1:]", "other[5:]")
    told = subprocess.run([python, "-c", script, *files], capture_output=True, text=True, check=True).stdout
    count, wanted, apart = json.loads(told)
    assert count == wanted == 13
    assert apart < 2.0, "every frame is the one it was"
    whole = probed(files[2])
    assert whole["sound"] == pytest.approx([13 / 8.0], abs=0.05)
