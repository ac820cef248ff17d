"""What the text of an error says, however long it is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack.engine.graph.render_error import RenderError

from ...steps import growth

FILE = re.compile(r"[\w\-. \\/]+\.(?:safetensors|ckpt|pt|pth|bin|gguf|sft)\b", re.IGNORECASE)
SIZES = re.compile(r"sizes of tensors must match|size of tensor a .* must match the size of tensor b", re.I | re.S)
MISSING = re.compile(r"no such file|with filename .* not found|file not found", re.IGNORECASE)
ABSENT = re.compile(r"node (\S.*?) does not exist", re.IGNORECASE)
MISMATCH = re.compile(r"expected size (\d+) but got size (\d+)|tensor a \((\d+)\).*tensor b \((\d+)\)", re.I | re.S)

PIECES = st.sampled_from(
    [
        "models/a b.safetensors", ".PT", "x.ckpt_", "a.bin", " ", "\n", ": ", "'", "node ", "Foo", " does not exist",
        "size of tensor a ", "(12)", " must match the size of tensor b ", "(7)", "tensor a (3)", "tensor b (4)",
        "Sizes of tensors must match", "with filename ", " not found", "No such file", "expected size 5 but got size 6",
    ]
)  # fmt: skip


def error(message):
    return RenderError(type="RuntimeError", message=message)


@given(st.lists(PIECES, max_size=12).map("".join) | st.text(".ptckb/ -_\n'", max_size=30))
def test_it_says_what_plain_patterns_find(message):
    """The patterns are plain and slow: each may look at a long text over and over."""
    told = error(message)
    found = FILE.search(message)
    assert told.file == (found[0].strip() if found else "")
    assert told.class_type == (found[1] if (found := ABSENT.search(message)) else "")
    assert (told.kind == "sizes") == bool(SIZES.search(message))
    if not SIZES.search(message) and not ABSENT.search(message):
        assert (told.kind == "missing_file") == bool(MISSING.search(message))
    if not message.lower().count("expected size"):
        found = MISMATCH.search(message)
        assert told.sizes == (tuple(int(n) for n in found.groups() if n) if found else None)


FLOODS = ("a", "a.", ".pt ", "./", "node ", "node x", "with filename ", "size of tensor a ", "tensor a (1)", "9", "\n")
MORE_FLOODS = ("expected size 9", " does not exist")


def read_all(told):
    return told.kind, told.sizes, told.file, told.class_type, told.first_line


@pytest.mark.parametrize("flood", [*FLOODS, *MORE_FLOODS], ids=repr)
def test_a_long_message_is_looked_at_once(flood):
    """A million characters: what looks at them more than once each never comes to an end."""
    told = error(flood * (1_000_000 // len(flood)))
    assert growth(lambda size: read_all(error(flood * size)), 500) < 2.4
    assert told.kind in ("other", "unknown_class")
    assert told.sizes is None
    assert bool(told.file) == (".pt" in flood)
    assert told.first_line
