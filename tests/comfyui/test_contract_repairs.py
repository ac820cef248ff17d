"""Repairs in place, from the verdict to the reverted or kept picture, on the rehearsal's stand-in of a sampler."""

from __future__ import annotations

import base64
import io
import json
import re

import numpy as np
import pytest
from PIL import Image, ImageDraw

from .theatre import MODEL, blank, embedded, opened, pixels

LINES = ("a red circle", "a green square", "a blue star")
GOOD = {f"quality_{name}": "good" for name in ("artifacts", "composition", "faces", "text")}
BOX = [600, 600, 800, 800]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("repairs"), None, None) as theatre:
        yield theatre


@pytest.fixture
def theatre(server):
    server.client.post("/queue", {"clear": True})
    server.client.wait(lambda: not server.client.running())
    server.judge.script.clear()
    server.judge.requests.clear()
    return server


def graph(**inputs):
    """An ordinary SDXL graph with the loop around it; its own SaveImage (7)."""
    hub = {"goal": ", ".join(LINES), "prompt": "two red circles", "negative": "", "seed": 5, "steps": 8, "cfg": 7.0}
    hub |= {"iterations_per_loop": 8, "max_loops": 1, "pass_score": 0.8, "seed_policy": "auto"}
    hub |= {"checklist": "\n".join(LINES), **inputs}
    sides = {"positive": ["2", 0], "negative": ["3", 0]}
    nodes = {
        "1": ("CheckpointLoaderSimple", {"ckpt_name": "sd_xl_base_1.0.safetensors"}),
        "2": ("CLIPTextEncode", {"clip": ["1", 1], "text": ["10", 0]}),
        "3": ("CLIPTextEncode", {"clip": ["1", 1], "text": ["10", 1]}),
        "4": ("EmptyLatentImage", {"width": 256, "height": 320, "batch_size": 1}),
        "5": (
            "KSampler",
            {"model": ["1", 0], **sides, "latent_image": ["4", 0], "seed": ["10", 2], "steps": ["10", 3],
             "cfg": ["10", 4], "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0},
        ),
        "6": ("VAEDecode", {"samples": ["5", 0], "vae": ["1", 2]}),
        "7": ("SaveImage", {"images": ["6", 0], "filename_prefix": "mine"}),
        "10": ("ImitatoesSelfImprovingPrompt", hub),
        "11": ("ImitatoesVLMCritique", {"images": ["6", 0], "loop": ["10", 5], "model": MODEL}),
    }  # fmt: skip
    return {node: {"class_type": kind, "inputs": values} for node, (kind, values) in nodes.items()}


def pointing(first, *looks, box=BOX, region="the empty corner"):
    """A judge whose looks are scripted: the requirements that are met, until it was asked to point at a region, and
    then look by look, the last one for ever. It finds nothing where Text Segment Mask asks."""
    left, pointed = list(looks or [first]), []

    def judge(body, images):
        said = "\n".join(str(message.get("content")) for message in body["messages"])
        if "<task>region</task>" in said:
            pointed.append(said)
            hint = {"box": box, "instruction": "add a blue star", "prompt": "one blue star", "region": region}
            return json.dumps(hint)
        if "<things>" in said:
            return json.dumps({"boxes": []})
        if "<task>edit</task>" in said:
            wishes = {"settings": {"cfg": None, "steps": None}, "reason": "As scripted.", "verdict": "continue"}
            return json.dumps({"edits": [], "evidence": [], "local_fix": None, "negative": [], **wishes})
        names = re.findall(r"^(q\d+) \(", said, re.MULTILINE)
        if blank(images):
            return json.dumps(dict.fromkeys(names, "no"))
        look = first if not pointed else left.pop(0) if len(left) > 1 else left[0]
        answers = {}
        for name in names:
            line = re.search(rf"^{name} \(.*$", said, re.MULTILINE)[0]
            met = any(thing in line for thing in look)
            answers[name] = "yes" if met != ("missing" in line) else "no"
        return json.dumps({**answers, **GOOD})

    return judge


def wrong_until_pointed(judge):
    """What it was asked to point at, and a judge that answers like this one and finds hands wrong before that."""
    pointed = []

    def picky(body, images):
        answer = json.loads(judge(body, images))
        if "<task>region</task>" in str(body):
            pointed.append(str(body))
        if "quality_faces" in answer and not pointed:
            answer["quality_faces"] = "bad"
        return json.dumps(answer)

    return pointed, picky


ALL, TWO, ONE = ("circle", "square", "star"), ("circle", "square"), ("square",)


def region_of(iteration, picture):
    height, width = picture.shape[:2]
    left, top, right, bottom = iteration["repaired"]
    return slice(round(top * height), round(bottom * height)), slice(round(left * width), round(right * width))


def repair_in(run):
    """The run's first repair."""
    return next(i for i in run["iterations"] if i["plan"]["action"] == "local_edit")


def test_the_one_thing_that_is_wrong_is_mended_and_the_rest_kept(theatre):
    theatre.judge.default = pointing(TWO, ALL, ALL)
    run = theatre.played(graph())
    assert run["status"] == "done", run["reason"]
    second = repair_in(run)
    plan = second["plan"]
    first = run["iterations"][plan["edit_of"] - 1]
    assert plan["requirement"] == "r3"
    assert plan["repair"]["prompt"] == "one blue star" and plan["repair"]["box"] == BOX
    assert second["decision"]["kind"] == "accept"
    before, after = (pixels(theatre.picture(run, one["picture"])) for one in (first, second))
    rows, columns = region_of(second, after)
    outside = np.ones(after.shape[:2], bool)
    outside[rows, columns] = False
    assert outside.mean() > 0.8 and np.array_equal(before[outside], after[outside])
    assert not np.array_equal(before, after)


def test_the_picture_carries_the_graph_that_made_it_and_makes_it_again(theatre):
    theatre.judge.default = pointing(TWO, ALL, ALL)
    run = theatre.played(graph())
    path = theatre.picture(run, repair_in(run)["picture"])
    carried = embedded(path)
    kinds = {node["class_type"] for node in carried.values()}
    assert {"LoadImage", "ImitatoesRegionCrop", "SetLatentNoiseMask", "ImitatoesRegionStitch"} <= kinds
    theatre.judge.default = pointing(ALL, ALL)
    again = theatre.played(carried)
    assert np.array_equal(pixels(theatre.picture(again, again["iterations"][0]["picture"])), pixels(path))


def test_the_users_own_save_node_gets_the_repaired_picture(theatre):
    theatre.judge.default = pointing(TWO, ALL, ALL)
    run = theatre.played(graph())
    shown = theatre.client.entry(repair_in(run)["prompt_id"])["outputs"]["7"]["images"][0]
    saved = pixels(theatre.base / "output" / shown["subfolder"] / shown["filename"])
    kept = pixels(theatre.picture(run, repair_in(run)["picture"]))
    rows, columns = region_of(repair_in(run), kept)
    # Core's node cuts what is behind the point off, ours rounds: what was painted may differ by one.
    assert np.abs(saved.astype(int) - kept).max() <= 1
    inside = (slice(max(0, rows.start - 16), rows.stop + 16), slice(max(0, columns.start - 16), columns.stop + 16))
    saved = saved.copy()
    saved[inside] = kept[inside]
    assert np.array_equal(saved, kept)


def test_a_part_that_came_out_wrong_is_mended_where_the_judge_points(theatre):
    """Everything asked for is there, but a hand is wrong."""
    pointed, theatre.judge.default = wrong_until_pointed(pointing(ALL, region="the left hand"))
    run = theatre.played(graph(seed=61))
    assert run["status"] == "done", run["reason"]
    repair = repair_in(run)
    plan = repair["plan"]
    assert (plan["remedy"], plan["repair"]["kind"], plan["repair"]["box"]) == ("faces:repair", "hand", BOX)
    assert repair["decision"]["kind"] == "accept" and run["best"]["iteration"] == repair["number"]
    assert "faces or hands look wrong" in pointed[0] and len(pointed) == 1


def test_a_repair_that_harms_is_reverted_and_recorded(theatre):
    theatre.judge.default = pointing(TWO, ("star", "square"), TWO)
    run = theatre.played(graph())
    second = repair_in(run)
    assert second["decision"]["kind"] == "reject" and second["reverted"]
    assert "reverted" in second["decision"]["reason"] and "red circle" in second["decision"]["reason"]
    assert run["best"]["iteration"] != second["number"]


def test_a_region_that_nobody_finds_changes_nothing_and_the_run_goes_on(theatre):
    lines = "a red circle\na green square\na round blue lamp"
    theatre.judge.default = pointing(("circle", "square"), box=[0, 0, 0, 0], region="the lamp")
    run = theatre.played(graph(checklist=lines, iterations_per_loop=2))
    assert run["status"] == "limit", run["reason"]


def test_all_met_is_never_repaired(theatre):
    theatre.judge.default = pointing(ALL)
    run = theatre.played(graph())
    assert [i["plan"]["action"] for i in run["iterations"]] == ["compose"]


def test_a_model_for_editing_that_is_not_installed_is_named(theatre):
    theatre.judge.default = pointing(TWO)
    run = theatre.played(graph(repair_with="FLUX.1 Kontext", iterations_per_loop=2))
    assert all(i["plan"]["action"] != "local_edit" for i in run["iterations"]) and not run["can_repair"]
    told = [one["message"] for one in run["warnings"] if one["type"] == "no_repair"]
    assert "repair_with: FLUX.1 Kontext is not installed" in run["edit_refusal"] and len(told) == 1


def test_a_graph_that_cannot_be_repaired_never_is(theatre):
    theatre.judge.default = pointing(TWO)
    workflow = graph()
    workflow["2"]["inputs"]["text"] = "three words alone"
    run = theatre.played(workflow)
    assert all(i["plan"]["action"] != "local_edit" for i in run["iterations"])
    told = [one["message"] for one in run["warnings"] if one["type"] == "no_repair"]
    assert len(told) == 1 and "prompt" in told[0], "why, once"


def wished(theatre, run, **fields):
    return theatre.client.post(f"/imitatoes/runs/{run['run_id']}/repair", {"iteration": 1, "wish": "a star", **fields})


def painted_mask(size, box):
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).ellipse(box, fill=255)
    stream = io.BytesIO()
    mask.save(stream, "PNG")
    return base64.b64encode(stream.getvalue()).decode()


@pytest.fixture(scope="module")
def ended(server):
    """A run of one picture that is over."""
    server.judge.default = pointing(ALL)
    return server.played(graph())


@pytest.mark.parametrize(
    "where",
    [{"box": [0.5, 0.6, 0.8, 0.9]}, {"mask": painted_mask((256, 320), (130, 200, 200, 280))}],
    ids=["box", "mask"],
)
def test_a_user_repairs_a_region_of_a_picture(theatre, ended, where):
    theatre.judge.default = pointing(ALL)
    status, going = wished(theatre, ended, wish="a blue star here, please", **where)
    assert (status, going["status"]) == (200, "running"), going
    run = theatre.ended(ended["run_id"])
    last = run["iterations"][-1]
    assert last["plan"]["repair"]["wish"] == "a blue star here, please" and last["plan"]["edit_of"] == 1
    assert last["plan"]["repair"]["prompt"] == "one blue star", "the judge wrote what belongs there"
    left, top, right, bottom = last["repaired"]
    assert 0.4 < left < right < 0.9 and 0.5 < top < bottom <= 1
    region = last["repaired_region"]
    (outline,) = region["outlines"]
    assert 0 < region["feather"] < 16 and all(left <= x <= right and top <= y <= bottom for x, y in outline)
    assert (len(outline) > 8) == ("mask" in where), "the painted mask is round"
    before, after = (pixels(theatre.picture(run, run["iterations"][n]["picture"])) for n in (0, -1))
    assert np.array_equal(before[:150], after[:150])
    if "mask" in where:
        name = last["plan"]["repair"]["mask"]
        status, body, _, _ = theatre.client.ask("GET", f"/imitatoes/runs/{run['run_id']}/pictures/{name}")
        assert (status, body[:4]) == (200, b"\x89PNG")


def test_a_user_takes_something_away_by_words(theatre, ended):
    def judge(body, images):
        if "<things>" in str(body):
            return json.dumps({"boxes": [{"bbox_2d": [100, 100, 500, 500], "label": "the circles", "score": 99}]})
        return pointing(ALL)(body, images)

    theatre.judge.default = judge
    status, going = wished(theatre, ended, wish="remove them", words="the circles")
    assert status == 200, going
    last = theatre.ended(ended["run_id"])["iterations"][-1]
    assert (last["plan"]["repair"]["kind"], last["plan"]["repair"]["words"]) == ("removal", "the circles")
    assert last["repaired"] is not None


@pytest.mark.parametrize(
    ("fields", "status", "told"),
    [
        ({}, 400, "exactly one"),
        ({"box": [0, 0, 1, 1], "words": "it"}, 400, "exactly one"),
        ({"box": [0.5, 0.5, 0.5, 0.9]}, 400, "empty"),
        ({"box": [0, 0, 2, 1]}, 400, "box"),
        ({"mask": "not base64 at all"}, 400, "PNG"),
        ({"mask": painted_mask((8, 8), (9, 9, 10, 10))}, 400, "white"),
        ({"words": "it", "iteration": 99}, 400, "no iteration 99"),
        ({"words": "it", "wish": "   "}, 400, "wish"),
    ],
    ids=str,
)
def test_what_is_no_wish_changes_nothing(theatre, ended, fields, status, told):
    before = theatre.run(ended["run_id"])
    answered, body = wished(theatre, ended, **fields)
    assert answered == status and told in body["error"]["message"], body
    assert theatre.run(ended["run_id"]) == before


def test_a_wish_about_a_graph_that_cannot_be_repaired_says_why(theatre):
    theatre.judge.default = pointing(ALL)
    workflow = graph()
    workflow["2"]["inputs"]["text"] = "three words alone"
    run = theatre.played(workflow)
    status, body = wished(theatre, run, box=[0.1, 0.1, 0.5, 0.5])
    assert status == 409 and "prompt" in body["error"]["message"]
    assert run["edit_refusal"] and not run["can_repair"]


def test_a_wish_about_a_run_that_goes_on_is_its_next_render(theatre):
    """It comes while the judge looks at the second picture, and is on disk when it is answered."""
    told, judge = [], pointing(ONE)

    def asks(body, images):
        row = theatre.client.get("/imitatoes/runs")["runs"][0]
        if row["iteration_count"] == 1 and not told:
            told.append(wished(theatre, row, wish="a blue star here", box=[0.5, 0.6, 0.8, 0.9]))
            kept = json.loads((theatre.runs_folder / row["run_id"] / "run.json").read_text(encoding="utf-8"))
            told.append([one["repair"]["wish"] for one in kept["wishes"]])
        return judge(body, images)

    theatre.judge.default = asks
    run = theatre.played(graph(iterations_per_loop=2, max_loops=1, repairs=0, seed=31))
    (status, going), kept = told
    assert (status, going["status"]) == (200, "running") and kept == ["a blue star here"]
    assert [one["repair"]["wish"] for one in going["wishes"]] == kept
    assert run["status"] == "limit" and not run["wishes"], run["reason"]
    last = run["iterations"][2]
    assert last["plan"]["repair"]["wish"] == "a blue star here" and last["plan"]["edit_of"] == 1 and last["repaired"]
    assert len(run["iterations"]) == 3, "one more than the limit, for the wish"


def test_killed_as_a_wish_was_answered(theatre):
    """Last here, because the server is another one afterwards."""
    theatre.judge.default = pointing(ALL)
    run = theatre.played(graph(seed=77))
    status, _ = wished(theatre, run, box=[0.5, 0.5, 0.8, 0.8])
    assert status == 200
    theatre.process.kill()
    theatre.client.close()
    theatre.start()
    found = theatre.run(run["run_id"])
    assert found["status"] == "suspended" and found["pending"]["repair"]["wish"] == "a star"
    status, _ = theatre.client.post(f"/imitatoes/runs/{run['run_id']}/resume", {})
    assert status == 200
    last = theatre.ended(run["run_id"])["iterations"][-1]
    assert last["plan"]["repair"]["wish"] == "a star" and last["repaired"]
