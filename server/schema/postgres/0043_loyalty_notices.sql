-- What a consumer was told on her telephone before it expired: once for each wallet and instant, whether or not she could be reached.
CREATE TABLE expiry_told (
    wallet_id   UUID NOT NULL REFERENCES wallet (id),
    expires_at  BIGINT NOT NULL,
    told_at     BIGINT NOT NULL,
    PRIMARY KEY (wallet_id, expires_at)
);
CREATE INDEX lot_expiring ON lot (expires_at) WHERE remaining > 0 AND expires_at < 9223372036854775807;
