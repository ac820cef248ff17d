// The panel as a sidebar tab. The host may hand the element of one tab to another without telling: what it holds is
// taken away by us, or the panels of two packs would pile up in it.

export const TAB = "imitatoes.panel";

/** makePanel() gives {root, update, leave}; active() the id of the open tab, undefined where the host does not say. */
export function createSidebar({ store, makePanel, active }) {
  let leaveLast = null;

  function render(element) {
    leaveLast?.();
    element.replaceChildren();
    element.style.height = "100%";
    const panel = makePanel();
    element.append(panel.root);
    let scheduled = false;
    const draw = () => {
      scheduled = false;
      if (panel.root.isConnected) panel.update();
      else leave(); // a core tab drops the element without a word
    };
    const off = store.watch(() => {
      if (!scheduled) requestAnimationFrame(draw);
      scheduled = true;
    });
    const guard = new MutationObserver(() => (active() ?? TAB) === TAB || leave());
    guard.observe(element, { childList: true });
    function leave() {
      guard.disconnect();
      off();
      panel.leave();
      panel.root.remove();
      if (leaveLast === leave) leaveLast = null;
    }
    leaveLast = leave;
    panel.update();
  }

  return { render, destroy: () => leaveLast?.(), isOpen: () => leaveLast !== null };
}
