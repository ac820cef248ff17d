// The picture that an image node shows, as the server knows it.

const FOLDERS = ["output", "input", "temp"];

/** {image, folder} of the picture that a node shows, the chosen one of several; null where it shows none of the server's. */
export function shownPicture(node) {
  const pictures = node?.imgs ?? [];
  const picture = pictures[node?.imageIndex ?? 0] ?? pictures[0];
  if (!picture?.src) return null;
  const query = new URL(picture.src, document.baseURI).searchParams;
  const name = query.get("filename");
  const folder = query.get("type") || "output";
  if (!name || !FOLDERS.includes(folder)) return null;
  const sub = query.get("subfolder");
  return { image: sub ? `${sub}/${name}` : name, folder };
}
