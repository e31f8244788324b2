-- Files of shops that somebody brought: looked at, then written a hundred rows at a time, and taken back when it was the wrong one.

CREATE TABLE shop_import (
    id           UUID PRIMARY KEY,
    name         TEXT NOT NULL,        -- what the file is called
    file_sealed  BYTEA,                   -- it holds telephones; gone once it was applied or taken back
    total        BIGINT NOT NULL,        -- rows
    done         BIGINT NOT NULL,        -- of them, written or left out
    report       JSONB,                   -- what became of those, without telephones
    made_by      TEXT NOT NULL,        -- as the audit calls people
    created_at   BIGINT NOT NULL,
    applied_at   BIGINT,
    undone_at    BIGINT,
    CHECK (done >= 0 AND done <= total)
);
CREATE INDEX shop_import_created ON shop_import (created_at);

-- Which shops a file added.
CREATE TABLE shop_import_row (
    import_id   UUID NOT NULL REFERENCES shop_import (id),
    row_number  BIGINT NOT NULL,
    shop_id     UUID NOT NULL REFERENCES shop (id),
    PRIMARY KEY (import_id, row_number)
);
