"""The guard's whole work on a card of figures, with a double of Ollama."""

from __future__ import annotations

import asyncio
import threading

import pytest
from pack.host import memory as memory_module
from pack.host.vram_guard import ON_CPU, GuardContext, GuardInputs, MemoryShort, guard
from pack.ollama_client import Connection
from pack.rehearsal.ollama_double import OllamaDouble

from ..engine.memory.model_files import written
from ..rehearsal.ollama_asking import MODEL, chat
from .small_card import CPU, GIB, Diffusion, Patcher, SmallCard, Stopped, services_on

OLLAMA = 6 * 10**9
GRAPH = {
    "1": {"class_type": "UNETLoader", "inputs": {"unet_name": "a model.safetensors"}},
    "4": {"class_type": "ImitatoesVRAMGuard", "inputs": {"anything": ["9", 0]}},
    "5": {"class_type": "KSampler", "inputs": {"model": ["1", 0], "latent_image": ["4", 0]}},
}
"""A guard whose later node reads a model, of a file that is not there: so any model may be that one."""
TYPES = {"UNETLoader": ("MODEL",), "KSampler": ("LATENT",), "ImitatoesVRAMGuard": ("*",)}


@pytest.fixture
def double():
    with OllamaDouble(unload_delay=0.1) as running:
        yield running


def services_around(card, double=None, **changes):
    url = double.url if double is not None else "http://127.0.0.1:9"
    known = {"connection": lambda name: Connection(name, url), "output_types": lambda name: TYPES.get(name, ())}
    return services_on(card, **{**known, **changes})


def guarded(services, value=None, graph=None, **inputs):
    """inputs: those of the node; no margin unless said."""
    return asyncio.run(
        guard(value, GuardInputs(**{"margin_gb": 0.0, **inputs}), GuardContext("4", graph or GRAPH), services)
    )


class CardWithOllama(SmallCard):
    """What the double holds takes room on the card."""

    def __init__(self, total, patchers, double):
        super().__init__(total, patchers)
        self.double = double

    @property
    def foreign(self):
        return OLLAMA * len(self.double.loaded)

    @foreign.setter
    def foreign(self, _):
        pass


def test_with_enough_nothing_is_touched_and_nobody_asked(double):
    card = SmallCard(10 * GIB, [Patcher(4 * GIB)])
    services = services_around(card, double)
    report = guarded(services, need_gb=5.0, margin_gb=1.0)
    assert (report.enough, report.freed, report.before, report.after) == (True, (), 6 * GIB, 6 * GIB)
    assert card.calls == []
    assert double.requests == []
    assert services.reports.newest_first() == [report]


def test_our_own_models_go_before_ollamas_and_ollamas_before_comfyuis(double):
    chat(double)
    ours, other = Patcher(GIB), Patcher(8 * GIB)
    card = CardWithOllama(20 * GIB, [ours, other], double)
    services = services_around(card, double, own_patchers=lambda: [ours])
    report = guarded(services, need_gb=20 - OLLAMA / GIB - 8 - 0.5)
    assert [f.group for f in report.freed] == ["own"]
    report = guarded(services, need_gb=11.5)
    assert [f.group for f in report.freed] == ["own", "ollama"]
    assert double.loaded == {}
    report = guarded(services, need_gb=12.5)
    assert [f.group for f in report.freed] == ["rest"]
    assert report.enough


def test_what_the_value_holds_stays_unless_nothing_has_to(double):
    held = Patcher(6 * GIB)
    card = SmallCard(10 * GIB, [held, Patcher(3 * GIB)])
    report = guarded(services_around(card, double), value=held.clone(), need_gb=8.0)
    assert report.enough is False
    assert held.loaded == 6 * GIB
    assert [(k.size) for k in report.kept] == [6 * GIB]
    assert guarded(services_around(card, double), value=held, need_gb=8.0, keep="nothing").enough


def test_a_model_that_no_later_node_reads_goes_first(tmp_path, double):
    files = {
        "first.safetensors": written(tmp_path / "first.safetensors", {"w": ("F16", [600])}),
        "second.safetensors": written(tmp_path / "second.safetensors", {"w": ("F16", [1000])}),
    }
    graph = {
        "1": {"class_type": "UNETLoader", "inputs": {"unet_name": "first.safetensors"}},
        "2": {"class_type": "UNETLoader", "inputs": {"unet_name": "second.safetensors"}},
        "3": {"class_type": "KSampler", "inputs": {"model": ["1", 0]}},
        "4": {"class_type": "ImitatoesVRAMGuard", "inputs": {"anything": ["3", 0]}},
        "5": {"class_type": "KSampler", "inputs": {"model": ["2", 0], "latent_image": ["4", 0]}},
    }
    first, second = Patcher(3 * GIB, Diffusion(600)), Patcher(3 * GIB, Diffusion(1000))
    card = SmallCard(10 * GIB, [second, first])
    services = services_around(card, double, find_file=lambda folder, name: files[name])
    report = guarded(services, graph=graph, need_gb=6.0)
    assert [f.group for f in report.freed] == ["unused"]
    assert (first.loaded, second.loaded) == (GIB, 3 * GIB)
    assert {m.file for m in report.preflight.models} == set(files)


@pytest.mark.parametrize(
    ("may_free", "enough"), [("everything", True), ("models not used later", False), ("nothing of ComfyUI", False)]
)
def test_what_may_be_freed_is_the_users_choice(may_free, enough, double):
    card = SmallCard(10 * GIB, [Patcher(6 * GIB)])
    assert guarded(services_around(card, double), need_gb=8.0, may_free=may_free).enough is enough


def test_ollama_can_be_left_alone(double):
    chat(double)
    card = CardWithOllama(10 * GIB, [], double)
    report = guarded(services_around(card, double), need_gb=8.0, ollama="leave alone")
    assert (report.enough, report.freed) == (False, ())
    assert MODEL in double.loaded


def test_without_an_ollama_the_rest_still_works():
    card = SmallCard(10 * GIB, [Patcher(6 * GIB)])
    assert guarded(services_around(card), need_gb=8.0).enough


def test_report_only_changes_nothing(double):
    chat(double)
    card = SmallCard(10 * GIB, [Patcher(6 * GIB)], cached=GIB)
    report = guarded(services_around(card, double), need_gb=8.0, action="report only")
    assert (report.enough, report.freed, card.calls) == (False, (), [])
    assert MODEL in double.loaded


def test_still_short_stops_with_what_is_loaded_and_what_to_do(double):
    held = Patcher(6 * GIB)
    services = services_around(SmallCard(10 * GIB, [held]), double)
    with pytest.raises(MemoryShort) as problem:
        guarded(services, value=held, need_gb=8.0, if_still_short="stop with error")
    said = str(problem.value)
    assert said.startswith(
        "VRAM Guard (node 4): Only 4.0 GiB free, 8.0 GiB needed. Loaded: MODEL Diffusion 6.0 GiB (kept)"
    )
    assert len(services.reports.newest_first()) == 1


@pytest.mark.parametrize(("choice", "lines"), [("warn", 1), ("continue", 0)])
def test_still_short_warns_or_not(choice, lines, double, caplog):
    guarded(services_around(SmallCard(GIB), double), need_gb=8.0, if_still_short=choice)
    assert len([r for r in caplog.records if "Only 1.0 GiB free" in r.getMessage()]) == lines


def test_on_a_cpu_only_ollamas_share_of_the_ram_can_go(double, monkeypatch):
    monkeypatch.setattr(memory_module, "limit_and_used", lambda: None)
    chat(double)
    card = SmallCard(10 * GIB, [Patcher(GIB, device=CPU)], device=CPU)
    report = guarded(services_around(card, double), need_gb=20.0)
    assert (report.where, report.freed) == ("RAM", ())
    assert report.notes == (ON_CPU,)
    assert MODEL in double.loaded, "it is on the graphics card, so it is not in the way"
    assert card.current_loaded_models


def test_an_interrupt_while_ollama_unloads_passes():
    with OllamaDouble(unload_delay=30.0) as double:
        chat(double)
        flag = threading.Event()
        services = services_around(CardWithOllama(10 * GIB, [], double), double, interrupted=flag.is_set)
        threading.Timer(0.3, flag.set).start()
        with pytest.raises(Stopped):
            guarded(services, need_gb=8.0)


def test_other_nodes_go_on_while_it_waits():
    with OllamaDouble(unload_delay=0.6) as double:
        chat(double)
        services = services_around(CardWithOllama(10 * GIB, [], double), double)
        beats = 0

        async def both():
            nonlocal beats
            inputs = GuardInputs(need_gb=8.0, margin_gb=0.0)
            working = asyncio.ensure_future(guard(None, inputs, GuardContext("4", {}), services))
            while not working.done():
                await asyncio.sleep(0.01)
                beats += 1
            return working.result()

        assert asyncio.run(both()).enough
        assert beats > 3


def test_the_node_cache_is_cleared_only_when_asked(double):
    asked = []
    services = services_around(SmallCard(10 * GIB), double, clear_node_cache=lambda: asked.append(True))
    guarded(services)
    assert asked == []
    assert "node cache" in guarded(services, clear_node_cache=True).notes[0]
    assert asked == [True]


def test_an_unknown_connection_names_node_and_input():
    with pytest.raises(ValueError, match=r"VRAM Guard \(node 4\), input connection: there is no connection 'far'"):
        guarded(services_on(SmallCard(GIB)), connection="far")
