-- Schema 1: the record of one party, and what is kept beside it.
--
-- Every byte that matters is covered twice, so that a changed one is found: an entry's bytes by their leaf hash, its place
-- (seq, log, n) by the index that holds the same three values, everything else by the digest beside it.

-- "KCLR": so that a file of another program is never taken for ours.
PRAGMA application_id = 1262701650;

CREATE TABLE entry (
  seq  INTEGER PRIMARY KEY CHECK (seq > 0),
  log  TEXT    NOT NULL CHECK (log <> ''),
  n    INTEGER NOT NULL CHECK (n >= 0),
  leaf BLOB    NOT NULL CHECK (length(leaf) = 32),
  data BLOB    NOT NULL
) STRICT;

CREATE UNIQUE INDEX entry_by_log ON entry (log, n);

-- Places in the order of recording that stand empty by right: a node restored from an old backup took back from a peer
-- what it had lost, and forgot what it had in its place. A gap that is not listed here is damage.
CREATE TABLE forgotten (
  first_seq INTEGER PRIMARY KEY,
  last_seq  INTEGER NOT NULL CHECK (last_seq >= first_seq)
) STRICT;

-- Answers to callers that may ask again with the same key; the lowest ids are dropped when there are too many.
CREATE TABLE answer (
  id     INTEGER PRIMARY KEY,
  key    TEXT    NOT NULL,
  answer BLOB    NOT NULL,
  digest BLOB    NOT NULL
) STRICT;

CREATE UNIQUE INDEX answer_by_key ON answer (key);

CREATE TABLE checkpoint (
  id     INTEGER PRIMARY KEY,
  log    TEXT    NOT NULL,
  size   INTEGER NOT NULL CHECK (size >= 0),
  note   TEXT    NOT NULL,
  digest BLOB    NOT NULL
) STRICT;

CREATE UNIQUE INDEX checkpoint_by_log ON checkpoint (log, size);

CREATE TABLE evidence (
  id     INTEGER PRIMARY KEY,
  sha256 TEXT    NOT NULL,
  at     INTEGER NOT NULL,
  data   BLOB    NOT NULL,
  digest BLOB    NOT NULL
) STRICT;

CREATE UNIQUE INDEX evidence_by_hash ON evidence (sha256);
