// The picture that an image node shows, as the server knows it.

const FOLDERS = ["output", "input", "temp"];
const PICTURE = /\.(png|jpe?g|webp|gif|bmp|tiff?)$/i; // what a node put out may be a video too

/**
 * {image, folder} of the picture that a node shows, the chosen one of several; null where it shows none of the server's.
 * outputs: the page's own record of what nodes put out (app.nodeOutputs), for pages whose nodes hold no picture themselves.
 */
export function shownPicture(node, outputs = {}) {
  const file = drawn(node) ?? putOut(node, outputs);
  if (!file?.filename || !FOLDERS.includes(file.type)) return null;
  return { image: file.subfolder ? `${file.subfolder}/${file.filename}` : file.filename, folder: file.type };
}

function drawn(node) {
  const pictures = node?.imgs ?? [];
  const picture = pictures[node?.imageIndex ?? 0] ?? pictures[0];
  if (!picture?.src) return null;
  const query = new URL(picture.src, document.baseURI).searchParams;
  return { filename: query.get("filename"), subfolder: query.get("subfolder"), type: query.get("type") || "output" };
}

function putOut(node, outputs) {
  if (!node) return null;
  const within = node.graph && node.graph !== node.graph.rootGraph ? `${node.graph.id}:` : "";
  const images = outputs?.[`${within}${node.id}`]?.images ?? [];
  const file = images[node.imageIndex ?? 0] ?? images[0];
  return PICTURE.test(file?.filename ?? "") ? file : null;
}
