"""Peers of the engine at scale, each as its makers would use it, all to our rule, on one flat map in metres.

A pair conflicts when the gaps in time, in height and on the ground are all 0 or less than the wider of what the two ask
for; spans are half-open. Circles are a centre and a radius for every peer, so none pays for a circle's corners.
A peer that is not installed is named as missing.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from mix import Mix

Ids = npt.NDArray[np.int64]


class Columns:
    """A mix as the peers hold it."""

    def __init__(self, mixed: Mix) -> None:
        plan, offsets = mixed.plan, mixed.plan.offsets
        self.radius = plan.radii_m
        self.need, self.tall, self.long = mixed.asked[mixed.parties].T
        self.lower, self.upper = plan.band_m.T
        self.start, self.end = plan.span_us.T.astype(np.float64) / 1e6
        self.shapes = shapely.points(mixed.x[offsets[:-1]], mixed.y[offsets[:-1]]).astype(object)
        polygons = np.flatnonzero(plan.radii_m <= 0)
        counts = np.diff(offsets)[polygons]
        corner = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
        index = np.repeat(offsets[polygons], counts) + corner
        ring = np.repeat(np.arange(len(polygons)), counts)
        rings = shapely.linearrings(np.column_stack((mixed.x[index], mixed.y[index])), indices=ring)
        self.shapes[polygons] = shapely.polygons(rings)
        self.bounds = shapely.bounds(self.shapes) + np.array([-1, -1, 1, 1]) * self.radius[:, None]

    def exactly(self, near: Ids, of: Columns, number: int, shape: Any) -> Ids:
        """Those of some rows that conflict with row `number` of `of`: time and height by NumPy, then the ground."""
        gap = np.maximum(self.start[near] - of.end[number], of.start[number] - self.end[near])
        near = near[(gap < 0) | (gap < np.maximum(self.long[near], of.long[number]))]
        gap = np.maximum(self.lower[near] - of.upper[number], of.lower[number] - self.upper[near])
        near = near[(gap <= 0) | (gap < np.maximum(self.tall[near], of.tall[number]))]
        if not len(near):
            return near
        need = np.maximum(self.need[near], of.need[number]) + self.radius[near] + of.radius[number]
        return near[shapely.dwithin(shape, self.shapes[near], need)]


class TreeOfShapely:
    """Shapely's STRtree over boxes, NumPy for times and heights, a prepared outline for the ground."""

    name = f"Shapely {shapely.__version__} STRtree and NumPy"

    def __init__(self, live: Columns) -> None:
        self._live = live
        x0, y0, x1, y1 = live.bounds.T
        self._tree = shapely.STRtree(shapely.box(x0 - live.need, y0 - live.need, x1 + live.need, y1 + live.need))

    def conflicts(self, of: Columns, number: int) -> Ids:
        """Rows that conflict with one of another mix."""
        x0, y0, x1, y1 = of.bounds[number]
        reach = of.need[number]
        near = self._tree.query(shapely.box(x0 - reach, y0 - reach, x1 + reach, y1 + reach))
        shape = of.shapes[number]
        shapely.prepare(shape)
        return self._live.exactly(near, of, number, shape)


class TreeOfRtree:
    """libspatialindex in four dimensions through rtree, then as above."""

    def __init__(self, live: Columns) -> None:
        from rtree import index

        self.name = f"rtree {version('rtree')}, 4D, and NumPy"
        properties = index.Property(dimension=4)
        x0, y0, x1, y1 = live.bounds.T
        low = np.column_stack((x0 - live.need, y0 - live.need, live.lower - live.tall, live.start - live.long))
        high = np.column_stack((x1 + live.need, y1 + live.need, live.upper + live.tall, live.end + live.long))
        rows = ((row, (*low[row], *high[row]), None) for row in range(len(low)))
        self._live, self._tree = live, index.Index(rows, properties=properties)

    def conflicts(self, of: Columns, number: int) -> Ids:
        """Rows that conflict with one of another mix."""
        x0, y0, x1, y1 = of.bounds[number]
        n, v, t = of.need[number], of.tall[number], of.long[number]
        low = (x0 - n, y0 - n, of.lower[number] - v, of.start[number] - t)
        high = (x1 + n, y1 + n, of.upper[number] + v, of.end[number] + t)
        near = np.fromiter(self._tree.intersection((*low, *high)), dtype=np.int64)
        shape = of.shapes[number]
        shapely.prepare(shape)
        return self._live.exactly(near, of, number, shape)


class Postgis:
    """PostGIS: one GiST index over box, time and height, `ST_DWithin` for the ground. Needs KEEPCLEAR_BENCH_POSTGIS."""

    def __init__(self, live: Columns) -> None:
        import os

        import psycopg

        self._line = psycopg.connect(os.environ["KEEPCLEAR_BENCH_POSTGIS"], autocommit=True)
        run = self._line.execute
        run("CREATE EXTENSION IF NOT EXISTS postgis")
        run("CREATE EXTENSION IF NOT EXISTS btree_gist")
        found = run("SELECT version(), postgis_lib_version()").fetchone() or ("", "")
        self.name = f"PostgreSQL {str(found[0]).split()[1]} with PostGIS {found[1]}"
        run("DROP TABLE IF EXISTS n")
        run(
            "CREATE TABLE n (id int, g geometry, r float8, need float8, tall float8, long float8, lower float8,"
            " upper float8, t0 float8, t1 float8, reach geometry, span numrange, band numrange)"
        )
        with self._line.cursor().copy("COPY n (id, g, r, need, tall, long, lower, upper, t0, t1) FROM STDIN") as copy:
            for row, wkb in enumerate(shapely.to_wkb(live.shapes, hex=True)):
                columns = (live.radius, live.need, live.tall, live.long, live.lower, live.upper, live.start, live.end)
                copy.write_row((row, wkb, *(float(column[row]) for column in columns)))
        run(
            "UPDATE n SET reach = ST_Expand(g, r + need), span = numrange((t0 - long)::numeric, (t1 + long)::numeric),"
            " band = numrange((lower - tall)::numeric, (upper + tall)::numeric, '[]')"
        )
        run("CREATE INDEX ON n USING gist (reach, span, band)")
        run("VACUUM ANALYZE n")

    def conflicts(self, of: Columns, number: int) -> Ids:
        """Rows that conflict with one of another mix."""
        ask = (
            "SELECT id FROM n, (SELECT %(g)s::geometry AS g, %(r)s::float8 AS r, %(need)s::float8 AS need,"
            " %(tall)s::float8 AS tall, %(long)s::float8 AS long, %(lower)s::float8 AS lower,"
            " %(upper)s::float8 AS upper,"
            " %(t0)s::float8 AS t0, %(t1)s::float8 AS t1) q"
            " WHERE n.reach && ST_Expand(%(g)s::geometry, %(r)s::float8 + %(need)s::float8)"
            " AND n.span && numrange((%(t0)s::float8 - %(long)s::float8)::numeric,"
            " (%(t1)s::float8 + %(long)s::float8)::numeric)"
            " AND n.band && numrange((%(lower)s::float8 - %(tall)s::float8)::numeric,"
            " (%(upper)s::float8 + %(tall)s::float8)::numeric, '[]')"
            " AND greatest(n.t0 - q.t1, q.t0 - n.t1) < greatest(n.long, q.long)"
            " AND (greatest(n.lower - q.upper, q.lower - n.upper) <= 0"
            " OR greatest(n.lower - q.upper, q.lower - n.upper) < greatest(n.tall, q.tall))"
            " AND ST_DWithin(n.g, q.g, greatest(n.need, q.need) + n.r + q.r)"
        )
        values = {
            "g": shapely.to_wkb(of.shapes[number], hex=True), "r": float(of.radius[number]),
            "need": float(of.need[number]), "tall": float(of.tall[number]), "long": float(of.long[number]),
            "lower": float(of.lower[number]), "upper": float(of.upper[number]), "t0": float(of.start[number]),
            "t1": float(of.end[number]),
        }  # fmt: skip
        rows = self._line.execute(ask, values, prepare=True).fetchall()
        return np.array([row[0] for row in rows], dtype=np.int64)


class Duck:
    """DuckDB with its spatial extension and R-tree, where both can be loaded."""

    def __init__(self, live: Columns) -> None:
        import duckdb

        self._line = duckdb.connect(config={"allow_unsigned_extensions": "true"})
        run = self._line.execute
        run("LOAD spatial")
        run("SET threads TO 1")
        self.name = f"DuckDB {duckdb.__version__} with spatial"
        columns = {
            "id": np.arange(len(live.radius)), "r": live.radius, "need": live.need, "tall": live.tall,
            "long": live.long, "lower": live.lower, "upper": live.upper, "t0": live.start, "t1": live.end,
            "wkb": shapely.to_wkb(live.shapes),
        }  # fmt: skip
        self._line.register("given", columns)
        run(
            "CREATE TABLE n AS SELECT * EXCLUDE wkb, ST_GeomFromWKB(wkb) AS g,"
            " ST_Envelope(ST_Buffer(ST_Envelope(ST_GeomFromWKB(wkb)), r + need)) AS reach FROM given"
        )
        run("CREATE INDEX tree ON n USING RTREE (reach)")

    def conflicts(self, of: Columns, number: int) -> Ids:
        """Rows that conflict with one of another mix."""
        x0, y0, x1, y1 = (of.bounds[number] + np.array([-1, -1, 1, 1]) * of.need[number]).tolist()
        q = [float(c[number]) for c in (of.radius, of.need, of.tall, of.long, of.lower, of.upper, of.start, of.end)]
        r, need, tall, long, lower, upper, start, end = q
        rows = self._line.execute(
            f"SELECT id FROM n WHERE ST_Intersects(reach, ST_MakeEnvelope({x0}, {y0}, {x1}, {y1}))"
            f" AND greatest(t0 - {end!r}, {start!r} - t1) < greatest(long, {long!r})"
            f" AND (greatest(lower - {upper!r}, {lower!r} - upper) <= 0"
            f" OR greatest(lower - {upper!r}, {lower!r} - upper) < greatest(tall, {tall!r}))"
            f" AND ST_DWithin(g, ST_GeomFromWKB(?), greatest(need, {need!r}) + r + {r!r})",
            [shapely.to_wkb(of.shapes[number])],
        ).fetchnumpy()["id"]
        return np.asarray(rows, dtype=np.int64)


PEERS: dict[str, Callable[[Columns], Any]] = {
    "shapely": TreeOfShapely, "rtree": TreeOfRtree, "postgis": Postgis, "duckdb": Duck,
}  # fmt: skip
