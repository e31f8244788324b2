-- Sales of a brand's day, read once and kept, because no report can read a million lines while somebody waits.

-- What changed of a brand's day. Written in the transaction of the fact itself, so that no commit, however late, can be
-- missed; taken away in the transaction that keeps the day anew. `taken`: who reads the day now.
CREATE TABLE sale_change (
    id             BLOB PRIMARY KEY,
    brand_id       BLOB NOT NULL,
    business_date  TEXT NOT NULL,
    changed_at     INTEGER NOT NULL,
    taken          BLOB
) STRICT;
CREATE INDEX sale_change_day ON sale_change (brand_id, business_date, changed_at);

-- Everything sold before counts as changed.
INSERT INTO sale_change (id, brand_id, business_date, changed_at)
SELECT randomblob(16), brand_id, business_date, 0 FROM purchase_line WHERE brand_id IS NOT NULL GROUP BY brand_id, business_date;

-- A day without a row, or with a change, is read from the purchases themselves.
CREATE TABLE report_day (
    brand_id          BLOB NOT NULL REFERENCES brand (id),
    tenant_id         BLOB NOT NULL REFERENCES organisation (id),
    business_date     TEXT NOT NULL,
    purchases         INTEGER NOT NULL,
    last_received_at  INTEGER,               -- of those with something left
    sales             BLOB NOT NULL,         -- packed: see `reports::days`
    read_at           INTEGER NOT NULL,
    PRIMARY KEY (brand_id, business_date)
) STRICT;

-- Cohorts are counted without reading the rows.
CREATE INDEX consumer_cohort ON consumer (created_at, anonymous, first_shop_id, country);
CREATE INDEX consumer_deleted ON consumer (deleted_at) WHERE deleted_at IS NOT NULL;
