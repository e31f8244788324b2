-- Files of products that somebody brought: looked at, mended, then applied. Forgotten after a month.

CREATE TABLE product_import (
    id          BLOB PRIMARY KEY,
    name        TEXT NOT NULL,     -- what the file is called
    file        BLOB NOT NULL,
    made_by     TEXT NOT NULL,     -- as the audit calls people
    applied_at  INTEGER,
    report      TEXT,              -- what it did, once applied
    created_at  INTEGER NOT NULL,
    CHECK ((applied_at IS NULL) = (report IS NULL))
) STRICT;
CREATE INDEX product_import_created ON product_import (created_at);
