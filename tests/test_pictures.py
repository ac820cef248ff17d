"""The pictures that `python dev.py pictures` makes: thumbnails that match their templates, and the run side by side."""

from __future__ import annotations

import numpy as np
import pytest
from pack.rehearsal import thumbnails
from PIL import Image

from .conftest import ROOT
from .templates import UI


def test_every_template_has_a_drawing_of_its_own():
    assert set(thumbnails.TEMPLATES) == {path.stem.split()[0] for path in UI}
    drawn = [np.asarray(draw()).tobytes() for draw in thumbnails.TEMPLATES.values()]
    assert len(set(drawn)) == len(drawn), "no two look alike"


@pytest.mark.parametrize("path", UI, ids=lambda path: path.stem)
def test_a_thumbnail_is_what_the_command_draws(path):
    """Not to the bit: typefaces and JPEG differ a little between versions of Pillow."""
    drawn = np.asarray(thumbnails.TEMPLATES[path.stem.split()[0]](), dtype=np.int16)
    with Image.open(path.with_suffix(".jpg")) as shipped:
        there = np.asarray(shipped.convert("RGB"), dtype=np.int16)
    assert np.abs(drawn - there).mean() < 4, "python dev.py pictures draws it anew"


def test_they_are_drawn_beside_the_templates(tmp_path):
    (tmp_path / UI[0].name).write_text("{}")
    (made,) = thumbnails.draw_thumbnails(tmp_path)
    with Image.open(made) as shown:
        assert (shown.format, shown.size) == ("JPEG", (512, 320))
    (tmp_path / "99 Something new.json").write_text("{}")
    with pytest.raises(KeyError):
        thumbnails.draw_thumbnails(tmp_path)


def test_a_run_stands_side_by_side_with_its_best_framed(tmp_path):
    pictures = pytest.importorskip("pack.rehearsal.pictures", reason="playwright is not installed")
    iterations = []
    for number, shade in enumerate((60, 120, 200), 1):
        Image.new("RGB", (512, 512), (shade, shade, shade)).save(tmp_path / f"{number}.png")
        iterations.append({"number": number, "picture": f"{number}.png", "critique": {"score": number / 3}})
    sheet = np.asarray(pictures.strip(tmp_path, {"iterations": iterations, "best": {"iteration": 3}}))
    step = pictures.SIDE + pictures.GAP
    middle = pictures.GAP + pictures.SIDE // 2
    assert [sheet[middle, middle + step * n, 0] for n in range(3)] == [60, 120, 200]
    assert [tuple(sheet[pictures.GAP - 3, middle + step * n]) == pictures.BEST for n in range(3)] == [
        False,
        False,
        True,
    ]
    assert (ROOT / "docs" / "run.jpg").is_file() and (ROOT / "docs" / "panel.jpg").is_file()
