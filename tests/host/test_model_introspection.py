"""Which models a value holds."""

from __future__ import annotations

from types import SimpleNamespace as Box

import pytest
import torch
from pack.host.model_introspection import elements_of, identity, kind_of, name_of, patchers_in

from .small_card import Decoder, Diffusion, Patcher


class Encoder:
    def encode(self): ...

    def encode_token_weights(self): ...


class FluxClipModel_(Encoder):  # noqa: N801 - so core calls it
    pass


def found(value):
    return list(patchers_in(value))


def test_model_clip_and_vae():
    model, text, vae = Patcher(1), Patcher(2, Encoder()), Patcher(3, Decoder())
    assert found(model) == [model]
    assert found(Box(patcher=text, tokenizer=None)) == [text]
    assert found(Box(patcher=vae)) == [vae]


def test_what_lies_in_lists_and_dictionaries():
    control = Patcher(4)
    conditioning = [[torch.zeros(1), {"control": Box(get_models=lambda: [control]), "strength": 1.0}]]
    assert found(conditioning) == [control]
    assert found((None, {"a": Patcher})) == []


def test_models_patched_onto_a_model():
    model, patch = Patcher(1), Patcher(2)
    model.model_patches_models = lambda: [patch]
    assert found(model) == [model, patch]


def test_a_clone_is_the_same_model():
    model = Patcher(1)
    assert identity(model.clone()) == identity(model)
    assert identity(Patcher(1)) != identity(model)


def failing():
    raise RuntimeError("not for you")


@pytest.mark.parametrize(
    "value", [None, 3, "text", torch.zeros(2, 2), Box(get_models=failing), [[[[[[[[]]]]]]]], Patcher]
)
def test_other_values_hold_nothing(value):
    assert found(value) == []


def test_a_list_in_itself_ends():
    endless = []
    endless.append(endless)
    assert found(endless) == []


def test_kinds_and_names():
    assert [kind_of(Patcher(1, m)) for m in (Diffusion(), FluxClipModel_(), Decoder(), object())] == [
        "MODEL",
        "CLIP",
        "VAE",
        "",
    ]
    assert name_of(Patcher(1, FluxClipModel_())) == "CLIP FluxClipModel"
    assert name_of(Patcher(1, object())) == "object"


def test_numbers_are_counted_or_unknown():
    assert elements_of(Patcher(1, torch.nn.Linear(3, 4))) == 16
    assert elements_of(Patcher(1, object())) == 0
