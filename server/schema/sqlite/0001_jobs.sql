-- Jobs, dead letters and the outbox.

CREATE TABLE job (
    id            BLOB PRIMARY KEY,
    kind          TEXT NOT NULL,
    payload       TEXT NOT NULL,
    dedupe_key    TEXT UNIQUE,            -- the same work twice is one job; NULL never collides
    run_at        INTEGER NOT NULL,        -- not before; after a claim: when the lease ends
    attempts      INTEGER NOT NULL,
    lease_id      BLOB,                   -- who holds it
    last_error    TEXT,
    created_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX job_due ON job (run_at, id);

CREATE TABLE dead_job (
    id            BLOB PRIMARY KEY,
    kind          TEXT NOT NULL,
    payload       TEXT NOT NULL,
    dedupe_key    TEXT,
    attempts      INTEGER NOT NULL,
    last_error    TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    died_at       INTEGER NOT NULL
) STRICT;
CREATE INDEX dead_job_died ON dead_job (died_at, id);

-- What happened, told after the transaction: kept for replay.
CREATE TABLE outbox_event (
    id            BLOB PRIMARY KEY,
    topic         TEXT NOT NULL,
    ordering_key  TEXT NOT NULL,
    payload       TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    dispatched_at INTEGER
) STRICT;
CREATE INDEX outbox_event_waiting ON outbox_event (created_at, id) WHERE dispatched_at IS NULL;
