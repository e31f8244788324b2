-- What a brand's points did on a day of UTC, read once and kept, as its sales are (0035).

-- What changed of a brand's points of a day, counted from 1970: an entry, or what became of a lot that was earned then.
-- Written in the transaction of the entry itself.
CREATE TABLE points_change (
    id          UUID PRIMARY KEY,
    brand_id    UUID NOT NULL,
    day         BIGINT NOT NULL,
    changed_at  BIGINT NOT NULL,
    taken       UUID
);
CREATE INDEX points_change_day ON points_change (brand_id, day, changed_at);

-- Everything booked before counts as changed.
INSERT INTO points_change (id, brand_id, day, changed_at)
SELECT gen_random_uuid(), brand_id, occurred_at / 86400000, 0 FROM ledger_entry GROUP BY brand_id, occurred_at / 86400000;
INSERT INTO points_change (id, brand_id, day, changed_at)
SELECT gen_random_uuid(), brand_id, issued_at / 86400000, 0 FROM reward_instance GROUP BY brand_id, issued_at / 86400000;

-- A day without a row, or with a change, is read from the ledger itself.
CREATE TABLE report_points (
    brand_id   UUID NOT NULL REFERENCES brand (id),
    tenant_id  UUID NOT NULL REFERENCES organisation (id),
    day        BIGINT NOT NULL,
    many       BIGINT NOT NULL,
    points     BYTEA NOT NULL,         -- packed: see `reports::points`
    read_at    BIGINT NOT NULL,
    PRIMARY KEY (brand_id, day)
);

CREATE INDEX reward_instance_issued ON reward_instance (brand_id, issued_at);
-- A brand's wallets with points whose time is over are few.
DROP INDEX wallet_brand;
CREATE INDEX wallet_brand_due ON wallet (brand_id, due_at);
