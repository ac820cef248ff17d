// Where a repair changed a picture: before and after, with the changed part framed in both.
import { h, setSource, setText } from "../dom.js";
import { iterationOf } from "../store.js";

/** The frame around shares [left, top, right, bottom] of a picture, as CSS. */
export function frameOf([left, top, right, bottom]) {
  const share = (value) => `${Math.round(value * 10000) / 100}%`;
  return { left: share(left), top: share(top), width: share(right - left), height: share(bottom - top) };
}

export function createRepairedHere({ t, server, compare }) {
  const side = (name) => {
    const image = h("img", { alt: "", loading: "lazy", decoding: "async" });
    const frame = h("span", { className: "imitatoes-repair-frame", "aria-hidden": "true" });
    const words = h("figcaption", {});
    return { name, image, frame, words, root: h("figure", {}, h("span", { className: "imitatoes-repair-picture" }, image, frame), words) };
  };
  const sides = [side("before"), side("after")];
  const told = h("p", {});
  const open = h("button", { type: "button", on: { click: () => compare() } }, t("repair.compare"));
  const root = h(
    "section",
    { className: "imitatoes-repaired", "aria-label": t("repair.here"), hidden: true },
    h("h4", {}, t("repair.here")),
    told,
    h("div", { className: "imitatoes-repair-sides" }, ...sides.map((one) => one.root)),
    open,
  );

  return {
    root,
    update(run, iteration) {
      const plan = iteration?.plan ?? {};
      const source = plan.repair ? iterationOf(run, plan.edit_of) : null;
      root.hidden = !source?.picture || !iteration.picture;
      if (root.hidden) return;
      const key = iteration.repaired ? (iteration.reverted ? "repair.reverted" : plan.repair.wish ? "repair.wished" : "repair.kept") : "repair.nothing";
      setText(told, t(key, { number: plan.edit_of, wish: plan.repair.wish ?? "", prompt: plan.repair.prompt ?? "" }));
      [source, iteration].forEach((one, index) => {
        const { image, frame, words } = sides[index];
        setSource(image, server.thumbnail(run.run_id, one.picture, one.prompt_id));
        image.alt = t("iteration.picture", { number: one.number });
        setText(words, t(index ? "repair.after" : "repair.before", { number: one.number }));
        frame.hidden = !iteration.repaired;
        if (iteration.repaired) Object.assign(frame.style, frameOf(iteration.repaired));
      });
    },
  };
}
