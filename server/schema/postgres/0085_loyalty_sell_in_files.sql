-- Distributors' files that somebody brought: looked at, written a part at a time, and taken back when it was the wrong one.
CREATE TABLE sell_in_file (
    id          UUID PRIMARY KEY,
    tenant_id   UUID REFERENCES organisation (id),  -- whose products it may speak of; NULL: everybody's, by the operator
    name        TEXT NOT NULL,
    file        BYTEA NOT NULL,
    total       BIGINT NOT NULL,                    -- rows
    done        BIGINT NOT NULL,                    -- of them, written or left out
    written     BIGINT NOT NULL,                    -- of those, written
    wrong       JSONB NOT NULL,                       -- why the others were left out
    made_by     TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    applied_at  BIGINT,
    undone_at   BIGINT,
    CHECK (done >= 0 AND done <= total AND written >= 0 AND written <= done)
);
CREATE INDEX sell_in_file_created ON sell_in_file (created_at);

-- What each of its rows took the place of. All three NULL: nothing was there.
CREATE TABLE sell_in_file_row (
    file_id         UUID NOT NULL REFERENCES sell_in_file (id),
    shop_id         UUID NOT NULL REFERENCES shop (id),
    product_id      UUID NOT NULL REFERENCES product (id),
    day             TEXT NOT NULL,
    before_opening  BIGINT,
    before_bought   BIGINT,
    before_counted  BIGINT,
    before_file_id  UUID,
    PRIMARY KEY (file_id, shop_id, product_id, day)
);

-- Which file said it last; NULL: a program did.
ALTER TABLE sell_in ADD COLUMN file_id UUID REFERENCES sell_in_file (id);
