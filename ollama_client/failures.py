"""Every way in which a call to Ollama can fail, in one plain sentence each: what happened, and what to do next."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Literal, NamedTuple

from ..engine.judge.vision_model import ModelStumbled, ModelUnfit, ModelUnreachable
from .client_package import MISSING_PACKAGE

GOOD_MODEL = "qwen3-vl:8b-instruct"


def call_failures() -> tuple[type[Exception], ...]:
    """What the ollama client is known to raise. Raises ModelUnreachable when the package is absent.

    ValueError covers answers that are not JSON and those that break the client's own models. AttributeError,
    TypeError and RecursionError come from answers of an unexpected shape (a list, a bare string, endless nesting).
    """
    try:
        import httpx
        import ollama
    except ImportError as problem:
        raise ModelUnreachable(MISSING_PACKAGE) from problem
    return (
        ollama.ResponseError,
        ollama.RequestError,
        ConnectionError,
        TimeoutError,
        httpx.HTTPError,
        httpx.InvalidURL,
        ValueError,
        AttributeError,
        TypeError,
        RecursionError,
    )


BUSY_PAUSE, RESTART_PAUSE = 2.0, 0.5
"""Seconds after which a busy server, or one whose runner starts anew, is worth asking again. Ours."""
_UNSTEADY = frozenset({500, 502, 503, 504})


_ONE_PICTURE = ("single image", "one image", "at most 1 image", "multiple images", "single picture")


def takes_one_picture(said: str) -> bool:
    """Whether an error says that the model takes no more than one picture. Ollama of llama3.2-vision: "vision model
    only supports a single image per message"; vLLM: "At most 1 image(s) may be provided"."""
    return any(fragment in said.lower() for fragment in _ONE_PICTURE)


def failure_of(problem: BaseException, host: str, model: str, timeout: float = 300.0) -> ModelUnreachable:
    """The failure as the judge knows it. Arguments: as in explain."""
    import httpx
    import ollama

    sentence = explain(problem, host, model, timeout)
    if isinstance(problem, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError):
        return ModelStumbled(sentence, pause=RESTART_PAUSE)
    if not isinstance(problem, ollama.ResponseError):
        return ModelUnreachable(sentence)
    if (problem.status_code == 404 and model in sentence) or sentence.startswith(_BLIND.format(model=model, host=host)):
        return ModelUnfit(sentence)
    known = _known(_inner_text(problem.error).lower())
    if known is not None and known.memory:
        return ModelStumbled(sentence, out_of_memory=True, pause=RESTART_PAUSE)
    if problem.status_code in _UNSTEADY and known is None:
        return ModelStumbled(sentence, pause=BUSY_PAUSE)
    return ModelUnreachable(sentence)


def explain(problem: BaseException, host: str, model: str, timeout: float = 300.0) -> str:
    """What went wrong and what the user can do. host: as tried. timeout: seconds that the call was given."""
    import httpx
    import ollama

    if isinstance(problem, ollama.ResponseError):
        return _refusal(problem.status_code, _inner_text(problem.error), host, model)
    if isinstance(problem, httpx.ConnectTimeout):
        return (
            f"Ollama at {host} could not be reached within 5 seconds. "
            "Check the address, the network and the firewall, and that Ollama listens there."
        )
    if isinstance(problem, httpx.TimeoutException | TimeoutError):
        return (
            f"Ollama at {host} gave no answer with {model} within {timeout:g} seconds. The first answer also loads the "
            "model: queue again. If it stays slow, free graphics memory or use a smaller model."
        )
    if isinstance(problem, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError):
        return (
            f"Ollama at {host} hung up in the middle of the answer from {model}. "
            "Look at Ollama's log: it may have run out of memory. Then queue again."
        )
    if isinstance(problem, ConnectionError | httpx.TransportError):
        return _no_connection(problem, host)
    if isinstance(problem, httpx.InvalidURL):
        return f"{host} is not a usable address. Write it like http://127.0.0.1:11434"
    return f"{host} answered, but not as Ollama does. Check the address; a proxy or another program may answer there."


def _inner_text(error: object) -> str:
    """Errors relayed from the model runner carry a JSON document inside the text."""
    text = error if isinstance(error, str) else json.dumps(error, default=str)
    try:
        document = json.loads(text)
        inner = document.get("error", document)
        return f"{inner['message']} {inner.get('type', '')}".strip()
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return text


def _refusal(status: int, text: str, host: str, model: str) -> str:
    low = text.lower()
    if status == 404 and "not found" in low and "page" not in low and "<" not in low:
        return f'Ollama at {host} has no model "{model}". Check the name, or get it with "ollama pull {model}".'
    if status == 404:
        return f"Something answers at {host}, but it is not Ollama. Check the address and the port."
    if 300 <= status < 400:
        return (
            f"{host} wants to send the picture on to another address; that was refused. "
            "Enter the final address of Ollama as the connection."
        )
    if status == 401:
        return f"{host} asks for a key. Use a connection that is allowed to send one, or an Ollama without a key."
    if status == 403:
        return (
            f"Ollama refused the host name in {host}. Use its IP address, "
            "or let the proxy in front of it set the header Host: localhost."
        )
    if status == 503 and "<" not in low:
        return f"Ollama at {host} is busy with other requests. Wait a moment, then queue again."
    known = _known(low)
    if known is not None:
        return known.sentence.format(host=host, model=model, good=GOOD_MODEL)
    if "<html" in low or "<!doctype" in low or status in (502, 503, 504):
        return (
            f"A proxy at {host} answered with error {status} instead of Ollama. "
            "Check that Ollama runs behind it, or connect to Ollama directly."
        )
    said = " ".join(text.split())[:200] or "no explanation"
    return f"Ollama at {host} refused the request for {model} (error {status}: {said}). Look at Ollama's log."


class _KnownText(NamedTuple):
    """What Ollama says, and what that means for the user. memory: whether it is for want of memory."""

    fragments: tuple[str, ...]
    sentence: str
    memory: bool = False


def _known(low: str) -> _KnownText | None:
    return next((text for text in _TEXTS if any(fragment in low for fragment in text.fragments)), None)


_BLIND = 'The model "{model}" at {host} cannot see pictures.'
_TEXTS: tuple[_KnownText, ...] = (
    _KnownText(
        ("image input is not supported", "does not support multimodal", "does not support chat", "missing vision"),
        f"{_BLIND} Choose one that can.",
    ),
    _KnownText(
        ("exceed_context_size", "available context size", "context length"),
        "The picture and the goal do not fit into the context of {model} at {host}. Shorten the goal.",
    ),
    _KnownText(
        ("json schema", "json_schema", "failed to parse grammar", "invalid format"),
        "Ollama at {host} could not use the answer format with {model}. Update Ollama, then queue again.",
    ),
    _KnownText(
        ("unknown model architecture", "unable to load", "error loading model"),
        "Ollama at {host} cannot load {model}. Update Ollama, or choose another model, for example {good}.",
    ),
    _KnownText(
        ("out-of-memory", "out of memory", "requires more system memory", "cudamalloc", "resource limitations"),
        "Ollama at {host} had not enough memory for {model}. "
        "Use a smaller model, or free ComfyUI's memory first, then queue again.",
        True,
    ),
    _KnownText(
        ("has terminated", "unexpectedly stopped"),
        "The part of Ollama at {host} that runs {model} crashed, mostly for want of memory. "
        "Use a smaller model, or free ComfyUI's memory first, then queue again.",
        True,
    ),
    _KnownText(
        ("timed out waiting",),
        "Ollama at {host} did not finish loading {model}. Free graphics memory or use a smaller model.",
    ),
    _KnownText(
        ("does not support thinking",),
        "Ollama at {host} refused the thinking setting for {model}. Choose an instruct model, for example {good}.",
    ),
    _KnownText(
        ("illegal base64", "unknown format", "invalid image", "failed to decode image", "failed to process"),
        "Ollama at {host} could not read the picture for {model}. Update Ollama, then queue again.",
    ),
    _KnownText(
        ("time: ", "keep_alive", "unsupported type"),
        "Ollama at {host} did not accept keep_alive for {model}. Use 0, 300, 5m or -1.",
    ),
)


def _no_connection(problem: BaseException, host: str) -> str:
    obstacle = obstacle_of(problem)
    if obstacle == "name":
        return f"The host name in {host} is not known on this network. Check the spelling, or use the IP address."
    if obstacle == "certificate":
        return f"The certificate of {host} is not trusted. Use http:// on your own network, or a valid certificate."
    if obstacle == "tls":
        return f"{host} does not speak https. Write the address with http://"
    return (
        f"No connection to Ollama at {host}. Start it with: ollama serve "
        "(in Docker, use the address of the computer that runs Ollama, not 127.0.0.1)."
    )


def obstacle_of(problem: BaseException) -> Literal["name", "certificate", "tls", "other"]:
    """What kept a client from connecting, by all that stands behind the exception."""
    chain = " ".join(f"{type(link).__name__} {link}" for link in _chain(problem)).lower()
    if "gaierror" in chain or "name or service not known" in chain or "getaddrinfo" in chain:
        return "name"
    if "certificate" in chain:
        return "certificate"
    return "tls" if "ssl" in chain else "other"


def _chain(problem: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while problem is not None and id(problem) not in seen:
        seen.add(id(problem))
        yield problem
        problem = problem.__cause__ or problem.__context__
