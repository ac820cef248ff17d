import asyncio
import time

import httpx
import pytest
from pack.rehearsal.ollama_double import OllamaDouble, Reply

from .ollama_asking import MODEL, chat, client, said


@pytest.fixture
def double():
    with OllamaDouble() as running:
        yield running


def listed(double: OllamaDouble) -> list[str]:
    return [m["name"] for m in httpx.get(double.url + "/api/ps", trust_env=False).json()["models"]]


def test_a_model_stays_for_its_keep_alive():
    with OllamaDouble(unload_delay=0.1) as double:
        chat(double, keep_alive=0.15)
        assert listed(double) == [MODEL]
        time.sleep(0.2)
        assert listed(double) == []
        chat(double, keep_alive=-1)
        assert double.loads == 2
        shown = httpx.get(double.url + "/api/ps", trust_env=False).json()["models"][0]
        assert shown["expires_at"].startswith("2318")
        assert shown["context_length"] == 4096
        chat(double)
        assert double.loads == 2


def test_another_context_loads_again(double):
    for context, loads in ((8192, 1), (8192, 1), (4096, 2)):
        chat(double, options={"num_ctx": context})
        assert double.loads == loads


def test_unloading_takes_a_moment():
    with OllamaDouble(unload_delay=0.15) as double:
        chat(double, keep_alive=0)
        assert listed(double) == [MODEL]
        double.wait_for(lambda: not double.loaded, 2)
        assert listed(double) == []
        assert chat(double, messages=[]).done_reason == "load"
        assert listed(double) == [MODEL]
        assert chat(double, messages=[], keep_alive=0).done_reason == "unload"
        assert listed(double) == [MODEL]
        double.wait_for(lambda: not double.loaded, 2)


def test_a_request_at_work_holds_its_model():
    with OllamaDouble(unload_delay=0.0) as double:
        double.script.append(Reply(delay=2.0))

        async def both():
            asked = client(double)
            long = asyncio.ensure_future(asked.chat(model=MODEL, messages=said()))
            await asyncio.to_thread(double.wait_for, lambda: any(m.users for m in double.loaded.values()))
            await client(double).chat(model=MODEL, messages=[], keep_alive=0)
            assert MODEL in double.loaded
            await long

        asyncio.run(both())
        double.wait_for(lambda: not double.loaded, 2)


def test_a_model_is_not_listed_while_it_loads():
    with OllamaDouble(load_delay=2.0) as double:

        async def both():
            task = asyncio.ensure_future(client(double).chat(model=MODEL, messages=said()))
            await asyncio.to_thread(double.wait_for, double.chats)
            assert (await client(double).ps()).models == []
            await task

        asyncio.run(both())
        assert listed(double) == [MODEL]
