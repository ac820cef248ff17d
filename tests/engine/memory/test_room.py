"""Making room against a small memory: it measures after each step and stops when enough."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack.engine.memory.freeing import EVERYTHING, ORDER, Holding
from pack.engine.memory.room import Room, make_room, shortage


class SmallMemory:
    """A card of `total` bytes; foreign: what other programs take. cached: given back by settle alone."""

    def __init__(self, total, held, cached=0, foreign=0):
        self.total, self.held, self.cached, self.foreign = total, {h.key: h for h in held}, cached, foreign
        self.calls = []

    def settle(self):
        self.cached = 0

    def free(self):
        return self.total - self.cached - self.foreign - sum(h.size for h in self.held.values())

    def holdings(self):
        return list(self.held.values())

    def release(self, key, wanted):
        holding = self.held[key]
        part = int(min(holding.size, max(0, wanted - self.free())))
        self.held[key] = replace(holding, size=holding.size - part)
        self.calls.append(key)
        return part


class SmallOllama:
    """Its models count as foreign in the memory. late: looks at the memory before the driver tells."""

    def __init__(self, memory, models, leaves=True, late=0):
        self.memory, self.models, self.leaves, self.late = memory, list(models), leaves, late
        self.asked, self.unloaded, self.owed = 0, [], 0
        memory.foreign += sum(h.size for h in models)

    async def holdings(self):
        self.asked += 1
        return list(self.models)

    async def unload(self, key):
        self.unloaded.append(key)
        if not self.leaves:
            return False
        gone = next(h for h in self.models if h.key == key)
        self.models.remove(gone)
        self.owed = gone.size
        if not self.late:
            self.paid()
        return True

    def paid(self):
        self.memory.foreign -= self.owed
        self.owed = 0

    async def pause(self, _seconds):
        self.late -= 1
        if self.late <= 0:
            self.paid()


async def no_pause(_seconds):
    pass


def held(**sizes):
    return [Holding(name, name, name.split("_")[0], size) for name, size in sizes.items()]


def room(memory, wanted, ollama=None, allowed=ORDER, pause=no_pause) -> Room:
    return asyncio.run(make_room(memory, ollama, wanted, allowed, pause))


def test_nothing_happens_when_there_is_enough():
    memory = SmallMemory(100, held(rest=50), cached=10)
    ollama = SmallOllama(memory, held(ollama=20))
    made = room(memory, 20, ollama)
    assert (made.before, made.after, made.freed) == (20, 20, ())
    assert (memory.cached, ollama.asked) == (10, 0)


def test_what_is_only_cached_is_taken_before_any_model():
    memory = SmallMemory(100, held(own=10, rest=50), cached=30)
    made = room(memory, 35)
    assert (made.before, made.after, made.freed) == (10, 40, ())


def test_it_stops_as_soon_as_the_measured_figure_is_enough():
    memory = SmallMemory(100, held(own=10, unused=40, rest=50))
    made = room(memory, 30)
    assert [(f.name, f.size) for f in made.freed] == [("own", 10), ("unused", 20)]
    assert (made.after, made.gained) == (30, 30)


def test_ollama_is_asked_only_when_its_turn_has_come():
    memory = SmallMemory(100, held(own=10, rest=50))
    ollama = SmallOllama(memory, held(ollama=30))
    room(memory, 20, ollama)
    assert ollama.asked == 0
    room(memory, 21, ollama)
    assert ollama.unloaded == ["ollama"]
    assert memory.calls == ["own"]


def test_the_driver_tells_later_than_ollama():
    memory = SmallMemory(100, held(rest=60))
    ollama = SmallOllama(memory, held(ollama=30), late=3)
    made = room(memory, 35, ollama, pause=ollama.pause)
    assert [f.name for f in made.freed] == ["ollama"]
    assert (made.after, memory.calls) == (40, [])


def test_a_model_that_ollama_does_not_let_go_is_said_and_not_tried_again():
    memory = SmallMemory(100, held(rest=60))
    ollama = SmallOllama(memory, held(ollama=30), leaves=False)
    made = room(memory, 50, ollama)
    assert ollama.unloaded == ["ollama"]
    assert [(f.name, f.size, f.gone) for f in made.freed] == [("ollama", 0, False), ("rest", 40, True)]


def test_an_interrupt_while_waiting_passes():
    class Stopped(BaseException):
        pass

    async def pause(_seconds):
        raise Stopped

    memory = SmallMemory(100, [])
    ollama = SmallOllama(memory, held(ollama=90), late=99)
    with pytest.raises(Stopped):
        room(memory, 50, ollama, pause=pause)


def test_everything_frees_all_that_may_go():
    memory = SmallMemory(100, held(own=10, unused=20, rest=30))
    room(memory, EVERYTHING, allowed=("own", "unused"))
    assert {h.name: h.size for h in memory.holdings()} == {"own": 0, "unused": 0, "rest": 30}


@given(
    st.lists(st.tuples(st.sampled_from(("own", "unused", "rest")), st.integers(1, 50), st.booleans()), max_size=6),
    st.integers(0, 200),
)
def test_it_always_ends_and_kept_models_stay_whole(models, wanted):
    memory = SmallMemory(300, [Holding(str(i), str(i), g, size, kept) for i, (g, size, kept) in enumerate(models)])
    kept = {h.key: h.size for h in memory.holdings() if h.kept}
    made = room(memory, wanted)
    assert {key: memory.held[key].size for key in kept} == kept
    if made.after < wanted:
        assert all(h.kept or not h.size for h in memory.holdings())


def test_the_shortage_names_what_is_loaded_and_what_to_do():
    memory = SmallMemory(10 * 2**30, [Holding("f", "MODEL Flux", "rest", 8 * 2**30, kept=True)])
    said = shortage(memory.free(), 6 * 2**30, memory.holdings(), ())
    assert said.startswith("Only 2.0 GiB free, 6.0 GiB needed. Loaded: MODEL Flux 8.0 GiB (kept).")
    assert "lower the size" in said
