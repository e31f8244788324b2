-- Products by GTIN, barcodes nobody knows, and the epoch that caches watch.

CREATE TABLE product (
    id                     UUID PRIMARY KEY,
    gtin                   TEXT NOT NULL UNIQUE,
    tenant_id              UUID REFERENCES organisation (id),  -- NULL: nobody on the platform owns it
    brand_id               UUID REFERENCES brand (id),
    name                   TEXT NOT NULL,
    search_key             TEXT NOT NULL,
    category               TEXT NOT NULL,
    suggested_price_minor  BIGINT,
    currency               TEXT NOT NULL,
    created_at             BIGINT NOT NULL,
    updated_at             BIGINT NOT NULL,
    CHECK (suggested_price_minor IS NULL OR suggested_price_minor >= 0)
);
CREATE INDEX product_brand ON product (brand_id, created_at, id);
CREATE INDEX product_created ON product (created_at, id);
CREATE INDEX product_search ON product (search_key);

-- A barcode that a shop met and nobody knew.
CREATE TABLE product_proposal (
    id           UUID PRIMARY KEY,
    gtin         TEXT NOT NULL,
    shop_id      UUID NOT NULL REFERENCES shop (id),
    member_id    UUID NOT NULL REFERENCES shop_member (id),
    name         TEXT NOT NULL,
    price_minor  BIGINT,
    photo        BYTEA,
    decided_at   BIGINT,
    proposed_at  BIGINT NOT NULL,
    UNIQUE (shop_id, gtin)
);
CREATE INDEX product_proposal_open ON product_proposal (proposed_at, id);

-- One row: a number that grows when products, campaigns or shops' rules change, so that caches know.
CREATE TABLE epoch (
    name   TEXT PRIMARY KEY,
    value  BIGINT NOT NULL
);
INSERT INTO epoch (name, value) VALUES ('rules', 1);
