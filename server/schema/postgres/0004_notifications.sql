-- Messages to people and the sandbox that stands for telephones.

-- Messages to people. The address is sealed and forgotten when the message was delivered or given up.
CREATE TABLE message (
    id                UUID PRIMARY KEY,
    channel           TEXT NOT NULL,
    template          TEXT NOT NULL,
    recipient_sealed  BYTEA,
    recipient_hint    TEXT NOT NULL,      -- what a person may see of it: ••67
    subject           TEXT NOT NULL,
    body_sealed       BYTEA,
    status            TEXT NOT NULL,
    created_at        BIGINT NOT NULL,
    sent_at           BIGINT
);
CREATE INDEX message_created ON message (created_at, id);

-- What the sandbox delivered instead of a telephone: only with the sandbox switched on, at most a day old.
CREATE TABLE sandbox_message (
    id          UUID PRIMARY KEY,
    channel     TEXT NOT NULL,
    recipient   TEXT NOT NULL,
    subject     TEXT NOT NULL,
    body        TEXT NOT NULL,
    created_at  BIGINT NOT NULL
);
CREATE INDEX sandbox_message_recipient ON sandbox_message (recipient, created_at);
CREATE INDEX sandbox_message_created ON sandbox_message (created_at, id);
