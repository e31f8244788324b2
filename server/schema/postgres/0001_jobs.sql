-- Jobs, dead letters and the outbox; and the function behind every append-only guard.

CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'append-only'; END $$;

CREATE TABLE job (
    id            UUID PRIMARY KEY,
    kind          TEXT NOT NULL,
    payload       JSONB NOT NULL,
    dedupe_key    TEXT UNIQUE,            -- the same work twice is one job; NULL never collides
    run_at        BIGINT NOT NULL,        -- not before; after a claim: when the lease ends
    attempts      BIGINT NOT NULL,
    lease_id      UUID,                   -- who holds it
    last_error    TEXT,
    created_at    BIGINT NOT NULL
);
CREATE INDEX job_due ON job (run_at, id);

CREATE TABLE dead_job (
    id            UUID PRIMARY KEY,
    kind          TEXT NOT NULL,
    payload       JSONB NOT NULL,
    dedupe_key    TEXT,
    attempts      BIGINT NOT NULL,
    last_error    TEXT NOT NULL,
    created_at    BIGINT NOT NULL,
    died_at       BIGINT NOT NULL
);
CREATE INDEX dead_job_died ON dead_job (died_at, id);

-- What happened, told after the transaction: kept for replay.
CREATE TABLE outbox_event (
    id            UUID PRIMARY KEY,
    topic         TEXT NOT NULL,
    ordering_key  TEXT NOT NULL,
    payload       JSONB NOT NULL,
    created_at    BIGINT NOT NULL,
    dispatched_at BIGINT
);
CREATE INDEX outbox_event_waiting ON outbox_event (created_at, id) WHERE dispatched_at IS NULL;
