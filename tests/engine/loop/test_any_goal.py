"""A thousand random goals of all scripts, from the goal to checklist, questions, prompts and status lines.

Goals are put together from pieces of which it is known what must become of them, so that each property can fail.
"""

from __future__ import annotations

import json
import random
import unicodedata
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pack.engine.judge.absence import denies
from pack.engine.judge.checklist_builder import read_checklist
from pack.engine.judge.checklist_rules import checklist_of_goal
from pack.engine.judge.critique import Critique, Item
from pack.engine.judge.questions import look_questions
from pack.engine.judge.verdict import item_faults, sentence
from pack.engine.loop.clauses import compose, single_clause, with_owned_clauses
from pack.engine.loop.evidence import RunEvidence
from pack.engine.loop.first_prompt import prompt_of_goal

from .runs import SETTINGS, run

GOALS = 1000
FEW = 9
"""Pieces of a goal: fewer than the most requirements."""

THINGS = [
    "a red umbrella",
    "an old lighthouse",
    "ein Löwe",
    "ein Lo\u0308we auf einem Stuhl",
    "un café très calme",
    "un nin\u0303o feliz",
    "маленькая ёлка",
    "красный зонт",
    "ένα κόκκινο σπίτι",
    "三只红色的鸭子",
    "下雪的山",
    "赤い傘",
    "がっこう",
    "カ\u3099ラスの犬",
    "빨간 우산",
    "लाल छाता",
    "हिन्दी की किताब",
    "ছোট্ট বিড়াল",
    "சிவப்பு குடை",
    "ร่มสีแดง",
    "น้ำตก",
    "مظلة حمراء",
    "قِطَّةٌ صَغِيرَةٌ",
    "מטרייה אדומה",
    "שָׁלוֹם",
    "🦆🌧️",
    "a 👩‍👩‍👧 family",
    "👍🏽 over 👎🏿",
    "🇩🇪 flag",
    "a 2.5 meter wall",
    "a 1,000 year old tree",
    "Dr. Smith",
    "a 50 mm lens",
    "a 16:9 screen",
    "a dog's bowl",
    "Ein Ei auf dem Tisch",
    "a no-entry zone",
    "無人機",
    "a Sin City poster",
]
COUNTED = {
    "three ducks": ("3",),
    "exactly two red cars": ("2",),
    "one small fox": ("1",),
    "two to four boats": ("2", "3", "4"),
    "between 3 and 5 birds": ("3", "4", "5"),
    "2 or 3 eggs": ("2", "3"),
    "a dozen roses": ("12",),
    "at least 3 sheep": tuple(map(str, range(3, 121))),
    "up to two dogs": ("1", "2"),
    "twenty five people": tuple(map(str, range(20, 31))),
    "no more than 2 cats": ("0", "1", "2"),
}
NOT_COUNTED = [
    "a 12 year old boy",
    "12 year old boy",
    "8 bit pixel art",
    "2 story house",
    "5 star hotel",
    "one point perspective",
    "two tone car",
    "7 eleven store",
    "three quarter view",
    "one way street",
]
MARKS = [
    '""',
    "“”",
    "„“",
    "«»",
    "‹›",
    "「」",
    "『』",
    "''",
    "‘’",
    "《》",
    "””",
]
WRITINGS = [
    "OPEN 24/7",
    "5% OFF",
    "WHAT?!",
    "Tel. #12 @home: $5 = 4 €",
    "9:30 (daily), closed; Sundays. Yes",
    "no sugar",
    "keine Werbung",
    "営業中、毎日",
    "مفتوح",
    "खुला है",
    "Cafe\u0301",
    "R2-D2 [new]",
    "100 ducks and 3 cats",
]
DENIED = {
    "no people": ("", "people"),
    "a dog without a collar": ("a dog", "collar"),
    "without any text": ("", "text"),
    "a street at night with no cars": ("a street at night", "cars"),
    "there are no trees": ("", "trees"),
    "a man wearing no hat": ("a man", "hat"),
    "a cake without candles on a plate": ("a cake on a plate", "candles"),
    "keine Menschen": ("", None),
    "une rue sans voitures": ("une rue", None),
    "без людей": ("", None),
    "没有人": ("", None),
    "首輪のない犬": ("犬", None),
    "목줄 없는 개": ("개", None),
    "ไม่มีคน": ("", None),
    "بدون ناس": ("", None),
    "न कोई आदमी": ("", None),
    "un perro sin collar": ("un perro", None),
    "a fox that is not running": ("a fox", None),
    "geen mensen": ("", None),
    "bez ludzi": ("", None),
}
"""By denial: what may go into a prompt, and what the rules see ruled out (None: they cannot read it)."""
SEPARATORS = [", ", "; ", "\n", "。", "，", "、", "، ", "؛ ", "। ", "！", ". ", "\n- ", "\n• ", " • ", "\n\n", "；"]


@dataclass(frozen=True)
class Piece:
    """prompt: what of it a prompt must hold. answers: of a count. writing: what must be written."""

    text: str
    prompt: str
    kind: str
    answers: tuple[str, ...] = ()
    thing: str | None = None
    writing: str = ""


def random_goal(dice: random.Random) -> tuple[str, list[Piece]]:
    pieces: dict[str, Piece] = {}
    for _ in range(dice.randint(1, FEW)):
        kind = dice.choice(["thing", "thing", "count", "number", "writing", "denial"])
        if kind == "thing":
            text = dice.choice(THINGS)
            piece = Piece(text, text, kind)
        elif kind == "count":
            text = dice.choice(list(COUNTED))
            piece = Piece(text, text, kind, answers=COUNTED[text])
        elif kind == "number":
            text = dice.choice(NOT_COUNTED)
            piece = Piece(text, text, kind)
        elif kind == "writing":
            marks, writing = dice.choice(MARKS), dice.choice(WRITINGS)
            text = f"{dice.choice(['a sign', '看板', 'ein Schild', 'شعار'])} {marks[0]}{writing}{marks[1]}"
            piece = Piece(text, text, kind, writing=writing)
        else:
            text = dice.choice(list(DENIED))
            piece = Piece(text, DENIED[text][0], kind, thing=DENIED[text][1])
        pieces[text] = piece
    chosen = list(pieces.values())
    goal = chosen[0].text
    for piece in chosen[1:]:
        goal += dice.choice(SEPARATORS) + piece.text
    return goal, chosen


def letters(text: str) -> str:
    """All that is no punctuation and no blank, in order."""
    return "".join(char for char in text if unicodedata.category(char)[0] in "LMNS" or char in "\u200c\u200d")


def check(goal: str, pieces: list[Piece]) -> None:
    checklist = checklist_of_goal(goal)
    requirements = checklist.requirements
    assert [r.text.rstrip("！") for r in requirements] == [piece.text for piece in pieces]
    assert all(r.source == "rule" for r in requirements)
    asked = [
        {one.requirement.id: one for one in look_questions(checklist, 7, wording).asked.values()} for wording in (1, 2)
    ]
    prompt = prompt_of_goal(goal)
    assert "\n" not in prompt
    base = SETTINGS.model_copy(update={"prompt": prompt})
    for piece, requirement in zip(pieces, requirements, strict=True):
        first, second = (look[requirement.id] for look in asked)
        for look in (first, second):
            check_question(piece, look)
        assert first.question != second.question
        assert not piece.prompt or piece.prompt in prompt
        check_clause(base, piece, requirement)
        said = sentence(item_faults([failed(requirement)], checklist))
        # A status line may begin with another case, as sentences do.
        assert letters(requirement.text).casefold() in letters(said).casefold()
    for piece in pieces:
        if piece.kind == "denial" and not piece.prompt:
            assert piece.text not in prompt
        if piece.thing:
            assert not any(piece.thing in part for part in prompt.split(", ") if part == piece.text)
    kept = [piece.prompt for piece in pieces if piece.prompt]
    assert sorted(letters(prompt)) == sorted(letters("".join(kept)))
    evidence = RunEvidence(run(goal=goal).model_copy(update={"checklist": checklist}))
    named = evidence.name_items([failed(r) for r in requirements])
    assert letters(named.replace(" (I count 119)", "")) == letters("".join(r.text for r in requirements))


def check_proposals(goal: str, pieces: list[Piece]) -> None:
    """The same pieces as a model may propose them: with a careless number, an unusable question, one of another
    polarity."""
    listed = [proposal(piece) for piece in pieces]
    found = read_checklist(json.dumps({"requirements": listed}), goal).requirements
    by_text = {requirement.text: requirement for requirement in found}
    assert by_text.keys() == {piece.text for piece in pieces}
    for piece in pieces:
        requirement = by_text[piece.text]
        for question, ask, expect in (
            (requirement.question, requirement.ask, requirement.expect),
            (requirement.alt_question, requirement.alt_ask, requirement.alt_expect),
        ):
            if piece.kind == "count":
                assert (ask, expect) == ("count", piece.answers)
            elif piece.kind == "denial" and piece.thing is None:
                assert piece.text in question and "any " not in question and "free of " not in question
            elif piece.kind == "writing" and ask == "yesno":
                assert piece.writing in question
            elif piece.kind in ("thing", "number"):
                assert ask == "yesno" and letters(piece.text) in letters(question)
        assert requirement.question != requirement.alt_question


def proposal(piece: Piece) -> dict:
    # Nothing in "7 eleven store" tells that it is no count, so that a model is believed there.
    number = "object" if piece.text == "7 eleven store" else "count"
    kind = {"count": "count", "number": number, "writing": "text", "denial": "absence"}.get(piece.kind, "object")
    asked = {"question": f"\u00bf {piece.text} ?", "ask": "yesno", "expect": ["s\u00ed"]}
    if kind == "count":
        asked = {"question": "How many are there?", "ask": "count", "expect": ["7"]}
    elif kind == "absence":
        asked = {"question": "", "ask": "yesno", "expect": ["no"]}
    again = {"alt_question": "", "alt_ask": "yesno", "alt_expect": ["no"]}
    return {"text": piece.text, "span": piece.text, "kind": kind, "parents": [], **asked, **again}


def check_question(piece: Piece, look) -> None:
    if piece.kind == "count":
        assert (look.ask, look.expect) == ("count", piece.answers), look
    else:
        assert look.ask != "count", look
    if piece.kind == "denial":
        assert "any " not in look.question or (piece.thing and f"any {piece.thing}" in look.question), look
        assert "free of " not in look.question or (piece.thing and f"free of {piece.thing}" in look.question), look
        if piece.thing is None:
            assert piece.text in look.question, look
            assert look.question.startswith(("Is this true of the picture: ", "Does the picture contradict this: "))
    elif piece.kind == "writing" and look.ask != "open":
        assert piece.writing in look.question, look
    elif piece.kind in ("thing", "number"):
        assert letters(piece.text) in letters(look.question), look


def check_clause(base, piece: Piece, requirement) -> None:
    """What a prompt would say to ask for this requirement."""
    clause = single_clause(requirement.text)
    assert letters(clause) == letters(piece.prompt)
    assert not denies(clause) or denies(piece.text.replace(piece.writing, "")) is False
    wording = with_owned_clauses(base, [(requirement.id, clause)] if clause else [])
    prompt, negative = compose(base, wording)
    assert prompt.startswith(base.prompt) and negative == base.negative
    if piece.writing and clause in prompt:
        assert piece.writing in clause


def failed(requirement) -> Item:
    answer = {"yesno": "no" if requirement.expect == ("yes",) else "yes", "count": "119"}.get(requirement.ask, "?")
    return Item(id=requirement.id, answer="unknown" if answer in requirement.expect else answer, p=0.1, passed=False)


@pytest.mark.parametrize("seed", range(10))
def test_a_thousand_goals_keep_every_letter_and_say_nothing_else(seed):
    dice = random.Random(seed)
    for _ in range(GOALS // 10):
        goal, pieces = random_goal(dice)
        try:
            check(goal, pieces)
            check_proposals(goal, pieces)
        except AssertionError as failure:
            failure.add_note(repr(goal)) if hasattr(failure, "add_note") else None
            raise


def words(category_first: str) -> st.SearchStrategy[str]:
    return st.text(st.characters(categories=[category_first, "Mn", "Mc"]), min_size=1, max_size=12)


@settings(max_examples=300, deadline=None)
@given(st.lists(words("Lo") | words("Ll") | words("So") | words("Nd"), min_size=1, max_size=5))
def test_words_of_any_script_go_through_to_questions_and_prompt(found):
    goal = " ".join(found)
    (requirement,) = checklist_of_goal(goal).requirements or (None,)
    if requirement is None:
        assert not letters(goal)
        return
    assert letters(requirement.text) == letters(goal)
    if not denies(goal) and requirement.ask == "yesno" and requirement.kind == "object":
        assert letters(goal) in letters(requirement.question)
        assert letters(prompt_of_goal(goal)) == letters(goal)
    status = sentence(item_faults([failed(requirement)], checklist_of_goal(goal)))
    assert letters(goal)[1:] in letters(status)
    Critique(judge="ollama", outcome="judged", score=0.1, reason=status)
