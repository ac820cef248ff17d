"""What the browser measures: opening, memory, and the longest frame while the panel is used."""

from __future__ import annotations

import statistics
from typing import Any

from ._panel_run import ITERATIONS

QUIET = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-sync"
OPENINGS = 5
MESSAGES = 20
OPEN = """async (count) => {
    const started = performance.now();
    app.extensionManager.command.execute('Imitatoes.OpenPanel');
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    while (!document.querySelector('.imitatoes-past-open')) await frame();
    document.querySelector('.imitatoes-past-open').click();
    while (document.querySelectorAll('.imitatoes-film button').length < count) await frame();
    await frame();
    const open = performance.now() - started;
    const film = document.querySelector('.imitatoes-film');
    const inView = () => [...film.querySelectorAll('img')].filter((image) => {
        const [a, b] = [image.getBoundingClientRect(), film.getBoundingClientRect()];
        return a.right > b.left && a.left < b.right;
    });
    while (!inView().length || !inView().every((image) => image.complete && image.naturalWidth)) await frame();
    return [open, performance.now() - started];
}"""
IDLE = """async () => {
    let longest = 0, last = performance.now();
    const end = last + 2000;
    while (last < end) {
        await new Promise((done) => requestAnimationFrame(done));
        const now = performance.now();
        longest = Math.max(longest, now - last);
        last = now;
    }
    return longest;
}"""
FRAMES = """async ([messages, runId]) => {
    let longest = 0, last = performance.now(), on = true;
    const tick = () => { const now = performance.now(); longest = Math.max(longest, now - last); last = now;
        if (on) requestAnimationFrame(tick); };
    await new Promise((done) => requestAnimationFrame(done));
    last = performance.now();
    requestAnimationFrame(tick);
    const wait = (ms) => new Promise((done) => setTimeout(done, ms));
    const film = document.querySelector('.imitatoes-film');
    for (let at = 0; at <= film.scrollWidth; at += 400) { film.scrollLeft = at; await wait(16); }
    const panel = document.querySelector('.imitatoes-panel');
    for (let at = 0; at <= panel.scrollHeight; at += 120) { panel.scrollTop = at; await wait(16); }
    const whole = await (await fetch(`/imitatoes/runs/${runId}`)).json();
    const tail = whole.iterations.slice(-3);
    let size = 0;
    for (let count = 1; count <= messages; count += 1) {
        const phase = count % 2 ? 'judging' : 'rendering';
        const pending = { number: whole.iteration_count + 1, prompt_id: 'next' };
        const revision = whole.revision + count;
        const detail = { ...whole, revision, status: 'running', phase, pending, iterations: tail };
        size = JSON.stringify(detail).length;
        window.comfyAPI.api.api.dispatchEvent(new CustomEvent('imitatoes.run', { detail }));
        document.querySelectorAll('.imitatoes-film button')[count * 9].click();
        await wait(60);
    }
    on = false;
    return [longest, size];
}"""


def measured(url: str, run_id: str, chromium: str) -> dict[str, Any]:
    """Times in milliseconds, memory in MiB: of the first page after the server's start, and of OPENINGS more."""
    from playwright.sync_api import sync_playwright

    opened = []
    with sync_playwright() as browsers:
        for _ in range(1 + OPENINGS):
            browser = browsers.chromium.launch(executable_path=chromium, args=QUIET.split())
            page = _started(browser, url)
            loaded = []
            page.on(
                "response", lambda answer, loaded=loaded: "/thumbnails/" in answer.url and loaded.append(answer.url)
            )
            before, idle = _heap(page), page.evaluate(IDLE)
            opened.append(page.evaluate(OPEN, ITERATIONS))
            thumbnails = len(loaded)
            if len(opened) <= OPENINGS:
                browser.close()
        longest, size = page.evaluate(FRAMES, [MESSAGES, run_id])
        (first, _), *later = opened
        found = {
            "frontend": page.evaluate("window.__COMFYUI_FRONTEND_VERSION__"),
            "first_open_ms": round(first, 1),
            "open_ms": round(statistics.median(open_ms for open_ms, _ in later), 1),
            "pictures_ms": round(statistics.median(pictures_ms for _, pictures_ms in later), 1),
            "longest_frame_ms": round(longest, 1),
            "idle_frame_ms": round(idle, 1),
            "heap_mib": round(_heap(page) - before, 1),
            "tiles": page.locator(".imitatoes-film button").count(),
            "thumbnails_loaded": thumbnails,
            "message_kib": round(size / 1024, 1),
        }
        browser.close()
    return found


def _started(browser: Any, url: str) -> Any:
    """A page of ComfyUI that has settled: its own start is not what is measured."""
    page = browser.new_page(viewport={"width": 1500, "height": 1000})
    page.route("**/*", lambda r: r.continue_() if r.request.url.startswith(url) else r.abort())
    page.request.post(f"{url}/settings", data={"Comfy.TutorialCompleted": True})
    page.goto(url)
    page.wait_for_function("window.app?.graph && window.app?.extensionManager", timeout=60_000)
    page.wait_for_function("app.extensionManager.getSidebarTabs().some((t) => t.id === 'imitatoes.panel')")
    page.wait_for_timeout(3000)
    return page


def _heap(page: Any) -> float:
    """Memory that the page's scripts hold after a collection, in MiB."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    return session.send("Runtime.getHeapUsage")["usedSize"] / 2**20
