-- Too many sales for one card, cashier, phone or shop, and cards that move faster than people: held, with what explains it.

-- One range of one index answers for shop, phone and cashier together.
CREATE INDEX purchase_shop_at ON purchase (shop_id, purchased_at, member_id, device_id);

-- Why a purchase is held, as a reviewer reads it. Most purchases have no row.
CREATE TABLE purchase_evidence (
    purchase_id  UUID PRIMARY KEY REFERENCES purchase (id),
    evidence     JSONB NOT NULL
);

-- Everything that a shop sells of a brand waits for a decision.
CREATE TABLE shop_hold (
    id           UUID PRIMARY KEY,
    shop_id      UUID NOT NULL REFERENCES shop (id),
    brand_id     UUID NOT NULL REFERENCES brand (id),
    why          TEXT NOT NULL,
    held_at      BIGINT NOT NULL,
    held_by      TEXT NOT NULL,             -- as the audit calls people
    lifted_at    BIGINT,
    lifted_by    TEXT
);
CREATE UNIQUE INDEX shop_hold_now ON shop_hold (shop_id, brand_id) WHERE lifted_at IS NULL;
