-- Sales of a brand's day, read once and kept, because no report can read a million lines while somebody waits.

-- What changed of a brand's day. Written in the transaction of the fact itself, so that no commit, however late, can be
-- missed; taken away in the transaction that keeps the day anew. `taken`: who reads the day now.
CREATE TABLE sale_change (
    id             UUID PRIMARY KEY,
    brand_id       UUID NOT NULL,
    business_date  TEXT NOT NULL,
    changed_at     BIGINT NOT NULL,
    taken          UUID
);
CREATE INDEX sale_change_day ON sale_change (brand_id, business_date, changed_at);

-- Everything sold before counts as changed.
INSERT INTO sale_change (id, brand_id, business_date, changed_at)
SELECT gen_random_uuid(), brand_id, business_date, 0 FROM purchase_line WHERE brand_id IS NOT NULL GROUP BY brand_id, business_date;

-- A day without a row, or with a change, is read from the purchases themselves.
CREATE TABLE report_day (
    brand_id          UUID NOT NULL REFERENCES brand (id),
    tenant_id         UUID NOT NULL REFERENCES organisation (id),
    business_date     TEXT NOT NULL,
    purchases         BIGINT NOT NULL,
    last_received_at  BIGINT,               -- of those with something left
    sales             BYTEA NOT NULL,         -- packed: see `reports::days`
    read_at           BIGINT NOT NULL,
    PRIMARY KEY (brand_id, business_date)
);

-- Cohorts are counted without reading the rows.
CREATE INDEX consumer_cohort ON consumer (created_at, anonymous, first_shop_id, country);
CREATE INDEX consumer_deleted ON consumer (deleted_at) WHERE deleted_at IS NOT NULL;
