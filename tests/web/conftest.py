"""The page under test: ComfyUI's real frontend in headless Chromium, served by the rehearsal or by a real ComfyUI."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ..comfyui.theatre import Theatre, opened
from .graphs import OBJECT_INFO, empty_workflow

NAMES = ("chromium", "google-chrome", "chromium-browser", "chrome", "msedge")
WINDOWS = Path(os.environ.get("PROGRAMFILES", ""), "Google", "Chrome", "Application", "chrome.exe")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None) or (str(WINDOWS) if WINDOWS.is_file() else None)
COMFYUI_PATH = os.environ.get("COMFYUI_PATH")
FRONTENDS = [Path(name) for name in os.environ.get("COMFYUI_FRONTENDS", "").split(os.pathsep) if name]
"""Folders with an index.html: other versions of the page than the installed one."""
QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
STILL = """async () => {
    const now = () => JSON.stringify(%s);
    const end = performance.now() + 30_000;
    for (let still = 0, before = ""; still < 10; ) {
        if (performance.now() > end) throw new Error('it never rests');
        await new Promise((done) => requestAnimationFrame(done));
        still = now() === before ? still + 1 : 0;
        before = now();
    }
}"""
KNOWN = {"Cannot read properties of undefined (reading 'id')"}
"""What frontend 1.27.10 throws of its own, without any pack, when a second workflow is opened."""
SETTINGS = {
    "Comfy.TutorialCompleted": True,
    "Comfy.Minimap.Visible": False,
    "Comfy.Workflow.ShowMissingNodesWarning": False,
    "Comfy.Workflow.ShowMissingModelsWarning": False,
}


def missing() -> str:
    """What the page tests need and this machine lacks; empty when all is there."""
    if importlib.util.find_spec("playwright") is None:
        return "playwright is not installed"
    if CHROMIUM is None:
        return "Chromium is not installed (Debian: apt-get install chromium)"
    if not FRONTENDS and importlib.util.find_spec("comfyui_frontend_package") is None and not COMFYUI_PATH:
        return "no page: install comfyui-frontend-package, or set COMFYUI_FRONTENDS or COMFYUI_PATH"
    return ""


def pages() -> list[Any]:
    """Hosts and frontends to go through: (real ComfyUI?, folder of the frontend or None for the installed one)."""
    hosts: list[Any] = [pytest.param((False, path), id=f"rehearsal-{version_of(path)}") for path in FRONTENDS]
    if not hosts and (importlib.util.find_spec("comfyui_frontend_package") or not COMFYUI_PATH):
        hosts.append(pytest.param((False, None), id="rehearsal"))
    if COMFYUI_PATH:
        real = [(True, path) for path in FRONTENDS] or [(True, None)]
        hosts += [pytest.param(one, id=f"comfyui-{version_of(one[1])}", marks=pytest.mark.comfyui) for one in real]
    return hosts


def version_of(frontend: Path | None) -> str:
    return "installed" if frontend is None else frontend.parent.parent.name


@pytest.fixture(scope="session", params=pages())
def theatre(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    if missing():
        pytest.skip(missing())
    real, frontend = request.param
    checkout, python = (Path(COMFYUI_PATH), os.environ.get("COMFYUI_PYTHON")) if real else (None, None)
    with opened(tmp_path_factory.mktemp("page"), checkout, python, frontend) as theatre:
        nodes2 = {"Comfy.VueNodes.Enabled": True} if os.environ.get("NODES_2") else {}
        theatre.client.post("/settings", {**SETTINGS, **nodes2})
        theatre.real = real
        yield theatre


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    if missing():
        pytest.skip(missing())
    from playwright.sync_api import sync_playwright

    with sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=CHROMIUM, args=QUIET.split())
        yield browser
        browser.close()


class Tab:
    """A browser tab with the page loaded, what went wrong in it, and shorthand for the panel."""

    def __init__(self, browser: Any, theatre: Theatre) -> None:
        self.theatre, self.problems = theatre, []
        self.context = browser.new_context(viewport={"width": 1500, "height": 1000})
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: str(error) not in KNOWN and self.problems.append(str(error)))
        self.page.on("console", self._heard)
        self.page.on("response", self._answered)
        here = theatre.process.url
        self.page.route("**/*", lambda r: r.continue_() if r.request.url.startswith(here) else r.abort())
        if not theatre.real:
            self.page.route("**/object_info", self._with_core_nodes)
        self.open()

    def _heard(self, message: Any) -> None:
        ours = "imitatoes" in message.text or "imitatoes" in str(message.location.get("url", ""))
        if message.type == "error" and ours:
            self.problems.append(f"{message.text} {message.location}")

    def _answered(self, response: Any) -> None:
        if response.status >= 400 and "imitatoes" in response.url.lower():
            self.problems.append(f"{response.status} {response.url}")

    @contextmanager
    def refused(self, path: str) -> Iterator[None]:
        """While one request to a path that ends so is refused on purpose. The browser reports that as an error of its
        own, some time later: that report is waited for, and is no problem."""

        def reported(message: Any) -> bool:
            return message.type == "error" and str(message.location.get("url", "")).endswith(path)

        with self.page.expect_console_message(reported):
            yield
        self.problems[:] = [problem for problem in self.problems if path not in problem]

    @staticmethod
    def _with_core_nodes(route: Any) -> None:
        """The rehearsal has few nodes; the page needs to know those of the reference graphs."""
        route.fulfill(json={**route.fetch().json(), **OBJECT_INFO})

    def rest(self) -> None:
        """No past run open, the panel closed, an empty workflow of its own in front, nothing heard of yet."""
        self.page.keyboard.press("Escape")  # a dialog that a failed test left open
        close = self.panel().get_by_role("button", name="Close this past run")
        if close.is_visible():
            close.click()
        self.command("Imitatoes.OpenPanel")
        self.load(empty_workflow())
        self.problems.clear()

    def open(self) -> None:
        self.page.goto(self.theatre.process.url)
        self.page.wait_for_function("window.app?.graph && window.app?.extensionManager", timeout=60_000)
        self.page.wait_for_selector(".side-tool-bar-container")
        self.page.wait_for_function("app.extensionManager.getSidebarTabs().some((t) => t.id === 'imitatoes.panel')")
        self.page.wait_for_timeout(1500)  # the page loads its own default graph late and would replace ours

    def load(self, workflow: dict[str, Any]) -> None:
        self.page.evaluate("(workflow) => app.loadGraphData(workflow)", workflow)
        self.page.wait_for_function("(count) => app.graph.nodes.length === count", arg=len(workflow["nodes"]))

    def command(self, name: str) -> None:
        self.page.evaluate("(name) => app.extensionManager.command.execute(name)", name)

    def panel(self) -> Any:
        """The panel, opened if it is not."""
        if not self.page.locator(".imitatoes-panel").count():
            self.command("Imitatoes.OpenPanel")
        self.page.wait_for_selector(".imitatoes-panel")
        return self.page.locator(".imitatoes-panel")

    def past(self) -> Any:
        """The rows of the past runs, shown in the panel."""
        panel = self.panel()
        way = panel.get_by_role("button", name="Past runs", exact=True)
        if way.is_visible():
            way.click()
        return panel.locator(".imitatoes-past-open")

    def queue(self) -> None:
        self.page.evaluate("app.queuePrompt(0, 1)")

    def wait_for_state(self, words: str, seconds: float = 40) -> None:
        """Until the panel's state begins with these words."""
        self.page.wait_for_function(
            "(words) => document.querySelector('.imitatoes-state')?.textContent.startsWith(words)",
            arg=words,
            timeout=seconds * 1000,
        )

    def wait_for_tiles(self, count: int) -> None:
        selector = ".imitatoes-film button"
        self.page.wait_for_function(f"document.querySelectorAll('{selector}').length >= {count}", timeout=40_000)

    def tiles(self) -> int:
        return self.page.locator(".imitatoes-film button").count()

    def button(self, name: str) -> Any:
        return self.panel().get_by_role("button", name=name, exact=True)

    def continue_button(self) -> Any:
        """It says how many renders it grants."""
        return self.panel().get_by_role("button", name=re.compile(r"^Continue(: \d+ more)?$"))

    def text_of(self, kind: str, widget: str) -> str:
        """What our widget on the first node of a kind says."""
        return self.page.evaluate(
            "([kind, name]) => app.graph.nodes.find((n) => n.comfyClass === kind)"
            "?.widgets.find((w) => w.name === name)?.element.textContent",
            [kind, widget],
        )

    def api_graph(self) -> dict[str, Any]:
        return json.loads(self.page.evaluate("app.graphToPrompt().then((p) => JSON.stringify(p.output))"))

    def wait_until_still(self, expression: str) -> None:
        """Until what the expression gives has been the same for ten frames, as a view that has come to rest."""
        self.page.evaluate(STILL % expression)

    def shot(self, name: str) -> None:
        if folder := os.environ.get("SCREENSHOTS"):
            self.page.wait_for_timeout(500)
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"))


@pytest.fixture(scope="session")
def shared_tab(browser: Any, theatre: Theatre) -> Tab:
    """One for all tests: loading the page takes longer than most of them."""
    return Tab(browser, theatre)


@pytest.fixture
def tab(shared_tab: Tab, theatre: Theatre) -> Iterator[Tab]:
    """A tab at rest; at the end no run goes on and nothing may have gone wrong in it."""
    shared_tab.rest()
    yield shared_tab
    for run in theatre.client.get("/imitatoes/runs?limit=5")["runs"]:
        if not run["waiting"]:
            theatre.client.post(f"/imitatoes/runs/{run['run_id']}/stop", {})
            theatre.ended(run["run_id"])
    assert shared_tab.problems == []


@pytest.fixture
def other_tab(browser: Any, theatre: Theatre, tab: Tab) -> Iterator[Any]:
    """Opens a second browser on the page."""
    opened: list[Tab] = []

    def make() -> Tab:
        opened.append(Tab(browser, theatre))
        return opened[-1]

    yield make
    for one in opened:
        one.context.close()
        assert one.problems == []
