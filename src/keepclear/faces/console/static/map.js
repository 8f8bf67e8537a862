/* global ol */
// The map: one for the whole session, moved from view to view. It never moves by itself after the first picture.
import { h, replaceKeeping, token } from "./dom.js";
import { say } from "./words.js";
import { change, findNotice, noticeKey, parties, party, state } from "./state.js";
import { at } from "./format.js";
import { now } from "./clock.js";
import { loadLand } from "./land.js";
import { middleOf, ringOf } from "./geometry.js";
import { corner, flag, label, landStyle, line, noticeStyle, rootPx, sharedGround } from "./mapstyle.js";
import { conflictKey } from "./rows.js";

const flat = ([lat, lon]) => ol.proj.fromLonLat([lon, lat]);
const ringGeometry = (volume) => new ol.geom.Polygon([ringOf(volume).map(flat)]);
const NAMES = ["land", "area", "notices", "conflicts", "labels", "flags", "draft"];
const IMAGES = new Set(["land", "notices", "conflicts", "labels"]);

let map = null;
let sources = {};
let drawTool = null;
let isFitted = false;
let grid = null;
let dressedFor = "";
let liveView = null;
let drawn = []; // what the layers were drawn from: a redraw of the page is not always one of the map
const holder = h("div", {
  class: "map",
  id: "map",
  "data-key": "map",
  dir: "ltr",
  tabindex: 0,
  role: "application",
  "aria-label": say("map.map"),
});

/** Lines of latitude and longitude, as dense as the zoom asks for, with their degrees at the edges. */
function graticule() {
  const words = (more) =>
    new ol.style.Text({
      ...more,
      font: `500 ${rootPx() * 0.786}px "Noto Sans", sans-serif`,
      fill: new ol.style.Fill({ color: token("--ink2") }),
      stroke: new ol.style.Stroke({ color: token("--sea"), width: 3 }),
    });
  const [lonLabelStyle, latLabelStyle] = [
    words({ textBaseline: "top", offsetY: 3 }),
    words({ textAlign: "start", offsetX: 3 }),
  ];
  return new ol.layer.Graticule({
    strokeStyle: new ol.style.Stroke({ color: token("--grid"), width: 1 }),
    showLabels: true,
    lonLabelStyle,
    latLabelStyle,
    lonLabelPosition: 0.975,
    latLabelPosition: 0,
    targetSize: 120,
    zIndex: 1,
    wrapX: true,
  });
}

function make() {
  sources = Object.fromEntries(NAMES.map((name) => [name, new ol.source.Vector()]));
  // What is drawn once and moved is an image while the map is panned; what is small and must be sharp is drawn each time.
  const layers = NAMES.map((name, place) => {
    const options = { source: sources[name], zIndex: place && place + 1, declutter: name === "labels" };
    return IMAGES.has(name)
      ? new ol.layer.VectorImage({ ...options, imageRatio: 1.5 })
      : new ol.layer.Vector({ ...options, updateWhileInteracting: true });
  });
  map = new ol.Map({
    layers,
    controls: [new ol.control.ScaleLine({ units: "nautical", minWidth: 70 })],
    interactions: ol.interaction.defaults.defaults({
      altShiftDragRotate: false,
      pinchRotate: false,
      doubleClickZoom: false,
    }),
    view: new ol.View({ center: [0, 3e6], zoom: 2, maxZoom: 17, minZoom: 1, enableRotation: false }),
  });
  map.on("singleclick", (event) => !drawTool && pick(event.pixel));
  loadLand().then((polygons) =>
    sources.land.addFeatures(
      polygons.map(
        (rings) =>
          new ol.Feature(
            new ol.geom.Polygon(
              rings.map((ring) => ring.map(([lon, lat]) => flat([Math.max(-85, Math.min(85, lat)), lon]))),
            ),
          ),
      ),
    ),
  );
}

function pick(pixel) {
  const keys = [];
  map.forEachFeatureAtPixel(pixel, (feature) => feature.get("choose") && keys.push(feature.get("choose")), {
    hitTolerance: 4,
  });
  const chosen = keys.find((key) => key.type === "conflict") ?? keys[0];
  if (chosen) change({ chosen, tab: "notice" });
}

/** Notices to draw at the instant shown: live ones now; in playback also those that ended since. */
function shownNotices() {
  const ms = state.shownAt ?? now();
  return state.picture.notices.filter((notice) =>
    state.shownAt === null ? notice.state !== "Ended" && at(notice.end) > ms : at(notice.end) > ms,
  );
}

const onMap = new Map(); // what is drawn of each notice, by everything that it looks like

/** The outline and the name of each part of a notice, each with the layer that it belongs to. */
function featuresOf(notice, slot, look) {
  const choose = { type: "notice", key: noticeKey(notice) };
  return notice.volumes.flatMap((volume) => {
    const shape = new ol.Feature({ geometry: ringGeometry(volume), choose });
    shape.setStyle(noticeStyle(slot, look));
    const top = ringOf(volume).reduce((one, other) => (other[0] > one[0] ? other : one));
    const name = new ol.Feature({ geometry: new ol.geom.Point(flat(top)), choose });
    const colour = token(look.isHot ? "--red-ink" : `--p${slot % 3}`);
    name.setStyle(label(`${notice.id} v${notice.version}`, colour, { offsetY: -11 }));
    // The name of what is in alarm gives way to nothing.
    return [
      ["notices", shape],
      [look.isHot ? "hot" : "labels", name],
    ];
  });
}

/** Draws what is new or looks otherwise than before, and takes away what is gone; the rest is left alone. */
function drawNotices(hotKey) {
  const ms = state.shownAt ?? now();
  const theme = document.documentElement.dataset.theme;
  const fresh = { notices: [], labels: [], hot: [] };
  const stays = new Set();
  for (const notice of shownNotices()) {
    const [key, slot] = [noticeKey(notice), party(notice.party).slot];
    const look = {
      isChosen: state.chosen?.type === "notice" && state.chosen.key === key,
      hasBegun: at(notice.start) <= ms,
      isHot: key === hotKey,
    };
    const is = `${key} ${notice.version} ${notice.hash} ${slot} ${theme} ${Object.values(look)}`;
    stays.add(is);
    if (onMap.has(is)) continue;
    const features = featuresOf(notice, slot, look);
    onMap.set(is, features);
    for (const [name, feature] of features) fresh[name].push(feature);
  }
  for (const [is, features] of onMap) {
    if (stays.has(is)) continue;
    for (const [name, feature] of features) if (name !== "hot") sources[name].removeFeature(feature);
    onMap.delete(is);
  }
  sources.flags.clear();
  for (const name of ["notices", "labels"]) sources[name].addFeatures(fresh[name]);
  const hot = [...onMap.values()].flat().filter(([name]) => name === "hot");
  sources.flags.addFeatures(hot.map(([, feature]) => feature));
}

function drawConflicts(hotKey) {
  sources.conflicts.clear();
  for (const conflict of state.picture.conflicts) {
    const pair = [conflict.one, conflict.other].map((one) => findNotice(noticeKey(one)));
    if (pair.some((notice) => !notice)) continue;
    const isHot = pair.some((notice) => noticeKey(notice) === hotKey);
    const colour = token(isHot ? "--red" : "--amber-line");
    const choose = { type: "conflict", key: conflictKey(conflict) };
    for (const one of pair[0].volumes) {
      for (const other of pair[1].volumes) {
        const shared = new ol.Feature({
          geometry: new ol.geom.MultiPolygon([[ringOf(one).map(flat)], [ringOf(other).map(flat)]]),
        });
        shared.setStyle(sharedGround(colour, 3));
        sources.conflicts.addFeature(shared);
      }
    }
    drawFlag(conflict, pair, isHot, colour, choose);
  }
}

/** The flag stands on a leader, as many pixels beside the nearest place at every zoom, so that it hides neither notice. */
function drawFlag(conflict, pair, isHot, colour, choose) {
  const foot = flat(conflict.near ?? middleOf(pair[0].volumes[0]));
  const head = (resolution) => [foot[0] + 78 * resolution, foot[1] - 40 * resolution];
  const placed = (style, geometry) => (style.setGeometry(geometry), style);
  const [leaderStyle, flagStyle] = [line(colour, 2), flag(say("map.conflict", String(conflict.number)), isHot)];
  const leader = new ol.Feature(new ol.geom.Point(foot));
  leader.setStyle((_, resolution) => placed(leaderStyle, new ol.geom.LineString([foot, head(resolution)])));
  const mark = new ol.Feature({ geometry: new ol.geom.Point(foot), choose });
  mark.setStyle((_, resolution) => placed(flagStyle, new ol.geom.Point(head(resolution))));
  sources.flags.addFeatures([leader, mark]);
}

function drawAreas() {
  sources.area.clear();
  for (const agreement of state.picture.agreements.filter((one) => one.state === "in_force")) {
    const feature = new ol.Feature(ringGeometry({ circle: agreement.area }));
    feature.setStyle(line(token("--zone"), 1.25, [2, 5]));
    sources.area.addFeature(feature);
  }
}

/** The draft of the filing form: its outline, corners and word. */
export function drawDraft(volume) {
  if (!map) return;
  sources.draft.clear();
  if (!volume) return;
  const colour = token("--p0");
  const shape = new ol.Feature(ringGeometry(volume));
  shape.setStyle([line(token("--halo"), 6), line(colour, 2.5)]);
  const corners = (volume.polygon ?? [middleOf(volume)]).map((place) => new ol.Feature(new ol.geom.Point(flat(place))));
  corners.forEach((feature) => feature.setStyle(corner(colour)));
  const name = new ol.Feature(new ol.geom.Point(flat(middleOf(volume))));
  name.setStyle(label(say("map.draft"), colour, { offsetY: volume.circle ? -16 : 0 }));
  sources.draft.addFeatures([shape, ...corners, name]);
}

/** Rings of the reference view: lines only, and no mark in their middle. */
export function drawRings(rings) {
  sources.draft.clear();
  for (const { volume, name } of rings) {
    const feature = new ol.Feature(ringGeometry(volume));
    feature.setStyle(line(token("--zone"), 1.5, [14, 6]));
    const top = ringOf(volume).reduce((one, other) => (other[0] > one[0] ? other : one));
    const word = new ol.Feature(new ol.geom.Point(flat(top)));
    word.setStyle(label(name, token("--ink2"), { offsetY: -11, bold: false }));
    sources.draft.addFeatures([feature, word]);
  }
}

/** Takes everything of the live picture off the map, and remembers where it stood: the reference view shows none of it. */
export function drawNothingLive() {
  liveView ??= { center: map.getView().getCenter(), zoom: map.getView().getZoom() };
  for (const name of ["area", "notices", "conflicts", "labels", "flags"]) sources[name].clear();
  onMap.clear();
}

/** Land and grid take the colours of the theme; the grid keeps its own, so it is made anew. */
function dress() {
  const theme = document.documentElement.dataset.theme;
  if (dressedFor === theme) return;
  dressedFor = theme;
  map.getLayers().item(0).setStyle(landStyle());
  if (grid) map.removeLayer(grid);
  grid = graticule();
  map.addLayer(grid);
}

/** Draws the picture; `hotKey` is the notice of a warning that waits, or undefined. */
export function drawMap(hotKey) {
  if (!map) make();
  dress();
  if (liveView) {
    // Back from the reference view: the map stands where it stood, and the rings are gone.
    map.getView().setCenter(liveView.center);
    map.getView().setZoom(liveView.zoom);
    liveView = null;
    drawn = [];
  }
  if (!state.picture) return;
  const { notices, conflicts, agreements } = state.picture;
  const wanted = [
    notices,
    conflicts,
    agreements,
    hotKey,
    state.chosen?.key,
    state.shownAt,
    dressedFor,
    Math.floor(now() / 60e3),
  ];
  if (wanted.some((one, place) => one !== drawn[place])) {
    drawAreas();
    drawNotices(hotKey);
    drawConflicts(hotKey);
    drawn = wanted;
  }
  if (!isFitted && (state.picture.notices.length || state.picture.agreements.length)) isFitted = showAll();
}

function fit(volumes, padding = [50, 44, 66, 44]) {
  const extent = ol.extent.boundingExtent(volumes.flatMap((volume) => ringOf(volume).map(flat)));
  map.getView().fit(extent, { padding, maxZoom: 13 });
}

/** Shows everything live, or the agreed area when nothing is. False while the map has no size yet. */
export function showAll() {
  if (!map?.getSize()?.[0]) return false;
  const live = shownNotices().flatMap((notice) => notice.volumes);
  const areas = state.picture.agreements.map((agreement) => ({ circle: agreement.area }));
  const all = live.length ? live : areas;
  if (all.length) fit(all);
  return true;
}

export const showVolumes = (volumes) => map && fit(volumes);
export const zoom = (by) => map?.getView().animate({ zoom: map.getView().getZoom() + by, duration: 0 });

/** Starts drawing on the map; `done` gets {circle} or {polygon}. Escape ends it. */
export function startDrawing(shape, done) {
  stopDrawing();
  const colour = token("--p0");
  drawTool = new ol.interaction.Draw({
    type: shape === "circle" ? "Circle" : "Polygon",
    style: [line(token("--halo"), 6), line(colour, 2.5), corner(colour)],
  });
  drawTool.on("drawend", ({ feature }) => {
    const geometry = feature.getGeometry();
    done(shape === "circle" ? circleOf(geometry) : polygonOf(geometry));
    // After the click that ended it has been told, so that it picks nothing.
    setTimeout(stopDrawing, 0);
  });
  map.addInteraction(drawTool);
  holder.focus({ preventScroll: true });
  change({ drawing: true });
}

const place = (point) =>
  ol.proj
    .toLonLat(point)
    .reverse()
    .map((degree) => Number(degree.toFixed(5)));
const polygonOf = (geometry) => ({ polygon: geometry.getCoordinates()[0].slice(0, -1).map(place) });

function circleOf(geometry) {
  const [centre, edge] = [geometry.getCenter(), geometry.getLastCoordinate()];
  const metres = ol.sphere.getDistance(ol.proj.toLonLat(centre), ol.proj.toLonLat(edge));
  const [lat, lon] = place(centre);
  return { circle: { lat, lon, radius_m: Math.round(metres) } };
}

export function stopDrawing() {
  if (!drawTool) return;
  map.removeInteraction(drawTool);
  drawTool = null;
  change({ drawing: false });
}

/** Enter adds a corner in the middle of the map, Backspace takes one back: drawing without a pointer. */
export function drawingKey(key) {
  if (!drawTool) return false;
  if (key === "Enter") drawTool.appendCoordinates([map.getView().getCenter()]);
  else if (key === "Backspace") drawTool.removeLastPoint();
  else return false;
  return true;
}

const tool = (text, name, key, call) =>
  h(
    "button",
    {
      class: "mtool",
      "data-key": `map-${key}`,
      "aria-label": say(name),
      "aria-keyshortcuts": key,
      on: { click: call },
    },
    text,
  );
const tools = h(
  "div",
  { class: "mtools", role: "group", "aria-label": say("map.tools") },
  tool("+", "map.in", "+", () => zoom(1)),
  tool("−", "map.out", "-", () => zoom(-1)),
  tool("⌖", "map.all", "0", () => showAll()),
);
const legend = h("div", { class: "legend", "aria-label": say("map.legend"), role: "group" });
const strip = h("div", { class: "cstripbox" });
const box = h("div", { class: "mapbox" }, holder, tools, legend, strip);

function drawLegend() {
  const swatch = (one) =>
    h("span", {}, h("span", { class: `swatch p${one.slot % 3} s${one.slot % 5}`, "aria-hidden": "true" }), one.name);
  replaceKeeping(legend, Object.values(parties()).map(swatch));
}

/** The box with the map, its tools and legend; `under` is what stands at its lower edge, or null. Kept, not made anew. */
export function mapBox(under) {
  drawLegend();
  replaceKeeping(strip, under ? [under] : []);
  return box;
}

/** Tells the map that it stands somewhere else now, or has another size. */
export function placeMap() {
  if (!map) make();
  if (map.getTarget() !== holder) map.setTarget(holder);
  map.updateSize();
  if (state.picture && !isFitted && (state.picture.notices.length || state.picture.agreements.length))
    isFitted = showAll();
}

new ResizeObserver(() => map && placeMap()).observe(holder);
