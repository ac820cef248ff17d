"""`python dev.py pictures`: makes the thumbnails of the templates and the pictures of README anew.

What README shows is the tutorial's template, run by the stand-in and watched by ComfyUI's own page in a headless
browser: nothing is drawn by hand, so that the pictures never show what is no longer so.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Page, sync_playwright

from .process import ComfyError, ComfyProcess, prepare_base
from .thumbnails import draw_thumbnails

ROOT = Path(__file__).resolve().parent.parent
BASE = ROOT / "runs" / "pictures"
WORKFLOWS, DOCS = ROOT / "workflows", ROOT / "docs"
BROWSERS = ("chromium", "google-chrome", "chromium-browser", "chrome", "msedge")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
NOBODY = {"OLLAMA_HOST": "http://127.0.0.1:9"}
"""No Ollama answers there: the tutorial needs none."""
WINDOW = {"width": 1500, "height": 940}
PAGE_SETTINGS = {"Comfy.TutorialCompleted": True, "Comfy.Minimap.Visible": False}
LIMIT = 60_000
"""Milliseconds for anything that is waited for."""
SIDE, GAP, LINE = 256, 12, 30
PAPER, INK, BEST = (255, 255, 255), (40, 42, 46), (60, 160, 85)


def main(arguments: list[str]) -> int:
    if arguments:
        print("usage: python dev.py pictures")
        return 2
    made = draw_thumbnails(WORKFLOWS)
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print("The thumbnails are made. Chromium is not installed, so the pictures of README are left as they are.")
        return 1
    try:
        made += picture_run(browser)
    except ComfyError as problem:
        print(problem)
        return 1
    for path in made:
        print(f"{path.stat().st_size:>8,} bytes  {path.relative_to(ROOT)}")
    return 0


def picture_run(browser: str) -> list[Path]:
    """The tutorial's run in the page, and its pictures side by side."""
    shutil.rmtree(BASE, ignore_errors=True)
    prepare_base(BASE, ROOT, painter=False)
    template = json.loads(next(WORKFLOWS.glob("01 *.json")).read_text(encoding="utf-8"))
    with ComfyProcess(BASE, environment=NOBODY) as comfy, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=ARGUMENTS)
        with contextlib.closing(chromium):
            context = chromium.new_context(viewport=WINDOW, device_scale_factor=1)
            context.request.post(f"{comfy.url}/settings", data=PAGE_SETTINGS)
            page = context.new_page()
            page.route("**/*", lambda r: r.continue_() if r.request.url.startswith(comfy.url) else r.abort())
            page.goto(comfy.url)
            run = watch(page, template)
            page.screenshot(path=DOCS / "panel.jpg", type="jpeg", quality=82)
    strip(BASE / "output" / "imitatoes" / run["run_id"], run).save(DOCS / "run.jpg", "JPEG", quality=85, optimize=True)
    return [DOCS / "panel.jpg", DOCS / "run.jpg"]


def watch(page: Page, template: dict[str, Any]) -> dict[str, Any]:
    """The run of the template, once it has ended and the panel shows it."""
    page.wait_for_function("window.app?.graph && window.app?.extensionManager", timeout=LIMIT)
    known = "app.extensionManager.getSidebarTabs().some((tab) => tab.id === 'imitatoes.panel')"
    page.wait_for_function(known, timeout=LIMIT)
    page.wait_for_timeout(1500)  # the page loads its own default graph late and would replace ours
    page.evaluate("(workflow) => app.loadGraphData(workflow)", template)
    page.evaluate("app.extensionManager.command.execute('Imitatoes.OpenPanel')")
    page.wait_for_selector(".imitatoes-panel", timeout=LIMIT)
    page.evaluate("app.queuePrompt(0, 1)")
    met = "document.querySelector('.imitatoes-state')?.textContent.startsWith('Goal met')"
    page.wait_for_function(met, timeout=LIMIT)
    page.evaluate("app.extensionManager.command.execute('Comfy.Canvas.FitView')")
    page.wait_for_timeout(2500)  # previews fade in, and the view moves to where it fits
    runs = page.evaluate("fetch('/imitatoes/runs').then((answer) => answer.json())")["runs"]
    return page.evaluate("(id) => fetch(`/imitatoes/runs/${id}`).then((a) => a.json())", runs[0]["run_id"])


def strip(folder: Path, run: dict[str, Any]) -> Image.Image:
    """The run's pictures from left to right with number and score, the best one framed."""
    shown = run["iterations"]
    sheet = Image.new("RGB", (GAP + len(shown) * (SIDE + GAP), 2 * GAP + SIDE + LINE), PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=18)
    for number, iteration in enumerate(shown):
        x = GAP + number * (SIDE + GAP)
        best = iteration["number"] == run["best"]["iteration"]
        if best:
            pen.rectangle((x - 5, GAP - 5, x + SIDE + 4, GAP + SIDE + 4), fill=BEST)
        with Image.open(folder / iteration["picture"]) as picture:
            sheet.paste(picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS), (x, GAP))
        words = f"{iteration['number']}: score {iteration['critique']['score']:.2f}"
        ink = BEST if best else INK
        pen.text((x + SIDE / 2, 2 * GAP + SIDE + LINE / 2 - 4), words, fill=ink, font=font, anchor="mm")
    return sheet


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
