"""The judge's VisionModel on a server of OpenAI's dialect: one client per question, Interrupt within a fraction of a
second, the richest form of request that the server takes, no surprises sent."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

from ..engine.judge.sight_check import is_blind
from ..engine.judge.vision_model import ModelUnfit, ModelUnreachable, Question, Reply
from ..ollama_client.turns import taking_turns
from ..ollama_client.watching import watched
from .chat import CutOff, Form, reply_of, request_of
from .failures import does_not_fit, failure_of, is_known, is_loading, odd_answer, refusal, text_of
from .models import ModelList, RefusedList, SeenModel, digest_of, list_models
from .server import OpenAIServer, base_url, open_client, request

LOG = logging.getLogger(__name__)

CHECK_SECONDS, CHECK_VALID = 30.0, 60.0
LOADING_PAUSE = 1.0
"""Seconds between two tries of a server that loads its model."""

T = TypeVar("T")
_Key = tuple[str, str]

_lists: dict[str, tuple[float, ModelList]] = {}
_forms: dict[_Key, Form] = {}
_looked: set[_Key] = set()
"""Models that were found to see, or of which it could not be found out."""


class OpenAIVisionModel:
    """One model of one server.

    interrupted: tells whether the user asked to interrupt; it only looks. stop: makes the exception that ends the node
    then. timeout: seconds for one answer, loading included.
    """

    def __init__(
        self,
        server: OpenAIServer,
        model: str,
        interrupted: Callable[[], bool],
        stop: Callable[[], BaseException],
        timeout: float = 300.0,
    ) -> None:
        self.name = model.strip()
        self._server, self._timeout = server, timeout
        self._interrupted, self._stop = interrupted, stop

    async def check(self) -> None:
        """Ask the server whether the model is there, and whether it sees where the server says that.

        A good answer holds for a minute. A server that lists no models is taken at its word later.
        Raises ModelUnreachable; ModelUnfit when there is a server but the model cannot judge.
        """
        if not self.name:
            raise ModelUnreachable("No judge model is named. Type the name of one that sees pictures.")
        listed, found = await self._found()
        if listed.models and found is None:
            raise ModelUnfit(
                f'The server at {base_url(self._server)} has no model "{self.name}".{listed.suggestion(self.name)}'
            )
        if found is not None and found.sees is False:
            others = ModelList(listed.dialect, tuple(one for one in listed.models if one is not found))
            raise ModelUnfit(
                f'The model "{self.name}" at {base_url(self._server)} cannot see pictures. Choose one that can; in '
                f"llama.cpp, start the server with --mmproj.{others.suggestion(self.name)}"
            )

    async def ask(self, question: Question) -> Reply:
        """The raw answer, with token probabilities where they are wanted and the server has them.

        Before its first answer about a picture it is found out whether the model sees any. Raises ModelUnreachable
        (ModelUnfit) or AnswerUnusable, or what `stop` makes.
        """
        if not self.name:
            raise ModelUnreachable("No judge model is named. Type the name of one that sees pictures.")
        host = base_url(self._server)
        async with taking_turns(host, self._stop_if_interrupted):
            if question.jpeg and (host, self.name) not in _looked:
                await self._make_sure_it_sees(host)
            begun = time.monotonic()
            reply = await self._answered(question, host)
            LOG.debug("%s answered in %.2f s", self.name, time.monotonic() - begun)
        return reply if question.probabilities else Reply(reply.text)

    async def digest(self) -> str:
        """What tells this very model of this server from another one of the same name. Raises ModelUnreachable."""
        _, found = await self._found()
        return digest_of(base_url(self._server), self.name, found)

    async def release(self) -> None:
        """Nothing: these servers keep and unload their models by their own rules."""

    @property
    def connection(self) -> OpenAIServer:
        """Where it is asked."""
        return self._server

    async def _found(self) -> tuple[ModelList, SeenModel | None]:
        host = base_url(self._server)
        known = _lists.get(host)
        if known is None or time.monotonic() - known[0] >= CHECK_VALID:
            try:
                listed = await self._call(lambda client: list_models(client, host), CHECK_SECONDS)
            except RefusedList as problem:
                if problem.answer.status in (200, 401, 403) or is_loading(problem.answer):
                    raise problem.told(host, self.name) from problem
                listed = ModelList("other", ())
            known = (time.monotonic(), listed)
            if listed.of(self.name) is not None:
                # Only then: a server may load the model in a moment.
                _lists[host] = known
        return known[1], known[1].of(self.name)

    async def _make_sure_it_sees(self, host: str) -> None:
        """Raises ModelUnfit for a model that names the colours of a picture wrongly, twice.

        Not asked where the server says so itself.
        """
        _, found = await self._found()
        if found is not None and found.sees:
            _looked.add((host, self.name))
            return

        async def answer(question: Question) -> str:
            return (await self._answered(question, host)).text

        if await is_blind(answer):
            raise ModelUnfit(
                f'The model "{self.name}" at {host} does not see pictures: it names the colours of a test picture '
                "wrongly. Choose one that sees; in llama.cpp, start the server with --mmproj."
            )
        _looked.add((host, self.name))

    async def _answered(self, question: Question, host: str) -> Reply:
        """The answer in the richest form that this server takes for this model."""
        key = (host, self.name)
        dialect = _lists[host][1].dialect if host in _lists else "other"
        form = _forms.get(key, Form())
        until = time.monotonic() + self._timeout
        while True:
            body = request_of(question, self.name, form, dialect)
            left = max(until - time.monotonic(), 0.1)
            answer = await self._call(lambda client, b=body: request(client, "POST", _chat_url(host), b), left)
            if is_loading(answer) and time.monotonic() < until:
                await self._pause(LOADING_PAUSE)
                continue
            try:
                document = answer.json() if answer.status == 200 else None
            except (ValueError, RecursionError) as problem:
                raise odd_answer(host) from problem
            if answer.status == 200 and not (isinstance(document, dict) and document.get("error")):
                break
            sheet_instead = form.several and len(question.pictures) > 1 and does_not_fit(answer)
            simpler = replace(form, several=False) if sheet_instead else None
            if simpler is None and not is_known(answer):
                simpler = form.simpler(answer.status, text_of(answer))
            if simpler is None:
                _lists.pop(host, None)
                raise refusal(replace(answer, status=500) if answer.status == 200 else answer, host, self.name)
            form = simpler
        try:
            reply, thought = reply_of(document, self.name)
        except CutOff as problem:
            _forms[key] = replace(form, thinks=form.thinks or problem.thinking)
            raise
        except ValueError as problem:
            raise odd_answer(host) from problem
        _forms[key] = replace(form, thinks=form.thinks or thought)
        return reply

    async def _call(self, call: Callable[[Any], Awaitable[T]], timeout: float) -> T:
        """Raises ModelUnreachable for a call without an answer, or what `stop` makes."""
        self._stop_if_interrupted()
        host = base_url(self._server)
        async with open_client(self._server, timeout) as client:
            import httpx

            try:
                return await watched(call(client), timeout, self._stop_if_interrupted)
            except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as problem:
                LOG.debug("call to %s failed: %s", host, type(problem).__name__)
                _lists.pop(host, None)
                raise failure_of(problem, host, self.name, timeout) from problem

    async def _pause(self, seconds: float) -> None:
        await watched(asyncio.sleep(seconds), seconds + 1, self._stop_if_interrupted)

    def _stop_if_interrupted(self) -> None:
        if self._interrupted():
            raise self._stop()


def _chat_url(base: str) -> str:
    return f"{base}/chat/completions"
