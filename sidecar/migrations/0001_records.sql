-- One row a spend record. What is filtered or summed has a column; `record` holds the whole as JSON.
CREATE TABLE records (
    seq               INTEGER PRIMARY KEY,     -- handle for `tags`, of no meaning outside
    id                BLOB    NOT NULL UNIQUE, -- the record's UUID, 16 bytes: stored once by it
    started_ms        INTEGER NOT NULL,        -- Unix milliseconds
    key_id            TEXT,
    model             TEXT    NOT NULL,
    provider          TEXT,
    project           TEXT,
    prompt_tokens     INTEGER,                 -- NULL is unknown
    completion_tokens INTEGER,                 -- NULL is unknown
    cost_nano_usd     INTEGER,                 -- NULL is unknown, never 0
    price_version     TEXT    NOT NULL,
    record            TEXT    NOT NULL
) STRICT;

-- Each filter's index ends in the order of pages.
CREATE INDEX records_by_time     ON records (started_ms, id);
CREATE INDEX records_by_key      ON records (key_id, started_ms, id);
CREATE INDEX records_by_model    ON records (model, started_ms, id);
CREATE INDEX records_by_provider ON records (provider, started_ms, id);
CREATE INDEX records_by_project  ON records (project, started_ms, id) WHERE project IS NOT NULL;

CREATE TABLE tags (
    record INTEGER NOT NULL REFERENCES records (seq),
    name   TEXT    NOT NULL,
    value  TEXT    NOT NULL,
    PRIMARY KEY (record, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX tags_by_name ON tags (name, value, record);

-- The one row that the health check writes.
CREATE TABLE probe (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    at_ms INTEGER NOT NULL
) STRICT;
