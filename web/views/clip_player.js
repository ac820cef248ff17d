// Clips in the panel: one that plays in a loop and goes frame by frame, and two that play in step under the slider.
import { h, icon, setSource } from "../dom.js";

const USUAL_RATE = 16;
const APART = 0.08; // seconds that two clips may drift before the second one follows
const MOVING_PICTURE = /\.(?:webp|gif)$/i;
const VIDEO = /\.(?:mp4|webm|mov|mkv)$/i;

/** @returns {"video" | "image" | ""} what shows the clip of an iteration; "" where there is none. */
export const kindOf = (iteration) => {
  const file = iteration?.clip?.file ?? "";
  return VIDEO.test(file) ? "video" : MOVING_PICTURE.test(file) ? "image" : "";
};

/** Where one frame further is, in seconds, within the clip. by: frames. */
export const stepped = (time, duration, rate, by) => {
  const frame = 1 / (rate > 0 ? rate : USUAL_RATE);
  const at = (Math.floor(time / frame + 0.01) + by + 0.5) * frame; // the middle of a frame, so that no rounding misses it
  return Math.min(Math.max(at, frame / 2), Math.max(duration - frame / 2, frame / 2));
};

export function createPlayer({ t, server }) {
  let rate = 0;
  const video = h("video", { className: "imitatoes-single", loop: true, controls: true, playsInline: true, preload: "metadata" });
  const image = h("img", { className: "imitatoes-single", decoding: "async" });
  const step = (by) => {
    video.pause();
    video.currentTime = stepped(video.currentTime, video.duration || 0, rate, by);
  };
  const button = (name, key, by) => h("button", { type: "button", title: t(key), "aria-label": t(key), on: { click: () => step(by) } }, icon(name));
  const steps = h("div", { className: "imitatoes-row imitatoes-centre", role: "group" }, button("step-backward", "clip.back", -1), button("step-forward", "clip.forward", 1));
  const root = h("div", { className: "imitatoes-player" }, video, image, steps);

  return {
    root,
    /** Whether the iteration has a clip to play; else nothing is shown. label: what the clip is called, where it is another. */
    update(run, iteration) {
      const kind = kindOf(iteration);
      root.hidden = !kind;
      video.hidden = steps.hidden = kind !== "video";
      image.hidden = kind !== "image";
      if (kind !== "video") stop(video);
      if (!kind) return false;
      rate = iteration.clip.rate;
      const label = iteration.label ?? t("clip.label", { number: iteration.number });
      const url = server.picture(run.run_id, iteration.clip.file);
      if (kind === "video") video.setAttribute("aria-label", label);
      else image.alt = label;
      setSource(kind === "video" ? video : image, url);
      return true;
    },
  };
}

/** Two clips on top of each other: the first leads, the second follows. */
export function createPair() {
  const [first, second] = ["", "imitatoes-after"].map((className) => h("video", { className, loop: true, muted: true, playsInline: true, hidden: true, preload: "auto" }));
  const follow = () => {
    if (Math.abs(second.currentTime - first.currentTime) > APART) second.currentTime = Math.min(first.currentTime, second.duration || 0);
  };
  first.addEventListener("timeupdate", follow);
  first.addEventListener("seeked", follow);
  first.addEventListener("play", () => void second.play().catch(() => {}));
  first.addEventListener("pause", () => second.pause());

  return {
    elements: [first, second],
    /** urls: of both clips, or null for none. */
    show(urls) {
      [first, second].forEach((video, index) => {
        video.hidden = !urls;
        if (urls) setSource(video, urls[index]);
        else stop(video);
      });
      if (urls) void first.play().catch(() => {});
    },
  };
}

function stop(video) {
  if (!video.hasAttribute("src")) return;
  video.pause();
  video.removeAttribute("src");
  video.load();
}
