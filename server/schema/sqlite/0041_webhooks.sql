-- Outgoing webhooks: who wants to hear of what, what waits for whom, and every attempt.

CREATE TABLE webhook_subscription (
    id                       BLOB PRIMARY KEY,
    tenant_id                BLOB NOT NULL REFERENCES organisation (id),
    url                      TEXT NOT NULL,
    event_types              TEXT NOT NULL,       -- separated by spaces
    secret_sealed            BLOB NOT NULL,
    previous_secret_sealed   BLOB,                -- signs, too, until then
    previous_secret_until    INTEGER,
    created_by               BLOB,
    created_at               INTEGER NOT NULL,
    failing_since            INTEGER,             -- every attempt since then failed
    disabled_at              INTEGER,
    disabled_why             TEXT
) STRICT;
CREATE INDEX webhook_subscription_tenant ON webhook_subscription (tenant_id, created_at, id);

-- Which events were turned into deliveries: whichever job comes first takes all of its consumer, in their order.
CREATE TABLE webhook_told (
    event_id  BLOB PRIMARY KEY REFERENCES outbox_event (id),
    told_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_event_key ON outbox_event (ordering_key, id);

CREATE TABLE webhook_delivery (
    id               BLOB PRIMARY KEY,
    subscription_id  BLOB NOT NULL REFERENCES webhook_subscription (id),
    tenant_id        BLOB NOT NULL REFERENCES organisation (id),
    brand_id         BLOB NOT NULL REFERENCES brand (id),
    event_id         BLOB NOT NULL REFERENCES outbox_event (id),
    consumer_id      BLOB NOT NULL REFERENCES consumer (id),   -- keeps the order; never told
    sequence         INTEGER NOT NULL,            -- of the consumer, from 1: the order in which her events are told
    event_type       TEXT NOT NULL,
    payload          BLOB NOT NULL,               -- byte by byte what is signed
    status           TEXT NOT NULL,               -- waiting, delivered, given_up
    attempts         INTEGER NOT NULL,
    next_attempt_at  INTEGER NOT NULL,
    leased_until     INTEGER,
    occurred_at      INTEGER NOT NULL,
    created_at       INTEGER NOT NULL,
    ended_at         INTEGER,
    UNIQUE (subscription_id, event_id, brand_id)
) STRICT;
CREATE INDEX webhook_delivery_head ON webhook_delivery (subscription_id, consumer_id, sequence) WHERE status = 'waiting';
CREATE UNIQUE INDEX webhook_delivery_order ON webhook_delivery (consumer_id, sequence);
CREATE INDEX webhook_delivery_subscription ON webhook_delivery (subscription_id, created_at, id);
CREATE INDEX webhook_delivery_tenant ON webhook_delivery (tenant_id, id);

CREATE TABLE webhook_attempt (
    id            BLOB PRIMARY KEY,
    delivery_id   BLOB NOT NULL REFERENCES webhook_delivery (id),
    tenant_id     BLOB NOT NULL REFERENCES organisation (id),
    attempted_at  INTEGER NOT NULL,
    duration_ms   INTEGER NOT NULL,
    status        INTEGER,                        -- of HTTP; NULL: no answer
    error         TEXT,
    asked_by      TEXT                            -- who sent it again; NULL: the product
) STRICT;
CREATE INDEX webhook_attempt_delivery ON webhook_attempt (delivery_id, id);
