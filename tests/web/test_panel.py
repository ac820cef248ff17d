"""The panel in the page: a run live, stopped, steered, looked at again, from this tab and from another one."""

from __future__ import annotations

import threading

import pytest
from pack.rehearsal.ollama_double import pixel_judge

from ..comfyui.theatre import GOAL, ONE_LINE, loop_graph, scripted
from .graphs import loop_workflow

pytestmark = pytest.mark.browser
LONG = 4.0
"""Seconds of a render, where a run must outlast the loading of a page: it ends after eight at the earliest."""


def started(tab, **fields):
    """A run going on in the panel, with its first picture there."""
    tab.load(loop_workflow(**fields))
    tab.panel()
    tab.queue()
    tab.wait_for_tiles(1)


def test_nothing_yet_shows_the_one_button_that_starts(tab):
    panel = tab.panel()
    tab.shot("empty")
    assert panel.get_by_role("button", name="Make this workflow self-improving").is_visible()
    tab.load(loop_workflow())
    panel.get_by_text("This workflow has its loop").wait_for()


def test_a_run_is_seen_live_and_looked_at_when_it_is_done(theatre, tab):
    tab.load(loop_workflow(seconds=0.6))
    tab.panel()
    tab.queue()
    tab.page.wait_for_function("document.querySelector('.imitatoes-place')?.textContent.includes('Iteration 1 of 12')")
    assert tab.tiles() <= 1, "the run is there from its first render on, and can be stopped"
    tab.wait_for_tiles(1)
    tab.page.wait_for_function(
        "/Rendering \\d+\\/10/.test(document.querySelector('.imitatoes-state').textContent)", timeout=20_000
    )
    tab.shot("running")
    tab.page.focus(".imitatoes-film button")
    tab.page.evaluate("document.querySelector('.imitatoes-film button').marked = true")
    tab.wait_for_state("Goal met")
    assert tab.page.evaluate("document.activeElement.marked"), "focus stays while pictures arrive"
    run = theatre.run(theatre.client.get("/imitatoes/runs")["runs"][0]["run_id"])
    assert tab.tiles() == len(run["iterations"])
    panel = tab.panel()
    assert panel.locator(".imitatoes-goal").text_content() == GOAL
    assert f"{len(run['iterations'])} of 12 iterations · best {run['best']['score']:.2f}" in panel.text_content()
    assert f"{run['best']['score']:.2f}" in panel.locator("svg[role=img]").get_attribute("aria-label")
    best = panel.locator(".imitatoes-film button").nth(run["best"]["iteration"] - 1)
    assert "best so far" in best.get_attribute("aria-label")
    tab.shot("done_panel")

    tab.page.keyboard.press("ArrowRight")  # from the first tile, by keyboard
    panel.get_by_role("heading", name="Iteration 2").wait_for()
    second = run["iterations"][1]
    detail = panel.locator(".imitatoes-iteration").text_content()
    assert second["critique"]["reason"] in detail
    assert second["plan"]["reason"] in detail
    assert second["seed_text"] in detail
    texts = {r["id"]: r["text"] for r in run["checklist"]["requirements"]}
    for item in second["critique"]["items"]:
        assert texts[item["id"]] in detail
    missed = [item for item in second["critique"]["items"] if not item["passed"]]
    assert panel.locator(".imitatoes-notMet").count() == len(missed) > 0
    shown = panel.locator(".imitatoes-single:visible")
    tab.page.wait_for_function("document.querySelector('.imitatoes-show > .imitatoes-single').naturalWidth === 256")
    assert "2" in shown.get_attribute("alt")


def test_before_and_after_by_keyboard_with_the_words_that_changed(theatre, tab):
    started(tab, seconds=0.0)
    tab.wait_for_state("Goal met")
    panel = tab.panel()
    tab.button("Before and after").click()
    slider = panel.get_by_role("slider")
    assert slider.get_attribute("aria-label").startswith("Compare iteration 1 with iteration")
    slider.focus()
    for _ in range(12):
        tab.page.keyboard.press("ArrowLeft")
    split = "getComputedStyle(document.querySelector('.imitatoes-compare')).getPropertyValue('--imitatoes-split')"
    assert tab.page.evaluate(split).strip() == "38%"
    tab.shot("compare")
    run = theatre.run(theatre.client.get("/imitatoes/runs")["runs"][0]["run_id"])
    words = panel.locator(".imitatoes-hero .imitatoes-words").first
    assert words.locator("ins").count() >= 1
    new = words.evaluate("(p) => [...p.children].filter((c) => c.tagName !== 'DEL').map((c) => c.textContent).join('')")
    best = run["iterations"][run["best"]["iteration"] - 1]
    assert new == best["settings"]["prompt"]
    panel.get_by_role("combobox", name="After").select_option("2")
    assert slider.get_attribute("aria-label") == "Compare iteration 1 with iteration 2"


def test_stop_now_shows_at_once_and_continue_goes_on(theatre, tab):
    started(tab, goal="ten purple hexagons", prompt="a picture", seconds=2.0)
    tab.button("Stop now").click()
    tab.page.wait_for_function("/^Stopp/.test(document.querySelector('.imitatoes-state').textContent)", polling=20)
    tab.wait_for_state("Stopped")
    before = tab.tiles()
    tab.panel().get_by_role("textbox").fill("make it night")
    tab.continue_button().click()
    tab.wait_for_tiles(before + 1)
    assert tab.panel().get_by_role("list", name="Your wishes").all_text_contents() == ["Wish: make it night"]
    assert tab.panel().locator(".imitatoes-goal").text_content() == "ten purple hexagons", "what was asked for first"
    tab.button("Stop after this one").click()
    # On a slow machine the render has ended before the page is looked at.
    tab.page.wait_for_function("/stops after|^Stopped/.test(document.querySelector('.imitatoes-state').textContent)")
    tab.wait_for_state("Stopped")
    assert tab.tiles() > before


def test_the_user_takes_one_and_the_journal_keeps_it(theatre, tab):
    started(tab, goal="ten purple hexagons", prompt="a picture", seconds=0.5)
    tab.wait_for_tiles(2)
    tab.panel().locator(".imitatoes-film button").first.click()
    tab.button("Take this one").click()
    tab.wait_for_state("You took #1")
    assert tab.button("Taken").is_disabled(), "the button that was clicked answers"
    run = theatre.client.get("/imitatoes/runs")["runs"][0]
    assert run["best"]["iteration"] == 1
    assert theatre.run(run["run_id"])["taken"] == 1
    assert tab.button("Taken").is_disabled()
    tab.panel().locator(".imitatoes-film button").nth(1).click()
    tab.button("Take this one").click()
    tab.wait_for_state("You took #2")


def test_a_reload_in_the_middle_shows_all_of_it_and_the_run_goes_on(theatre, tab):
    started(tab, goal="ten purple hexagons", prompt="a picture", seconds=LONG)
    before = tab.tiles()
    tab.open()
    tab.panel()
    tab.wait_for_tiles(before + 1)
    assert [
        int(n) for n in tab.page.eval_on_selector_all(".imitatoes-film button", "l => l.map(b => b.dataset.number)")
    ] == [*range(1, tab.tiles() + 1)]
    assert tab.page.locator(".imitatoes-state[data-tone=running]").count()


def test_a_second_tab_sees_the_run_and_can_take_over_its_progress(theatre, tab, other_tab):
    started(tab, goal="ten purple hexagons", prompt="a picture", seconds=LONG)
    other = other_tab()
    other.panel()
    other.wait_for_tiles(2)
    assert other.panel().locator(".imitatoes-goal").text_content() == "ten purple hexagons"
    assert "belongs to another workflow" in other.panel().text_content()
    other.button("Show ComfyUI's progress in this tab").click()
    other.wait_for_state("Rendering ")  # with steps: only the page that a render goes to hears of them
    other.button("Stop now").click()
    for one in (other, tab):
        one.page.bring_to_front()  # a tab in the background draws nothing
        one.wait_for_state("Stopped")


def test_a_run_started_by_a_script_is_shown(theatre, tab):
    tab.panel()
    theatre.client.queue(loop_graph(seconds=0.3))
    tab.wait_for_tiles(2)
    assert "started by a script" in tab.panel().text_content()
    tab.wait_for_state("Goal met")


def test_load_on_the_canvas_and_copy_the_folder(theatre, tab):
    run = theatre.played(loop_graph(goal="one green star", prompt="one green star", max_loops=1))
    panel = tab.panel()
    tab.past().first.click()
    tab.wait_for_tiles(1)
    tab.button("Load on the canvas").click()
    tab.page.wait_for_function("app.graph.nodes.some((n) => n.comfyClass === 'ImitatoesSelfImprovingPrompt')")
    tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab.button("Copy folder path").click()
    tab.button("Copied").wait_for()
    folder = str(theatre.runs_folder / run["run_id"])
    assert tab.page.evaluate("navigator.clipboard.readText()") == folder
    tab.page.evaluate("navigator.clipboard.writeText('')")
    tab.button(f"Folder {run['run_id']}").click()
    panel.get_by_text(f"the folder is: {folder}").wait_for()  # this machine has no desktop to show it on
    assert tab.page.evaluate("navigator.clipboard.readText()") == folder


@pytest.fixture
def patient_judge(theatre):
    """An event: while it is not set the judge answers nobody, so that a run stays where it is, however slow a page."""
    answers = threading.Event()
    answers.set()
    theatre.judge.default = lambda body, images: answers.wait(60) and pixel_judge(body, images)
    yield answers
    answers.set()
    theatre.judge.default = pixel_judge


def test_a_refusal_is_said_in_the_panel(theatre, tab, patient_judge):
    started(tab, goal="ten purple hexagons", prompt="a picture", seconds=1.0)
    patient_judge.clear()
    refusal = {"error": {"message": "The disk is full.", "hint": "Make room."}}
    tab.page.route("**/stop", lambda route: route.fulfill(status=507, json=refusal))
    alert = tab.panel().get_by_role("alert")
    with tab.refused("/stop"):
        tab.button("Stop now").click()
        alert.get_by_text("The disk is full. Make room.").wait_for()
    tab.page.unroute("**/stop")
    tab.page.route("**/stop", lambda route: route.abort())
    with tab.refused("/stop"):
        tab.button("Stop now").click()
        alert.get_by_text("cannot be reached").wait_for()
    tab.page.unroute("**/stop")
    theatre.client.post(f"/imitatoes/runs/{theatre.client.get('/imitatoes/runs')['runs'][0]['run_id']}/stop", {})
    tab.wait_for_state("Stopped")
    alert.get_by_text("cannot be reached").wait_for()
    theatre.client.queue(loop_graph(goal="one green star", prompt="one green star", max_loops=1))
    tab.panel().locator(".imitatoes-goal").get_by_text("one green star").wait_for(timeout=60_000)
    assert not alert.get_by_text("cannot be reached").is_visible(), "that was said of another run"


def test_markup_of_anybody_shows_as_text(theatre, tab):
    dialogs = []
    tab.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    goal = "<img src=x onerror=alert(1)><b>one</b> red circle"
    tab.load(loop_workflow(goal=goal, prompt="<script>alert(2)</script> one red circle", max_loops=1))
    panel = tab.panel()
    tab.queue()
    tab.wait_for_tiles(1)
    assert panel.locator(".imitatoes-goal").text_content() == goal
    tab.page.wait_for_function("document.querySelector('.imitatoes-state').dataset.tone !== 'running'", timeout=40_000)
    assert panel.locator("b, script, img[src=x]").count() == 0
    assert dialogs == []


def test_it_works_at_300_pixels_and_beside_another_packs_tab(theatre, tab):
    theatre.played(
        loop_graph(goal="one green star with" + " many" * 20 + " words", prompt="one green star", max_loops=1)
    )
    panel = tab.panel()
    tab.past().first.click()
    tab.wait_for_tiles(1)
    for width in (300, 720):
        tab.page.evaluate("(w) => { document.querySelector('.imitatoes-panel').style.width = `${w}px`; }", width)
        tab.page.wait_for_timeout(200)
        tab.shot(f"wide_{width}")
        assert panel.evaluate(BEYOND) == []
    tab.page.evaluate(
        """() => app.extensionManager.registerSidebarTab({ id: 'other', icon: 'pi pi-home', title: 'Other',
            tooltip: 'Other', type: 'custom', render: (el) => {
                const div = document.createElement('div');
                div.className = 'other';
                div.textContent = 'Other';
                el.append(div); } })"""
    )
    tab.command("Workspace.ToggleSidebarTab.other")
    tab.page.wait_for_selector(".other")
    tab.page.wait_for_function("!document.querySelector('.imitatoes-panel')")
    tab.panel()
    assert tab.page.evaluate("document.querySelector('.imitatoes-panel').parentElement.children.length") == 1
    assert tab.page.locator(".imitatoes-panel").count() == 1


def test_text_can_be_read_in_dark_and_light(theatre, tab):
    theatre.played(loop_graph(max_loops=1))
    panel = tab.panel()
    tab.past().first.click()
    tab.wait_for_tiles(1)
    for palette in ("dark", "light"):
        tab.page.evaluate("(p) => app.extensionManager.setting.set('Comfy.ColorPalette', p)", palette)
        tab.page.wait_for_timeout(600)
        tab.shot(palette)
        worst = panel.evaluate(CONTRAST)
        assert worst[0] >= 4.5, (palette, worst)
    tab.page.evaluate("app.extensionManager.setting.set('Comfy.ColorPalette', 'dark')")


BEYOND = """(panel) => [...panel.querySelectorAll('*')]
    .filter((e) => !e.closest('.imitatoes-film, svg, .imitatoes-sr, .imitatoes-past'))
    .filter((e) => e.getBoundingClientRect().right > panel.getBoundingClientRect().right + 1)
    .map((e) => e.className)"""
"""Classes of what sticks out on the right."""

CONTRAST = """(panel) => {
    const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const rgba = (colour) => {
        context.clearRect(0, 0, 1, 1);
        context.fillStyle = colour;
        context.fillRect(0, 0, 1, 1);
        return [...context.getImageData(0, 0, 1, 1).data];
    };
    const over = (top, below) => {
        const a = top[3] / 255;
        return [0, 1, 2].map((i) => top[i] * a + below[i] * (1 - a)).concat(255);
    };
    const back = (element) => {
        const own = rgba(getComputedStyle(element).backgroundColor);
        return own[3] === 255 || !element.parentElement ? own : over(own, back(element.parentElement));
    };
    const linear = (v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const light = (c) => {
        const [r, g, b] = c.slice(0, 3).map((v) => linear(v / 255));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    let worst = [99, ''];
    for (const element of panel.querySelectorAll('*')) {
        const text = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
        if (!text || element.closest('[hidden], :disabled, svg, .imitatoes-sr') || !element.offsetParent) continue;
        const below = back(element), top = over(rgba(getComputedStyle(element).color), below);
        const [a, b] = [light(top), light(below)];
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < worst[0]) worst = [ratio, `${element.className}: ${element.textContent.slice(0, 40)}`];
    }
    return worst;
}"""
"""[least contrast of any text, which]. Text on pictures and disabled controls are left out."""


def test_what_the_check_of_the_workflow_found_can_be_read(tab):
    """As text, whatever the names in the workflow are."""
    shown = tab.page.evaluate(
        """async () => {
            const scripts = performance.getEntriesByType('resource').map((one) => one.name);
            const main = scripts.find((name) => /imitatoes.*\\/main\\.js/.test(name));
            const { createRunHeader } = await import(new URL('views/run_header.js', main));
            const header = createRunHeader({ t: (key, values) => key + JSON.stringify(values ?? {}) });
            const progress = { of: () => null, heard: () => false, secondsPerStep: () => null };
            const context = { progress, back: null };
            const notes = [{ message: '<b>Node 4</b>: width 1000 is no step of 64.', hint: 'Write 1024.' }];
            const details = header.root.querySelector('details');
            const seen = [];
            for (const warnings of [notes, [...notes, { message: 'Two.', hint: '' }], []]) {
                header.update({ status: 'running', phase: 'rendering', warnings }, context);
                const lines = [...details.querySelectorAll('li')].map((line) => line.textContent);
                const title = details.querySelector('summary').textContent;
                seen.push([details.hidden, title, lines, details.querySelector('b') !== null]);
            }
            return seen;
        }"""
    )
    one = "<b>Node 4</b>: width 1000 is no step of 64. Write 1024."
    assert shown[0] == [False, 'run.warnings{"count":1}', [one], False]
    assert shown[1] == [False, 'run.warnings{"count":2}', [one, "Two."], False]
    assert shown[2][0] is True


def test_a_picture_that_nobody_looked_at_is_said_to_be_that_and_judged_by_a_button(theatre, tab):
    workflow = loop_workflow(seconds=0.0)
    workflow["nodes"][-1]["widgets_values"][6] = "offline"
    tab.load(workflow)
    tab.panel()
    tab.queue()
    tab.wait_for_state("Not verified")
    panel = tab.panel()
    assert "Not looked at" in panel.locator(".imitatoes-iteration-head").text_content()
    assert "not looked at" in panel.locator(".imitatoes-film button").first.get_attribute("aria-label")
    assert panel.locator(".imitatoes-is-best").count() == 0
    tab.shot("not_looked_at")
    tab.button("Have it judged").click()
    tab.page.wait_for_function(
        "/^\\d\\.\\d\\d$/.test(document.querySelector('.imitatoes-iteration-head .imitatoes-score').textContent)",
        timeout=20_000,
    )
    assert not tab.button("Have it judged").is_visible()
    run = theatre.run(theatre.client.get("/imitatoes/runs")["runs"][0]["run_id"])
    assert run["iterations"][0]["critique"]["sees_content"] is True
    assert run["status"] in ("done", "stopped")


def test_what_was_clicked_answers_where_it_was_clicked(theatre, tab):
    theatre.played(loop_graph(goal="one green star", prompt="one green star", max_loops=1))
    panel = tab.panel()
    tab.past().first.click()
    tab.wait_for_tiles(1)
    refusal = {"error": {"message": "Not now.", "hint": "Wait."}}
    tab.page.route("**/take", lambda route: route.fulfill(status=409, json=refusal))
    alert = panel.get_by_role("alert")
    with tab.refused("/take"):
        tab.button("Take this one").click()
        alert.get_by_text("Not now. Wait.").wait_for()
    below = "(e) => e.getBoundingClientRect().top"
    gap = alert.evaluate(below) - tab.button("Take this one").evaluate(below)
    assert 0 < gap < 200, "beside the button, not at the head of the panel"
    tab.page.unroute("**/take")


def test_continue_resume_and_a_picture_from_before_a_wish_are_explained(theatre, tab):
    run = theatre.played(loop_graph(goal="one green star", prompt="one green star", iterations_per_loop=2, max_loops=1))
    count = len(run["iterations"])
    panel = tab.panel()
    tab.past().first.click()
    tab.wait_for_tiles(count)
    assert (
        "Continue goes on from the best picture. A wish is added to what the picture must show." in panel.text_content()
    )
    panel.get_by_role("textbox").first.fill("with two stars")
    tab.continue_button().click()
    tab.wait_for_tiles(count + 1)
    tab.page.wait_for_function("document.querySelector('.imitatoes-state').dataset.tone !== 'running'", timeout=40_000)
    panel.locator(".imitatoes-film button").first.click()
    panel.get_by_text("Made for the goal before your wish, it cannot become the result").wait_for()
    assert tab.button("Take this one").is_disabled()
    tab.shot("before_wish")


def test_a_batch_is_seen_whole_and_each_of_its_pictures_large(theatre, tab):
    theatre.judge.default = scripted(-2, -4, -3)
    tab.load(loop_workflow(seconds=0.0, batch=3, iterations_per_loop=1, max_loops=1, **ONE_LINE))
    panel = tab.panel()
    tab.queue()
    tab.wait_for_state("All iterations used")
    assert "3 pictures" in panel.locator(".imitatoes-film button").first.get_attribute("aria-label")
    tiles = panel.locator(".imitatoes-batch button")
    assert tiles.count() == 3
    labels = [tiles.nth(n).get_attribute("aria-label") for n in range(3)]
    assert "the best of these" in labels[1] and "picture 3 of its batch" in labels[2]
    assert panel.locator(".imitatoes-single:visible").get_attribute("src").count("loop_01_iter_01_b.png") == 1
    tiles.nth(2).click()
    tab.page.wait_for_function(
        "document.querySelector('.imitatoes-show > .imitatoes-single').src.includes('loop_01_iter_01_c.png')"
    )
    assert tiles.nth(2).get_attribute("aria-pressed") == "true"
    tab.shot("batch")
