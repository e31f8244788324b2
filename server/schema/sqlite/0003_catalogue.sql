-- Products by GTIN, barcodes nobody knows, and the epoch that caches watch.

CREATE TABLE product (
    id                     BLOB PRIMARY KEY,
    gtin                   TEXT NOT NULL UNIQUE,
    tenant_id              BLOB REFERENCES organisation (id),  -- NULL: nobody on the platform owns it
    brand_id               BLOB REFERENCES brand (id),
    name                   TEXT NOT NULL,
    search_key             TEXT NOT NULL,
    category               TEXT NOT NULL,
    suggested_price_minor  INTEGER,
    currency               TEXT NOT NULL,
    created_at             INTEGER NOT NULL,
    updated_at             INTEGER NOT NULL,
    CHECK (suggested_price_minor IS NULL OR suggested_price_minor >= 0)
) STRICT;
CREATE INDEX product_brand ON product (brand_id, created_at, id);
CREATE INDEX product_created ON product (created_at, id);
CREATE INDEX product_search ON product (search_key);

-- A barcode that a shop met and nobody knew.
CREATE TABLE product_proposal (
    id           BLOB PRIMARY KEY,
    gtin         TEXT NOT NULL,
    shop_id      BLOB NOT NULL REFERENCES shop (id),
    member_id    BLOB NOT NULL REFERENCES shop_member (id),
    name         TEXT NOT NULL,
    price_minor  INTEGER,
    photo        BLOB,
    decided_at   INTEGER,
    proposed_at  INTEGER NOT NULL,
    UNIQUE (shop_id, gtin)
) STRICT;
CREATE INDEX product_proposal_open ON product_proposal (proposed_at, id);

-- One row: a number that grows when products, campaigns or shops' rules change, so that caches know.
CREATE TABLE epoch (
    name   TEXT PRIMARY KEY,
    value  INTEGER NOT NULL
) STRICT;
INSERT INTO epoch (name, value) VALUES ('rules', 1);
