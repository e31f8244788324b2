-- The month's account of a shop on its owner's telephone.

-- Her decisions: the newest counts.
CREATE TABLE statement_consent (
    id            UUID PRIMARY KEY,
    shop_id       UUID NOT NULL REFERENCES shop (id),
    member_id     UUID NOT NULL REFERENCES shop_member (id),
    granted       BOOLEAN NOT NULL,
    text_version  TEXT NOT NULL,
    device        TEXT NOT NULL,               -- what her browser calls itself
    decided_at    BIGINT NOT NULL
);
CREATE INDEX statement_consent_member ON statement_consent (member_id, decided_at, id);

-- What was told: once for each owner and month, whether or not she could be reached.
CREATE TABLE statement_told (
    member_id  UUID NOT NULL REFERENCES shop_member (id),
    month      TEXT NOT NULL,                  -- 2026-03
    told_at    BIGINT NOT NULL,
    PRIMARY KEY (member_id, month)
);
