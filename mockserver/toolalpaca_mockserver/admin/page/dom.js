// Elements out of data. Whatever comes from a document or a request becomes text, never markup.

export const byId = (id) => document.getElementById(id);

/**
 * An element: h("p.note", {title: "x", onclick: f}, "text", child, [more]).
 * Attributes that are false, null or undefined are left out; children likewise.
 */
export function h(what, attributes = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const method = (name) => h("span.method", { "data-method": name }, name);

export const status = (code) => h("span.status", { "data-class": String(code)[0] }, String(code));

/** Says something to who cannot see what has changed. */
export function say(text) {
  byId("said").textContent = text;
}

/** Asks whether something shall be done; the answer is a promise. */
export function ask(question, yes) {
  const dialog = byId("sure");
  byId("sure-question").textContent = question;
  byId("sure-yes").textContent = yes;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

export async function copy(text, button) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Not allowed";
  }
  setTimeout(() => { button.textContent = before; }, 1500);
}

export const bytes = (size) =>
  size < 1024 ? `${size} B` : size < 1024 * 1024 ? `${(size / 1024).toFixed(1)} KB` : `${(size / 1048576).toFixed(1)} MB`;
