// The coast, from TopoJSON: rings of [lon, lat] put together from shared, difference-coded arcs.

/** The polygons of every land mass: a list of lists of rings. */
export async function loadLand() {
  const topology = await (await fetch("/vendor/land-50m.json")).json();
  const { scale, translate } = topology.transform;
  const arcs = topology.arcs.map((arc) => {
    let [x, y] = [0, 0];
    return arc.map(([dx, dy]) => [(x += dx) * scale[0] + translate[0], (y += dy) * scale[1] + translate[1]]);
  });
  // A negative number is the arc ~number, run backwards; where two arcs join, the point they share stands once.
  const ring = (numbers) =>
    numbers.flatMap((number, place) => {
      const points = number < 0 ? arcs[~number].toReversed() : arcs[number];
      return place ? points.slice(1) : points;
    });
  const shapes = Object.values(topology.objects)[0].geometries ?? Object.values(topology.objects);
  return shapes
    .flatMap((shape) => (shape.type === "Polygon" ? [shape.arcs] : shape.arcs))
    .map((polygon) => polygon.map(ring));
}
