-- A code with which a consumer opens her card in another browser of the same phone: good for ten minutes, and once.
CREATE TABLE card_move (
    id             BLOB PRIMARY KEY,
    consumer_id    BLOB NOT NULL REFERENCES consumer (id),
    half_hash      BLOB NOT NULL,          -- keyed, of the first half: finds the row that a wrong guess is counted on
    code_hash      BLOB NOT NULL,          -- keyed, of the whole code
    attempts_left  INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    used_at        INTEGER,
    created_at     INTEGER NOT NULL,
    CHECK (attempts_left >= 0)
) STRICT;
CREATE INDEX card_move_half ON card_move (half_hash);
CREATE INDEX card_move_consumer ON card_move (consumer_id);
CREATE INDEX card_move_expiry ON card_move (expires_at);
