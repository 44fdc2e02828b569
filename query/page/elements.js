/**
 * Makes an element. Texts are set as text, never as HTML.
 *
 * @param {string} tag
 * @param {Record<string, string> & { text?: string }} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function make(tag, { text, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  element.append(...children);
  return element;
}

/** @param {string} id */
export function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element;
}

/** Leaves what is there alone where nothing changed, so that a selection and a reader's place stay. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A swatch whose colour is one of the style sheet's. */
export function mark(colour, shape) {
  const element = make("span", { class: "mark", "data-shape": shape, "aria-hidden": "true" });
  element.style.setProperty("--colour", `var(--${colour})`);
  return element;
}
