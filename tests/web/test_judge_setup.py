"""The first-run check in the empty panel: an Ollama, its models that see, getting one, testing one."""

from __future__ import annotations

import re

import pytest

from ..comfyui.theatre import MODEL
from .graphs import loop_workflow

pytestmark = pytest.mark.browser
SMALL = "qwen3-vl:2b-instruct"
UNDO = "app.extensionManager.workflow.activeWorkflow.changeTracker.undoQueue.length"


@pytest.fixture
def double(theatre):
    """The judge with its models as they were, whatever a test has installed."""
    models, pull_seconds = dict(theatre.judge.models), theatre.judge.pull_seconds
    yield theatre.judge
    theatre.judge.models, theatre.judge.pull_seconds = models, pull_seconds


def empty_panel(tab):
    """The panel without a run that an earlier test has opened."""
    panel = tab.panel()
    close = panel.get_by_role("button", name="Close this past run", exact=True)
    if close.is_visible():
        close.click()
    return panel


def opened(tab):
    panel = empty_panel(tab)
    setup = panel.locator(".imitatoes-setup")
    setup.get_by_text(re.compile("Ollama answers at http")).wait_for()
    return setup


def pulls(double):
    return [record.body["model"] for record in double.requests if record.path == "/api/pull"]


def test_what_is_there_is_seen_and_nothing_is_downloaded_by_itself(tab, double):
    setup = opened(tab)
    setup.get_by_text("3 models that see pictures are installed").wait_for()
    installed = setup.get_by_role("combobox", name="Installed models that see pictures")
    assert installed.locator("option").all_text_contents() == [MODEL, "qwen2.5vl:7b", "gemma4:latest"]
    assert installed.input_value() == MODEL, "what the workflow judges with"
    assert setup.get_by_role("button", name="Judge with it").is_disabled()
    assert pulls(double) == []


def test_without_a_model_one_is_got_by_a_click_followed_and_used(tab, double):
    double.models = {"text-only:latest": ("completion",)}
    double.pull_seconds = 3.0
    tab.load(loop_workflow())
    setup = opened(tab)
    setup.get_by_text("No model that sees pictures is installed yet").wait_for()
    setup.get_by_role("combobox", name="Model to get").select_option(SMALL)
    tab.shot("setup_none")
    setup.get_by_role("button", name="Get it: about 1.9 GB").click()
    tab.page.wait_for_function("/[\\d.]+ GB of 2.0 GB/.test(document.querySelector('.imitatoes-setup').textContent)")
    tab.shot("setup_pull")
    setup.get_by_text("1 model that sees pictures is installed").wait_for()
    assert pulls(double) == [SMALL]
    setup.get_by_text(f"This workflow judges with {MODEL}, which is not installed").wait_for()
    tab.page.wait_for_timeout(500)  # the page takes its first state for undo a moment after loading
    steps = tab.page.evaluate(UNDO)
    setup.get_by_role("button", name="Judge with it").click()
    tab.page.wait_for_function("!document.querySelector('.imitatoes-setup').textContent.includes('is not installed.')")
    assert tab.api_graph()["11"]["inputs"]["model"] == SMALL
    tab.page.wait_for_function(f"{UNDO} === {steps + 1}")
    tab.command("Comfy.Undo")
    tab.page.wait_for_function(
        f"app.graph.nodes.find((n) => n.id == 11)?.widgets.find((w) => w.name === 'model').value === '{MODEL}'"
    )
    tab.page.evaluate("app.extensionManager.setting.set('Imitatoes.Judge.Model', '')")


def test_a_download_can_be_stopped_and_a_failure_is_told(tab, double):
    double.models = {"text-only:latest": ("completion",)}
    double.pull_seconds = 60.0
    setup = opened(tab)
    setup.get_by_role("combobox", name="Model to get").select_option(SMALL)
    setup.get_by_role("button", name="Get it: about 1.9 GB").click()
    setup.get_by_role("button", name="Stop", exact=True).click()
    setup.get_by_role("progressbar").wait_for(state="hidden")
    double.wait_for(double.disconnects)
    library, double.library = double.library, {}
    setup.get_by_role("button", name="Get it: about 1.9 GB").click()
    setup.get_by_role("alert").get_by_text(f"library has no {SMALL}").wait_for()
    double.library = library
    assert SMALL not in double.models


def test_the_judge_is_tested_and_the_result_is_told_in_words(tab, double):
    setup = opened(tab)
    setup.get_by_role("button", name="Test the judge").click()
    setup.get_by_text(re.compile(rf"{MODEL} is looking: \d+ of 60 scenes")).wait_for()
    setup.locator(".imitatoes-result").get_by_text(re.compile(f"^{MODEL} (judges|is too weak)")).first.wait_for(
        timeout=90_000
    )
    tab.shot("setup_tested")


def test_without_a_server_it_says_what_to_do_and_looks_again(theatre, tab, double):
    tab.page.route(
        "**/imitatoes/judge/setup*",
        lambda route: route.fulfill(
            json={
                **route.fetch().json(),
                "state": "no_server",
                "problem": "No connection to Ollama at http://127.0.0.1:11434. Start it with: ollama serve",
                "models": [],
                "recommended": None,
            }
        ),
    )
    panel = empty_panel(tab)
    panel.get_by_text("Start it with: ollama serve").wait_for()
    tab.shot("setup_no_server")
    assert not panel.get_by_role("button", name="Test the judge").is_visible()
    tab.page.unroute("**/imitatoes/judge/setup*")
    panel.get_by_role("button", name="Look again").click()
    opened(tab)
