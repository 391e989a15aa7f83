export const byId = (id) => document.getElementById(id);

/** An element with text or other elements in it. Text is set as text, so nothing of it is taken for HTML. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** Set only when it changes: screen readers read out what is set. */
export function setText(line, text) {
  if (line.textContent !== text) line.textContent = text;
}

/** Sentences of the server with their `code` as elements. */
export const withCode = (text) =>
  text.split('`').map((part, index) => (index % 2 === 1 ? element('code', {}, part) : part));
