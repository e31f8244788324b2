-- Files of products that somebody brought: looked at, mended, then applied. Forgotten after a month.

CREATE TABLE product_import (
    id          UUID PRIMARY KEY,
    name        TEXT NOT NULL,     -- what the file is called
    file        BYTEA NOT NULL,
    made_by     TEXT NOT NULL,     -- as the audit calls people
    applied_at  BIGINT,
    report      JSONB,              -- what it did, once applied
    created_at  BIGINT NOT NULL,
    CHECK ((applied_at IS NULL) = (report IS NULL))
);
CREATE INDEX product_import_created ON product_import (created_at);
