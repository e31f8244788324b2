-- Too many sales for one card, cashier, phone or shop, and cards that move faster than people: held, with what explains it.

-- One range of one index answers for shop, phone and cashier together.
CREATE INDEX purchase_shop_at ON purchase (shop_id, purchased_at, member_id, device_id);

-- Why a purchase is held, as a reviewer reads it. Most purchases have no row.
CREATE TABLE purchase_evidence (
    purchase_id  BLOB PRIMARY KEY REFERENCES purchase (id),
    evidence     TEXT NOT NULL
) STRICT;

-- Everything that a shop sells of a brand waits for a decision.
CREATE TABLE shop_hold (
    id           BLOB PRIMARY KEY,
    shop_id      BLOB NOT NULL REFERENCES shop (id),
    brand_id     BLOB NOT NULL REFERENCES brand (id),
    why          TEXT NOT NULL,
    held_at      INTEGER NOT NULL,
    held_by      TEXT NOT NULL,             -- as the audit calls people
    lifted_at    INTEGER,
    lifted_by    TEXT
) STRICT;
CREATE UNIQUE INDEX shop_hold_now ON shop_hold (shop_id, brand_id) WHERE lifted_at IS NULL;
