// The node that takes a video apart for a judge, who looks at frames. Pure.

/** @returns {{kind: string, inputs: {name: string, from: "picture"}[]}[]} none for a picture and for frames, else the one
 *  whose first output is judged; from: the judged output itself. */
export const frameNodes = ({ type }) => (type === "VIDEO" ? [{ kind: "GetVideoComponents", inputs: [{ name: "video", from: "picture" }] }] : []);
