-- Who has her card on paper only proves herself with a code on her telephone before a reward is handed over.
CREATE TABLE redemption_code (
    reward_instance_id  UUID PRIMARY KEY REFERENCES reward_instance (id),
    shop_id             UUID NOT NULL REFERENCES shop (id),   -- which asked for it, and may use it
    code_hash           BYTEA NOT NULL,
    tries_left          BIGINT NOT NULL,
    sent                BIGINT NOT NULL,                     -- codes within a day
    first_sent_at       BIGINT NOT NULL,
    expires_at          BIGINT NOT NULL
);
