"""Every way in which a call to a server of OpenAI's dialect can fail, in one plain sentence each.

What the servers say was read in their sources and threads (docs/design-notes.md, 7.10).
"""

from __future__ import annotations

import json

from ..engine.judge.vision_model import ModelStumbled, ModelUnfit, ModelUnreachable
from ..ollama_client.failures import obstacle_of
from .server import Answer

BUSY_PAUSE, RESTART_PAUSE = 2.0, 0.5
"""Seconds after which a busy server, or one that starts anew, is worth asking again. Ours."""

BLIND = (
    "image input",
    "not a multimodal model",
    "does not support image",
    "does not support multimodal",
    "do not support image",
    "doesn't support image",
    "model does not support vision",
    "mmproj",
    "missing vision",
    "only supports text",
    "at most 0 image",
)
_OVERFLOW = ("exceed_context_size", "context size", "context length", "context_length", "maximum model length")
_MEMORY = ("out of memory", "out-of-memory", "cudamalloc", "failed to allocate", "insufficient memory", "enginedead")
_LOADING = ("loading model", "model is loading", "is still loading", "starting up")
_UNKNOWN = ("not found", "does not exist", "no such model", "unknown model", "invalid model", "no models loaded")
_PICTURE = (
    "illegal base64",
    "failed to decode image",
    "failed to load image",
    "invalid image",
    "cannot identify image",
)


def text_of(answer: Answer) -> str:
    """What an error says: {"error": {"message"}}, {"error": text}, {"message"}, {"detail"} or plain text."""
    text = answer.body.decode("utf-8", "replace")
    try:
        found = json.loads(text)
        found = found.get("error", found) if isinstance(found, dict) else found
        if isinstance(found, dict):
            found = found.get("message") or found.get("detail") or found
        return " ".join((found if isinstance(found, str) else json.dumps(found)).split())
    except (ValueError, RecursionError):
        return " ".join(text.split())


def is_loading(answer: Answer) -> bool:
    """Whether the server is there and loads its model: worth waiting for."""
    return answer.status == 503 and any(fragment in text_of(answer).lower() for fragment in _LOADING)


def does_not_fit(answer: Answer) -> bool:
    """Whether the request is longer than the model's context."""
    return any(fragment in text_of(answer).lower() for fragment in _OVERFLOW)


def is_known(answer: Answer) -> bool:
    """Whether an error is told for what it is, so that asking in a simpler form is of no use."""
    low = text_of(answer).lower()
    told = (*BLIND, *_OVERFLOW, *_MEMORY, *_UNKNOWN, *_PICTURE)
    return answer.status in (401, 403) or any(fragment in low for fragment in told)


def refusal(answer: Answer, host: str, model: str) -> ModelUnreachable:
    """An answer that is an error, as the judge knows it. host: the address as tried."""
    status, text = answer.status, text_of(answer)
    low = text.lower()
    if 300 <= status < 400:
        return ModelUnreachable(
            f"{host} wants to send the picture on to another address; that was refused. "
            "Enter the final address as the connection."
        )
    if status in (401, 403):
        return ModelUnreachable(f"{host} refused the key, or asks for one. Enter the right key for this connection.")
    if any(fragment in low for fragment in BLIND):
        return ModelUnfit(
            f'The model "{model}" at {host} cannot see pictures. Choose one that can; in llama.cpp, start the server '
            "with --mmproj."
        )
    if any(fragment in low for fragment in _OVERFLOW):
        return ModelUnreachable(
            f"The picture and the goal do not fit into the context of {model} at {host}. Start the server with a "
            "larger context (8192 tokens will do), or shorten the goal."
        )
    if any(fragment in low for fragment in _MEMORY):
        sentence = f"The server at {host} had not enough memory for {model}. Use a smaller model, or free memory."
        return ModelStumbled(sentence, out_of_memory=True, pause=RESTART_PAUSE)
    if any(fragment in low for fragment in _PICTURE):
        return ModelUnreachable(f"The server at {host} could not read the picture for {model}. Update the server.")
    html = "<html" in low or "<!doctype" in low
    if status == 404 and not html and any(fragment in low for fragment in _UNKNOWN) and "page" not in low:
        return ModelUnfit(f'The server at {host} has no model "{model}". Check the name, or load the model there.')
    if status == 404:
        return ModelUnreachable(
            f"Something answers at {host}, but it does not speak OpenAI's dialect. Check the address and the port."
        )
    if html:
        sentence = f"A proxy at {host} answered with error {status}. Check that the server runs behind it."
        return ModelStumbled(sentence, pause=BUSY_PAUSE) if status in (502, 503, 504) else ModelUnreachable(sentence)
    if status == 429 or (status == 503 and not is_loading(answer)):
        return ModelStumbled(f"The server at {host} is busy. Wait a moment, then queue again.", pause=BUSY_PAUSE)
    if is_loading(answer):
        return ModelUnreachable(f"The server at {host} still loads {model}. Wait a moment, then queue again.")
    said = text[:200] or "no explanation"
    sentence = f"The server at {host} refused the request for {model} (error {status}: {said}). Look at its log."
    return ModelStumbled(sentence, pause=BUSY_PAUSE) if status in (500, 502, 504) else ModelUnreachable(sentence)


def failure_of(problem: BaseException, host: str, model: str, timeout: float) -> ModelUnreachable:
    """A call that got no answer. timeout: seconds that it was given."""
    import httpx

    if isinstance(problem, httpx.ConnectTimeout):
        return ModelUnreachable(
            f"{host} could not be reached within 5 seconds. "
            "Check the address, the network and the firewall, and that the server listens there."
        )
    if isinstance(problem, httpx.TimeoutException | TimeoutError):
        return ModelUnreachable(
            f"{host} gave no answer with {model} within {timeout:g} seconds. The first answer may also load the model: "
            "queue again. If it stays slow, use a smaller model."
        )
    if isinstance(problem, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError):
        sentence = f"{host} hung up in the middle of the answer from {model}. Look at the server's log."
        return ModelStumbled(sentence, pause=RESTART_PAUSE)
    obstacle = obstacle_of(problem)
    if obstacle == "name":
        return ModelUnreachable(f"The host name in {host} is not known on this network. Check the spelling.")
    if obstacle == "certificate":
        return ModelUnreachable(
            f"The certificate of {host} is not trusted. Use http:// on your own network, or a valid certificate."
        )
    if obstacle == "tls":
        return ModelUnreachable(f"{host} does not speak https. Write the address with http://")
    return ModelUnreachable(
        f"No connection to {host}. Start the server there (in Docker, use the address of the computer that runs it, "
        "not 127.0.0.1)."
    )


def odd_answer(host: str) -> ModelUnreachable:
    """An answer of status 200 that is none."""
    return ModelUnreachable(
        f"{host} answered, but not in OpenAI's dialect. Check the address; a proxy or another program may answer there."
    )
