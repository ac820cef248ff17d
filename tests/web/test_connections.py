"""The servers that judge, in their dialog: added with a key, tested, removed."""

from __future__ import annotations

import pytest
from pack.rehearsal.openai_double import MODEL, OpenAIDouble

pytestmark = pytest.mark.browser
KEY = "sk-never-shown"


def test_a_server_is_added_tested_and_removed(theatre, tab):
    tab.panel()
    with OpenAIDouble("lm studio", key=KEY) as double:
        tab.page.evaluate("window.app.extensionManager.command.execute('Imitatoes.Connections')")
        dialog = tab.page.get_by_role("dialog", name="Servers that judge")
        dialog.wait_for()
        dialog.get_by_text("local").wait_for()
        dialog.get_by_label("Name").fill("studio")
        dialog.get_by_label("Kind").select_option("openai")
        dialog.get_by_label("Address").fill(double.url)
        dialog.get_by_label("Key", exact=True).fill(KEY)
        dialog.get_by_role("button", name="Save").click()
        row = dialog.get_by_role("listitem").filter(has_text="studio")
        row.wait_for()
        assert dialog.get_by_label("Key", exact=True).input_value() == ""
        row.get_by_role("button", name="Test").click()
        row.get_by_text(MODEL).wait_for()
        # How far it can be believed is tested here too.
        assert row.get_by_label("Judge model").input_value() == MODEL
        row.get_by_role("button", name="Test the judge").click()
        row.get_by_text(f"{MODEL} judges things", exact=False).wait_for(timeout=90_000)
        tab.shot("connections")
        assert KEY not in tab.page.content()
        assert KEY not in str(theatre.client.get("/imitatoes/connections"))
    row.get_by_role("button", name="Remove").click()
    row.wait_for(state="detached")
    dialog.get_by_role("button", name="Close").click()
    dialog.wait_for(state="detached")
