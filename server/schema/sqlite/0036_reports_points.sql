-- What a brand's points did on a day of UTC, read once and kept, as its sales are (0035).

-- What changed of a brand's points of a day, counted from 1970: an entry, or what became of a lot that was earned then.
-- Written in the transaction of the entry itself.
CREATE TABLE points_change (
    id          BLOB PRIMARY KEY,
    brand_id    BLOB NOT NULL,
    day         INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL,
    taken       BLOB
) STRICT;
CREATE INDEX points_change_day ON points_change (brand_id, day, changed_at);

-- Everything booked before counts as changed.
INSERT INTO points_change (id, brand_id, day, changed_at)
SELECT randomblob(16), brand_id, occurred_at / 86400000, 0 FROM ledger_entry GROUP BY brand_id, occurred_at / 86400000;
INSERT INTO points_change (id, brand_id, day, changed_at)
SELECT randomblob(16), brand_id, issued_at / 86400000, 0 FROM reward_instance GROUP BY brand_id, issued_at / 86400000;

-- A day without a row, or with a change, is read from the ledger itself.
CREATE TABLE report_points (
    brand_id   BLOB NOT NULL REFERENCES brand (id),
    tenant_id  BLOB NOT NULL REFERENCES organisation (id),
    day        INTEGER NOT NULL,
    many       INTEGER NOT NULL,
    points     BLOB NOT NULL,         -- packed: see `reports::points`
    read_at    INTEGER NOT NULL,
    PRIMARY KEY (brand_id, day)
) STRICT;

CREATE INDEX reward_instance_issued ON reward_instance (brand_id, issued_at);
-- A brand's wallets with points whose time is over are few.
DROP INDEX wallet_brand;
CREATE INDEX wallet_brand_due ON wallet (brand_id, due_at);
