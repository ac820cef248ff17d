import json
from math import exp

import ollama
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack.rehearsal.ollama_double import OllamaDouble, Reply, pixel_judge
from pack.rehearsal.ollama_tokens import logprobs, supported

from .ollama_asking import GOAL, MODEL, chat, picture_of, post, said
from .test_ollama_double_pixels import QUESTIONS


@pytest.fixture(scope="module")
def double():
    with OllamaDouble(default=pixel_judge) as running:
        yield running


def look(double: OllamaDouble, **more):
    arguments = {"messages": said(QUESTIONS, picture_of(GOAL)), "logprobs": True, "top_logprobs": 20}
    return chat(double, **arguments | more)


def share(entries: list[dict], key: str, right: str, wrong: str) -> float:
    """The right side's share of the mass where the value of the key starts, tokens compared as prefixes."""
    text = "".join(entry["token"] for entry in entries)
    start = text.index(f'"{key}":') + len(key) + 3
    at = 0
    for entry in entries:
        at += len(entry["token"])
        if at > start and entry["token"].strip('" '):
            break
    mass = {right: 0.0, wrong: 0.0}
    for option in entry["top_logprobs"]:
        token = option["token"].strip('" ').lower()
        for side in mass:
            mass[side] += exp(option["logprob"]) if token and side.startswith(token) else 0.0
    return mass[right] / sum(mass.values())


def test_the_client_reads_them(double):
    answer = look(double)
    assert "".join(entry.token for entry in answer.logprobs) == answer.message.content
    assert all(entry.logprob <= 0 for entry in answer.logprobs)
    for entry in answer.logprobs:
        values = [option.logprob for option in entry.top_logprobs]
        assert len(values) == 20
        assert values == sorted(values, reverse=True)
        assert sum(map(exp, values)) < 1 + 1e-9
    raw = post(double, messages=said("<task>look</task>"), logprobs=True, top_logprobs=1).json()["logprobs"]
    assert {tuple(sorted(entry)) for entry in raw} == {("bytes", "logprob", "token", "top_logprobs")}
    assert all(bytes(entry["bytes"]).decode() == entry["token"] for entry in raw)
    assert sorted(raw[0]["top_logprobs"][0]) == ["bytes", "logprob", "token"]


def test_what_the_grammar_forced_is_improbable(double):
    entries = look(double).logprobs
    forced = [entry for entry in entries if not any(c.isalnum() for c in entry.token)]
    assert len(forced) > 10
    assert all(entry.logprob < -5 for entry in forced)
    assert all(entry.token not in [option.token for option in entry.top_logprobs] for entry in forced)


def test_the_number_of_alternatives(double):
    for top in (0, 3):
        entries = look(double, top_logprobs=top).logprobs
        assert {len(entry.top_logprobs or ()) for entry in entries} == {top}
    assert look(double, logprobs=None).logprobs is None
    assert look(double, logprobs=False, top_logprobs=None).logprobs is None
    for wrong in (-1, 21):
        with pytest.raises(ollama.ResponseError, match="top_logprobs must be between 0 and 20") as refused:
            look(double, top_logprobs=wrong)
        assert refused.value.status_code == 400


@pytest.mark.parametrize(
    ("text", "alone"), [("0.12.10", False), ("0.9.6", False), ("0.12.11", True), ("0.33.0-rc2", True), ("1.0", True)]
)
def test_versions(text, alone):
    assert supported(text) is alone


@pytest.mark.parametrize("old", [{"version": "0.12.10"}, {"logprobs": False}])
def test_old_servers_leave_them_out(old):
    with OllamaDouble(default=pixel_judge, **old) as double:
        answer = look(double, top_logprobs=99)
        assert answer.logprobs is None
        assert json.loads(answer.message.content)["q01"] == 3


def test_cloud_models_leave_them_out():
    with OllamaDouble({"kimi:cloud": ("completion", "vision")}, pixel_judge) as double:
        assert look(double, model="kimi:cloud").logprobs is None


def test_streams_and_generate_carry_them_too(double):
    parts = look(double, stream=True)
    for part in parts[:-1]:
        assert "".join(entry.token for entry in part.logprobs) == part.message.content
    assert parts[-1].logprobs is None
    generated = post(double, "/api/generate", prompt="<task>look</task>", logprobs=True).json()
    assert "".join(entry["token"] for entry in generated["logprobs"]) == generated["response"]


def test_any_text_of_a_careless_model_is_covered(double):
    for kind in ("fenced", "trailing_comma", "length", "format_ignored", "json_in_thinking"):
        double.script.append(Reply(kind))
        answer = look(double)
        told = "".join(entry.token for entry in answer.logprobs)
        assert told == (answer.message.thinking or "") + answer.message.content
    double.script.append(Reply(content="plain text", thinking="Hm."))
    assert "".join(entry.token for entry in look(double, model=MODEL).logprobs) == "Hm.plain text"


BELIEFS = st.floats(0.02, 0.98)


@given(BELIEFS, st.text("abq0_", min_size=1, max_size=6), st.booleans())
def test_a_value_carries_its_belief(likely, key, positive):
    right, wrong = ("yes", "no") if positive else ("no", "yes")
    text = json.dumps({"a1": 5, key: right, "z": 'free text, é \n " {'})
    entries = logprobs(text, {key: {right: likely, wrong: 1 - likely}}, 20)
    assert "".join(entry["token"] for entry in entries) == text
    assert share(entries, key, right, wrong) == pytest.approx(likely, abs=1e-6)


def test_values_come_in_several_cuts():
    cuts = set()
    for number in range(60):
        key = f"q{number}"
        entries = logprobs(json.dumps({key: "yes"}), {key: {"yes": 0.9, "no": 0.1}}, 20)
        cuts.add(tuple(e["token"] for e in entries)[-5:])
    ends = {"|".join(cut).split(":")[-1] for cut in cuts}
    assert len(ends) >= 4
    assert any("y|es" in end for end in ends)
    levels = {"excellent": 0.7, "good": 0.2, "fair": 0.05, "poor": 0.04, "bad": 0.01}
    tokens = [e["token"] for e in logprobs('{"k": "excellent"}', {"k": levels}, 20)]
    assert "".join(tokens) == '{"k": "excellent"}'
    assert len(tokens) > 6


@given(st.text(max_size=80))
def test_any_text_can_be_cut(text):
    entries = logprobs(text, {"q": {"yes": 1.0}}, 2)
    assert "".join(entry["token"] for entry in entries) == text
