// The servers that judge, in a dialog: listed, added, tested, removed. A key goes to the server and never comes back.
import { h, icon, say, setText } from "../dom.js";
import { openDialog } from "./dialog.js";
import { selfTestView } from "./self_test.js";

const KINDS = ["ollama", "openai"];

/** Opens the dialog. t: words. server: requests. */
export async function showConnections({ t, server }) {
  const told = h("p", { className: "imitatoes-notice", role: "alert", hidden: true });
  const list = h("ul", { className: "imitatoes-connections" });
  const form = makeForm(t, save);
  openDialog({ title: t("connections.title"), close: t("connections.close") }, h("p", { className: "imitatoes-quiet" }, t("connections.about")), list, form.root, told);
  show(await server.connections());

  function show(answer) {
    say(told, answer.problem);
    if (answer.problem) return;
    form.root.hidden = !answer.changeable;
    if (!answer.changeable) say(told, t("connections.closed"));
    list.replaceChildren(...answer.connections.map((one) => row(one, answer.changeable)));
  }

  function row(one, changeable) {
    const result = h("p", { className: "imitatoes-quiet", role: "status" });
    const place = h("div", {});
    const test = h("button", { type: "button", on: { click: () => testOne(one.name, test, result, place) } }, t("connections.test"));
    const edit = h("button", { type: "button", on: { click: () => form.fill(one) } }, t("connections.edit"));
    const remove = h("button", { type: "button", on: { click: async () => show(await server.removeConnection(one.name)) } }, t("connections.remove"));
    const key = one.has_key ? h("span", { title: t("connections.hasKey") }, icon("key")) : null;
    const where = one.url || t("connections.thisComputer");
    const name = h("span", {}, h("strong", {}, one.name), ` ${t(`connections.kind.${one.kind}`)}, ${where} `, key);
    return h("li", {}, name, test, ...(changeable ? [edit, one.can_be_removed ? remove : null] : []), result, place);
  }

  /** place: where the self-test of one of its models is offered. */
  async function testOne(name, button, result, place) {
    button.disabled = true;
    setText(result, t("connections.testing"));
    const answer = await server.testConnection(name);
    button.disabled = false;
    const seeing = (answer.models ?? []).filter((one) => one.sees !== false).map((one) => one.name);
    const names = seeing.length ? ` ${seeing.slice(0, 12).join(", ")}${seeing.length > 12 ? " …" : ""}` : "";
    setText(result, answer.problem ?? `${answer.message}${names}`);
    place.replaceChildren(...(seeing.length ? [selfTestView({ t, server, connection: name, model: seeing[0] })] : []));
  }

  async function save(change) {
    const answer = await server.keepConnection(change);
    show(answer);
    if (!answer.problem) form.clear();
  }
}

function makeForm(t, save) {
  const name = input(t("connections.name"), { required: true, pattern: "[A-Za-z0-9_.\\-]{1,60}", maxLength: 60 });
  const kind = h("select", { "aria-label": t("connections.kind") }, ...KINDS.map((one) => h("option", { value: one }, t(`connections.kind.${one}`))));
  const url = input(t("connections.url"), { placeholder: "http://127.0.0.1:1234", type: "text", inputMode: "url" });
  const key = input(t("connections.key"), { type: "password", autocomplete: "off", placeholder: t("connections.keyHint") });
  const root = h(
    "form",
    {
      className: "imitatoes-connection-form",
      on: {
        submit: (event) => {
          event.preventDefault();
          const change = { name: name.box.value, kind: kind.value, url: url.box.value.trim() || null };
          save(key.box.value ? { ...change, key: key.box.value } : change);
        },
      },
    },
    name.root,
    h("label", {}, t("connections.kind"), kind),
    url.root,
    key.root,
    h("button", { type: "submit" }, t("connections.save")),
  );
  return {
    root,
    clear: () => root.reset(),
    fill(one) {
      root.reset();
      [name.box.value, kind.value, url.box.value] = [one.name, one.kind, one.url];
      url.box.focus();
    },
  };
}

function input(label, properties) {
  const box = h("input", { type: "text", spellcheck: false, ...properties });
  return { box, root: h("label", {}, label, box) };
}
