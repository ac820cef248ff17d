"""When in a clip something must be so, read in the words of a wish."""

from __future__ import annotations

import pytest
from pack.engine.judge.language_words import language_words
from pack.engine.judge.requirement_time import time_of
from pack.engine.judge.time_words import time_words

from ...conftest import ROOT


@pytest.mark.parametrize(
    ("text", "when", "rest"),
    [
        ("a red circle at the end", "end", "a red circle"),
        ("at the end of the clip, a red circle", "end", "a red circle"),
        ("finally a red circle", "end", "a red circle"),
        ("a red circle at the start", "start", "a red circle"),
        ("in the first frame a dog sits on a rug", "start", "a dog sits on a rug"),
        ("a red circle at some point", "sometime", "a red circle"),
        ("the sun is visible for a moment", "sometime", "the sun is visible"),
        ("rain throughout", "throughout", "rain"),
        ("a woman in red the whole time", "throughout", "a woman in red"),
        ("At the end", "end", ""),
    ],
)
def test_words_about_time_are_read_and_taken_out(text, when, rest):
    assert time_of(text) == (when, rest)


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("the door opens", "change"),
        ("the door opens at the end", "change"),
        ("then it explodes", "change"),
        ("the circle turns blue", "change"),
        ("a flower starts to grow", "change"),
        ("she leaves the room", "change"),
        ("the sun sets behind the hills", "change"),
        ("the car turns left", "motion"),
        ("the camera moves left", "motion"),
        ("slow zoom in", "motion"),
        ("the camera slowly pans to the right", "motion"),
        ("a man walking through a forest", "motion"),
        ("a dog runs across the field", "motion"),
        ("birds flying over the lake", "motion"),
        ("she waves at the camera", "motion"),
        ("leaves drifting in the wind", "motion"),
    ],
)
def test_what_happens_is_asked_of_the_whole_clip_in_all_its_words(text, when):
    assert time_of(text) == (when, text)


@pytest.mark.parametrize(
    "text",
    [
        "two red circles",
        "autumn leaves on the ground",
        "high waves",
        "white sails",
        "a pair of running shoes",
        "opening hours on a sign",
        "an open door",
        "a red circle",
        "five rolls in a basket",
        "a smiling woman",
        "drum sets",
        "a camera on a tripod",
    ],
)
def test_other_words_say_nothing_about_time(text):
    assert time_of(text) == (None, text)


@pytest.mark.parametrize(
    ("text", "when", "rest"),
    [
        ("am Ende ein roter Kreis", "end", "ein roter Kreis"),
        ("ein roter Kreis am Ende des Clips", "end", "ein roter Kreis"),
        ("zu Beginn eine Katze auf dem Sofa", "start", "eine Katze auf dem Sofa"),
        ("die ganze Zeit über ein roter Hut", "throughout", "ein roter Hut"),
        ("à la fin, un cercle rouge", "end", "un cercle rouge"),
        ("au début de la vidéo, un chat noir", "start", "un chat noir"),
        ("un chat noir à un moment", "sometime", "un chat noir"),
        ("al final un círculo rojo", "end", "un círculo rojo"),
        ("un sombrero rojo todo el tiempo", "throughout", "un sombrero rojo"),
        ("no início do vídeo um gato preto", "start", "um gato preto"),
        ("um chapéu vermelho o tempo todo", "throughout", "um chapéu vermelho"),
        ("красный круг в конце", "end", "красный круг"),
        ("в начале видео кошка на диване", "start", "кошка на диване"),
        ("красная шляпа всё время", "throughout", "красная шляпа"),
        ("最後に赤い丸", "end", "赤い丸"),
        ("最初から最後まで赤い帽子", "throughout", "赤い帽子"),
        ("最后一帧有一个红色圆圈", "end", "有一个红色圆圈"),
        ("一開始，一隻黑貓", "start", "一隻黑貓"),
        ("帽子始终是红色的", "throughout", "帽子 是红色的"),
        ("마지막에 빨간 원", "end", "빨간 원"),
        ("처음부터 끝까지 빨간 모자", "throughout", "빨간 모자"),
    ],
)
def test_words_about_time_of_other_languages(text, when, rest):
    assert time_of(text) == (when, rest)


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("die Tür öffnet sich", "change"),
        ("die Sonne geht am Ende unter", "change"),
        ("die Kamera schwenkt langsam nach links", "motion"),
        ("ein Hund läuft über die Wiese", "motion"),
        ("der Fuchs dreht den Kopf zur Kamera", "motion"),
        ("la porte s'ouvre", "change"),
        ("la porte s\u2019ouvre", "change"),
        ("un chien court dans la rue", "motion"),
        ("la caméra recule lentement", "motion"),
        ("la puerta se abre", "change"),
        ("un perro corre por el campo", "motion"),
        ("la cámara se acerca a la casa", "motion"),
        ("a porta se abre", "change"),
        ("um cachorro corre na praia", "motion"),
        ("дверь открывается", "change"),
        ("камера медленно приближается", "motion"),
        ("собака бежит по полю", "motion"),
        ("ドアが開く", "change"),
        ("犬が野原を走っている", "motion"),
        ("カメラがゆっくり左に動く", "motion"),
        ("门慢慢打开", "change"),
        ("鏡頭緩緩向左移動", "motion"),
        ("狐狸转头看镜头", "motion"),
        ("문이 열린다", "change"),
        ("카메라가 왼쪽으로 이동한다", "motion"),
        ("개가 들판을 달린다", "motion"),
    ],
)
def test_what_happens_in_other_languages(text, when):
    assert time_of(text) == (when, text)


@pytest.mark.parametrize(
    "text",
    [
        "a house at the end of the road",
        "the beginning of a story on a page",
        "ein Haus am Ende der Straße",
        "une maison au fond du jardin",
        "une chaise à la fin de la rangée",
        "una casa al final de la calle",
        "uma casa no fim da rua",
        "дом в конце улицы",
        "最后的晚餐",
        "a tennis court",
        "zwei rote Kreise",
        "deux cercles rouges sur une table",
        "dos círculos rojos",
        "два красных круга",
        "机场的走廊",
        "一架飞机在地上",
        "二つの赤い丸",
        "빨간 원 두 개",
        "ein Mann in kurzer Hose",
    ],
)
def test_places_and_things_say_nothing_about_time(text):
    assert time_of(text) == (None, text)


def test_every_language_of_the_page_has_words_of_its_own():
    pages = {path.stem.split("-")[0] for path in (ROOT / "web" / "locales").glob("*.json")}
    assert set(time_words()) == pages
    assert set(time_words()) <= set(language_words())


def test_no_word_says_two_things_in_one_language():
    for language, row in time_words().items():
        fields = [row.start, row.end, row.sometime, row.throughout, row.camera, row.change, row.motion]
        listed = [word for field in fields for word in field]
        assert len(listed) == len(set(listed)), language
        assert all(word == word.casefold() or "ß" in word for word in listed), language
