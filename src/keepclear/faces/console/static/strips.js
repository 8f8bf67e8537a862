// What the two strips under the map share: patterns, boxes and ticks in SVG. They run left to right in every language.
import { s } from "./dom.js";
import { party } from "./state.js";

const DASHES = ["", "6 3", "8 3 2 3", "2 3", "12 4"];
const LINES = { 1: "M0 7 7 0M-1 1 1 -1M6 8 8 6", 2: "M0 0 7 7M-1 6 1 8M6 -1 8 1", 3: "M3.5 0V7", 4: "M0 3.5H7" };

/** Hatches for each slot, and the cross-hatch of a conflict. `name` keeps the ids of two strips apart. */
export function patterns(name) {
  const one = (slot) =>
    s(
      "pattern",
      { id: `${name}-h${slot}`, width: 7, height: 7, patternUnits: "userSpaceOnUse" },
      s("path", { d: LINES[slot], class: `pstroke p${slot % 3}` }),
    );
  const cross = (id, cls) =>
    s(
      "pattern",
      { id: `${name}-${id}`, width: 6, height: 6, patternUnits: "userSpaceOnUse" },
      s("path", { d: "M0 0 6 6M6 0 0 6", class: cls }),
    );
  return s("defs", {}, [1, 2, 3, 4].map(one), cross("x", "astroke"), cross("r", "rstroke"));
}

/** A notice's box: its party's line, dash and hatch; red outline in a warning. */
export function box(name, notice, { x, y, width, height }, isHot) {
  const { slot } = party(notice.party);
  return s("rect", {
    x,
    y,
    width: Math.max(2, width),
    height,
    class: `box p${slot % 3} ${isHot ? "hot" : ""}`,
    fill: slot ? `url(#${name}-h${slot % 5})` : "none",
    "stroke-dasharray": DASHES[slot % 5],
  });
}

/** The part of a box that is in conflict. */
export const shared = (name, { x, y, width, height }, isHot) =>
  s("rect", {
    x,
    y,
    width: Math.max(2, width),
    height,
    class: isHot ? "hbox" : "cbox",
    fill: `url(#${name}-${isHot ? "r" : "x"})`,
  });

export const text = (x, y, words, cls, anchor = "start") =>
  s("text", { x, y, class: cls, "text-anchor": anchor }, words);

/** A holder that is drawn anew when its size changes; `draw(width, height)` gives the children. */
export function drawnBox(draw) {
  const svg = s("svg", { role: "img" });
  const holder = document.createElement("div");
  holder.className = "svgbox";
  holder.append(svg);
  const redraw = () => {
    const { clientWidth: width, clientHeight: height } = holder;
    if (!width || !height) return;
    svg.setAttribute("width", width);
    svg.setAttribute("height", height);
    svg.replaceChildren(...draw(width, height, svg).flat(9).filter(Boolean));
  };
  new ResizeObserver(redraw).observe(holder);
  return { holder, redraw };
}
