"""What Ollama accepts, refuses and calls things: the pure part of its double."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
import re
import time
from datetime import datetime, timezone
from typing import Any

INTEGER_OPTIONS = frozenset(
    "num_keep seed num_predict top_k repeat_last_n num_ctx num_batch num_gpu main_gpu num_thread".split()
) | {"draft_num_predict"}
FLOAT_OPTIONS = frozenset("top_p min_p typical_p temperature repeat_penalty presence_penalty frequency_penalty".split())
RELOADING_OPTIONS = ("num_ctx", "num_batch", "num_gpu")
THINK_LEVELS = ("high", "medium", "low", "max")
SERVER_KEEP_ALIVE = 300.0
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_QUANTITY = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)")
_DURATION = re.compile(rf"([+-]?)((?:{_QUANTITY.pattern})+)")


class RefusalError(Exception):
    """The server answers with this status and {"error": text}."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


def nested_error(status: int, message: str, **more: Any) -> str:
    """An error relayed from the model runner: a JSON document to put inside the error string."""
    return json.dumps({"error": {"code": status, "message": message, **more}})


def encode(value: Any) -> bytes:
    """JSON as the server writes it: compact, with < > & escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.encode()


def timestamp(seconds: float | None = None) -> str:
    """UTC with nanoseconds, of now if not told; a far future for infinity."""
    if seconds is not None and math.isinf(seconds):
        return "2318-01-01T00:00:00.000000000Z"
    nanoseconds = time.time_ns() if seconds is None else int(seconds * 1e9)
    moment = datetime.fromtimestamp(nanoseconds // 10**9, timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{nanoseconds % 10**9:09d}Z"


def full_name(name: str) -> str:
    """With its tag: ":latest" where none is said."""
    return name if ":" in name.rsplit("/", 1)[-1] else name + ":latest"


def listing(name: str) -> dict[str, Any]:
    """A model as /api/tags and /api/ps list it."""
    family = re.split(r"[:\-]", name)[0].replace(".", "")
    listed = {
        "name": name,
        "model": name,
        "modified_at": "2026-08-21T18:48:22.123456789Z",
        "size": 6 * 10**9,
        "digest": hashlib.sha256(name.encode()).hexdigest(),
        "details": {
            "parent_model": "",
            "format": "gguf",
            "family": family,
            "families": [family],
            "parameter_size": "8B",
            "quantization_level": "Q4_K_M",
        },
    }
    return listed | remote(name)


def remote(name: str) -> dict[str, str]:
    """The fields that only a cloud model has."""
    if not name.endswith("cloud"):
        return {}
    return {"remote_host": "https://ollama.com:443", "remote_model": name.rsplit(":", 1)[0]}


def keep_alive_seconds(value: Any) -> float:
    """Seconds that a keep_alive means, inf for ever. Raises RefusalError as the server does."""
    if value is None:
        return SERVER_KEEP_ALIVE
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise RefusalError(400, f"Unsupported type: '{'bool' if isinstance(value, bool) else type(value).__name__}'")
    if isinstance(value, str):
        if value in ("0", "+0", "-0"):
            return 0.0
        found = _DURATION.fullmatch(value)
        if not found:
            problem = "missing unit in" if re.fullmatch(r"[+-]?[\d.]+", value) else "invalid"
            raise RefusalError(400, f"time: {problem} duration {json.dumps(value)}")
        value = sum(float(number) * _UNITS[unit] for number, unit in _QUANTITY.findall(found[2]))
        if found[1] == "-":
            value = -value
    return math.inf if value < 0 else float(value)


def check_think(value: Any, name: str, capabilities: tuple[str, ...]) -> bool:
    """Whether the model will think. Raises RefusalError."""
    can = "thinking" in capabilities
    if value is None:
        return can
    if (isinstance(value, str) and value not in THINK_LEVELS) or not isinstance(value, (bool, str)):
        raise RefusalError(400, f"invalid think value: {json.dumps(value)}")
    if value and not can:
        raise RefusalError(400, f"{json.dumps(name)} does not support thinking")
    return bool(value)


def check_options(options: Any) -> dict[str, Any]:
    """The options, if their types are right; unknown ones are let through. Raises RefusalError."""
    if options is None:
        return {}
    if not isinstance(options, dict):
        raise RefusalError(400, "json: cannot unmarshal options into Go struct field ChatRequest.options")
    for key, value in options.items():
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if value is None:
            continue
        if key in INTEGER_OPTIONS and not number:
            raise RefusalError(500, f'option "{key}" must be of type integer')
        if key in FLOAT_OPTIONS and not number:
            raise RefusalError(500, f'option "{key}" must be of type float32')
        if key == "stop" and not isinstance(value, list):
            raise RefusalError(500, f'option "{key}" must be of type array')
    return options


def check_format(value: Any) -> dict[str, Any] | None:
    """The JSON schema, None where there is none to follow. Raises RefusalError."""
    if isinstance(value, dict):
        return value or None
    if value not in (None, "", "json"):
        raise RefusalError(500, f'invalid format: {json.dumps(value)}; expected "json" or a valid JSON Schema object')
    return None


def check_top_logprobs(value: Any) -> int:
    """How many alternatives a token gets. Raises RefusalError."""
    if value is None:
        return 0
    if not isinstance(value, int) or isinstance(value, bool):
        raise RefusalError(400, "json: cannot unmarshal into Go struct field ChatRequest.top_logprobs of type int")
    if not 0 <= value <= 20:
        raise RefusalError(400, "top_logprobs must be between 0 and 20")
    return value


def check_messages(messages: Any) -> list[dict[str, Any]]:
    """The messages. Raises RefusalError."""
    if messages is None:
        return []
    for message in messages if isinstance(messages, list) else [None]:
        if not isinstance(message, dict) or not isinstance(message.get("content", ""), str):
            raise RefusalError(400, "json: cannot unmarshal into Go struct field ChatRequest.messages of type string")
    return messages


def decode_images(items: Any) -> list[bytes]:
    """The pictures of a request: strict, padded, standard base64 only. Raises RefusalError."""
    pictures = []
    for item in items or []:
        try:
            pictures.append(base64.b64decode(item.replace("\n", "").replace("\r", ""), validate=True))
        except (AttributeError, ValueError, binascii.Error):
            text = str(item)
            wrong = re.search(r"[^A-Za-z0-9+/=]", text)
            at = wrong.start() if wrong else len(text)
            raise RefusalError(400, f"illegal base64 data at input byte {at}") from None
    return pictures


def fit(schema: dict[str, Any], value: Any = None, root: dict[str, Any] | None = None) -> Any:
    """A value that the schema allows, as near as can be to the given one; properties sorted by name."""
    root = schema if root is None else root
    if "$ref" in schema:
        target: Any = root
        for part in schema["$ref"].lstrip("#/").split("/"):
            target = target[part]
        return fit(target, value, root)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        # A number may be asked for as text: 3 is then "3".
        return next((one for one in schema["enum"] if str(one) == str(value)), schema["enum"][0])
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return _fit_one_of(schema[union], value, root)
    kinds = schema.get("type", "object" if "properties" in schema else None)
    if isinstance(kinds, list):
        return _fit_one_of([schema | {"type": kind} for kind in kinds], value, root)
    return _fit_kind(schema, kinds, value, root)


def _fit_one_of(choices: list[dict[str, Any]], value: Any, root: dict[str, Any]) -> Any:
    fitting = (fitted for fitted in (fit(choice, value, root) for choice in choices) if _same(fitted, value))
    return next(fitting, fit(choices[0], value, root))


def _same(one: Any, other: Any) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _fit_kind(schema: dict[str, Any], kind: str | None, value: Any, root: dict[str, Any]) -> Any:
    if kind == "object":
        given = value if isinstance(value, dict) else {}
        fitted = {name: fit(part, given.get(name), root) for name, part in schema.get("properties", {}).items()}
        return dict(sorted(fitted.items()))
    if kind == "array":
        given = value if isinstance(value, list) else []
        given = given[: schema.get("maxItems", len(given))]
        given = given + [None] * (schema.get("minItems", 0) - len(given))
        return [fit(schema.get("items", {}), item, root) for item in given]
    if kind == "string":
        text = value if isinstance(value, str) else str(value) if type(value) in (int, float) else ""
        return text[: schema.get("maxLength", len(text))].ljust(schema.get("minLength", 0), ".")
    if kind in ("integer", "number"):
        if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,9}", value):
            value = int(value)
        number = value if isinstance(value, (int, float)) and not isinstance(value, bool) else 0
        if kind == "number":
            return number
        low = schema.get("minimum", schema.get("exclusiveMinimum", -math.inf) + 1)
        high = schema.get("maximum", schema.get("exclusiveMaximum", math.inf) - 1)
        return int(max(low, min(high, round(number))))
    if kind == "boolean":
        return value if isinstance(value, bool) else False
    return None if kind == "null" else value
