"""Text that can be written as UTF-8. JSON lets half of a surrogate pair through, as half an emoji; UTF-8 has none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

Value = TypeVar("Value")


def mend_text(text: str) -> str:
    """The text with halves of a pair joined where both are there, and U+FFFD for a half alone."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def mend_texts(value: Value) -> Value:
    """A value of text, models, lists, tuples and mappings with every text mended; the value itself where none needs it.

    Models are copied without validation: what is mended is the text alone.
    """
    return _mended(value)


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return mend_text(value)
    if isinstance(value, BaseModel):
        fields = {name: getattr(value, name) for name in type(value).model_fields}
        changed = {name: new for name, old in fields.items() if (new := _mended(old)) is not old}
        return value.model_copy(update=changed) if changed else value
    if isinstance(value, Mapping):
        pairs = {_mended(key): _mended(one) for key, one in value.items()}
        same = all(new is old for new, old in zip(pairs.values(), value.values(), strict=False))
        return value if same and list(pairs) == list(value) else pairs
    if isinstance(value, (tuple, list)):
        new = [_mended(one) for one in value]
        return value if all(a is b for a, b in zip(new, value, strict=True)) else type(value)(new)
    return value
