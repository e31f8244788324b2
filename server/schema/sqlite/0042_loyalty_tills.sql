-- What tills report: their sales beside ours, joined where both saw the same one.

-- A provider of tills, or a shop's own: signs what it sends.
CREATE TABLE till_source (
    id             BLOB PRIMARY KEY,
    tenant_id      BLOB NOT NULL REFERENCES organisation (id),   -- of the operator
    name           TEXT NOT NULL,
    secret_sealed  BLOB NOT NULL,
    created_at     INTEGER NOT NULL,
    disabled_at    INTEGER
) STRICT;
CREATE INDEX till_source_tenant ON till_source (tenant_id, created_at, id);

-- Which shop a terminal stands in. terminal_id as printed on the voucher, with its zeros.
CREATE TABLE till_terminal (
    source_id    BLOB NOT NULL REFERENCES till_source (id),
    terminal_id  TEXT NOT NULL,
    shop_id      BLOB NOT NULL REFERENCES shop (id),
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (source_id, terminal_id)
) STRICT;

CREATE INDEX till_terminal_shop ON till_terminal (shop_id);

CREATE TABLE till_ticket (
    id               BLOB PRIMARY KEY,
    source_id        BLOB NOT NULL REFERENCES till_source (id),
    external_id      TEXT NOT NULL,              -- terminal, day, number and kind: numbers restart every day
    kind             TEXT NOT NULL,              -- sale, refund, void
    terminal_id      TEXT NOT NULL,
    ticket_number    TEXT NOT NULL,
    original_number  TEXT,                       -- of the sale that a refund or void takes back
    shop_id          BLOB REFERENCES shop (id),  -- NULL: nobody knows where the terminal stands
    business_date    TEXT NOT NULL,
    occurred_at      INTEGER NOT NULL,
    currency         TEXT NOT NULL,
    total_minor      INTEGER NOT NULL,
    content_hash     BLOB NOT NULL,
    status           TEXT NOT NULL,              -- recorded, joined, awarded, returned, waiting, unplaced, held
    warning          TEXT,
    purchase_id      BLOB UNIQUE REFERENCES purchase (id),
    received_at      INTEGER NOT NULL,
    UNIQUE (source_id, external_id)
) STRICT;
CREATE INDEX till_ticket_join ON till_ticket (shop_id, total_minor, occurred_at);
CREATE INDEX till_ticket_number ON till_ticket (source_id, terminal_id, ticket_number, business_date);
CREATE INDEX till_ticket_original ON till_ticket (source_id, terminal_id, original_number) WHERE original_number IS NOT NULL;
CREATE INDEX till_ticket_received ON till_ticket (received_at, id);

CREATE TABLE till_line (
    ticket_id         BLOB NOT NULL REFERENCES till_ticket (id),
    line              INTEGER NOT NULL,
    barcode           TEXT NOT NULL,
    gtin              TEXT,                      -- NULL: no barcode of a product
    description       TEXT NOT NULL,
    quantity_milli    INTEGER NOT NULL,
    unit_price_minor  INTEGER NOT NULL,
    discount_minor    INTEGER NOT NULL,
    total_minor       INTEGER NOT NULL,
    PRIMARY KEY (ticket_id, line)
) STRICT;
CREATE INDEX till_line_gtin ON till_line (gtin);

-- A phone's capture of a sale that a till had reported, and that counted already: it is the same purchase.
CREATE TABLE till_capture (
    source        TEXT NOT NULL,
    source_key    TEXT NOT NULL,
    content_hash  BLOB NOT NULL,
    ticket_id     BLOB NOT NULL UNIQUE REFERENCES till_ticket (id),
    purchase_id   BLOB NOT NULL REFERENCES purchase (id),
    joined_at     INTEGER NOT NULL,
    PRIMARY KEY (source, source_key)
) STRICT;

-- Files, by their content: the same one is not taken twice.
CREATE TABLE till_file (
    id          BLOB PRIMARY KEY,
    source_id   BLOB NOT NULL REFERENCES till_source (id),
    sha256      BLOB NOT NULL,
    name        TEXT NOT NULL,
    report      TEXT,                            -- NULL: it was begun and not ended
    made_by     BLOB,
    created_at  INTEGER NOT NULL,
    UNIQUE (source_id, sha256)
) STRICT;
