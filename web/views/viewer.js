// The pictures of a run over the whole window: through the film by arrow keys, two at a time, zoomed in the same place.
import { h, icon, setText } from "../dom.js";
import { iterationOf } from "../store.js";
import { score, scoreOf } from "../wording.js";
import { createFilmstrip } from "./filmstrip.js";
import { outlinesOf } from "./repair_outline.js";
import { createStage } from "./viewer_stage.js";

const MODES = ["single", "slider", "sides"];

/** choose(number): the picture that is looked at is another one. */
export function createViewer({ t, server, choose }) {
  let run = null;
  let at = { number: null, before: null, mode: "single" };
  let outlined = true;
  const stage = createStage({ t });
  const film = createFilmstrip({ t, server, choose: (number) => go({ number }) });
  const title = h("h3", { "aria-live": "polite" });
  const button = (name, key, click) => h("button", { type: "button", title: t(key), "aria-label": t(key), on: { click } }, icon(name));
  const outline = h("button", { type: "button", className: "imitatoes-tab", title: t("viewer.outlineHint"), on: { click: toggleOutline } }, t("viewer.outline"));
  const outlineTab = h("div", { className: "imitatoes-tabs" }, outline);
  const modes = MODES.map((mode) => h("button", { type: "button", className: "imitatoes-tab", on: { click: () => go({ mode }) } }, t(`viewer.${mode}`)));
  const pick = h("select", { "aria-label": t("viewer.with"), on: { change: () => go({ before: Number(pick.value) }) } });
  const root = h(
    "dialog",
    { className: "imitatoes-viewer", "aria-label": t("viewer.label"), on: { keydown: key, close: () => (run = null), click: backdrop } },
    h(
      "div",
      { className: "imitatoes-viewer-bar" },
      title,
      h("div", { className: "imitatoes-tabs", role: "group" }, ...modes),
      pick,
      outlineTab,
      h("div", { className: "imitatoes-row", role: "group" }, button("search-minus", "viewer.smaller", () => stage.zoomBy(-1)), button("search-plus", "viewer.larger", () => stage.zoomBy(1)), button("expand", "viewer.fit", () => stage.fit()), button("image", "viewer.actual", () => stage.actual())),
      button("times", "viewer.close", () => root.close()),
    ),
    stage.root,
    film.root,
    h("p", { className: "imitatoes-quiet imitatoes-centre" }, t("viewer.keys")),
  );

  const drawn = () => (run?.iterations ?? []).filter((iteration) => iteration.picture);

  function go(change) {
    at = { ...at, ...change };
    if (change.number !== undefined) choose(change.number);
    draw();
  }

  function toggleOutline() {
    outlined = !outlined;
    draw();
  }

  const othersThan = (number) => drawn().filter((one) => one.number !== number);
  /** The picture to compare with: the chosen one, else the first of the others; not kept, so that a choice is only the user's. */
  const beside = (others) => others.find((one) => one.number === at.before) ?? others.at(0) ?? null;

  function step(by, side) {
    const among = side === "before" ? othersThan(at.number) : drawn();
    const shown = side === "before" ? beside(among)?.number : at.number;
    const numbers = among.map((iteration) => iteration.number);
    const next = numbers[Math.min(Math.max(numbers.indexOf(shown) + by, 0), numbers.length - 1)];
    if (next !== undefined && next !== shown) go({ [side]: next });
  }

  function key(event) {
    if (event.key === "Tab") return;
    event.stopPropagation(); // the canvas has shortcuts of its own
    if (event.ctrlKey || event.metaKey || event.altKey || (event.key !== "Escape" && ["INPUT", "SELECT"].includes(event.target.tagName))) return;
    const side = event.shiftKey && at.mode !== "single" ? "before" : "number";
    const does = {
      ArrowLeft: () => step(-1, side),
      ArrowRight: () => step(1, side),
      Home: () => step(-Infinity, side),
      End: () => step(Infinity, side),
      "+": () => stage.zoomBy(1),
      "=": () => stage.zoomBy(1),
      "-": () => stage.zoomBy(-1),
      Escape: () => root.close(),
      0: () => stage.fit(),
      1: () => stage.actual(),
      o: toggleOutline,
      c: () => go({ mode: MODES[(MODES.indexOf(at.mode) + 1) % MODES.length] }),
    }[event.key];
    if (!does) return;
    event.preventDefault();
    does();
  }

  function backdrop(event) {
    if (event.target === root) root.close();
  }

  const pictureOf = (iteration, outlines) => iteration && { number: iteration.number, url: server.picture(run.run_id, iteration.picture), alt: t("iteration.picture", { number: iteration.number }), outlines };
  const words = (iteration) => t("compare.option", { number: iteration.number, score: score(scoreOf(run, iteration)) });

  function draw() {
    const pictures = drawn();
    const after = iterationOf(run, at.number) ?? pictures.at(-1);
    const others = othersThan(after?.number);
    const before = beside(others);
    if (!after?.picture) return root.close();
    const mode = before ? at.mode : "single";
    at = { ...at, number: after.number, mode };
    modes.forEach((tab, index) => {
      tab.setAttribute("aria-pressed", String(MODES[index] === mode));
      tab.disabled = index > 0 && !before;
    });
    pick.hidden = mode === "single";
    const known = others.map((one) => `${one.number} ${scoreOf(run, one)}`).join();
    if (pick.dataset.known !== known) {
      pick.dataset.known = known;
      pick.replaceChildren(...others.map((one) => h("option", { value: one.number }, words(one))));
    }
    if (before) pick.value = String(before.number);
    setText(title, mode === "single" ? words(after) : t("viewer.both", { before: words(before), after: words(after) }));
    const lines = outlinesOf(after);
    outlineTab.hidden = !lines;
    outline.setAttribute("aria-pressed", String(outlined));
    const shownLines = outlined ? lines : null;
    const isSource = before?.number === after.plan?.edit_of;
    stage.update(mode, pictureOf(before, isSource ? shownLines : null), pictureOf(after, shownLines));
    film.update(run, after.number);
  }

  return {
    root,
    /** compare: with which one, under the divider; null for the picture alone. */
    open(shownRun, number, compare = null) {
      run = shownRun;
      at = { number, before: compare, mode: compare === null ? "single" : "slider" };
      if (!root.open) root.showModal();
      draw();
    },
    /** Pictures may have come. */
    update(shownRun) {
      if (!root.open || !run) return;
      if (shownRun?.run_id !== run.run_id) return root.close();
      run = shownRun;
      draw();
    },
    leave: () => stage.leave(),
  };
}
