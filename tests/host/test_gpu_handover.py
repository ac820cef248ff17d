"""One card, two programs: the real client against a double of Ollama, and ComfyUI's models on a card of figures."""

from __future__ import annotations

import asyncio

import pytest
from pack.engine.judge.vision_model import ModelStumbled, ModelUnreachable, Question
from pack.host import gpu_handover
from pack.host import memory as memory_module
from pack.host.gpu_handover import sharing_model
from pack.ollama_client import AUTO_SECONDS, Connection, OllamaVisionModel, residence, vision_model
from pack.rehearsal.ollama_double import OllamaDouble, Reply

from .small_card import CPU, GIB, Patcher, SmallCard, Stopped, services_on
from .test_vram_guard import OLLAMA, CardWithOllama

MODEL = "qwen3-vl:8b-instruct"
WANTED = int(OLLAMA * 1.2)
QUESTION = Question(system="Judge.", text="What is it?", jpeg=b"\xff\xd8 a picture", schema={"type": "object"})
PICTURE = (1024, 1024, 1)


@pytest.fixture
def double():
    vision_model._checked.clear()
    with OllamaDouble(unload_delay=0.1) as running:
        running.default = Reply(content="{}")
        yield running


def order(double):
    said = []
    for record in double.requests:
        name = record.path.removeprefix("/api/")
        said.append(("ask" if record.body["messages"] else "unload") if name == "chat" else name)
    return said


def judged(card, double, keep_alive=None, questions=2, url=None, graph=None, **changes):
    """Ask as a critic does and release; the model afterwards. keep_alive: None for auto."""
    connection = Connection("local", url or double.url)
    services = services_on(card, **changes)
    seconds = AUTO_SECONDS if keep_alive is None else keep_alive
    model = OllamaVisionModel(connection, MODEL, seconds, services.interrupted, Stopped, timeout=10.0)
    sharing = sharing_model(model, services, connection, keep_alive is None, "11", graph or {}, PICTURE)

    async def critic():
        try:
            for _ in range(questions):
                await sharing.ask(QUESTION)
        finally:
            await sharing.release()

    asyncio.run(critic())
    return sharing, services


def test_both_fit_so_nobody_moves(double):
    card = CardWithOllama(30 * GIB, [Patcher(10 * GIB)], double)
    _, services = judged(card, double)
    assert order(double) == ["ps", "tags", "ask", "ask", "ps"]
    assert MODEL in double.loaded
    assert card.current_loaded_models[0].model.loaded == 10 * GIB
    assert services.reports.newest_first() == []


def test_short_frees_just_enough_before_and_gives_it_back_after(double):
    big = Patcher(10 * GIB)
    card = CardWithOllama(12 * GIB, [big, Patcher(GIB)], double)
    sharing, services = judged(card, double)
    asked = order(double)
    assert asked[:4] == ["ps", "tags", "ask", "ask"]
    assert asked[4:6] == ["ps", "unload"]
    assert set(asked[6:]) == {"ps"}, "until it is really gone"
    assert double.loaded == {}
    (report,) = services.reports.newest_first()
    assert (report.by, report.node, report.need, report.enough) == ("hand-over", "11", WANTED, True)
    assert sum(freed.size for freed in report.freed) == WANTED - GIB
    assert big.loaded == 10 * GIB - (WANTED - GIB)
    assert sharing.swap_seconds >= 0.1, "the wait for the model to leave counts"


def test_a_server_out_of_memory_gets_all_of_it_once(double):
    big = Patcher(6 * GIB)
    card = CardWithOllama(20 * GIB, [big], double)
    double.script.append(Reply(kind="oom"))
    with pytest.raises(ModelStumbled) as caught:
        judged(card, double)
    assert caught.value.out_of_memory
    assert big.loaded == 0, "the estimate said that both fit"


def test_a_busy_server_needs_no_room(double):
    big = Patcher(6 * GIB)
    card = CardWithOllama(20 * GIB, [big], double)
    double.script.append(Reply(kind="busy"))
    with pytest.raises(ModelStumbled):
        judged(card, double)
    assert big.loaded == 6 * GIB


def test_a_loaded_model_needs_no_room(double):
    card = CardWithOllama(30 * GIB, [Patcher(20 * GIB)], double)
    judged(card, double)
    double.requests.clear()
    judged(card, double)
    assert order(double) == ["ps", "ask", "ask", "ps"]


def test_it_leaves_when_the_next_render_would_not_fit_beside(double):
    graph = {
        "2": {"class_type": "VAELoader", "inputs": {"vae_name": "ae.safetensors"}},
        "6": {"class_type": "VAEDecode", "inputs": {"vae": ["2", 0]}},
    }
    free_with_both = GIB
    card = CardWithOllama(10 * GIB + WANTED, [Patcher(10 * GIB)], double)
    assert card.total - 10 * GIB - OLLAMA > free_with_both
    judged(card, double, graph=graph)
    assert "unload" in order(double), "decoding 1024x1024 wants 4.3 GiB by ComfyUI's estimate"
    double.requests.clear()
    judged(card, double, graph={})
    assert "unload" not in order(double)


@pytest.mark.parametrize(("keep_alive", "unloads"), [(0, True), (300, False)])
def test_what_the_user_typed_is_kept_to(double, keep_alive, unloads):
    card = CardWithOllama(12 * GIB, [Patcher(11 * GIB)], double)
    _, services = judged(card, double, keep_alive=keep_alive)
    assert ("unload" in order(double)) is unloads
    assert len(services.reports.newest_first()) == 1, "room is made whatever happens afterwards"


def test_an_ollama_elsewhere_changes_nothing_here(double, monkeypatch):
    monkeypatch.setattr(residence, "is_this_computer", lambda host: False)
    monkeypatch.setattr(vision_model, "is_this_computer", lambda host: False)
    card = SmallCard(12 * GIB, [Patcher(11 * GIB)])
    judged(card, double)
    assert order(double) == ["ask", "ask"]
    assert card.calls == []
    assert MODEL in double.loaded


def test_on_a_cpu_nothing_is_moved(double, monkeypatch):
    monkeypatch.setattr(memory_module, "limit_and_used", lambda: None)
    card = SmallCard(GIB, [Patcher(GIB, device=CPU)], device=CPU)
    judged(card, double)
    assert order(double) == ["ask", "ask", "ps"]
    assert card.calls == []


def test_without_a_question_nothing_happens(double):
    card = CardWithOllama(12 * GIB, [Patcher(11 * GIB)], double)
    judged(card, double, questions=0)
    assert order(double) == []
    assert card.calls == []


def test_a_server_that_is_not_there_is_said_by_the_question_itself():
    card = SmallCard(12 * GIB, [Patcher(11 * GIB)])
    with pytest.raises(ModelUnreachable, match="No connection"):
        judged(card, None, url="http://127.0.0.1:9")
    assert card.calls == []


def test_after_an_interrupt_the_model_leaves_without_further_questions(double):
    stopping = []
    card = CardWithOllama(30 * GIB, [], double)
    services = services_on(card, interrupted=lambda: bool(stopping))
    connection = Connection("local", double.url)
    model = OllamaVisionModel(connection, MODEL, AUTO_SECONDS, services.interrupted, Stopped)
    sharing = sharing_model(model, services, connection, True, "11", {}, PICTURE)

    async def critic():
        try:
            await sharing.ask(QUESTION)
            stopping.append(True)
            await sharing.ask(QUESTION)
        finally:
            await sharing.release()

    with pytest.raises(Stopped):
        asyncio.run(critic())
    assert order(double)[:4] == ["ps", "tags", "ask", "unload"]


def test_a_judge_partly_on_the_cpu_is_told(double, caplog, monkeypatch):
    monkeypatch.setattr(double, "running", lambda: [{"name": MODEL, "size": 8, "size_vram": 4}])
    judged(CardWithOllama(30 * GIB, [], double), double)
    assert [r for r in caplog.records if "50 % of" in r.getMessage() and r.name == gpu_handover.__name__]
