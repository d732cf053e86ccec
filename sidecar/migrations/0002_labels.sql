-- Labels of a record that are filtered by (W55).
ALTER TABLE records ADD COLUMN contact TEXT;                     -- its id
ALTER TABLE records ADD COLUMN thread  TEXT;                     -- its id
ALTER TABLE records ADD COLUMN episode TEXT;
ALTER TABLE records ADD COLUMN dialect TEXT NOT NULL DEFAULT '';

-- The only one of them that records had before.
UPDATE records SET dialect = coalesce(record ->> '$.dialect', '');

CREATE INDEX records_by_contact ON records (contact, started_ms, id) WHERE contact IS NOT NULL;
CREATE INDEX records_by_thread  ON records (thread, started_ms, id)  WHERE thread IS NOT NULL;
CREATE INDEX records_by_episode ON records (episode, started_ms, id) WHERE episode IS NOT NULL;
CREATE INDEX records_by_dialect ON records (dialect, started_ms, id);

CREATE TABLE metadata (
    record INTEGER NOT NULL REFERENCES records (seq),
    name   TEXT    NOT NULL,
    value  TEXT    NOT NULL,
    PRIMARY KEY (record, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX metadata_by_name ON metadata (name, value, record);

-- Made by the first record that names it. Each detail has the start of the record that gave it, so
-- that what is known does not depend on the order in which records arrive; NULL was never given.
CREATE TABLE contacts (
    seq             INTEGER PRIMARY KEY,  -- the order of pages
    id              TEXT    NOT NULL UNIQUE,
    created_ms      INTEGER NOT NULL,     -- start of its first record, Unix milliseconds
    seen_ms         INTEGER NOT NULL,     -- start of its last
    display_name    TEXT,
    display_name_ms INTEGER,
    email           TEXT,
    email_ms        INTEGER,
    logo_url        TEXT,
    logo_url_ms     INTEGER,
    tags            TEXT,                 -- JSON, an array of strings
    tags_ms         INTEGER,
    metadata        TEXT,                 -- JSON, an array
    metadata_ms     INTEGER
) STRICT;
