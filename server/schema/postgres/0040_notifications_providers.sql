-- Messages that leave through providers: where they stand, what they rest on, and who wants no more of them.

ALTER TABLE message ADD COLUMN category TEXT NOT NULL DEFAULT 'service';   -- authentication, utility, marketing; service: e-mail to people of organisations
ALTER TABLE message ADD COLUMN person_key BYTEA;            -- keyed hash of the address: STOP and the daily limit find it
ALTER TABLE message ADD COLUMN variables_sealed BYTEA;      -- what an approved template is filled with
ALTER TABLE message ADD COLUMN consumer_id UUID;
ALTER TABLE message ADD COLUMN brand_id UUID;
ALTER TABLE message ADD COLUMN consent_id UUID;            -- the decision that allowed it, and when she took it
ALTER TABLE message ADD COLUMN consent_at BIGINT;
ALTER TABLE message ADD COLUMN time_zone TEXT;             -- of her country: when the night is
ALTER TABLE message ADD COLUMN valid_until BIGINT;        -- afterwards it would say something that is over
ALTER TABLE message ADD COLUMN dedupe_key TEXT;            -- the same news is one message
ALTER TABLE message ADD COLUMN fallback_of UUID;           -- the message that another channel could not bring
ALTER TABLE message ADD COLUMN provider TEXT;
ALTER TABLE message ADD COLUMN provider_id TEXT;
ALTER TABLE message ADD COLUMN reason TEXT;                -- why it failed, was refused or cancelled
ALTER TABLE message ADD COLUMN leaving_at BIGINT;         -- when it was let out: the daily limit counts these
ALTER TABLE message ADD COLUMN status_at BIGINT;
CREATE UNIQUE INDEX message_provider ON message (provider, provider_id) WHERE provider_id IS NOT NULL;
CREATE UNIQUE INDEX message_dedupe ON message (dedupe_key) WHERE dedupe_key IS NOT NULL;
CREATE INDEX message_person ON message (person_key, leaving_at) WHERE person_key IS NOT NULL;
CREATE INDEX message_sealed ON message (created_at) WHERE recipient_sealed IS NOT NULL;

-- What providers told of a message, also before we had written its number down: once for each state.
CREATE TABLE message_news (
    provider     TEXT NOT NULL,
    provider_id  TEXT NOT NULL,
    status       TEXT NOT NULL,
    code         BIGINT,
    told_at      BIGINT NOT NULL,       -- by the provider's clock
    received_at  BIGINT NOT NULL,
    PRIMARY KEY (provider, provider_id, status)
);
CREATE INDEX message_news_received ON message_news (received_at);

-- Who wrote STOP. A later consent of hers counts again.
CREATE TABLE opt_out (
    person_key   BYTEA PRIMARY KEY,
    scope        TEXT NOT NULL,          -- all: everything but codes she asks for; marketing
    source       TEXT NOT NULL,          -- which provider told
    opted_out_at BIGINT NOT NULL
);
