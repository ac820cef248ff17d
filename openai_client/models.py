"""What a server says about its models, and by that what kind of server it is."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ..engine.judge.vision_model import ModelUnreachable
from .failures import failure_of, odd_answer, refusal
from .server import OpenAIServer, base_url, open_client, request

Dialect = Literal["llama.cpp", "lm studio", "vllm", "ollama", "other"]
NAMED = 5
ITS_MODELS = "its models"
"""What a list asks for, in the words of failures."""
_OWNERS: dict[str, Dialect] = {
    "llamacpp": "llama.cpp",
    "organization_owner": "lm studio",
    "vllm": "vllm",
    "library": "ollama",
}
"""`owned_by` of the models that each server lists."""


@dataclass(frozen=True)
class SeenModel:
    """One model of a server. sees: whether it takes pictures; None where the server does not say.

    known: what the server says that tells this very model from another one of the same name.
    """

    name: str
    sees: bool | None = None
    known: str = field(default="", repr=False)


@dataclass(frozen=True)
class ModelList:
    """dialect: of the server. models: empty where it lists none."""

    dialect: Dialect
    models: tuple[SeenModel, ...]

    def of(self, name: str) -> SeenModel | None:
        """The entry that a request of that name means; None where there is none.

        llama.cpp's server has one model, and takes it for any name.
        """
        found = next((one for one in self.models if one.name == name), None)
        found = found or next((one for one in self.models if one.name.lower() == name.lower()), None)
        if found is None and self.dialect == "llama.cpp" and len(self.models) == 1:
            return self.models[0]
        return found

    def suggestion(self, wanted: str) -> str:
        """A sentence, with a blank before it, that names what there is, the most similar first."""
        names = [one.name for one in self.models if one.sees is not False]
        if not names:
            return ""
        names.sort(key=lambda name: -difflib.SequenceMatcher(None, wanted.lower(), name.lower()).ratio())
        more = " and others" if len(names) > NAMED else ""
        return f" There are: {', '.join(names[:NAMED])}{more}."


async def seen_models(server: OpenAIServer, seconds: float) -> ModelList:
    """The models of a server. Raises ModelUnreachable."""
    async with open_client(server, seconds) as client:
        import httpx

        base = base_url(server)
        try:
            return await list_models(client, base)
        except RefusedList as problem:
            raise problem.told(base, ITS_MODELS) from problem
        except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as problem:
            raise failure_of(problem, base, ITS_MODELS, seconds) from problem


async def list_models(client: Any, base: str) -> ModelList:
    """Raises RefusedList for an answer that is no list of models, and what httpx raises."""
    answer = await request(client, "GET", f"{base}/models")
    if answer.status != 200:
        raise RefusedList(answer)
    try:
        document = answer.json()
        entries = [entry for entry in document["data"] or [] if isinstance(entry, dict) and entry.get("id")]
    except (ValueError, TypeError, KeyError, RecursionError) as problem:
        raise RefusedList(answer) from problem
    owners = {str(entry.get("owned_by", "")).lower() for entry in entries}
    dialect = next((name for owner, name in _OWNERS.items() if owner in owners), "other")
    sight = _llama_cpp_sight(document) if dialect == "llama.cpp" else {}
    if dialect == "lm studio":
        sight = await _lm_studio_sight(client, base)
    models = tuple(SeenModel(str(e["id"]), sight.get(str(e["id"])), _known(e)) for e in entries)
    return ModelList(dialect, models)


class RefusedList(Exception):
    """The server gave no list of models. answer: what it gave."""

    def __init__(self, answer: Any) -> None:
        super().__init__(f"status {answer.status}")
        self.answer = answer

    def told(self, base: str, model: str) -> ModelUnreachable:
        """As a sentence. model: what was asked for, in words."""
        return odd_answer(base) if self.answer.status == 200 else refusal(self.answer, base, model)


def digest_of(base: str, name: str, found: SeenModel | None) -> str:
    """64 hexadecimal digits for this model of this server: such servers tell no digest."""
    told = json.dumps([base, name, found.known if found is not None else ""])
    return hashlib.sha256(told.encode()).hexdigest()


def _known(entry: dict[str, Any]) -> str:
    # Not `created`: some servers say the time of the request.
    return json.dumps({key: entry.get(key) for key in ("id", "root", "meta", "max_model_len")}, sort_keys=True)


def _llama_cpp_sight(document: dict[str, Any]) -> dict[str, bool]:
    """It lists capabilities in a second list of the same answer, in Ollama's form."""
    told: dict[str, bool] = {}
    listed: Sequence[Any] = document.get("models") or ()
    for entry in listed if isinstance(listed, list) else ():
        can = entry.get("capabilities") if isinstance(entry, dict) else None
        if isinstance(can, list) and can:
            told[str(entry.get("model") or entry.get("name"))] = bool({"multimodal", "vision"} & set(map(str, can)))
    return told


async def _lm_studio_sight(client: Any, base: str) -> dict[str, bool]:
    """LM Studio tells the type of its models beside OpenAI's routes; nothing where it does not."""
    answer = await request(client, "GET", f"{base.removesuffix('/v1')}/api/v0/models")
    try:
        entries = answer.json()["data"] if answer.status == 200 else []
        return {str(e["id"]): e["type"] == "vlm" for e in entries if e.get("type") in ("vlm", "llm")}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}
