-- Who has her card on paper only proves herself with a code on her telephone before a reward is handed over.
CREATE TABLE redemption_code (
    reward_instance_id  BLOB PRIMARY KEY REFERENCES reward_instance (id),
    shop_id             BLOB NOT NULL REFERENCES shop (id),   -- which asked for it, and may use it
    code_hash           BLOB NOT NULL,
    tries_left          INTEGER NOT NULL,
    sent                INTEGER NOT NULL,                     -- codes within a day
    first_sent_at       INTEGER NOT NULL,
    expires_at          INTEGER NOT NULL
) STRICT;
