from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pack.engine import files
from pack.engine.loop import run_text
from pack.engine.loop.journal import PICTURE, Journal
from pack.engine.loop.pictures import png_chunks
from PIL import Image

from .runs import advanced, critique, judged, run


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "imitatoes")


def test_a_picture_carries_its_graph_and_every_pixel(journal):
    image = torch.rand(9, 7, 3)
    now = run()
    journal.open(now, {"1": {}}, None)
    graph = {"1": {"class_type": "X", "inputs": {"text": 'ü "quoted" 雪'}}}
    name = journal.save_picture(now.id, now.pending.plan, image, {"prompt": graph, "workflow": {"id": "w"}})
    with Image.open(journal.picture(now.id, name)) as saved:
        assert saved.size == (7, 9)
        assert json.loads(saved.text["prompt"]) == graph
        assert json.loads(saved.text["workflow"]) == {"id": "w"}
        lost = image * 255 - torch.from_numpy(np.array(saved)).float()
    assert lost.min() >= 0 and lost.max() < 1


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_pictures_of_any_channels_and_broken_values(journal, channels):
    image = torch.full((4, 4, channels), float("nan"))
    journal.open(run(), {}, None)
    name = journal.save_picture(run().id, run().pending.plan, image, {})
    with Image.open(journal.picture(run().id, name)) as saved:
        assert saved.getpixel((0, 0)) in (0, (0, 0, 0), (0, 0, 0, 0))


def test_what_is_written_is_read_back(journal):
    now = judged(run(), critique(0.5, prompt_append="deep snow"))
    now = advanced(now)
    journal.open(now, {"1": {"inputs": {}}}, {"workflow": {"id": "w"}})
    assert journal.load(now.id) == now
    assert journal.load_graph(now.id) == ({"1": {"inputs": {}}}, {"workflow": {"id": "w"}})
    assert journal.run_ids() == [now.id]


def test_writing_a_run_again_makes_text_only_of_what_is_new(journal, monkeypatch):
    """After 300 iterations run.json has 1.4 MB, and it is written at every change."""
    now = run()
    journal.open(now, {}, None)
    made = []
    real = run_text._text_of
    monkeypatch.setattr(run_text, "_text_of", lambda iteration: made.append(iteration.number) or real(iteration))
    for _ in range(3):
        now = advanced(judged(now, critique(0.5, prompt_append="deep snow")))
        journal.save(now)
        Journal(journal.root).save(now)  # there is one for each look at the output folder
    assert made == [1, 2, 3]
    first, second, third = now.iterations
    replaced = second.model_copy(update={"critique": critique(0.7)})
    now = now.model_copy(update={"iterations": (first, replaced, third)})
    journal.save(now)
    assert made == [1, 2, 3, 2]
    assert journal.load(now.id) == now
    other = now.model_copy(update={"id": "20260101-120001-0123abcd", "iterations": ()})
    journal.open(other, {}, None)
    assert journal.load(other.id) == other


def test_an_ended_run_leaves_its_best_and_a_contact_sheet(journal):
    now = run()
    journal.open(now, {}, None)
    for score, shade in ((0.3, 0.1), (0.9, 0.5), (0.4, 0.9)):
        picture = journal.save_picture(now.id, now.pending.plan, torch.full((8, 8, 3), shade), {"prompt": {}})
        now = judged(now, critique(score))
        last = now.iterations[-1].model_copy(update={"picture": picture})
        now = advanced(now.model_copy(update={"iterations": (*now.iterations[:-1], last)}))
    journal.close(now)
    with Image.open(journal.picture(now.id, "best.png")) as best:
        assert best.getpixel((0, 0)) == (127, 127, 127)
        assert "prompt" in best.text
    with Image.open(journal.picture(now.id, "contact_sheet.jpg")) as sheet:
        assert sheet.size == (3 * 256, 256 + 22)


@pytest.mark.parametrize("name", ["../x", "20260101-120000-0123abcd/../..", "", "CON", "20260101-120000-0123abcd\n"])
def test_nothing_but_run_ids_is_a_folder(journal, name):
    with pytest.raises(ValueError, match="not a run id"):
        journal.folder(name)


@given(st.text())
def test_nothing_but_pictures_is_served(name):
    assume(not PICTURE.fullmatch(name))
    with pytest.raises(ValueError, match="not a picture"):
        Journal(Path("nowhere")).picture(run().id, name)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "",
        lambda text: "[" * 100_000,
        lambda text: text.replace('"status":"running"', '"status":"frozen"'),
        lambda text: text.replace(run().id, "20300101-000000-00000000"),
    ],
    ids=["cut", "empty", "deep", "of a newer version", "of another run"],
)
def test_a_run_that_cannot_be_read_says_so_and_where_it_is(journal, damage, caplog):
    journal.open(run(), {}, None)
    path = journal.folder(run().id) / "run.json"
    text = json.dumps(json.loads(path.read_text()), separators=(",", ":"))
    assert damage(text) != text
    path.write_text(damage(text))
    found = journal.load(run().id)
    assert (found.id, found.status, found.ended) == (run().id, "unreadable", True)
    assert str(path) in found.reason and "delete the run" in found.reason
    assert "cannot be read" in caplog.text


def test_folders_of_others_are_left_out(journal):
    (journal.root / "notes").mkdir(parents=True)
    journal.folder(run().id).mkdir()
    assert journal.run_ids() == [run().id]
    assert journal.load(run().id) is None, "without a run.json it is no run"


@pytest.mark.parametrize("planted", ["/etc/passwd", "../secret.png", "best.png", "loop_01_iter_01.png/../../x"])
def test_a_picture_that_is_none_of_the_runs_is_not_believed(journal, tmp_path, planted):
    (tmp_path / "secret.png").write_bytes(b"secret")
    now = judged(run(), critique(0.5))
    (iteration,) = now.iterations
    now = now.model_copy(update={"iterations": (iteration.model_copy(update={"picture": planted}),)})
    journal.open(now, {}, None)
    read = journal.load(now.id)
    assert read.iterations[0].picture is None
    journal.close(now)  # nor of a run that was not read
    assert not (journal.folder(now.id) / "best.png").exists()
    with pytest.raises((ValueError, OSError)):
        journal.load_picture(now.id, planted)


def test_a_picture_that_is_a_link_is_not_followed(journal, tmp_path):
    (tmp_path / "secret.png").write_bytes(b"secret")
    now = judged(run(), critique(0.5))
    journal.open(now, {}, None)
    try:
        (journal.folder(now.id) / now.iterations[0].picture).symlink_to(tmp_path / "secret.png")
    except OSError:
        pytest.skip("links are not allowed here")
    assert journal.picture(now.id, now.iterations[0].picture) is None
    journal.close(now)
    assert not (journal.folder(now.id) / "best.png").exists()


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path):
    target = tmp_path / "file.txt"
    files.write_text(target, "old")

    def fail(stream):
        stream.write(b"half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        files.write_atomically(target, fail)
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["file.txt"]


def test_a_file_held_open_for_a_moment_is_waited_for(tmp_path, monkeypatch):
    attempts = []
    replace = type(tmp_path).replace

    def held(self, target):
        attempts.append(target)
        if len(attempts) < 3:
            raise PermissionError("in use")
        return replace(self, target)

    monkeypatch.setattr(type(tmp_path), "replace", held)
    files.write_text(tmp_path / "run.json", "new")
    assert (tmp_path / "run.json").read_text() == "new"


def test_files_are_readable_by_whoever_may_read_the_folder(tmp_path):
    (tmp_path / "plain").write_text("x")
    files.write_text(tmp_path / "ours", "x")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    channels=st.sampled_from([1, 3, 4]),
    seed=st.integers(0, 99),
    text=st.text(max_size=40),
)
@settings(max_examples=60, deadline=None)
def test_any_pixels_come_back_as_written(height, width, channels, seed, text):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)
    png = b"".join(
        png_chunks(pixels, {"prompt": json.dumps(text), "": "x", "k\n": "x", "\u96ea": "x", "long" * 30: "x"})
    )
    with Image.open(io.BytesIO(png)) as picture:
        picture.load()
        assert picture.mode == {1: "L", 3: "RGB", 4: "RGBA"}[channels]
        assert (np.array(picture).reshape(height, width, channels) == pixels).all()
        assert {key: json.loads(value) for key, value in picture.text.items()} == {"prompt": text}
