"""JSON of many megabytes without holding up the server.

The parsers and encoders of the standard library and of pydantic are compiled code that lets no other thread run:
16 MiB take some hundred milliseconds, in which ComfyUI answers nobody. The library's Python versions take longer and
let others in between. So what is small is done at once, and what is large in a thread, by these.
"""

from __future__ import annotations

import json
import json.decoder
import json.encoder
import json.scanner
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

AT_ONCE = 2**17
"""Bytes that take a few milliseconds."""
PIECE = 2**20
"""Characters of a text that are written at a time: 2 ms."""


class _PatientDecoder(json.JSONDecoder):
    """Strings are still read by C code: they are fast, and most of a large body."""

    def __init__(self) -> None:
        super().__init__()
        self.parse_object = json.decoder.JSONObject
        self.parse_array = json.decoder.JSONArray
        self.scan_once = json.scanner.py_make_scanner(self)


class _PatientEncoder(json.JSONEncoder):
    """Long texts in pieces: C code writes one of 15 MiB in 30 ms, several times that where it has to escape."""

    def iterencode(self, o: Any, _one_shot: bool = False) -> Iterator[str]:
        separators = self.key_separator, self.item_separator
        write = json.encoder._make_iterencode(
            None, self.default, _written, None, json.dumps, *separators, False, False, False
        )
        return write(o, 0)


def _written(text: str) -> str:
    if len(text) <= PIECE:
        return json.encoder.encode_basestring_ascii(text)
    pieces = (text[at : at + PIECE] for at in range(0, len(text), PIECE))
    return f'"{"".join(json.encoder.encode_basestring_ascii(piece)[1:-1] for piece in pieces)}"'


def read_json(body: bytes) -> Any:
    """Call it from a thread. Raises ValueError for what is no JSON, or nested too deeply."""
    try:
        return _PatientDecoder().decode(body.decode("utf-8"))
    except RecursionError as problem:
        raise ValueError("the JSON is nested too deeply") from problem


def write_json(model: BaseModel) -> bytes:
    """A model as JSON. Call it from a thread."""
    fields = {name: _plain(getattr(model, name)) for name in type(model).model_fields}
    return "".join(_PatientEncoder().iterencode(fields)).encode("utf-8")


def _plain(value: Any) -> Any:
    """Models become mappings one by one; what is plain already is not copied."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value
