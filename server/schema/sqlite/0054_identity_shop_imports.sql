-- Files of shops that somebody brought: looked at, then written a hundred rows at a time, and taken back when it was the wrong one.

CREATE TABLE shop_import (
    id           BLOB PRIMARY KEY,
    name         TEXT NOT NULL,        -- what the file is called
    file_sealed  BLOB,                   -- it holds telephones; gone once it was applied or taken back
    total        INTEGER NOT NULL,        -- rows
    done         INTEGER NOT NULL,        -- of them, written or left out
    report       TEXT,                   -- what became of those, without telephones
    made_by      TEXT NOT NULL,        -- as the audit calls people
    created_at   INTEGER NOT NULL,
    applied_at   INTEGER,
    undone_at    INTEGER,
    CHECK (done >= 0 AND done <= total)
) STRICT;
CREATE INDEX shop_import_created ON shop_import (created_at);

-- Which shops a file added.
CREATE TABLE shop_import_row (
    import_id   BLOB NOT NULL REFERENCES shop_import (id),
    row_number  INTEGER NOT NULL,
    shop_id     BLOB NOT NULL REFERENCES shop (id),
    PRIMARY KEY (import_id, row_number)
) STRICT;
