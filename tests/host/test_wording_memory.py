"""The file of what past runs taught: made, read, switched off, deleted, damaged."""

from __future__ import annotations

import json
import threading

import pytest
from pack.host.wording_memory import WordingFile

from ..engine.loop.test_wording_memory import FOX, KEY, taught


@pytest.fixture
def path(tmp_path):
    return tmp_path / "imitatoes" / "wordings.json"


@pytest.fixture
def wording_store(path):
    return WordingFile(lambda: path, lambda: True)


def test_what_is_learned_is_plain_json_and_comes_back(wording_store, path):
    assert wording_store.recall("sdxl", FOX) == {}
    wording_store.learn(taught(0.9))
    (kept,) = json.loads(path.read_text(encoding="utf-8"))["sdxl"][KEY]
    assert (kept["clause"], kept["shown"]) == ("a trio of ducks", 1.0) and 0.9 < kept["met"] < 1
    again = WordingFile(lambda: path, lambda: True)
    assert again.recall("sdxl", FOX).keys() == {"r2"}
    assert [p.name for p in path.parent.iterdir()] == ["wordings.json"]


def test_deleting_the_file_forgets(wording_store, path):
    wording_store.learn(taught(0.9))
    path.unlink()
    assert wording_store.recall("sdxl", FOX) == {}


def test_a_run_that_taught_nothing_writes_nothing(wording_store, path):
    wording_store.learn(taught())
    assert not path.parent.exists()


def test_switched_off_nothing_is_read_or_written(wording_store, path):
    off = WordingFile(lambda: path, lambda: False)
    off.learn(taught(0.9))
    assert not path.exists()
    wording_store.learn(taught(0.9))
    before = path.read_bytes()
    assert off.recall("sdxl", FOX) == {}
    off.learn(taught(0.9))
    assert path.read_bytes() == before


@pytest.mark.parametrize("text", [b"{", b"[]", b"\xff\xfe", b'{"sdxl": {"x": [{"clause": "a", "met": -1}]}}', b""])
def test_a_damaged_file_is_kept_aside_and_counts_as_empty(wording_store, path, caplog, text):
    path.parent.mkdir()
    path.write_bytes(text)
    assert wording_store.recall("sdxl", FOX) == {}
    assert "damaged" in caplog.text
    assert path.with_name("wordings.json.damaged").read_bytes() == text
    wording_store.learn(taught(0.9))
    assert wording_store.recall("sdxl", FOX).keys() == {"r2"}


def test_what_cannot_be_read_is_not_replaced(wording_store, path):
    path.mkdir(parents=True)
    with pytest.raises(OSError):
        wording_store.learn(taught(0.9))
    assert path.is_dir()


def test_runs_that_end_at_the_same_time_lose_nothing(wording_store, path):
    words = ["a trio of ducks", "exactly 3 ducks", "ducks in a row", "ducks swimming together"]
    threads = [threading.Thread(target=wording_store.learn, args=(taught(0.9, clause=text),)) for text in words]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = json.loads(path.read_text(encoding="utf-8"))["sdxl"][KEY]
    assert {one["clause"] for one in kept} == set(words)
