// Builds nodes without markup: text from another party is always text, and can never become a tag.

/** An HTML element. `on` holds listeners, `vars` custom style properties; null, undefined and false are left out. */
export function h(tag, props, ...kids) {
  return fill(document.createElement(tag), props, kids);
}

/** The same for SVG. */
export function s(tag, props, ...kids) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), props, kids);
}

function fill(element, props, kids) {
  for (const [name, value] of Object.entries(props || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") for (const [event, call] of Object.entries(value)) element.addEventListener(event, call);
    // The content policy forbids style attributes; setting a property through the object model is allowed.
    else if (name === "vars") for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...kids.flat(9).filter((kid) => kid !== undefined && kid !== null && kid !== false));
  return element;
}

/** A number, time, id or coordinate: whole, left to right, and not broken over lines. */
export const ltr = (text, cls = "n") => h("bdi", { dir: "ltr", class: cls }, String(text));

/** Free text of a person or party: its own direction, never taken for ours. */
export const free = (text) => h("bdi", { dir: "auto", class: "free" }, text);

/** A sentence of ours in which each id and version is kept whole. */
export const withIds = (words) =>
  typeof words === "string"
    ? words.split(/(\b[A-Z]{1,3}-\d{4,7}(?: v\d+)?)/).map((part, place) => (place % 2 ? ltr(part) : part))
    : words;

const SHAPES = {
  octagon: "M7 1h10l6 6v10l-6 6H7l-6-6V7z",
  triangle: "M12 2 23 22H1z",
  circle: "M12 1a11 11 0 1 0 .01 0z",
  square: "M2 2h20v20H2z",
  hexagon: "M6 2h12l6 10-6 10H6L0 12z",
  diamond: "M12 0 24 12 12 24 0 12z",
  pentagon: "M12 1 23 9.5 19 23H5L1 9.5z",
};
const PARTY_SHAPES = ["circle", "square", "hexagon", "diamond", "pentagon"];

/** A drawn mark: a shape, and a letter in it. Hidden from screen readers, since the word always stands beside it. */
export function glyph(shape, letter, cls) {
  const text = letter
    ? s("text", { x: 12, y: shape === "triangle" ? 19.5 : 17, "text-anchor": "middle" }, letter)
    : null;
  return s(
    "svg",
    { viewBox: "-1 -1 26 26", class: `glyph ${cls || ""}`, "aria-hidden": "true" },
    s("path", { d: SHAPES[shape] }),
    text,
  );
}

/** The mark of a party: its shape goes by slot, its letter by name. */
export const partyMark = (party) => glyph(PARTY_SHAPES[party.slot % 5], party.letter, `party p${party.slot % 3}`);

/** The mark of an alert's level. Never shown without the word. */
export function levelMark(level, cls = "") {
  if (level === "stop" || level === "warning") return glyph("octagon", "!", `warning ${cls}`);
  if (level === "caution") return glyph("triangle", "!", `caution ${cls}`);
  if (level === "advisory") return glyph("circle", "i", `advisory ${cls}`);
  return glyph("square", "", `routine ${cls}`);
}

/**
 * As replaceKeeping, but a child that would look the same is left as it is, so that a screen reader is not told it again.
 * For bars and bands only: what is left keeps its listeners, so these may not hold on to values of the picture.
 */
export function replaceChanged(container, ...kids) {
  const old = [...container.childNodes];
  const same = (kid) => old.find((one) => one === kid || one.isEqualNode(kid)) ?? kid;
  replaceKeeping(
    container,
    kids
      .flat(9)
      .filter(Boolean)
      .map((kid) => (kid instanceof Node ? same(kid) : kid)),
  );
}

/** The value of a design token in the theme of now. */
export const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Makes the children of a container these, in this order; a child that stays where it is, is not touched at all. */
function arrange(container, kids) {
  const nodes = kids.map((kid) => (kid instanceof Node ? kid : document.createTextNode(kid)));
  for (const child of [...container.childNodes]) if (!nodes.includes(child)) child.remove();
  nodes.forEach(
    (node, place) =>
      container.childNodes[place] !== node && container.insertBefore(node, container.childNodes[place] ?? null),
  );
}

const keyOf = (element) => element?.closest?.("[data-key]")?.dataset.key;

/** Puts new children into a container; focus, caret and scroll stay where they were, found again by `data-key`. */
export function replaceKeeping(container, ...kids) {
  const active = container.contains(document.activeElement) ? document.activeElement : null;
  const key = keyOf(active);
  const caret = active && "selectionStart" in active ? [active.selectionStart, active.selectionEnd] : null;
  const scrolls = [container, ...container.querySelectorAll("[data-scroll]")].map((one) => [
    one.dataset.scroll,
    one.scrollTop,
  ]);
  arrange(container, kids.flat(9).filter(Boolean));
  for (const [name, top] of scrolls) {
    const one = name ? container.querySelector(`[data-scroll="${name}"]`) : container;
    if (one && top) one.scrollTop = top;
  }
  if (!key) return;
  const again = container.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!again || again === document.activeElement) return;
  again.focus({ preventScroll: true });
  if (caret && caret[0] !== null && again.setSelectionRange) again.setSelectionRange(...caret);
}
