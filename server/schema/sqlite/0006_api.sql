-- Idempotency keys and settings of this installation.

-- Answers of creating POSTs, kept 30 days: the same key again gets the same bytes.
CREATE TABLE idempotency_key (
    owner         TEXT NOT NULL,          -- whose key it is: the actor
    key           TEXT NOT NULL,
    request_hash  BLOB NOT NULL,         -- SHA-256 of method, path and body
    status        INTEGER NOT NULL,
    location      TEXT,
    body          BLOB NOT NULL,
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    PRIMARY KEY (owner, key)
) STRICT;
CREATE INDEX idempotency_key_expiry ON idempotency_key (expires_at);

-- What kind of clock this database was created for: a controlled one is refused elsewhere.
CREATE TABLE instance_setting (
    name   TEXT PRIMARY KEY,
    value  TEXT NOT NULL
) STRICT;
