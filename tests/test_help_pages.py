"""The help beside a node: in every language of the house, short, and in the words that node and panel use."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache

import pytest

from .conftest import ROOT
from .test_locales import LANGUAGES, RECORD, english, of_comfyui, words

DOCS = ROOT / "web" / "docs"
PAGES = [(node_id, language) for node_id in RECORD for language in LANGUAGES]
CODE = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\]\(([^)]+)\)")
BOLD = re.compile(r"\*\*([^*]+)\*\*")
ITALIC = re.compile(r"(?<!\*)\*([^*]+)\*(?!\*)")
NUMBER = re.compile(r"\d+(?:\.\d+)?")
OF_COMFYUI = {
    "Edit": {
        "de": "Edit",  # ComfyUI's page has no German
        "es": "Editar",
        "fr": "Éditer",
        "ja": "編集",
        "ko": "편집",
        "pt-BR": "Editar",
        "ru": "Редактировать",
        "zh": "编辑",
        "zh-TW": "編輯",
    },
    "Templates": {
        "de": "Templates",
        "es": "Plantillas",
        "fr": "Modèles",
        "ja": "テンプレート",
        "ko": "템플릿",
        "pt-BR": "Modelos",
        "ru": "Шаблоны",
        "zh": "模板",
        "zh-TW": "範本",
    },
}
"""Menu words of ComfyUI's own page, as comfyui-frontend-package 1.49.6 has them (menuLabels.Edit, templates)."""
SAME_EVERYWHERE = {"imitatoes", "See it improve (no model needed)"}
MOST_WORDS = 1000
"""A page beside a node is read while working. What needs more lies in docs/, linked."""


@cache
def page(node_id: str, language: str) -> str:
    return (DOCS / node_id / f"{language}.md").read_text(encoding="utf-8")


def emphasised(text: str, mark: re.Pattern[str]) -> list[str]:
    return mark.findall(" ".join(CODE.sub("", text).split()))


def numbers(text: str) -> Counter[str]:
    return Counter(NUMBER.findall(LINK.sub("", CODE.sub("", text))))


def shape(text: str) -> list[str]:
    """What stands before the words of each heading, list entry and table row: levels, numbers, columns."""
    starts = (re.match(r"#+ |- |\d\. |\|", line) for line in text.split("\n"))
    rows = zip(starts, text.split("\n"), strict=True)
    return [start[0] * (CODE.sub("", line).count("|") if start[0] == "|" else 1) for start, line in rows if start]


def test_every_node_has_its_help_where_the_page_asks_for_it():
    """ComfyUI's page asks for docs/<node>/<language>.md, and for docs/<node>.md where there is none."""
    assert {path.name for path in DOCS.iterdir() if path.is_dir()} == set(RECORD)
    assert {path.stem for path in DOCS.glob("*.md")} == set(RECORD)
    for node_id in RECORD:
        assert {path.name for path in (DOCS / node_id).iterdir()} == {f"{name}.md" for name in ["en", *LANGUAGES]}
        in_any_other = (DOCS / f"{node_id}.md").read_text(encoding="utf-8")
        assert in_any_other == page(node_id, "en"), "copy the one that is newer"


@pytest.mark.parametrize("node_id", RECORD)
def test_it_names_every_input_and_output(node_id):
    named = set(CODE.findall(page(node_id, "en")))
    assert set(RECORD[node_id]["inputs"]) - named == set()
    assert {name for _, name in RECORD[node_id]["outputs"]} - named == set()


@pytest.mark.parametrize("node_id", RECORD)
def test_it_is_short(node_id):
    assert len(page(node_id, "en").split()) < MOST_WORDS


@pytest.mark.parametrize("node_id", RECORD)
def test_links_into_the_repository_lead_somewhere(node_id):
    ours = [link.split("/blob/main/")[1] for link in LINK.findall(page(node_id, "en")) if "/imitatoes/" in link]
    assert all((ROOT / name).is_file() for name in ours)


@pytest.mark.parametrize(("node_id", "language"), PAGES)
def test_a_translation_says_the_same(node_id, language):
    first, other = page(node_id, "en"), page(node_id, language)
    assert Counter(CODE.findall(other)) == Counter(CODE.findall(first)), "code words"
    assert Counter(LINK.findall(other)) == Counter(LINK.findall(first)), "links"
    assert numbers(other) == numbers(first), "numbers"
    assert shape(other) == shape(first), "headings, lists and tables"
    assert len(emphasised(other, BOLD)) == len(emphasised(first, BOLD)), "bold"


@pytest.mark.parametrize(("node_id", "language"), PAGES)
def test_it_is_translated(node_id, language):
    assert "\ufffd" not in page(node_id, language)
    lines = page(node_id, "en").split("\n")
    sentences = {line for line in lines if len(re.findall("[A-Za-z]{3,}", CODE.sub("", line))) > 3}
    assert sentences & set(page(node_id, language).split("\n")) == set()


@pytest.mark.parametrize(("node_id", "language"), PAGES)
def test_it_uses_the_words_of_node_and_panel(node_id, language):
    other = page(node_id, language)
    assert other.split("\n")[0] == f"# {of_comfyui(language, 'nodeDefs')[node_id]['display_name']}"
    nodes = [name for name in emphasised(page(node_id, "en"), BOLD) if name in node_names()]
    assert Counter(name for name in emphasised(other, BOLD) if name in node_names()) == Counter(nodes)
    flowing = " ".join(other.split())
    for said in set(emphasised(page(node_id, "en"), ITALIC)) - SAME_EVERYWHERE:
        of_panel = {words(language)[key] for key, text in english().items() if text == said}
        wanted = {OF_COMFYUI[said][language]} if said in OF_COMFYUI else of_panel
        assert any(one in flowing for one in wanted), f"{said}: {wanted}"


@cache
def node_names() -> set[str]:
    return {page(node_id, "en").split("\n")[0].removeprefix("# ") for node_id in RECORD}


@pytest.mark.parametrize("node_id", RECORD)
def test_the_english_title_is_the_nodes_name(node_id):
    """Elsewhere the name begins with the English one: tests/test_locales.py."""
    title = page(node_id, "en").split("\n")[0].removeprefix("# ")
    assert of_comfyui("de", "nodeDefs")[node_id]["display_name"].startswith(title)


def test_numbers_are_read_as_they_are_written():
    assert numbers("0.8 of `5m`, [x](https://a/2) and 36.") == Counter({"0.8": 1, "36": 1})
    assert json.dumps(shape("# a\n\n| b | c |\n- d\n1. e")) == json.dumps(["# ", "|||", "- ", "1. "])
