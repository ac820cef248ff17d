"""Several servers over one output folder: in one computer, told by locks, and in several, told by silence."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import pytest
from pack.engine import files
from pack.engine.files import hold_lock, is_lock_held
from pack.engine.loop import run_owners
from pack.engine.loop.journal import Journal
from pack.engine.loop.refusals import NotNow
from pack.engine.loop.run_owners import BEAT_SECONDS, TAKE_OVER_SECONDS, RunOwners

from .runs import critique
from .stage import Stage, played_on, until

RUN = "20260101-120000-0123abcd"


@pytest.fixture
def root(tmp_path):
    (tmp_path / RUN).mkdir()
    return tmp_path


class Clock:
    """time.monotonic of this process, as the test wants it."""

    def __init__(self, monkeypatch):
        self.now = 1000.0
        monkeypatch.setattr(run_owners.time, "monotonic", lambda: self.now)


def test_one_server_has_a_run_until_it_lets_go(root):
    one, other = RunOwners(lambda: root), RunOwners(lambda: root)
    one.claim(RUN)
    one.claim(RUN)
    assert one.is_ours(RUN) and other.is_elsewhere(RUN) and not other.is_ours(RUN)
    with pytest.raises(NotNow, match="another server"):
        other.claim(RUN)
    one.release(RUN)
    other.claim(RUN)
    assert other.is_ours(RUN) and one.is_elsewhere(RUN) and not one.is_ours(RUN)


def test_a_server_of_this_computer_that_died_is_known_at_once(root):
    one, other = RunOwners(lambda: root), RunOwners(lambda: root)
    one.claim(RUN)
    one.leave()
    assert not other.is_elsewhere(RUN)
    other.claim(RUN)
    assert not one.is_ours(RUN), "should it have lived after all, it writes no more"


def test_a_killed_process_leaves_its_runs_to_others(root):
    """The lock goes with the process, however it ends."""
    script = (
        "import sys, time, types; from pathlib import Path\n"
        "pack = types.ModuleType('pack'); pack.__path__ = [sys.argv[1]]; sys.modules['pack'] = pack\n"
        "from pack.engine.loop.run_owners import RunOwners\n"
        "owners = RunOwners(lambda: Path(sys.argv[2])); owners.claim(sys.argv[3])\n"
        "print('claimed', flush=True); time.sleep(60)\n"
    )
    pack = sys.modules["pack"].__path__[0]
    process = subprocess.Popen([sys.executable, "-c", script, pack, str(root), RUN], stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b"claimed\n"
        mine = RunOwners(lambda: root)
        with pytest.raises(NotNow):
            mine.claim(RUN)
        process.kill()
        process.wait()
        mine.claim(RUN)
        assert mine.is_ours(RUN)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_server_of_another_computer_is_taken_over_from_when_it_has_been_silent(root, monkeypatch):
    clock = Clock(monkeypatch)
    far, near = RunOwners(lambda: root, machine="far"), RunOwners(lambda: root, machine="near")
    far.claim(RUN)
    assert near.is_elsewhere(RUN)
    clock.now += TAKE_OVER_SECONDS - 1
    far.touch()
    assert near.is_elsewhere(RUN)
    clock.now += TAKE_OVER_SECONDS - 1
    assert near.is_elsewhere(RUN), "counted from the last sign of life"
    clock.now += 2
    near.claim(RUN)
    assert not far.is_ours(RUN)
    assert BEAT_SECONDS * 3 < TAKE_OVER_SECONDS, "some signs of life may be lost"


def test_a_lock_that_outlives_its_server_does_not_keep_a_run_for_ever(root, monkeypatch):
    """A child process that was forked holds the locks of its parent."""
    clock = Clock(monkeypatch)
    one, other = RunOwners(lambda: root), RunOwners(lambda: root)
    one.claim(RUN)
    assert other.is_elsewhere(RUN)
    clock.now += TAKE_OVER_SECONDS + 1
    other.claim(RUN)


@pytest.mark.parametrize("known", [True, False], ids=["a free run", "a run of version 0.1.0"])
def test_of_several_servers_one_gets_the_run(root, known):
    servers = [RunOwners(lambda: root) for _ in range(6)]
    if known:
        servers[0].claim(RUN)
        servers[0].release(RUN)
    start, won = threading.Barrier(len(servers)), []

    def claim(server):
        start.wait()
        try:
            server.claim(RUN)
        except NotNow:
            return
        won.append(server)

    threads = [threading.Thread(target=claim, args=(server,)) for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    owners = [server for server in servers if server.is_ours(RUN) and not server.is_elsewhere(RUN)]
    assert len(won) <= 1 and owners == won
    if known:
        assert len(won) == 1


def test_a_sign_of_life_that_somebody_cleared_away_is_made_again(root):
    one, other = RunOwners(lambda: root), RunOwners(lambda: root)
    one.claim(RUN)
    path = root / ".servers" / one.server_id
    path.unlink()
    assert not other.is_elsewhere(RUN)
    one.touch()
    assert other.is_elsewhere(RUN) and is_lock_held(path)


def test_what_dead_servers_left_of_themselves_is_cleared_up(root):
    one, other = RunOwners(lambda: root), RunOwners(lambda: root)
    one.claim(RUN)
    other.look_around()
    path = root / ".servers" / one.server_id
    text = path.read_text()
    one.leave()
    path.write_text(text)  # as a killed server leaves it
    other.look_around()
    assert list((root / ".servers").iterdir()) == []


def test_a_lock_is_seen_by_others_until_it_is_let_go(tmp_path):
    path = tmp_path / "file"
    assert is_lock_held(path) is False, "there is no such file"
    path.write_text("content")
    assert is_lock_held(path) is False
    lock = hold_lock(path)
    assert is_lock_held(path) is True
    assert path.read_text() == "content"
    lock.close()
    assert is_lock_held(path) is False


def test_who_looks_at_a_lock_at_the_same_moment_is_not_taken_for_its_holder(tmp_path, monkeypatch):
    """As the clearing up after a start and a request do, right after a server was killed."""
    path = tmp_path / "file"
    path.write_text("content")
    real, seen = files._lock, []

    def look_meanwhile(*arguments, **options):
        real(*arguments, **options)
        monkeypatch.setattr(files, "_lock", real)
        seen.append(is_lock_held(path))

    monkeypatch.setattr(files, "_lock", look_meanwhile)
    assert is_lock_held(path) is False
    assert seen == [False]


def test_a_sign_of_life_that_is_cleared_away_while_it_is_looked_at_is_a_dead_ones(root, monkeypatch):
    one, other, third = (RunOwners(lambda: root) for _ in range(3))
    one.claim(RUN)
    path = root / ".servers" / one.server_id
    text = path.read_text()
    one.leave()
    path.write_text(text)  # as a killed server leaves it

    def cleared_away(looked_at):
        third.look_around()
        return is_lock_held(looked_at)

    monkeypatch.setattr(run_owners, "is_lock_held", cleared_away)
    third._lives = lambda name: False
    assert not other.is_elsewhere(RUN)
    other.claim(RUN)


played = played_on(Stage, Stage)


@played
async def test_another_server_shows_the_run_and_leaves_it_alone(stage, other):
    run_id = (await stage.begin()).run.id
    run = await other.driver.live.find(run_id)
    assert (run.status, run.elsewhere) == ("running", True)
    assert "another server" in run.reason
    assert [r.elsewhere for r in other.driver.live.listed()] == [True]
    for action in (
        other.actions.stop(run_id),
        other.actions.resume(run_id),
        other.actions.continue_run(run_id),
        other.actions.delete(run_id),
        other.actions.attach(run_id, "page"),
        other.actions.take(run_id, 1),
    ):
        with pytest.raises(NotNow, match="another server"):
            await action
    waiting = asyncio.ensure_future(other.driver.live.wait(run_id, 10))
    stage.judged("p1", critique(0.9, passed=True))
    assert (await waiting).status == "done"


@played
async def test_an_ended_run_goes_on_wherever_a_user_continues_it(stage, other):
    run_id = (await stage.begin()).run.id
    stage.judged("p1", critique(0.5))
    await stage.next_prompt(1)
    await stage.actions.stop(run_id)
    await stage.ended(run_id)
    await other.actions.continue_run(run_id, "make it night")
    second = await other.next_prompt(1)
    assert (await stage.driver.live.find(run_id)).elsewhere, "not as it was remembered"
    with pytest.raises(NotNow, match="another server"):
        await stage.actions.continue_run(run_id)
    await other.begin(second)
    other.judged(second, critique(0.9, passed=True))
    await other.ended(run_id)
    seen = await stage.driver.live.find(run_id)
    assert (seen.status, seen.instructions) == ("done", ("make it night",))
    await stage.actions.delete(run_id)
    assert other.driver.live.listed() == []


@played
async def test_a_server_whose_run_was_taken_over_lets_go_of_it(stage, other):
    """It slept, as a computer does whose lid is closed, and wakes with its render done."""
    run_id = (await stage.begin()).run.id
    owner = next((stage.root / run_id).glob(".owner-*"))
    owner.rename(owner.with_name(f".owner-{other.driver.owners.server_id}"))
    other.driver.owners.claim(run_id)
    await other.actions.resume(run_id)
    stage.judged("p1", critique(0.5))
    await until(lambda: stage.driver.live.get(run_id) is None)
    assert (await stage.driver.live.find(run_id)).elsewhere
    assert stage.queue.submitted == []
    assert Journal(stage.root).load(run_id).iterations == ()
    assert stage.pages.published[-1].elsewhere
    await other.next_prompt(1)
