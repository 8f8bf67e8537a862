/* global ol */
// How things look on the map. A party has a colour, a dash and a hatch by slot, so no fact hangs on colour alone.
import { token } from "./dom.js";

export const DASHES = [[], [10, 5], [12, 4, 2, 4], [2, 4], [18, 6]];
const { Style, Stroke, Fill, Text, RegularShape } = ol.style;

export const rootPx = () => parseFloat(getComputedStyle(document.documentElement).fontSize);

const patterns = new Map(); // one for each look: two thousand notices share a handful
const cached = (key, make) => patterns.get(key) ?? (patterns.set(key, make()), patterns.get(key));

/** A repeating pattern: 1 rising lines, 2 falling, 3 upright, 4 level, "cross" both ways, "dots". */
export const hatch = (kind, colour, step = 9) =>
  cached(`${kind} ${colour} ${step}`, () => makeHatch(kind, colour, step));

function makeHatch(kind, colour, step) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = step;
  const pen = canvas.getContext("2d");
  const stroke = (...points) => points.forEach(([x1, y1, x2, y2]) => (pen.moveTo(x1, y1), pen.lineTo(x2, y2)));
  pen.strokeStyle = pen.fillStyle = colour;
  pen.lineWidth = kind === "cross" ? 1.5 : 1;
  pen.globalAlpha = kind === "cross" ? 1 : 0.6;
  pen.beginPath();
  // The short strokes at two corners keep the lines whole where one tile meets the next.
  if (kind === 1 || kind === "cross")
    stroke([0, step, step, 0], [-1, 1, 1, -1], [step - 1, step + 1, step + 1, step - 1]);
  if (kind === 2 || kind === "cross")
    stroke([0, 0, step, step], [-1, step - 1, 1, step + 1], [step - 1, -1, step + 1, 1]);
  if (kind === 3) stroke([step / 2, 0, step / 2, step]);
  if (kind === 4) stroke([0, step / 2, step, step / 2]);
  if (kind === "dots") (pen.arc(step / 2, step / 2, 1, 0, 7), pen.fill());
  pen.stroke();
  return pen.createPattern(canvas, "repeat");
}

export function label(text, colour, { bold = true, scale = 1, ...more } = {}) {
  const size = rootPx() * 0.93 * scale;
  return new Style({
    text: new Text({
      text,
      font: `${bold ? 700 : 500} ${size}px "Noto Sans", sans-serif`,
      fill: new Fill({ color: colour }),
      stroke: new Stroke({ color: token("--halo"), width: 4 }),
      overflow: true,
      ...more,
    }),
  });
}

export const line = (colour, width, lineDash = []) =>
  new Style({ stroke: new Stroke({ color: colour, width, lineDash }) });
export const fill = (colour) => new Style({ fill: new Fill({ color: colour }) });

export const landStyle = () =>
  new Style({ fill: new Fill({ color: token("--land") }), stroke: new Stroke({ color: token("--coast"), width: 1 }) });

/** A notice: the party's line and hatch; chosen with a ring outside; in a warning the line is red and thicker. */
export function noticeStyle(slot, look) {
  const theme = document.documentElement.dataset.theme;
  return cached(`notice ${theme} ${slot} ${look.isChosen} ${look.hasBegun} ${look.isHot}`, () =>
    makeNoticeStyle(slot, look),
  );
}

function makeNoticeStyle(slot, { isChosen, hasBegun, isHot }) {
  const colour = token(`--p${slot % 3}`);
  const width = isHot ? 4 : hasBegun ? 2.75 : 1.75;
  const ring = isChosen ? [line(token("--focus"), width + 5), line(token("--sea"), width + 2)] : [];
  const inside = slot ? [fill(hatch(slot, colour, isHot ? 7 : 9))] : [fill("rgba(0,0,0,0.004)")]; // own: none, but to be clicked
  return [...ring, ...inside, line(isHot ? token("--red") : colour, width, DASHES[slot % 5])];
}

/**
 * The ground that two shapes share, found by clipping the canvas to both: exact to the pixel for any shape, hole or bend.
 * The geometry is a multipolygon of exactly the two.
 */
export function sharedGround(colour, outlineWidth) {
  const pattern = hatch("cross", colour, 8);
  return new Style({
    renderer: (shapes, { context, pixelRatio }) => {
      const path = (shape) => {
        const one = new Path2D();
        shape.forEach(
          (ring) => (ring.forEach(([x, y], place) => (place ? one.lineTo(x, y) : one.moveTo(x, y))), one.closePath()),
        );
        return one;
      };
      const [first, second] = shapes.map(path);
      const within = (clips, draw) => {
        context.save();
        clips.forEach((clip) => context.clip(clip));
        draw();
        context.restore();
      };
      context.fillStyle = pattern;
      within([first], () => context.clip(second) ?? context.fill(first));
      context.strokeStyle = colour;
      context.lineWidth = outlineWidth * 2 * pixelRatio; // half of it is clipped away
      within([first, second], () => (context.stroke(first), context.stroke(second)));
    },
  });
}

/** The flag of a conflict: words on amber, or on red in a warning. */
export function flag(text, isHot) {
  const size = rootPx() * 0.93;
  const [ground, edge, ink] = isHot ? ["--red", "--red", "--on-red"] : ["--amber", "--amber-line", "--on-amber"];
  return new Style({
    text: new Text({
      text,
      font: `700 ${size}px "Noto Sans", sans-serif`,
      fill: new Fill({ color: token(ink) }),
      backgroundFill: new Fill({ color: token(ground) }),
      backgroundStroke: new Stroke({ color: token(edge), width: 1.5 }),
      padding: [2, 5, 1, 6],
      overflow: true,
    }),
  });
}

export const corner = (colour) =>
  new Style({
    image: new RegularShape({
      points: 4,
      radius: 7,
      angle: Math.PI / 4,
      fill: new Fill({ color: token("--raised") }),
      stroke: new Stroke({ color: colour, width: 2 }),
    }),
  });
