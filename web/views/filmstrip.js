// All pictures of a run as a row of thumbnails. Tiles are made once; the arrow keys go from one to the next.
import { h, setSource, setText } from "../dom.js";
import { isRunning, picturesOf } from "../store.js";
import { beforeWish, isBest, score, scoreOf } from "../wording.js";

export function createFilmstrip({ t, server, choose }) {
  let run = null;
  const tiles = new Map();
  const preview = h("img", { alt: "", hidden: true });
  const pending = h("div", { className: "imitatoes-tile imitatoes-tile-pending", role: "img" }, h("span", { className: "imitatoes-frame" }, preview), h("span", { className: "imitatoes-tile-score" }));
  const root = h("div", { className: "imitatoes-film", role: "group", "aria-label": t("film.label"), on: { keydown: move, wheel: turn } });

  function move(event) {
    const numbers = [...tiles.keys()];
    const here = numbers.indexOf(Number(event.target.dataset?.number));
    const to = { ArrowLeft: here - 1, ArrowRight: here + 1, Home: 0, End: numbers.length - 1 }[event.key];
    if (here < 0 || to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const number = numbers[Math.min(Math.max(to, 0), numbers.length - 1)];
    choose(number);
    tiles.get(number).button.focus();
  }

  // A wheel turns the strip sideways as long as it has further to go, then scrolls the panel.
  function turn(event) {
    const left = root.scrollLeft;
    root.scrollLeft += event.deltaX || event.deltaY;
    if (root.scrollLeft !== left) event.preventDefault();
  }

  function tile(iteration) {
    const image = iteration.clip?.strip ? threeFrames(iteration) : iteration.picture
      ? h("img", { alt: "", loading: "lazy", decoding: "async", src: server.thumbnail(run.run_id, iteration.picture, iteration.prompt_id) })
      : null;
    const words = h("span", { className: "imitatoes-tile-score" });
    const button = h(
      "button",
      { type: "button", className: "imitatoes-tile", "aria-pressed": "false", on: { click: () => choose(iteration.number) } },
      h("span", { className: "imitatoes-frame" }, image, batched(iteration)),
      words,
    );
    button.dataset.number = iteration.number;
    return { button, words, key: "" };
  }

  // The first, the middle and the last frame of a clip, one below the other, out of its strip.
  function threeFrames({ clip, prompt_id: version }) {
    const count = clip.shown.length;
    const address = `url("${server.thumbnail(run.run_id, clip.strip, version)}")`;
    const frames = [0, (count - 1) >> 1, count - 1].map((index) => {
      const frame = h("span", {});
      Object.assign(frame.style, { backgroundImage: address, backgroundSize: `${count * 100}% 100%`, backgroundPosition: `${(100 * index) / Math.max(count - 1, 1)}% 50%` });
      return frame;
    });
    return h("span", { className: "imitatoes-three" }, ...frames);
  }

  // How many pictures the render gave: the tile shows the best of them.
  function batched(iteration) {
    const count = picturesOf(iteration).length;
    return count > 1 ? h("span", { className: "imitatoes-tile-batch", title: t("film.batch", { count }) }, `\u00d7${count}`) : null;
  }

  function change(iteration, chosen) {
    const { button, words } = tiles.get(iteration.number);
    const best = isBest(run, iteration.number);
    const value = scoreOf(run, iteration);
    const old = beforeWish(run, iteration.number);
    const key = `${value} ${best} ${old} ${iteration.number === chosen}`;
    if (tiles.get(iteration.number).key === key) return;
    tiles.get(iteration.number).key = key;
    setText(words, score(value));
    const said = typeof value === "number" ? score(value) : t("film.unjudged");
    const count = picturesOf(iteration).length;
    const marks = [count > 1 ? `, ${t("film.batch", { count })}` : "", best ? t("film.best") : "", old ? t("film.beforeWish") : ""].join("");
    button.setAttribute("aria-label", t("film.tile", { number: iteration.number, score: said, marks }));
    button.setAttribute("aria-pressed", String(iteration.number === chosen));
    button.tabIndex = iteration.number === chosen ? 0 : -1;
    button.classList.toggle("imitatoes-is-best", best);
    button.classList.toggle("imitatoes-is-old", old);
  }

  function show(element) {
    const [left, right] = [element.offsetLeft, element.offsetLeft + element.offsetWidth];
    if (left >= root.scrollLeft && right <= root.scrollLeft + root.clientWidth) return;
    root.scrollLeft = left - (root.clientWidth - element.offsetWidth) / 2;
  }

  let shown = null;
  return {
    root,
    /** preview: address of the sampler's own picture of the render at hand, "" for none. */
    update(next, chosen, previewUrl = "") {
      if (next.run_id !== run?.run_id) {
        tiles.clear();
        root.replaceChildren();
        shown = null;
      }
      run = next;
      const fresh = (run.iterations ?? []).filter((iteration) => !tiles.has(iteration.number));
      for (const iteration of fresh) tiles.set(iteration.number, tile(iteration));
      if (fresh.length) {
        const order = [...tiles.keys()].sort((a, b) => a - b);
        const sorted = new Map(order.map((number) => [number, tiles.get(number)]));
        tiles.clear();
        for (const [number, made] of sorted) tiles.set(number, made);
        const late = fresh.some((iteration) => iteration.number < order.at(-fresh.length));
        for (const number of late ? order : fresh.map((iteration) => iteration.number)) root.append(tiles.get(number).button);
      }
      for (const iteration of run.iterations ?? []) change(iteration, chosen);
      if (isRunning(run)) {
        const number = run.pending?.number ?? tiles.size + 1;
        pending.setAttribute("aria-label", t(previewUrl ? "film.preview" : "film.pending", { number }));
        preview.hidden = !previewUrl;
        if (previewUrl) setSource(preview, previewUrl);
        setText(pending.lastChild, `#${number}`);
        if (root.lastChild !== pending) root.append(pending);
      } else pending.remove();
      const target = isRunning(run) && chosen === run.iterations?.at(-1)?.number ? pending : tiles.get(chosen)?.button;
      const key = `${chosen} ${tiles.size} ${isRunning(run)}`;
      if (target?.isConnected && key !== shown) {
        shown = key;
        show(target);
      }
    },
  };
}
