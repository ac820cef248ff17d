"""The adapter to comfy.model_management, on a card of figures."""

from __future__ import annotations

import asyncio

import pytest
from pack.engine.memory.freeing import EVERYTHING
from pack.engine.memory.room import make_room
from pack.host import memory as memory_module
from pack.host.memory import ALL, ComfyMemory
from pack.host.model_introspection import identity

from .small_card import CPU, Decoder, Diffusion, Patcher, SmallCard


async def no_pause(_seconds):
    pass


def freed(memory, wanted, allowed=("own", "unused", "rest")):
    return asyncio.run(make_room(memory, None, wanted, allowed, no_pause))


def test_what_is_free_is_comfyuis_figure():
    card = SmallCard(100, [Patcher(30)], cached=10)
    memory = ComfyMemory(card)
    assert (memory.free(), memory.total(), memory.where) == (70, 100, "VRAM")


def test_another_program_cannot_use_what_torch_caches():
    memory = ComfyMemory(SmallCard(100, [Patcher(30)], cached=10), for_others=True)
    assert memory.free() == 60
    memory.settle()
    assert memory.free() == 70


def test_only_as_much_as_is_short_is_unloaded():
    card = SmallCard(100, [Patcher(30), Patcher(60)])
    made = freed(ComfyMemory(card), 25)
    assert [f.size for f in made.freed] == [15]
    assert made.after == 25


def test_a_whole_model_leaves_the_list_and_then_it_stops():
    card = SmallCard(100, [Patcher(40), Patcher(50)])
    made = freed(ComfyMemory(card), 95)
    assert (made.after, [f.size for f in made.freed]) == (95, [50, 35])


def test_kept_models_and_their_clones_stay():
    kept = Patcher(60)
    card = SmallCard(100, [kept.clone(), Patcher(30)])
    made = freed(ComfyMemory(card, kept={identity(kept)}), EVERYTHING)
    assert made.after == 40
    assert [f.size for f in made.freed] == [30]


def test_dead_references_are_passed_over():
    card = SmallCard(100, [Patcher(60), Patcher(20), Patcher(10)])
    for entry in card.current_loaded_models[1:]:
        entry.model = None
    memory = ComfyMemory(card)
    assert [h.size for h in memory.holdings()] == [60]
    assert freed(memory, EVERYTHING).after == 100


def test_a_reference_that_dies_while_it_is_unloaded_counts_as_gone():
    card = SmallCard(100, [Patcher(60)])
    entry = card.current_loaded_models[0]

    def dies(*_, **__):
        entry.model.loaded, entry.model = 0, None

    card.free_memory = dies
    assert [f.size for f in freed(ComfyMemory(card), 90).freed] == [60]


def test_groups_are_ours_unused_and_the_rest():
    ours, used, unused, decoder = Patcher(1), Patcher(2, Diffusion(7)), Patcher(3, Diffusion(8)), Patcher(4, Decoder())
    memory = ComfyMemory(
        SmallCard(100, [ours, used, unused, decoder]),
        own={identity(ours)},
        used_later=lambda kind, elements: kind == "MODEL" and elements == 7,
    )
    assert {h.size: h.group for h in memory.holdings()} == {1: "own", 2: "rest", 3: "unused", 4: "unused"}
    assert {h.size: h.name for h in memory.holdings()}[4] == "VAE Decoder"


def test_models_on_another_device_are_not_this_cards():
    card = SmallCard(100, [Patcher(30, device=CPU), Patcher(10)])
    assert [h.size for h in ComfyMemory(card).holdings()] == [10]


def test_on_the_cpu_nothing_is_sold_as_freed(monkeypatch):
    monkeypatch.setattr(memory_module, "limit_and_used", lambda: None)
    card = SmallCard(100, [Patcher(30, device=CPU)], device=CPU)
    memory = ComfyMemory(card)
    assert (memory.where, memory.free()) == ("RAM", 100)
    made = freed(memory, EVERYTHING)
    assert [f.size for f in made.freed] == [0]
    assert card.current_loaded_models == []


def test_a_containers_limit_counts_for_ram(monkeypatch):
    monkeypatch.setattr(memory_module, "limit_and_used", lambda: (50, 20))
    memory = ComfyMemory(SmallCard(100, device=CPU))
    assert (memory.total(), memory.free()) == (50, 30)
    assert ComfyMemory(SmallCard(100)).total() == 100


def test_dynamic_models_are_room_for_comfyui_but_not_for_others():
    card = SmallCard(100, [Patcher(60, dynamic=True, says_free=85), Patcher(10)])
    assert ComfyMemory(card).free() == 85, "30 free and 60 on demand, but the patcher says less"
    assert [h.size for h in ComfyMemory(card).holdings()] == [10], "the others need not be unloaded"
    for_others = ComfyMemory(card, for_others=True)
    assert for_others.free() == 30
    assert freed(for_others, 80).after == 80
    assert ComfyMemory(card).dynamic


def test_what_ollama_takes_is_not_room_even_if_the_patcher_thinks_so():
    card = SmallCard(100, [Patcher(30, dynamic=True, says_free=90)])
    card.foreign = 50
    assert ComfyMemory(card).free() == 50


def test_a_forced_unload_takes_dynamic_models_too():
    card = SmallCard(100, [Patcher(60, dynamic=True, says_free=100)])
    assert freed(ComfyMemory(card, forced=True), EVERYTHING).freed[0].size == 60
    assert card.calls.count(("free_memory", ALL)) == 1


@pytest.mark.parametrize("wanted", [1, 50, 100])
def test_every_call_goes_through_the_module(wanted):
    """Other packs replace its functions while the server runs."""
    card = SmallCard(100, [Patcher(60)])
    memory = ComfyMemory(card)
    card.get_free_memory = lambda dev=None, torch_free_too=False: (1000, 0) if torch_free_too else 1000
    assert memory.free() == 1000
    assert freed(memory, wanted).freed == ()
