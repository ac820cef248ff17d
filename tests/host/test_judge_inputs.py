"""Which judges VLMCritique's inputs ask for: one or several, on which connections, and what is wrong with them."""

from __future__ import annotations

import json

import pytest
from pack.engine.judge.jury import Jury
from pack.openai_client import OpenAIVisionModel

from ..fresh_host import forget_modules
from .stand_in import comfy  # noqa: F401
from .test_text_encoder import Clip, right

CONNECTIONS = {
    "box": {"url": "http://192.0.2.7:11434"},
    "studio": {"kind": "openai", "url": "http://127.0.0.1:1234", "key": "k"},
}
FRESH = ("paths", "settings", "detectors", "judge_inputs", "judge_models", "judges_named", "text_encoder")


@pytest.fixture
def made(comfy, tmp_path, monkeypatch):  # noqa: F811
    forget_modules(monkeypatch, tmp_path, FRESH)
    (tmp_path / "imitatoes").mkdir()
    (tmp_path / "imitatoes" / "settings.json").write_text(
        json.dumps({"connections": CONNECTIONS, "exact_evidence": False})  # whatever this Python has
    )
    from pack.host import judge_inputs

    def make(**inputs):
        given = judge_inputs.CriticInputs.of(**{"goal": "a fox", **inputs})
        return judge_inputs.make_judge(given, None, "11", lambda: False, KeyboardInterrupt)

    make.module = judge_inputs
    return make


def named(judge):
    return [(one.model.name, one.served_by, one.kind) for one in judge.jurors]


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"model": "a:8b"}, [("a:8b", "ollama", "auto")]),
        ({"model": "b", "connection": "studio"}, [("b", "openai", "auto")]),
        ({"model": "b", "connection": "studio", "judge": "openai"}, [("b", "openai", "openai")]),
        ({"model": "a:8b, b@studio"}, [("a:8b", "ollama", "auto"), ("b", "openai", "openai")]),
        ({"model": "b, a@box,", "connection": "studio"}, [("b", "openai", "auto"), ("a", "ollama", "ollama")]),
        ({"model": "qwen@q4_k_m", "connection": "studio"}, [("qwen@q4_k_m", "openai", "auto")]),
        ({"model": "qwen@q4_k_m@studio"}, [("qwen@q4_k_m", "openai", "auto")]),
        ({"model": "a@sha256:0af"}, [("a@sha256:0af", "ollama", "auto")]),
    ],
)
def test_the_judges_that_are_named(made, inputs, expected):
    judge = made(**inputs)
    assert named(judge) == expected
    assert isinstance(judge, Jury) == (len(expected) > 1)


def test_a_linked_text_encoder_judges(made):
    clip = Clip(right)
    for judge in ("auto", "comfyui"):
        one = made(clip=clip, judge=judge)
        assert named(one) == [("qwen3vl_4b in ComfyUI", "comfyui", "comfyui")]
        assert one.both_wordings
    assert named(made(clip=clip, judge="ollama", model="a"))[0][1] == "ollama"
    jury = made(clip=clip, model="comfyui, b@studio")
    assert [kind for _, kind, _ in named(jury)] == ["comfyui", "openai"]


@pytest.mark.parametrize(
    ("inputs", "match"),
    [
        ({"model": ""}, "input model: is empty"),
        ({"model": " , "}, "input model: is empty"),
        ({"model": "a@nowhere"}, "no connection 'nowhere' for a. This server knows: box, local, studio"),
        ({"model": "a", "connection": "nowhere"}, "input connection: there is no connection 'nowhere'"),
        ({"model": "a,b,c,d"}, "At most 3"),
        ({"model": "a, a"}, "twice"),
        ({"model": "a, comfyui"}, "none is linked"),
        ({"judge": "comfyui"}, "none is linked"),
        ({"model": "a", "judge": "openai"}, "is of kind ollama"),
        ({"model": "b@studio", "judge": "ollama"}, "is of kind openai"),
        ({"judge": "somebody"}, "is not one of"),
    ],
)
def test_wrong_inputs_name_the_node_and_say_what_to_do(made, inputs, match):
    with pytest.raises(made.module.WrongInput, match=match) as problem:
        made(**inputs)
    assert str(problem.value).startswith("VLM Critique (node 11), input ")


def test_installed_detectors_sit_beside_any_model(made, tmp_path, monkeypatch):
    from pack.host import detectors

    monkeypatch.setattr(detectors, "installed_package", lambda: "rapidocr")
    monkeypatch.setattr(detectors, "installed_faces", lambda: None)
    assert not isinstance(made(model="a"), Jury), "the owner has switched them off"
    (tmp_path / "imitatoes" / "settings.json").write_text(json.dumps({"connections": CONNECTIONS}))
    for inputs in ({"model": "a"}, {"model": "a, b@studio"}, {"clip": Clip(right)}):
        judge = made(**inputs)
        assert [one.name for one in judge.detectors] == ["rapidocr"]
    for inputs in ({"judge": "offline"}, {"connection": "tutorial", "goal": "a red circle"}):
        assert not isinstance(made(**inputs), Jury)


def test_the_settings_are_read_once_for_a_judge(made, monkeypatch):
    reads, read = [], made.module.settings.read
    monkeypatch.setattr(made.module.settings, "read", lambda: reads.append(1) or read())
    made(model="a, b@studio, c@box")
    assert len(reads) == 1


@pytest.mark.parametrize(
    ("model", "connection", "match"),
    [
        (" , ", "local", "model: names no model"),
        ("a, comfyui", "local", "model: a text encoder .* Judge Self-Test"),
        ("a, a", "local", "model: names a judge twice"),
        ("a@nowhere", "local", "model: there is no connection 'nowhere'"),
        ("a", "nowhere", "connection: there is no connection 'nowhere'"),
    ],
)
def test_who_cannot_be_tested_outside_of_a_workflow(made, model, connection, match):
    from pack.host.judges_named import open_idle_models

    with pytest.raises(ValueError, match=match):
        open_idle_models(connection, model)


def test_a_jury_is_opened_for_its_self_test(made):
    from pack.host.judges_named import open_idle_models

    opened = open_idle_models("box", "a, b@studio")
    assert [one.name for one in opened] == ["a", "b"]


def test_a_key_reaches_its_own_server_alone(made):
    judge = made(model="a, b@studio")
    assert isinstance(judge.others[0].model, OpenAIVisionModel)
    assert judge.others[0].model._server.key == "k"
    assert judge.model.connection.key == ""


def test_offline_asks_no_model(made):
    judge = made(judge="offline", model="a, b@nowhere")
    assert (judge.kind, judge.model, len(judge.jurors)) == ("offline", None, 1)


def test_a_judge_after_the_run_does_without_no_model(made):
    inputs = made.module.CriticInputs.of(model="b@studio, a@box", keep_alive="auto")
    strict = made.module.without_fallback(inputs)
    assert (strict.judge, strict.keep_alive) == ("openai", "0")
