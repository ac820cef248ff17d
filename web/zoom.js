// Where a viewer looks: how much larger than fitting, and which point of the picture is in the middle. Pure.
//
// Kept in parts of the picture, not in pixels, so that it holds from one picture to the next whatever their sizes.

export const FIT = { zoom: 1, x: 0.5, y: 0.5 };
const LARGEST = 32;

/** The scale at which a picture just fits. view, picture: {width, height} in pixels. */
export const fitScale = (view, picture) => Math.min(view.width / picture.width, view.height / picture.height);

/** The zoom that shows the picture's own pixels. */
export const actualSize = (view, picture) => 1 / fitScale(view, picture);

/** CSS transform of a picture laid out in its own size at the top left of the view. */
export function placed(look, view, picture) {
  const scale = fitScale(view, picture) * look.zoom;
  return { scale, left: view.width / 2 - look.x * picture.width * scale, top: view.height / 2 - look.y * picture.height * scale };
}

/** The look with another zoom; what is under the pointer stays there. at: in pixels from the view's top left. */
export function zoomed(look, zoom, at, view, picture) {
  const next = Math.min(Math.max(zoom, 1), Math.max(LARGEST, actualSize(view, picture)));
  const before = fitScale(view, picture) * look.zoom;
  const after = fitScale(view, picture) * next;
  const away = { x: at.x - view.width / 2, y: at.y - view.height / 2 };
  const shift = 1 / before - 1 / after;
  return held({ zoom: next, x: look.x + (away.x * shift) / picture.width, y: look.y + (away.y * shift) / picture.height }, view, picture);
}

/** The look moved by so many pixels of the view. */
export function panned(look, dx, dy, view, picture) {
  const scale = fitScale(view, picture) * look.zoom;
  return held({ ...look, x: look.x - dx / scale / picture.width, y: look.y - dy / scale / picture.height }, view, picture);
}

// A picture smaller than the view stands in its middle, a larger one leaves no empty edge.
function held(look, view, picture) {
  const scale = fitScale(view, picture) * look.zoom;
  const side = (at, length, room) => {
    const half = room / 2 / (length * scale);
    return half >= 0.5 ? 0.5 : Math.min(Math.max(at, half), 1 - half);
  };
  return { zoom: look.zoom, x: side(look.x, picture.width, view.width), y: side(look.y, picture.height, view.height) };
}
