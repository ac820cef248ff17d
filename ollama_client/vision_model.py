"""The judge's VisionModel on Ollama: one client per call, Interrupt within a fraction of a second, no surprises sent.

Every call goes through one place, `_call`: it makes the client, watches Interrupt and the time limit while waiting,
turns each failure into a plain sentence, and closes the client, on whatever event loop it runs.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from ..engine.judge.vision_model import AnswerUnusable, ModelUnfit, ModelUnreachable, Question, Reply
from .connection import Connection, address, is_this_computer, open_client
from .failures import GOOD_MODEL, call_failures, failure_of, takes_one_picture
from .installed import Shown, digest_of, shown, suggestion
from .residence import LEAVING_SECONDS, until_gone
from .tokens import asked_for, read_tokens, refused
from .turns import taking_turns
from .watching import watched

LOG = logging.getLogger(__name__)

CONTEXT = 8192
"""Tokens. Always the same: a change reloads the model. Fits one picture with the question and the answer twice over."""
SEED_BITS = 0x7FFFFFFF
BETWEEN_LOOKS = 60
"""Seconds the model stays loaded between the looks at one picture when the user wants it gone afterwards."""
CHECK_SECONDS, CHECK_VALID = 30.0, 60.0
RELEASE_SECONDS = 5.0

T = TypeVar("T")

_checked: dict[tuple[str, str], tuple[float, Shown]] = {}
_digests: dict[tuple[str, str], tuple[float, str]] = {}
_without_probabilities: set[str] = set()
_one_picture: set[tuple[str, str]] = set()
"""Models, by address, that take no more than one picture: of a clip they get the sheet."""


class OllamaVisionModel:
    """One model on one connection.

    keep_alive: from parse_keep_alive. interrupted: tells whether the user asked to interrupt; it only looks.
    stop: makes the exception that ends the node then. timeout: seconds for one answer, loading included.
    """

    def __init__(
        self,
        connection: Connection,
        model: str,
        keep_alive: int | float | str,
        interrupted: Callable[[], bool],
        stop: Callable[[], BaseException],
        timeout: float = 300.0,
    ) -> None:
        self.name = model.strip()
        self._connection, self._keep_alive, self._timeout = connection, keep_alive, timeout
        self._interrupted, self._stop = interrupted, stop
        self._asked = False

    async def check(self) -> None:
        """Ask the server whether the model is there, sees pictures and runs on the server itself.

        A good answer holds for a minute. A server too old to tell capabilities is taken at its word later.
        Raises ModelUnreachable; ModelUnfit when there is a server but the model cannot judge.
        """
        if not self.name:
            raise ModelUnreachable(f"No judge model is named. Type one that sees pictures, for example {GOOD_MODEL}.")
        host = address(self._connection)
        known = _checked.get((host, self.name))
        if known is not None and time.monotonic() - known[0] < CHECK_VALID:
            found = known[1]
        else:
            found = await self._call(lambda client: shown(client, self.name), CHECK_SECONDS)
            if found.capabilities and "vision" in found.capabilities:
                # Only this is sure to be an answer about the model; an odd one may be over in a second.
                _checked[host, self.name] = (time.monotonic(), found)
        if found.capabilities and "vision" not in found.capabilities:
            more = await self._suggestion()
            raise ModelUnfit(f'The model "{self.name}" at {host} cannot see pictures. Choose one that can.{more}')
        if found.remote_host and not self._connection.allow_remote:
            raise ModelUnfit(
                f'The model "{self.name}" at {host} runs in the cloud, so your pictures would leave this computer. '
                "Choose a local model, or use a connection that allows this."
            )

    async def ask(self, question: Question) -> Reply:
        """The raw answer, with token probabilities where they are wanted and the server has them.

        Raises ModelUnreachable or AnswerUnusable, or what `stop` makes.
        """
        if not self.name:
            raise ModelUnreachable(f"No judge model is named. Type one that sees pictures, for example {GOOD_MODEL}.")
        host = address(self._connection)
        request = self._request(question)
        async with taking_turns(host, self._stop_if_interrupted):
            self._asked = True
            begun = time.monotonic()
            reply = await self._call(lambda client: self._chat(client, request, question, host), self._timeout)
            LOG.debug("%s answered in %.2f s", self.name, time.monotonic() - begun)
        return Reply(self._text_of(reply, host), read_tokens(reply) if question.probabilities else ())

    async def digest(self) -> str:
        """The digest of the installed model; "" from a server that does not tell. Raises ModelUnreachable.

        Asked once a minute: a model may be pulled anew under the same name.
        """
        host = address(self._connection)
        known = _digests.get((host, self.name))
        if known is None or time.monotonic() - known[0] >= CHECK_VALID:
            found = await self._call(lambda client: digest_of(client, self.name), CHECK_SECONDS)
            known = _digests[host, self.name] = (time.monotonic(), found)
        return known[1]

    def _request(self, question: Question) -> dict[str, Any]:
        asked: dict[str, Any] = {"role": "user", "content": question.text}
        if question.jpeg:
            # Bytes only: the client would read and send a file if it got a text that is a path.
            asked["images"] = [bytes(one) for one in question.pictures]
        return {
            "model": self.name,
            "messages": [{"role": "system", "content": question.system}, asked],
            "format": question.schema,
            "stream": False,
            # Always sent: when it is absent, models that can think do, and the format is then not applied.
            "think": False,
            "options": {
                "temperature": question.temperature,
                "seed": question.seed & SEED_BITS,
                "num_ctx": CONTEXT,
                "num_predict": question.answer_tokens,
            },
            "keep_alive": BETWEEN_LOOKS if self._keep_alive == 0 else self._keep_alive,
        }

    async def _chat(self, client: Any, request: dict[str, Any], question: Question, host: str) -> Any:
        """With probabilities where they are wanted; without them where the server refuses the very fields. With the
        frames of a clip, or their sheet where the model takes one picture."""
        if (host, self.name) in _one_picture or not question.frames:
            return await self._with_probabilities(client, _with_sheet(request, question), question, host)
        try:
            return await self._with_probabilities(client, request, question, host)
        except call_failures() as problem:
            if not takes_one_picture(str(problem)):
                raise
            _one_picture.add((host, self.name))
            return await self._with_probabilities(client, _with_sheet(request, question), question, host)

    async def _with_probabilities(self, client: Any, request: dict[str, Any], question: Question, host: str) -> Any:
        if not question.probabilities or host in _without_probabilities:
            return await client.chat(**request)
        try:
            return await client.chat(**request, **asked_for(client))
        except call_failures() as problem:
            if not refused(problem):
                raise
            _without_probabilities.add(host)
            return await client.chat(**request)

    async def release(self) -> None:
        """Unload the model if the user's keep_alive is 0 and it was asked anything. Never raises."""
        if self._keep_alive == 0:
            await self.unload()

    async def unload(self) -> None:
        """Unload the model if it was asked anything, and wait until it is gone from this computer. Never raises."""
        if not self._asked:
            return
        self._asked = False
        # An interrupted user waits for the end; the short time between looks then unloads the model soon anyway.
        seconds = 0.5 if self._interrupted() else RELEASE_SECONDS
        try:
            async with open_client(self._connection, seconds) as client:
                await asyncio.wait_for(client.chat(model=self.name, messages=[], keep_alive=0), seconds)
                if self.on_this_computer:
                    # Unloading goes on after the answer; the next render must not start before its memory is free.
                    await until_gone(client, self.name, LEAVING_SECONDS, self._interrupted)
        except Exception as problem:
            LOG.warning("%s could not be unloaded from Ollama (%s)", self.name, type(problem).__name__)

    @property
    def connection(self) -> Connection:
        """Where it is asked."""
        return self._connection

    @property
    def on_this_computer(self) -> bool:
        """Whether Ollama shares this computer, and so its graphics card, with ComfyUI. Raises ModelUnreachable."""
        return is_this_computer(address(self._connection))

    @property
    def asked(self) -> bool:
        """Whether the model was asked anything that it may still be loaded for."""
        return self._asked

    def _text_of(self, reply: Any, host: str) -> str:
        hint = ""
        known = _checked.get((host, self.name))
        if known is not None and known[1].capabilities and "thinking" in known[1].capabilities:
            hint = f" This model thinks before it answers; an instruct model such as {GOOD_MODEL} does not."
        if reply.done is not True:
            raise AnswerUnusable(f"{self.name} stopped in the middle, because it was repeating itself.{hint}")
        if reply.done_reason == "length":
            raise AnswerUnusable(f"The answer of {self.name} was too long and was cut off.{hint}")
        for text in (reply.message.content, reply.message.thinking):
            if text and text.strip():
                return text
        raise AnswerUnusable(f"{self.name} gave an empty answer.{hint}")

    async def _call(self, request: Callable[[Any], Awaitable[T]], timeout: float) -> T:
        """Raises ModelUnreachable for every known failure, or what `stop` makes."""
        failures = call_failures()
        host = address(self._connection)
        self._stop_if_interrupted()
        async with open_client(self._connection, timeout) as client:
            try:
                return await watched(request(client), timeout, self._stop_if_interrupted)
            except failures as problem:
                LOG.debug("call to Ollama failed: %s", type(problem).__name__)
                _checked.pop((host, self.name), None)
                if isinstance(problem, ConnectionError) or type(problem).__name__ == "ConnectTimeout":
                    self._asked = False  # nobody there, so nothing to unload
                failure = failure_of(problem, host, self.name, timeout)
                if isinstance(failure, ModelUnfit):
                    failure = ModelUnfit(f"{failure}{await self._suggestion()}")
                raise failure from problem

    def _stop_if_interrupted(self) -> None:
        if self._interrupted():
            raise self._stop()

    async def _suggestion(self) -> str:
        """Installed models that see pictures, in a sentence; empty when the server does not tell."""
        try:
            async with open_client(self._connection, RELEASE_SECONDS) as client:
                return await watched(suggestion(client, self.name), RELEASE_SECONDS, self._stop_if_interrupted)
        except call_failures():
            return ""


def _with_sheet(request: dict[str, Any], question: Question) -> dict[str, Any]:
    """The request with one picture."""
    if not question.frames:
        return request
    system, asked = request["messages"]
    return {**request, "messages": [system, {**asked, "images": [bytes(question.jpeg)]}]}
