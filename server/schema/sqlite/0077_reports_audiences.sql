-- A saved segment as the audience of a message: prepared, confirmed a second time, sent in parts.

CREATE TABLE audience_message (
    id            BLOB PRIMARY KEY,
    tenant_id     BLOB NOT NULL REFERENCES organisation (id),
    brand_id      BLOB NOT NULL REFERENCES brand (id),
    segment       TEXT NOT NULL,
    template      TEXT NOT NULL,
    campaign_id   BLOB REFERENCES campaign (id),
    variables     TEXT NOT NULL,                -- what fills the text
    members       INTEGER NOT NULL,             -- when it was prepared
    reachable     INTEGER NOT NULL,             -- of them, who agreed to the brand's promotions
    created_at    INTEGER NOT NULL,
    confirmed_at  INTEGER,                      -- who is in the segment at this instant gets it
    done_at       INTEGER                       -- everybody has a message
) STRICT;
CREATE INDEX audience_message_brand ON audience_message (brand_id, created_at, id);

-- Which messages are of it: what became of each is told by the message itself.
CREATE TABLE audience_written (
    audience_message_id  BLOB NOT NULL REFERENCES audience_message (id),
    message_id           BLOB NOT NULL REFERENCES message (id),
    PRIMARY KEY (audience_message_id, message_id)
) STRICT;
