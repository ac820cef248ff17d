"""Denials: what they rule out, what is left, in English and elsewhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack.engine.judge.absence import absent_thing, denies, things_absent, without_denials
from pack.engine.judge.language_words import language_words, likely_languages, yes_or_no
from pack.engine.judge.letters import words_in


@pytest.mark.parametrize(
    ("text", "left", "things"),
    [
        ("a dog without a collar", "a dog", ("collar",)),
        ("a dog w/o collar", "a dog", ("collar",)),
        ("a street at night with no cars", "a street at night", ("cars",)),
        ("a street free of cars at night", "a street at night", ("cars",)),
        ("a street with no cars, no people", "a street", ("cars", "people")),
        ("a dog without a collar or leash on a beach", "a dog on a beach", ("collar or leash",)),
        ("a dog without a collar and a cat on a sofa", "a dog and a cat on a sofa", ("collar",)),
        ("a room without people in it", "a room", ("people in it",)),
        ("a man wearing no hat under a tree", "a man under a tree", ("hat",)),
        ("a person without glasses wearing a hat", "a person wearing a hat", ("glasses",)),
        ("there are no dogs in the picture", "", ("dogs",)),
        ("no people", "", ("people",)),
        ("do not show people", "", ("people",)),
        ("don't draw any text", "", ("text",)),
        ("avoid text", "", ("text",)),
        ("a dog that is not barking", "a dog", ()),
        ("The sky isn't blue", "The sky", ()),
        ("people who don\u2019t smile", "people", ()),
        ("a street with nobody in it", "a street", ()),
        ("three ducks and nothing else", "three ducks", ()),
        ('a shop with no sign saying "OPEN"', "a shop", ('sign saying "OPEN"',)),
    ],
)
def test_english_loses_what_is_denied_alone(text, left, things):
    assert (without_denials(text), things_absent(text)) == (left, things)


@pytest.mark.parametrize(
    "text",
    [
        'a jar labelled "no sugar"',
        "a „keine Werbung“ sticker",
        "a no parking sign",
        "a no-entry sign",
        "No 5 perfume",
        "forget-me-not flowers",
        "no more than 3 cats",
        "nothing but sand",
        "a smoke-free room",
        "Dr. No poster",
        "sans serif font",
        "Sin City poster",
        "the original sin painting",
        "orang utan in a tree",
        "Ein Ei auf dem Tisch",
        "um gato no telhado",
        "无人机",
        "無人機",
        "mai tai",
        "hakuna matata",
        "a pole dancer in Berlin Mitte",
    ],
)
def test_what_only_looks_like_a_denial_stays_whole(text):
    assert not denies(text) and without_denials(text) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Ein Hund ohne Halsband am Strand", "Ein Hund"),
        ("keine Menschen", ""),
        ("une rue sans voitures", "une rue"),
        ("Le chat ne dort pas", ""),
        ("un perro sin collar", "un perro"),
        ("un gato que no duerme", ""),
        ("sin gafas", ""),
        ("um cão sem coleira", "um cão"),
        ("un cane senza collare", "un cane"),
        ("een hond zonder halsband", "een hond"),
        ("собака без ошейника", "собака"),
        ("не шуми", ""),
        ("كلب بدون طوق", "كلب"),
        ("כלב בלי קולר", "כלב"),
        ("没有人", ""),
        ("一条没有项圈的狗", "一条狗"),
        ("无文字", ""),
        ("首輪のない犬", "犬"),
        ("夜の車のない通り", "夜の通り"),
        ("人がいない", ""),
        ("목줄 없는 개", "개"),
        ("사람이 없다", ""),
        ("ไม่มีคน", ""),
        ("बिना पट्टे का कुत्ता", ""),
        ("இல்லாமல் மனிதர்கள்", ""),
        ("ei ihmisiä", ""),
        ("insan yok", ""),
        ("không có người", ""),
        ("bez ludzi", ""),
        ("χωρίς ανθρώπους", ""),
    ],
)
def test_other_languages_deny_too(text, left):
    assert denies(text) and without_denials(text) == left and absent_thing(text) == ""


def test_the_whole_wish_tells_the_language_of_a_part():
    goal = "un perro en la playa, sin personas y con sol"
    assert denies("sin personas", likely_languages(goal))
    assert not denies("no telhado", likely_languages("um gato com chapéu no telhado"))


@pytest.mark.parametrize(
    ("line", "thing"),
    [
        ("no people", "people"),
        ("without a hat", "hat"),
        ("not any cars", "cars"),
        ("free of people", "people"),
        ("there are no dogs in the picture", "dogs"),
        ("no people in the background", "people in the background"),
        ('no "EXIT" sign', '"EXIT" sign'),
        ("no dogs or cats", "dogs or cats"),
        ("with no hat", "hat"),
        ("no dogs and no cats", ""),
        ("no two ducks alike", ""),
        ("no dog is there", ""),
        ("a dog without a collar", ""),
        ("No, never", ""),
        ("no", ""),
        ("keine Menschen", ""),
        ("nobody", ""),
    ],
)
def test_lines_that_are_an_absence_and_nothing_else(line, thing):
    assert absent_thing(line) == thing


@given(st.lists(st.sampled_from(["a dog", "no", "without", "and", "a", "cat", "on", "not", '"no x"', ",", "ohne"])))
def test_what_is_left_denies_nothing(words):
    left = without_denials(" ".join(words))
    assert not denies(left)
    assert set(words_in(left)) <= set(words_in(" ".join(words)))


@given(st.text(max_size=80))
def test_any_text_is_read(text):
    assert len(without_denials(text)) <= len(text)
    assert denies(text) or without_denials(text) == text


def test_the_words_of_all_languages_agree():
    rows = language_words()
    yes, no = ({word for row in rows.values() for word in getattr(row, field)} for field in ("yes", "no"))
    assert not yes & no
    assert len(rows) >= 50
    for row in rows.values():
        assert set(row.leading) <= set(row.unsure) | set(row.without)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Yes.", "yes"),
        ("NO", "no"),
        ("Nein!", "no"),
        ("Ja", "yes"),
        ("はい", "yes"),
        ("いいえ。", "no"),
        ("是", "yes"),
        ("没有", "no"),
        ("نعم", "yes"),
        ("لا", "no"),
        ("да", "yes"),
        ("नहीं", "no"),
        ("sí", "yes"),
        ("si\u0301", "yes"),
        ("yes, there is", "yes"),
        ("No, none", "no"),
        ("아니요", "no"),
        ("maybe", None),
        ("yes and no", None),
        ("", None),
    ],
)
def test_yes_and_no_in_the_language_of_the_goal(text, said):
    assert yes_or_no(text) == said
