// Where a repair changed a picture: before and after, with the outline of what was painted anew in both.
import { h, say, setSource, setText } from "../dom.js";
import { iterationOf } from "../store.js";
import { createOutline, outlinesOf } from "./repair_outline.js";

const WHOLE = "0,0,1000,1000"; // the box of all of a picture, in thousandths

/** Whether an instruction changed the picture, with no mask to say where. */
const isWhole = ({ box, words, mask }) => !words && !mask && (box ?? []).join() === WHOLE;

function keyOf(iteration, whole) {
  if (!iteration.repaired) return "repair.nothing";
  if (whole) return iteration.reverted ? "repair.instructedReverted" : "repair.instructed";
  if (iteration.reverted) return "repair.reverted";
  return iteration.plan.repair.wish ? "repair.wished" : "repair.kept";
}

export function createRepairedHere({ t, server, compare }) {
  const side = (name) => {
    const image = h("img", { alt: "", loading: "lazy", decoding: "async" });
    const outline = createOutline();
    const words = h("figcaption", {});
    return { name, image, outline, words, root: h("figure", {}, h("span", { className: "imitatoes-repair-picture" }, image, outline.root), words) };
  };
  const sides = [side("before"), side("after")];
  const told = h("p", {});
  const blends = h("p", { className: "imitatoes-quiet" });
  const open = h("button", { type: "button", on: { click: () => compare() } }, t("repair.compare"));
  const root = h(
    "section",
    { className: "imitatoes-repaired", "aria-label": t("repair.here"), hidden: true },
    h("h4", {}, t("repair.here")),
    told,
    h("div", { className: "imitatoes-repair-sides" }, ...sides.map((one) => one.root)),
    blends,
    open,
  );

  return {
    root,
    update(run, iteration) {
      const plan = iteration?.plan ?? {};
      const source = plan.repair ? iterationOf(run, plan.edit_of) : null;
      root.hidden = !source?.picture || !iteration.picture;
      if (root.hidden) return;
      const { wish = "", prompt = "", instruction = "" } = plan.repair;
      setText(told, t(keyOf(iteration, isWhole(plan.repair)), { number: plan.edit_of, wish, prompt, instruction }));
      const lines = outlinesOf(iteration);
      [source, iteration].forEach((one, index) => {
        const { image, outline, words } = sides[index];
        setSource(image, server.thumbnail(run.run_id, one.picture, one.prompt_id));
        image.alt = t("iteration.picture", { number: one.number });
        setText(words, t(index ? "repair.after" : "repair.before", { number: one.number }));
        outline.update(lines);
      });
      const feather = iteration.repaired_region?.feather;
      const detector = iteration.repaired_region?.looked_for_by;
      say(blends, [detector && t("repair.detector", { detector }), feather && t("repair.blends", { pixels: Math.round(feather) })].filter(Boolean).join(" "));
    },
  };
}
