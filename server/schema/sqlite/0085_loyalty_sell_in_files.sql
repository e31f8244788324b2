-- Distributors' files that somebody brought: looked at, written a part at a time, and taken back when it was the wrong one.
CREATE TABLE sell_in_file (
    id          BLOB PRIMARY KEY,
    tenant_id   BLOB REFERENCES organisation (id),  -- whose products it may speak of; NULL: everybody's, by the operator
    name        TEXT NOT NULL,
    file        BLOB NOT NULL,
    total       INTEGER NOT NULL,                    -- rows
    done        INTEGER NOT NULL,                    -- of them, written or left out
    written     INTEGER NOT NULL,                    -- of those, written
    wrong       TEXT NOT NULL,                       -- why the others were left out
    made_by     TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    applied_at  INTEGER,
    undone_at   INTEGER,
    CHECK (done >= 0 AND done <= total AND written >= 0 AND written <= done)
) STRICT;
CREATE INDEX sell_in_file_created ON sell_in_file (created_at);

-- What each of its rows took the place of. All three NULL: nothing was there.
CREATE TABLE sell_in_file_row (
    file_id         BLOB NOT NULL REFERENCES sell_in_file (id),
    shop_id         BLOB NOT NULL REFERENCES shop (id),
    product_id      BLOB NOT NULL REFERENCES product (id),
    day             TEXT NOT NULL,
    before_opening  INTEGER,
    before_bought   INTEGER,
    before_counted  INTEGER,
    before_file_id  BLOB,
    PRIMARY KEY (file_id, shop_id, product_id, day)
) STRICT;

-- Which file said it last; NULL: a program did.
ALTER TABLE sell_in ADD COLUMN file_id BLOB REFERENCES sell_in_file (id);
