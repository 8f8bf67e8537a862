-- Schema 1 of a discovery and synchronisation service: what other parties' services told us, apart from any record.

-- "KCDS": so that a record is never taken for this, nor this for a record.
PRAGMA application_id = 1262699603;

-- Of each thing the last change. `n` is its place in the order of changes; a change takes the old row out and puts one at
-- the end, so what a second process has not seen yet is a range.
CREATE TABLE held (
  n    INTEGER PRIMARY KEY CHECK (n > 0),
  kind INTEGER NOT NULL,
  id   TEXT    NOT NULL,
  data BLOB
) STRICT;

-- Rows without data say that something is gone. They are kept for a while, for processes that were slow to look.
CREATE INDEX held_gone ON held (n) WHERE data IS NULL;

-- One row: up to which `n` such rows were let go of. Whoever has seen less reads everything anew.
CREATE TABLE forgotten (up_to INTEGER NOT NULL) STRICT;
INSERT INTO forgotten VALUES (0);
