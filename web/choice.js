// A question to the user with some answers, asked in the panel. One at a time: a new one takes the place of the last.

/** changed: called when there is something else to show. */
export function createChoice(changed) {
  let open = null;

  function answer(value) {
    const asked = open;
    open = null;
    asked?.resolve(value);
    changed();
  }

  return {
    /** {text, options} of the open question, or null. */
    open: () => open,
    /** @returns {Promise<string | null>} the value of the chosen option; null where the user chose none */
    ask(text, options) {
      open?.resolve(null);
      return new Promise((resolve) => {
        open = { text, options, resolve };
        changed();
      });
    },
    answer,
  };
}
