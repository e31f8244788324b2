-- A code with which a consumer opens her card in another browser of the same phone: good for ten minutes, and once.
CREATE TABLE card_move (
    id             UUID PRIMARY KEY,
    consumer_id    UUID NOT NULL REFERENCES consumer (id),
    half_hash      BYTEA NOT NULL,          -- keyed, of the first half: finds the row that a wrong guess is counted on
    code_hash      BYTEA NOT NULL,          -- keyed, of the whole code
    attempts_left  BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    used_at        BIGINT,
    created_at     BIGINT NOT NULL,
    CHECK (attempts_left >= 0)
);
CREATE INDEX card_move_half ON card_move (half_hash);
CREATE INDEX card_move_consumer ON card_move (consumer_id);
CREATE INDEX card_move_expiry ON card_move (expires_at);
