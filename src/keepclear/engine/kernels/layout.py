"""How volumes lie in arrays, and how a kernel reaches them: one short table of addresses in place of many arguments.

Handing Numba an array costs a quarter of a microsecond, and counting references to it costs more between threads. So a
kernel is given the addresses, and whoever calls it keeps the arrays alive meanwhile (`packed.Snapshot` does).
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

#: All kernels: compiled once and kept on disk, run without the interpreter's lock, and divide as the processor does.
kernel: Any = numba.njit(cache=True, nogil=True, error_model="numpy")
small_kernel: Any = numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")

#: Columns of `rec`: centre of the enclosing ball x, y, z, its radius along the ground, lower and upper limit; metres.
CX, CY, CZ, RADIUS, LOWER, UPPER, REC = 0, 1, 2, 3, 4, 5, 6
#: Columns of `geom`: first piece, first box of pieces, zone or -1, pieces, party, kind.
FIRST, CHUNK, ZONE, PIECES, PARTY, KIND, GEOM = 0, 1, 2, 3, 4, 5, 6
#: Bits of `kind`: two for the size class, three for the datum, and whether only `judge` may say anything.
SIZE_MASK, DATUM_SHIFT, DATUM_MASK, HARD = 3, 2, 7, 32

SMALL, MEDIUM, LARGE = 0, 1, 2
#: Data of both limits; `MIXED` has no exact comparison and holds heights above the sea as they may be at the outside.
WGS84, AMSL, FL, AGL, MIXED, DATA = 0, 1, 2, 3, 4, 5

#: Places in a table of addresses.
A_REC, A_SPAN, A_GEOM, A_LIFE, A_VERTS, A_CHUNKS, A_ZONES, A_ZROWS, A_RUNS, ADDRESSES = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
#: Behind the addresses of a store: how many rows it had. A tree may hold later ones that these arrays know nothing of.
A_COUNT = 9

#: A row that stands is removed by this change.
NEVER = (1 << 31) - 1

#: Pieces under one box.
CHUNK_PIECES = 16
#: Columns of `zones`: first row, rows, column of reference, first of its row starts, first run.
Z_ROW, Z_ROWS, Z_COLUMN, Z_START, Z_RUN, ZONE_COLUMNS = 0, 1, 2, 3, 4, 5

#: A node of a tree: 10 bounds of 16 children. x, y, z from; x, y, z to; height from, to; seconds from, to.
FAN, BOUNDS = 16, 10
NODE = FAN * BOUNDS

_HUGE = 1 << 60


def _make_pointer(_context: Any, address: Any) -> Any:
    def build(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(address), build


_pointer: Any = intrinsic(_make_pointer)
_array: Any = numba.carray  # type: ignore[attr-defined]


@small_kernel
def f64_at(address: int) -> Any:
    """Doubles at an address."""
    return _array(_pointer(address), (_HUGE,), dtype=np.float64)


@small_kernel
def f32_at(address: int) -> Any:
    """Floats at an address."""
    return _array(_pointer(address), (_HUGE,), dtype=np.float32)


@small_kernel
def i64_at(address: int) -> Any:
    """Long integers at an address."""
    return _array(_pointer(address), (_HUGE,), dtype=np.int64)


@small_kernel
def i32_at(address: int) -> Any:
    """Integers at an address."""
    return _array(_pointer(address), (_HUGE,), dtype=np.int32)


@small_kernel
def i16_at(address: int) -> Any:
    """Short integers at an address."""
    return _array(_pointer(address), (_HUGE,), dtype=np.int16)


@small_kernel
def u16_at(address: int) -> Any:
    """Short counts at an address."""
    return _array(_pointer(address), (_HUGE,), dtype=np.uint16)
