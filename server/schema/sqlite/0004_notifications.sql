-- Messages to people and the sandbox that stands for telephones.

-- Messages to people. The address is sealed and forgotten when the message was delivered or given up.
CREATE TABLE message (
    id                BLOB PRIMARY KEY,
    channel           TEXT NOT NULL,
    template          TEXT NOT NULL,
    recipient_sealed  BLOB,
    recipient_hint    TEXT NOT NULL,      -- what a person may see of it: ••67
    subject           TEXT NOT NULL,
    body_sealed       BLOB,
    status            TEXT NOT NULL,
    created_at        INTEGER NOT NULL,
    sent_at           INTEGER
) STRICT;
CREATE INDEX message_created ON message (created_at, id);

-- What the sandbox delivered instead of a telephone: only with the sandbox switched on, at most a day old.
CREATE TABLE sandbox_message (
    id          BLOB PRIMARY KEY,
    channel     TEXT NOT NULL,
    recipient   TEXT NOT NULL,
    subject     TEXT NOT NULL,
    body        TEXT NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX sandbox_message_recipient ON sandbox_message (recipient, created_at);
CREATE INDEX sandbox_message_created ON sandbox_message (created_at, id);
