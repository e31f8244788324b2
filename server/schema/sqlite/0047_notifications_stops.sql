-- Somebody may stop promotions and, at another time, everything: both are remembered.

CREATE TABLE opt_out_by_scope (
    person_key   BLOB NOT NULL,
    scope        TEXT NOT NULL,          -- all: everything but codes she asks for; marketing
    source       TEXT NOT NULL,          -- which provider told
    opted_out_at INTEGER NOT NULL,
    PRIMARY KEY (person_key, scope)
) STRICT;
INSERT INTO opt_out_by_scope (person_key, scope, source, opted_out_at) SELECT person_key, scope, source, opted_out_at FROM opt_out;
DROP TABLE opt_out;
ALTER TABLE opt_out_by_scope RENAME TO opt_out;

-- What waits for a consumer: she may take back what allowed it.
CREATE INDEX message_waiting_consumer ON message (consumer_id) WHERE status = 'waiting';
