from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pack.engine.unicode_text import mend_text, mend_texts
from pydantic import BaseModel

ANY = st.text(st.characters(codec=None, categories=None))


class Part(BaseModel):
    words: tuple[str, ...] = ()
    by_name: dict[str, str] = {}


@given(st.text(st.characters()) | ANY)
def test_what_is_mended_can_be_written_and_stays_so(text):
    mended = mend_text(text)
    mended.encode("utf-8")
    assert mend_text(mended) is mended
    assert len(mended) <= len(text)


def test_both_halves_become_the_emoji_and_one_alone_a_mark():
    assert mend_text("a \ud83e\udd8a b") == "a \U0001f98a b"
    assert mend_text("a \ud83e b \udd8a") == "a \ufffd b \ufffd"


def test_models_and_containers_are_mended_through_and_kept_where_nothing_is_wrong():
    good = Part(words=("a", "b"), by_name={"a": "b"})
    assert mend_texts(good) is good
    broken = Part(words=("a", "\ud83e"), by_name={"\ud83e": "\udd8a"})
    assert mend_texts(broken) == Part(words=("a", "\ufffd"), by_name={"\ufffd": "\ufffd"})
    assert mend_texts([good, {"x": (broken,)}])[1]["x"][0].words == ("a", "\ufffd")
    assert mend_texts(None) is None
    mend_texts(broken).model_dump_json()
