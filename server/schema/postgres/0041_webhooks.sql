-- Outgoing webhooks: who wants to hear of what, what waits for whom, and every attempt.

CREATE TABLE webhook_subscription (
    id                       UUID PRIMARY KEY,
    tenant_id                UUID NOT NULL REFERENCES organisation (id),
    url                      TEXT NOT NULL,
    event_types              TEXT NOT NULL,       -- separated by spaces
    secret_sealed            BYTEA NOT NULL,
    previous_secret_sealed   BYTEA,                -- signs, too, until then
    previous_secret_until    BIGINT,
    created_by               UUID,
    created_at               BIGINT NOT NULL,
    failing_since            BIGINT,             -- every attempt since then failed
    disabled_at              BIGINT,
    disabled_why             TEXT
);
CREATE INDEX webhook_subscription_tenant ON webhook_subscription (tenant_id, created_at, id);

-- Which events were turned into deliveries: whichever job comes first takes all of its consumer, in their order.
CREATE TABLE webhook_told (
    event_id  UUID PRIMARY KEY REFERENCES outbox_event (id),
    told_at   BIGINT NOT NULL
);
CREATE INDEX outbox_event_key ON outbox_event (ordering_key, id);

CREATE TABLE webhook_delivery (
    id               UUID PRIMARY KEY,
    subscription_id  UUID NOT NULL REFERENCES webhook_subscription (id),
    tenant_id        UUID NOT NULL REFERENCES organisation (id),
    brand_id         UUID NOT NULL REFERENCES brand (id),
    event_id         UUID NOT NULL REFERENCES outbox_event (id),
    consumer_id      UUID NOT NULL REFERENCES consumer (id),   -- keeps the order; never told
    sequence         BIGINT NOT NULL,            -- of the consumer, from 1: the order in which her events are told
    event_type       TEXT NOT NULL,
    payload          BYTEA NOT NULL,               -- byte by byte what is signed
    status           TEXT NOT NULL,               -- waiting, delivered, given_up
    attempts         BIGINT NOT NULL,
    next_attempt_at  BIGINT NOT NULL,
    leased_until     BIGINT,
    occurred_at      BIGINT NOT NULL,
    created_at       BIGINT NOT NULL,
    ended_at         BIGINT,
    UNIQUE (subscription_id, event_id, brand_id)
);
CREATE INDEX webhook_delivery_head ON webhook_delivery (subscription_id, consumer_id, sequence) WHERE status = 'waiting';
CREATE UNIQUE INDEX webhook_delivery_order ON webhook_delivery (consumer_id, sequence);
CREATE INDEX webhook_delivery_subscription ON webhook_delivery (subscription_id, created_at, id);
CREATE INDEX webhook_delivery_tenant ON webhook_delivery (tenant_id, id);

CREATE TABLE webhook_attempt (
    id            UUID PRIMARY KEY,
    delivery_id   UUID NOT NULL REFERENCES webhook_delivery (id),
    tenant_id     UUID NOT NULL REFERENCES organisation (id),
    attempted_at  BIGINT NOT NULL,
    duration_ms   BIGINT NOT NULL,
    status        BIGINT,                        -- of HTTP; NULL: no answer
    error         TEXT,
    asked_by      TEXT                            -- who sent it again; NULL: the product
);
CREATE INDEX webhook_attempt_delivery ON webhook_attempt (delivery_id, id);
