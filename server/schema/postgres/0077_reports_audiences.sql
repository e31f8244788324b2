-- A saved segment as the audience of a message: prepared, confirmed a second time, sent in parts.

CREATE TABLE audience_message (
    id            UUID PRIMARY KEY,
    tenant_id     UUID NOT NULL REFERENCES organisation (id),
    brand_id      UUID NOT NULL REFERENCES brand (id),
    segment       TEXT NOT NULL,
    template      TEXT NOT NULL,
    campaign_id   UUID REFERENCES campaign (id),
    variables     JSONB NOT NULL,                -- what fills the text
    members       BIGINT NOT NULL,             -- when it was prepared
    reachable     BIGINT NOT NULL,             -- of them, who agreed to the brand's promotions
    created_at    BIGINT NOT NULL,
    confirmed_at  BIGINT,                      -- who is in the segment at this instant gets it
    done_at       BIGINT                       -- everybody has a message
);
CREATE INDEX audience_message_brand ON audience_message (brand_id, created_at, id);

-- Which messages are of it: what became of each is told by the message itself.
CREATE TABLE audience_written (
    audience_message_id  UUID NOT NULL REFERENCES audience_message (id),
    message_id           UUID NOT NULL REFERENCES message (id),
    PRIMARY KEY (audience_message_id, message_id)
);
