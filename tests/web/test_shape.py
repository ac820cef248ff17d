"""The command that gives a clip another shape: the sizes of its model, chosen in the panel, one step to undo."""

from __future__ import annotations

import pytest

from ..templates import FOLDER, read
from .graphs import loop_workflow

pytestmark = pytest.mark.browser
SIDES = """(Object.fromEntries(app.graph.nodes
    .map((one) => [one.id, ["width", "height"].map((name) => one.widgets?.find((w) => w.name === name)?.value)])
    .filter(([, sides]) => sides[0] !== undefined)))"""


def test_a_workflow_of_pictures_is_told_so(tab):
    tab.load(loop_workflow())
    tab.command("Imitatoes.ShapeClip")
    tab.page.wait_for_function("document.body.textContent.includes('This workflow makes no clip')")
    tab.problems.clear()  # the browser tells every answer of 400


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("12 Picture to video with Wan 2.2", [[832, 480]], [[480, 832]]),
        ("17 Picture to video with LTX-2.3", [[1280, 704], [640, 352]], [[704, 1280], [352, 640]]),
    ],
)
def test_the_user_chooses_and_every_size_follows(tab, name, before, after):
    if not tab.theatre.real:
        pytest.skip("the rehearsal has no video models")
    tab.load(read(FOLDER / f"{name}.json"))
    panel = tab.panel()
    assert list(tab.page.evaluate(SIDES).values()) == before
    tab.command("Imitatoes.ShapeClip")
    panel.get_by_role("button", name=f"Landscape, {before[0][0]} x {before[0][1]} (as it is now)").wait_for()
    tab.shot(f"shape_{name[:2]}")
    panel.get_by_role("button", name=f"Vertical, {after[0][0]} x {after[0][1]}").click()
    tab.page.wait_for_function(f"JSON.stringify(Object.values({SIDES})) === '{after}'.replaceAll(' ', '')")
    tab.page.wait_for_timeout(500)  # the page keeps a state for undo a moment after the change
    tab.command("Comfy.Undo")
    tab.page.wait_for_function(f"JSON.stringify(Object.values({SIDES})) === '{before}'.replaceAll(' ', '')")
