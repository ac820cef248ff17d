"""Showing a folder on the computer's own screen."""

from __future__ import annotations

import webbrowser

import pytest
from pack.host import file_manager


@pytest.fixture
def desktop(monkeypatch):
    """What the desktop was asked to show."""
    shown = []
    monkeypatch.setattr(webbrowser, "open", lambda url: shown.append(url) or True)
    return shown


def test_a_desktop_is_asked_for_the_folder(monkeypatch, desktop, tmp_path):
    monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.BackgroundBrowser("xdg-open"))
    assert file_manager.open_folder(tmp_path)
    assert desktop == [tmp_path.resolve().as_uri()]
    assert not file_manager.open_folder(tmp_path / "missing")


def test_without_a_desktop_nothing_is_opened(monkeypatch, desktop, tmp_path):
    monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.GenericBrowser("w3m"))  # would take the terminal
    assert not file_manager.open_folder(tmp_path)

    def none():
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr(webbrowser, "get", none)
    assert not file_manager.open_folder(tmp_path)
    assert desktop == []
