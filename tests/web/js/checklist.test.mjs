import assert from "node:assert/strict";
import test from "node:test";
import { textsOf } from "../../../web/texts.js";
import { checklistView } from "../../../web/views/checklist.js";

/** As much of a document as h() needs. */
function element(tag) {
  return {
    tag,
    children: [],
    className: "",
    setAttribute() {},
    append(...children) {
      this.children.push(...children);
    },
    get textContent() {
      return this.children.map((child) => (typeof child === "string" ? child : child.textContent)).join("");
    },
  };
}

test("the list ends with what is said about the checklist", () => {
  globalThis.document = { createElement: element };
  const critique = { items: [{ id: "r1", p: 0.9, passed: true, answer: "yes", evidence: "" }] };
  const requirements = [{ id: "r1", text: "\u0932\u093e\u0932 \u091b\u093e\u0924\u093e" }];
  const list = checklistView(textsOf("en"), { checklist: { requirements, notes: ["It was made by rule."] } }, critique);
  assert.equal(list.children.length, 2);
  assert.ok(list.children[0].textContent.includes(requirements[0].text));
  assert.equal(list.children[1].textContent, "It was made by rule.");
  assert.equal(checklistView(textsOf("en"), { checklist: { requirements } }, critique).children.length, 1);
  assert.equal(checklistView(textsOf("en"), {}, { items: [] }), null);
});
