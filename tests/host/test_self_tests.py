"""Where self-tests are kept, and how one is run in the background."""

from __future__ import annotations

import asyncio
import os

import pytest
from pack.engine.judge.self_test import SelfTest
from pack.engine.judge.vision_model import ModelUnreachable
from pack.engine.loop.live_runs import NotNow
from pack.host.self_tests import SelfTests, SelfTestStore

from ..engine.judge.memory_model import MemoryModel

DIGEST = "ab12" * 16


def self_test(digest=DIGEST, model="small:2b"):
    return SelfTest(model=model, digest=digest, date="2026-01-01T00:00:00+00:00", soft=True, kinds=())


@pytest.fixture
def store(tmp_path):
    return SelfTestStore(lambda: tmp_path / "judges")


class Judge(MemoryModel):
    """Answers nothing usable, quickly; counts who asks for its digest."""

    def __init__(self, *answers, digest=DIGEST, **more):
        super().__init__(*(answers or ("",)), **more)
        self.sha, self.asked_digest = digest, 0

    async def digest(self):
        self.asked_digest += 1
        if isinstance(self.sha, Exception):
            raise self.sha
        return self.sha


def test_what_is_saved_is_loaded(store, tmp_path):
    assert store.empty() and store.load(DIGEST) is None
    assert store.save(self_test())
    assert not store.empty()
    assert store.load(DIGEST) == store.load(DIGEST.upper()) == store.load(f"sha256:{DIGEST}") == self_test()
    assert [p.name for p in (tmp_path / "judges").iterdir()] == [f"{DIGEST}.json"]


def test_a_newer_one_replaces_it(store, tmp_path):
    store.save(self_test())
    store.load(DIGEST)
    store.save(self_test(model="other"))
    os.utime(tmp_path / "judges" / f"{DIGEST}.json", ns=(1, 1))
    assert store.load(DIGEST).model == "other"


@pytest.mark.parametrize("digest", ["", "../settings", "ab/cd", "g1", "a" * 65, "ab.json", "ab\n"])
def test_a_digest_is_never_a_path(store, tmp_path, digest):
    (tmp_path / "settings.json").write_text("{}")
    assert store.load(digest) is None
    assert not store.save(self_test(digest))
    assert store.empty()


def test_a_damaged_file_counts_as_none(store, tmp_path, caplog):
    (tmp_path / "judges").mkdir()
    (tmp_path / "judges" / f"{DIGEST}.json").write_text("{")
    assert store.load(DIGEST) is None
    assert "self-test again" in caplog.text


def test_nobody_is_asked_for_a_digest_while_nothing_is_kept(store):
    judge = Judge()
    assert asyncio.run(store.of(judge)) is None
    assert judge.asked_digest == 0
    store.save(self_test())
    assert asyncio.run(store.of(judge)) == self_test()
    assert asyncio.run(store.of(Judge(digest=ModelUnreachable("Gone.")))) is None


async def ended(tests, model="m"):
    while (state := await tests.state("local", model)).state == "running":  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    return state


def run(store, judge, story):
    async def main():
        return await story(SelfTests(store, lambda connection, model: [judge]))

    return asyncio.run(main())


def test_one_runs_at_a_time_and_is_kept(store):
    async def story(tests):
        assert (await tests.state("local", "m")).state == "none"
        begun = tests.start("local", "m")
        assert (begun.state, begun.done, begun.of, begun.model) == ("running", 0, 60, "m")
        with pytest.raises(NotNow, match="still running"):
            tests.start("local", "other")
        state = await ended(tests)
        assert state.state == "done" and state.report.words
        assert tests.start("local", "m").state == "running"
        return await ended(tests)

    run(store, Judge(), story)
    assert store.load(DIGEST).model == "memory:1b"
    state = run(store, Judge(), lambda tests: tests.state("local", "m"))
    assert (state.state, state.report.digest) == ("done", DIGEST), "also after a restart"


@pytest.mark.parametrize(
    ("judge", "state", "words"),
    [
        (Judge(check=ModelUnreachable("No connection. Start it.")), "failed", "No connection"),
        (Judge(RuntimeError("odd")), "failed", "RuntimeError"),
        (Judge(ConnectionResetError("cable")), "failed", "ConnectionResetError"),
        (Judge(asyncio.CancelledError()), "failed", "stopped"),
        (Judge(digest=""), "done", "no digest"),
    ],
)
def test_what_goes_wrong_is_said(store, judge, state, words):
    async def story(tests):
        tests.start("local", "m")
        return await ended(tests)

    found = run(store, judge, story)
    assert found.state == state and words in found.message
    assert store.empty()


def test_one_that_failed_is_started_again(store):
    judges = [Judge(ConnectionResetError("cable")), Judge()]

    async def story():
        tests = SelfTests(store, lambda connection, model: [judges.pop(0)])
        tests.start("local", "m")
        assert (await ended(tests)).state == "failed"
        tests.start("local", "m")
        return await ended(tests)

    assert asyncio.run(story()).state == "done"


def test_a_result_that_cannot_be_saved_is_still_told(tmp_path):
    (tmp_path / "judges").write_text("a file where the folder should be")

    async def story(tests):
        tests.start("local", "m")
        return await ended(tests)

    found = run(SelfTestStore(lambda: tmp_path / "judges"), Judge(), story)
    assert found.state == "done" and "could not be saved" in found.message


def test_a_jury_is_tested_as_one_and_each_by_itself(store):
    judges = [Judge(digest="a" * 8), Judge(digest="b" * 8)]

    async def story(order):
        tests = SelfTests(store, lambda connection, model: order)
        begun = tests.start("local", "m, n")
        assert begun.of == 120
        return await ended(tests, "m, n"), tests

    state, _ = asyncio.run(story(judges))
    assert (state.state, state.message, state.report.model) == ("done", "", "memory:1b, memory:1b")
    assert store.load("a" * 8) and store.load("b" * 8)
    assert [one.released for one in judges] == [1, 1]

    async def later():
        tests = SelfTests(store, lambda connection, model: judges[::-1])
        return await tests.state("local", "n, m")

    assert asyncio.run(later()).report.digest == state.report.digest, "whoever is named first"


def test_a_jury_with_a_judge_without_digest_is_told_and_not_kept(store):
    judges = [Judge(digest="a" * 8), Judge(digest="")]

    async def story():
        tests = SelfTests(store, lambda connection, model: judges)
        tests.start("local", "m, n")
        return await ended(tests, "m, n")

    state = asyncio.run(story())
    assert state.state == "done" and "no digest" in state.message
    assert store.load("a" * 8)
