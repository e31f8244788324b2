-- Which session took a card's key: each has one at a time. No reference: sessions are deleted long after they end.
ALTER TABLE card_key ADD COLUMN session_id UUID;

-- Codes read at a shop that no card answered to: guessing has to stop.
CREATE TABLE code_failure (
    id         UUID PRIMARY KEY,
    shop_id    UUID NOT NULL REFERENCES shop (id),
    subject    BYTEA NOT NULL,          -- the card that the code claimed, whether there is one or not; empty: six digits
    failed_at  BIGINT NOT NULL
);
CREATE INDEX code_failure_subject ON code_failure (shop_id, subject, failed_at);
CREATE INDEX code_failure_age ON code_failure (failed_at);

-- Six digits that a consumer reads aloud where the camera fails: they stand for her card's code for a minute, once.
CREATE TABLE card_digits (
    id           UUID PRIMARY KEY,
    consumer_id  UUID NOT NULL REFERENCES consumer (id),
    code_hash    BYTEA NOT NULL UNIQUE,  -- keyed
    expires_at   BIGINT NOT NULL,
    used_at      BIGINT,                  -- the instant whose code the shop was given
    used_by      UUID REFERENCES shop (id),
    created_at   BIGINT NOT NULL
);
CREATE INDEX card_digits_consumer ON card_digits (consumer_id);
CREATE INDEX card_digits_expiry ON card_digits (expires_at);
