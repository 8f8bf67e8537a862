// Shapes for drawing, on a sphere. What is a conflict is judged by the node on the ellipsoid, never here.

const RADIUS_M = 6371008.8;
const rad = Math.PI / 180;

/** The place so far from another in a direction: [lat, lon] in degrees. */
export function destination([lat, lon], bearingDeg, metres) {
  const [d, b, la] = [metres / RADIUS_M, bearingDeg * rad, lat * rad];
  const la2 = Math.asin(Math.sin(la) * Math.cos(d) + Math.cos(la) * Math.sin(d) * Math.cos(b));
  const lo2 =
    lon * rad + Math.atan2(Math.sin(b) * Math.sin(d) * Math.cos(la), Math.cos(d) - Math.sin(la) * Math.sin(la2));
  return [la2 / rad, lo2 / rad];
}

/** Metres between two places. */
export function metresBetween([lat1, lon1], [lat2, lon2]) {
  const half =
    Math.sin(((lat2 - lat1) * rad) / 2) ** 2 +
    Math.cos(lat1 * rad) * Math.cos(lat2 * rad) * Math.sin(((lon2 - lon1) * rad) / 2) ** 2;
  return 2 * RADIUS_M * Math.asin(Math.min(1, Math.sqrt(half)));
}

/** The direction from one place to another, degrees true, 0 to 360. */
export function bearing([lat1, lon1], [lat2, lon2]) {
  const dl = (lon2 - lon1) * rad;
  const y = Math.sin(dl) * Math.cos(lat2 * rad);
  const x = Math.cos(lat1 * rad) * Math.sin(lat2 * rad) - Math.sin(lat1 * rad) * Math.cos(lat2 * rad) * Math.cos(dl);
  return (Math.atan2(y, x) / rad + 360) % 360;
}

/** The point a share of the way along the great circle between two places. */
function between(one, other, share) {
  return destination(one, bearing(one, other), metresBetween(one, other) * share);
}

/** Longitudes without a jump at the antimeridian, so that a ring is drawn in one piece. */
function unwrapped(points) {
  let before = points[0][1];
  return points.map(([lat, lon]) => {
    before = lon + 360 * Math.round((before - lon) / 360);
    return [lat, before];
  });
}

const rings = new WeakMap(); // a volume never changes: its ring is made once

/** A closed ring of [lat, lon] around a volume's ground, dense enough for its edges to bend as they do on the earth. */
export function ringOf(volume) {
  if (!rings.has(volume)) rings.set(volume, makeRing(volume));
  return rings.get(volume);
}

function makeRing(volume) {
  if (volume.circle) {
    const { lat, lon, radius_m: radius } = volume.circle;
    return unwrapped(Array.from({ length: 97 }, (_, step) => destination([lat, lon], (step % 96) * 3.75, radius)));
  }
  const corners = volume.polygon;
  const ring = corners.flatMap((corner, at) => {
    const next = corners[(at + 1) % corners.length];
    const steps = Math.min(64, Math.max(1, Math.ceil(metresBetween(corner, next) / 20000)));
    return Array.from({ length: steps }, (_, step) => (step ? between(corner, next, step / steps) : corner));
  });
  return unwrapped([...ring, ring[0]]);
}

/** The middle of a volume's ground, for labels and the profile. */
export function middleOf(volume) {
  if (volume.circle) return [volume.circle.lat, volume.circle.lon];
  const corners = unwrapped(volume.polygon);
  const sum = corners.reduce((total, [lat, lon]) => [total[0] + lat, total[1] + lon], [0, 0]);
  return [sum[0] / corners.length, sum[1] / corners.length];
}

const spans = new WeakMap();

/** The southernmost and northernmost latitude of a volume's ring. */
function latitudes(volume, ring) {
  if (!spans.has(volume)) spans.set(volume, [Math.min(...ring.map(([lat]) => lat)), Math.max(...ring.map(([lat]) => lat))]);
  return spans.get(volume);
}

/** Whether a place lies on a volume's ground. */
export function contains(volume, [lat, lon]) {
  if (volume.circle) {
    // Most are not even on this latitude.
    if (Math.abs(lat - volume.circle.lat) * rad * RADIUS_M > volume.circle.radius_m) return false;
    return metresBetween([volume.circle.lat, volume.circle.lon], [lat, lon]) <= volume.circle.radius_m;
  }
  const ring = ringOf(volume);
  const [south, north] = latitudes(volume, ring);
  if (lat < south || lat > north) return false;
  const x = lon + 360 * Math.round((ring[0][1] - lon) / 360);
  let inside = false;
  for (let at = 0, before = ring.length - 1; at < ring.length; before = at, at += 1) {
    const [[y1, x1], [y2, x2]] = [ring[at], ring[before]];
    if (y1 > lat !== y2 > lat && x < ((x2 - x1) * (lat - y1)) / (y2 - y1) + x1) inside = !inside;
  }
  return inside;
}

/** The long way through volumes: the two points of their ground that are farthest apart. */
export function axisOf(volumes) {
  const points = volumes.flatMap((volume) =>
    volume.circle ? [90, 270].map((deg) => destination(middleOf(volume), deg, volume.circle.radius_m)) : volume.polygon,
  );
  let best = [points[0], points[1], -1];
  for (let one = 0; one < points.length; one += 1) {
    for (let other = one + 1; other < points.length; other += 1) {
      const length = metresBetween(points[one], points[other]);
      if (length > best[2]) best = [points[one], points[other], length];
    }
  }
  // West to east, so that a strip reads like the map above it.
  return best[0][1] <= best[1][1] ? [best[0], best[1]] : [best[1], best[0]];
}

/** A line made longer at both ends by a share of its length: {length_m, place(metres)}. */
export function lineThrough(one, other, share) {
  const length = Math.max(1000, metresBetween(one, other));
  const start = destination(one, bearing(one, other) + 180, length * share);
  const direction = bearing(start, other);
  return { length_m: length * (1 + 2 * share), place: (metres) => destination(start, direction, metres) };
}
