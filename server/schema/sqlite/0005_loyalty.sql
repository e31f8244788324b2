-- Cards, campaigns, purchases, wallets, lots, the points ledger and what brands owe shops.

CREATE TABLE card (
    id           BLOB PRIMARY KEY,
    public_code  BLOB NOT NULL UNIQUE,   -- ten random bytes
    consumer_id  BLOB NOT NULL REFERENCES consumer (id),
    kind         TEXT NOT NULL,           -- digital or printed
    blocked_at   INTEGER,
    created_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX card_consumer ON card (consumer_id);

-- Secrets that make codes, sealed; one for each device that shows the card.
CREATE TABLE card_key (
    id             BLOB PRIMARY KEY,
    card_id        BLOB NOT NULL REFERENCES card (id),
    secret_sealed  BLOB NOT NULL,
    created_at     INTEGER NOT NULL,
    revoked_at     INTEGER
) STRICT;
CREATE INDEX card_key_card ON card_key (card_id);

CREATE TABLE reward (
    id                  BLOB PRIMARY KEY,
    tenant_id           BLOB NOT NULL REFERENCES organisation (id),
    brand_id            BLOB NOT NULL REFERENCES brand (id),
    name                TEXT NOT NULL,
    category            TEXT NOT NULL,
    unit_cost_minor     INTEGER NOT NULL,
    handling_fee_minor  INTEGER NOT NULL,
    currency            TEXT NOT NULL,
    max_per_consumer    INTEGER,
    stock_initial       INTEGER,              -- NULL: no end; units_left must equal this minus what was issued
    created_at          INTEGER NOT NULL,
    CHECK (unit_cost_minor >= 0 AND handling_fee_minor >= 0)
) STRICT;
CREATE INDEX reward_tenant ON reward (tenant_id, created_at, id);

-- Only rewards that can run out have a row.
CREATE TABLE reward_stock (
    reward_id   BLOB PRIMARY KEY REFERENCES reward (id),
    tenant_id   BLOB NOT NULL REFERENCES organisation (id),
    units_left  INTEGER NOT NULL,
    CHECK (units_left >= 0)
) STRICT;

CREATE TABLE campaign (
    id            BLOB PRIMARY KEY,
    tenant_id     BLOB NOT NULL REFERENCES organisation (id),  -- the owner, of whatever kind
    brand_id      BLOB NOT NULL REFERENCES brand (id),
    name          TEXT NOT NULL,
    template      TEXT NOT NULL,
    reward_id     BLOB REFERENCES reward (id),         -- what a full card gives
    state         TEXT NOT NULL,
    draft_rules   TEXT NOT NULL,
    last_version  INTEGER NOT NULL,
    created_by    BLOB,
    created_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX campaign_tenant ON campaign (tenant_id, created_at, id);

-- Published rules are never changed: a later version starts where it says.
CREATE TABLE campaign_version (
    id            BLOB PRIMARY KEY,
    campaign_id   BLOB NOT NULL REFERENCES campaign (id),
    tenant_id     BLOB NOT NULL REFERENCES organisation (id),
    number        INTEGER NOT NULL,
    rules         TEXT NOT NULL,
    terms         TEXT NOT NULL,
    valid_from    INTEGER NOT NULL,
    published_by  BLOB,
    published_at  INTEGER NOT NULL,
    UNIQUE (campaign_id, number)
) STRICT;

CREATE TABLE campaign_enrolment (
    campaign_id  BLOB NOT NULL REFERENCES campaign (id),
    consumer_id  BLOB NOT NULL REFERENCES consumer (id),
    enrolled_at  INTEGER NOT NULL,
    PRIMARY KEY (campaign_id, consumer_id)
) STRICT;
CREATE INDEX campaign_enrolment_consumer ON campaign_enrolment (consumer_id);

CREATE TABLE purchase (
    id             BLOB PRIMARY KEY,
    source         TEXT NOT NULL,          -- device:<id> or key:<organisation>
    source_key     TEXT NOT NULL,          -- the source's own number
    content_hash   BLOB NOT NULL,         -- SHA-256 of what was sent
    basket_hash    BLOB NOT NULL,         -- SHA-256 of the merged lines
    shop_id        BLOB NOT NULL REFERENCES shop (id),
    device_id      BLOB REFERENCES device (id),
    member_id      BLOB REFERENCES shop_member (id),
    card_id        BLOB NOT NULL REFERENCES card (id),
    consumer_id    BLOB NOT NULL REFERENCES consumer (id),
    status         TEXT NOT NULL,
    reason         TEXT,
    offline        INTEGER NOT NULL,
    total_minor    INTEGER NOT NULL,
    currency       TEXT NOT NULL,
    purchased_at   INTEGER NOT NULL,
    offset_seconds INTEGER NOT NULL,        -- of the shop's clock then
    business_date  TEXT NOT NULL,
    received_at    INTEGER NOT NULL,
    answer         BLOB NOT NULL,         -- what the first sender was told, byte by byte
    capture        BLOB,                  -- what the device signed
    signature      BLOB,
    counter        INTEGER,
    UNIQUE (source, source_key)
) STRICT;
CREATE INDEX purchase_consumer ON purchase (consumer_id, purchased_at);
CREATE INDEX purchase_shop_day ON purchase (shop_id, business_date);

CREATE TABLE purchase_line (
    purchase_id       BLOB NOT NULL REFERENCES purchase (id),
    line              INTEGER NOT NULL,
    gtin              TEXT NOT NULL,
    product_id        BLOB REFERENCES product (id),
    brand_id          BLOB REFERENCES brand (id),
    tenant_id         BLOB REFERENCES organisation (id),
    quantity          INTEGER NOT NULL,
    unit_price_minor  INTEGER NOT NULL,
    discount_minor    INTEGER NOT NULL,
    amount_minor      INTEGER NOT NULL,
    reward_line       INTEGER NOT NULL,
    business_date     TEXT NOT NULL,
    PRIMARY KEY (purchase_id, line),
    CHECK (quantity > 0 AND unit_price_minor >= 0 AND discount_minor >= 0 AND amount_minor >= 0)
) STRICT;
CREATE INDEX purchase_line_brand ON purchase_line (brand_id, business_date);

-- A card's half minute opens one purchase.
CREATE TABLE card_code_use (
    card_id      BLOB NOT NULL REFERENCES card (id),
    step         INTEGER NOT NULL,
    purchase_id  BLOB NOT NULL,
    PRIMARY KEY (card_id, step)
) STRICT;

-- What each campaign said about a purchase, with the steps that led there.
CREATE TABLE evaluation (
    purchase_id   BLOB NOT NULL REFERENCES purchase (id),
    campaign_id   BLOB NOT NULL REFERENCES campaign (id),
    version_id    BLOB NOT NULL REFERENCES campaign_version (id),
    tenant_id     BLOB NOT NULL REFERENCES organisation (id),
    brand_id      BLOB NOT NULL REFERENCES brand (id),
    consumer_id   BLOB NOT NULL REFERENCES consumer (id),
    unit          TEXT NOT NULL,
    award         INTEGER NOT NULL,
    trace         TEXT NOT NULL,
    PRIMARY KEY (purchase_id, campaign_id),
    CHECK (award >= 0)
) STRICT;
CREATE INDEX evaluation_campaign ON evaluation (campaign_id);

-- Balances are a cache of the ledger: `verify` rebuilds and compares. campaign_id: the stamp card; NULL for points.
CREATE TABLE wallet (
    id           BLOB PRIMARY KEY,
    consumer_id  BLOB NOT NULL REFERENCES consumer (id),
    tenant_id    BLOB NOT NULL REFERENCES organisation (id),
    brand_id     BLOB NOT NULL REFERENCES brand (id),
    campaign_id  BLOB REFERENCES campaign (id),
    scope_id     BLOB NOT NULL,           -- the brand for points, the campaign for stamps
    unit         TEXT NOT NULL,
    available    INTEGER NOT NULL,
    pending      INTEGER NOT NULL,
    reserved     INTEGER NOT NULL,
    debt         INTEGER NOT NULL,
    UNIQUE (consumer_id, scope_id),
    CHECK (available >= 0 AND pending >= 0 AND reserved >= 0 AND debt >= 0)
) STRICT;
CREATE INDEX wallet_brand ON wallet (brand_id);

-- Which points: what came together and expires together. `remaining` is a cache of the ledger, too.
CREATE TABLE lot (
    id            BLOB PRIMARY KEY,
    wallet_id     BLOB NOT NULL REFERENCES wallet (id),
    campaign_id   BLOB NOT NULL REFERENCES campaign (id),
    purchase_id   BLOB NOT NULL REFERENCES purchase (id),
    awarded       INTEGER NOT NULL,
    remaining     INTEGER NOT NULL,
    available_at  INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,        -- 9223372036854775807: never
    created_at    INTEGER NOT NULL,
    CHECK (awarded > 0 AND remaining >= 0 AND remaining <= awarded)
) STRICT;
CREATE INDEX lot_wallet ON lot (wallet_id, expires_at);

CREATE TABLE reward_instance (
    id                BLOB PRIMARY KEY,
    reward_id         BLOB NOT NULL REFERENCES reward (id),
    tenant_id         BLOB NOT NULL REFERENCES organisation (id),
    brand_id          BLOB NOT NULL REFERENCES brand (id),
    campaign_id       BLOB REFERENCES campaign (id),
    consumer_id       BLOB NOT NULL REFERENCES consumer (id),
    wallet_id         BLOB NOT NULL REFERENCES wallet (id),
    purchase_id       BLOB REFERENCES purchase (id),
    code              BLOB NOT NULL UNIQUE,
    sequence          INTEGER NOT NULL,     -- counts the consumer's rewards of this kind from 1: a race for the last one meets the key
    status            TEXT NOT NULL,
    issued_at         INTEGER NOT NULL,
    delivered_at      INTEGER,
    delivered_shop_id BLOB REFERENCES shop (id),
    UNIQUE (consumer_id, reward_id, sequence)
) STRICT;
CREATE INDEX reward_instance_consumer ON reward_instance (consumer_id, issued_at, id);
CREATE INDEX reward_instance_brand ON reward_instance (brand_id, delivered_at);

-- Double entry: each row moves `amount` from one account to another, so every row balances by itself.
-- The consumer's wallet is the account `available`, `pending`, `reserved` or `debt` of its wallet_id; the others are the brand's.
CREATE TABLE ledger_entry (
    id                  BLOB PRIMARY KEY,
    business_key        TEXT NOT NULL UNIQUE,   -- the fact: a retry cannot post it twice
    tenant_id           BLOB NOT NULL REFERENCES organisation (id),
    brand_id            BLOB NOT NULL REFERENCES brand (id),
    consumer_id         BLOB NOT NULL REFERENCES consumer (id),
    wallet_id           BLOB NOT NULL REFERENCES wallet (id),
    campaign_id         BLOB NOT NULL REFERENCES campaign (id),
    lot_id              BLOB REFERENCES lot (id),
    purchase_id         BLOB REFERENCES purchase (id),
    reward_instance_id  BLOB REFERENCES reward_instance (id),
    kind                TEXT NOT NULL,
    debit_account       TEXT NOT NULL,
    credit_account      TEXT NOT NULL,
    amount              INTEGER NOT NULL,
    occurred_at         INTEGER NOT NULL,
    recorded_at         INTEGER NOT NULL,
    CHECK (amount > 0 AND debit_account <> credit_account)
) STRICT;
CREATE INDEX ledger_entry_consumer ON ledger_entry (consumer_id, recorded_at, id);
CREATE INDEX ledger_entry_wallet ON ledger_entry (wallet_id);

-- What a brand owes a shop, one row for each delivery: money, minor units.
CREATE TABLE payable_entry (
    id                  BLOB PRIMARY KEY,
    business_key        TEXT NOT NULL UNIQUE,
    shop_id             BLOB NOT NULL REFERENCES shop (id),
    tenant_id           BLOB NOT NULL REFERENCES organisation (id),
    brand_id            BLOB NOT NULL REFERENCES brand (id),
    reward_instance_id  BLOB NOT NULL REFERENCES reward_instance (id),
    kind                TEXT NOT NULL,
    unit_cost_minor     INTEGER NOT NULL,
    handling_fee_minor  INTEGER NOT NULL,
    amount_minor        INTEGER NOT NULL,   -- signed: a delivery taken back is a negative row
    currency            TEXT NOT NULL,
    occurred_at         INTEGER NOT NULL,
    business_date       TEXT NOT NULL
) STRICT;
CREATE INDEX payable_entry_shop ON payable_entry (shop_id, brand_id);
CREATE INDEX payable_entry_brand ON payable_entry (brand_id, shop_id);

-- Append-only: the database itself refuses to change a fact.
CREATE TRIGGER campaign_version_no_update BEFORE UPDATE ON campaign_version BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER campaign_version_no_delete BEFORE DELETE ON campaign_version BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER ledger_entry_no_update BEFORE UPDATE ON ledger_entry BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER ledger_entry_no_delete BEFORE DELETE ON ledger_entry BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER payable_entry_no_update BEFORE UPDATE ON payable_entry BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER payable_entry_no_delete BEFORE DELETE ON payable_entry BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER evaluation_no_update BEFORE UPDATE ON evaluation BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER evaluation_no_delete BEFORE DELETE ON evaluation BEGIN SELECT RAISE(ABORT, 'append-only'); END;
