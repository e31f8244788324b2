-- Cards, campaigns, purchases, wallets, lots, the points ledger and what brands owe shops.

CREATE TABLE card (
    id           UUID PRIMARY KEY,
    public_code  BYTEA NOT NULL UNIQUE,   -- ten random bytes
    consumer_id  UUID NOT NULL REFERENCES consumer (id),
    kind         TEXT NOT NULL,           -- digital or printed
    blocked_at   BIGINT,
    created_at   BIGINT NOT NULL
);
CREATE INDEX card_consumer ON card (consumer_id);

-- Secrets that make codes, sealed; one for each device that shows the card.
CREATE TABLE card_key (
    id             UUID PRIMARY KEY,
    card_id        UUID NOT NULL REFERENCES card (id),
    secret_sealed  BYTEA NOT NULL,
    created_at     BIGINT NOT NULL,
    revoked_at     BIGINT
);
CREATE INDEX card_key_card ON card_key (card_id);

CREATE TABLE reward (
    id                  UUID PRIMARY KEY,
    tenant_id           UUID NOT NULL REFERENCES organisation (id),
    brand_id            UUID NOT NULL REFERENCES brand (id),
    name                TEXT NOT NULL,
    category            TEXT NOT NULL,
    unit_cost_minor     BIGINT NOT NULL,
    handling_fee_minor  BIGINT NOT NULL,
    currency            TEXT NOT NULL,
    max_per_consumer    BIGINT,
    stock_initial       BIGINT,              -- NULL: no end; units_left must equal this minus what was issued
    created_at          BIGINT NOT NULL,
    CHECK (unit_cost_minor >= 0 AND handling_fee_minor >= 0)
);
CREATE INDEX reward_tenant ON reward (tenant_id, created_at, id);

-- Only rewards that can run out have a row.
CREATE TABLE reward_stock (
    reward_id   UUID PRIMARY KEY REFERENCES reward (id),
    tenant_id   UUID NOT NULL REFERENCES organisation (id),
    units_left  BIGINT NOT NULL,
    CHECK (units_left >= 0)
);

CREATE TABLE campaign (
    id            UUID PRIMARY KEY,
    tenant_id     UUID NOT NULL REFERENCES organisation (id),  -- the owner, of whatever kind
    brand_id      UUID NOT NULL REFERENCES brand (id),
    name          TEXT NOT NULL,
    template      TEXT NOT NULL,
    reward_id     UUID REFERENCES reward (id),         -- what a full card gives
    state         TEXT NOT NULL,
    draft_rules   JSONB NOT NULL,
    last_version  BIGINT NOT NULL,
    created_by    UUID,
    created_at    BIGINT NOT NULL
);
CREATE INDEX campaign_tenant ON campaign (tenant_id, created_at, id);

-- Published rules are never changed: a later version starts where it says.
CREATE TABLE campaign_version (
    id            UUID PRIMARY KEY,
    campaign_id   UUID NOT NULL REFERENCES campaign (id),
    tenant_id     UUID NOT NULL REFERENCES organisation (id),
    number        BIGINT NOT NULL,
    rules         JSONB NOT NULL,
    terms         TEXT NOT NULL,
    valid_from    BIGINT NOT NULL,
    published_by  UUID,
    published_at  BIGINT NOT NULL,
    UNIQUE (campaign_id, number)
);

CREATE TABLE campaign_enrolment (
    campaign_id  UUID NOT NULL REFERENCES campaign (id),
    consumer_id  UUID NOT NULL REFERENCES consumer (id),
    enrolled_at  BIGINT NOT NULL,
    PRIMARY KEY (campaign_id, consumer_id)
);
CREATE INDEX campaign_enrolment_consumer ON campaign_enrolment (consumer_id);

CREATE TABLE purchase (
    id             UUID PRIMARY KEY,
    source         TEXT NOT NULL,          -- device:<id> or key:<organisation>
    source_key     TEXT NOT NULL,          -- the source's own number
    content_hash   BYTEA NOT NULL,         -- SHA-256 of what was sent
    basket_hash    BYTEA NOT NULL,         -- SHA-256 of the merged lines
    shop_id        UUID NOT NULL REFERENCES shop (id),
    device_id      UUID REFERENCES device (id),
    member_id      UUID REFERENCES shop_member (id),
    card_id        UUID NOT NULL REFERENCES card (id),
    consumer_id    UUID NOT NULL REFERENCES consumer (id),
    status         TEXT NOT NULL,
    reason         TEXT,
    offline        BOOLEAN NOT NULL,
    total_minor    BIGINT NOT NULL,
    currency       TEXT NOT NULL,
    purchased_at   BIGINT NOT NULL,
    offset_seconds BIGINT NOT NULL,        -- of the shop's clock then
    business_date  TEXT NOT NULL,
    received_at    BIGINT NOT NULL,
    answer         BYTEA NOT NULL,         -- what the first sender was told, byte by byte
    capture        BYTEA,                  -- what the device signed
    signature      BYTEA,
    counter        BIGINT,
    UNIQUE (source, source_key)
);
CREATE INDEX purchase_consumer ON purchase (consumer_id, purchased_at);
CREATE INDEX purchase_shop_day ON purchase (shop_id, business_date);

CREATE TABLE purchase_line (
    purchase_id       UUID NOT NULL REFERENCES purchase (id),
    line              BIGINT NOT NULL,
    gtin              TEXT NOT NULL,
    product_id        UUID REFERENCES product (id),
    brand_id          UUID REFERENCES brand (id),
    tenant_id         UUID REFERENCES organisation (id),
    quantity          BIGINT NOT NULL,
    unit_price_minor  BIGINT NOT NULL,
    discount_minor    BIGINT NOT NULL,
    amount_minor      BIGINT NOT NULL,
    reward_line       BOOLEAN NOT NULL,
    business_date     TEXT NOT NULL,
    PRIMARY KEY (purchase_id, line),
    CHECK (quantity > 0 AND unit_price_minor >= 0 AND discount_minor >= 0 AND amount_minor >= 0)
);
CREATE INDEX purchase_line_brand ON purchase_line (brand_id, business_date);

-- A card's half minute opens one purchase.
CREATE TABLE card_code_use (
    card_id      UUID NOT NULL REFERENCES card (id),
    step         BIGINT NOT NULL,
    purchase_id  UUID NOT NULL,
    PRIMARY KEY (card_id, step)
);

-- What each campaign said about a purchase, with the steps that led there.
CREATE TABLE evaluation (
    purchase_id   UUID NOT NULL REFERENCES purchase (id),
    campaign_id   UUID NOT NULL REFERENCES campaign (id),
    version_id    UUID NOT NULL REFERENCES campaign_version (id),
    tenant_id     UUID NOT NULL REFERENCES organisation (id),
    brand_id      UUID NOT NULL REFERENCES brand (id),
    consumer_id   UUID NOT NULL REFERENCES consumer (id),
    unit          TEXT NOT NULL,
    award         BIGINT NOT NULL,
    trace         JSONB NOT NULL,
    PRIMARY KEY (purchase_id, campaign_id),
    CHECK (award >= 0)
);
CREATE INDEX evaluation_campaign ON evaluation (campaign_id);

-- Balances are a cache of the ledger: `verify` rebuilds and compares. campaign_id: the stamp card; NULL for points.
CREATE TABLE wallet (
    id           UUID PRIMARY KEY,
    consumer_id  UUID NOT NULL REFERENCES consumer (id),
    tenant_id    UUID NOT NULL REFERENCES organisation (id),
    brand_id     UUID NOT NULL REFERENCES brand (id),
    campaign_id  UUID REFERENCES campaign (id),
    scope_id     UUID NOT NULL,           -- the brand for points, the campaign for stamps
    unit         TEXT NOT NULL,
    available    BIGINT NOT NULL,
    pending      BIGINT NOT NULL,
    reserved     BIGINT NOT NULL,
    debt         BIGINT NOT NULL,
    UNIQUE (consumer_id, scope_id),
    CHECK (available >= 0 AND pending >= 0 AND reserved >= 0 AND debt >= 0)
);
CREATE INDEX wallet_brand ON wallet (brand_id);

-- Which points: what came together and expires together. `remaining` is a cache of the ledger, too.
CREATE TABLE lot (
    id            UUID PRIMARY KEY,
    wallet_id     UUID NOT NULL REFERENCES wallet (id),
    campaign_id   UUID NOT NULL REFERENCES campaign (id),
    purchase_id   UUID NOT NULL REFERENCES purchase (id),
    awarded       BIGINT NOT NULL,
    remaining     BIGINT NOT NULL,
    available_at  BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,        -- 9223372036854775807: never
    created_at    BIGINT NOT NULL,
    CHECK (awarded > 0 AND remaining >= 0 AND remaining <= awarded)
);
CREATE INDEX lot_wallet ON lot (wallet_id, expires_at);

CREATE TABLE reward_instance (
    id                UUID PRIMARY KEY,
    reward_id         UUID NOT NULL REFERENCES reward (id),
    tenant_id         UUID NOT NULL REFERENCES organisation (id),
    brand_id          UUID NOT NULL REFERENCES brand (id),
    campaign_id       UUID REFERENCES campaign (id),
    consumer_id       UUID NOT NULL REFERENCES consumer (id),
    wallet_id         UUID NOT NULL REFERENCES wallet (id),
    purchase_id       UUID REFERENCES purchase (id),
    code              BYTEA NOT NULL UNIQUE,
    sequence          BIGINT NOT NULL,     -- counts the consumer's rewards of this kind from 1: a race for the last one meets the key
    status            TEXT NOT NULL,
    issued_at         BIGINT NOT NULL,
    delivered_at      BIGINT,
    delivered_shop_id UUID REFERENCES shop (id),
    UNIQUE (consumer_id, reward_id, sequence)
);
CREATE INDEX reward_instance_consumer ON reward_instance (consumer_id, issued_at, id);
CREATE INDEX reward_instance_brand ON reward_instance (brand_id, delivered_at);

-- Double entry: each row moves `amount` from one account to another, so every row balances by itself.
-- The consumer's wallet is the account `available`, `pending`, `reserved` or `debt` of its wallet_id; the others are the brand's.
CREATE TABLE ledger_entry (
    id                  UUID PRIMARY KEY,
    business_key        TEXT NOT NULL UNIQUE,   -- the fact: a retry cannot post it twice
    tenant_id           UUID NOT NULL REFERENCES organisation (id),
    brand_id            UUID NOT NULL REFERENCES brand (id),
    consumer_id         UUID NOT NULL REFERENCES consumer (id),
    wallet_id           UUID NOT NULL REFERENCES wallet (id),
    campaign_id         UUID NOT NULL REFERENCES campaign (id),
    lot_id              UUID REFERENCES lot (id),
    purchase_id         UUID REFERENCES purchase (id),
    reward_instance_id  UUID REFERENCES reward_instance (id),
    kind                TEXT NOT NULL,
    debit_account       TEXT NOT NULL,
    credit_account      TEXT NOT NULL,
    amount              BIGINT NOT NULL,
    occurred_at         BIGINT NOT NULL,
    recorded_at         BIGINT NOT NULL,
    CHECK (amount > 0 AND debit_account <> credit_account)
);
CREATE INDEX ledger_entry_consumer ON ledger_entry (consumer_id, recorded_at, id);
CREATE INDEX ledger_entry_wallet ON ledger_entry (wallet_id);

-- What a brand owes a shop, one row for each delivery: money, minor units.
CREATE TABLE payable_entry (
    id                  UUID PRIMARY KEY,
    business_key        TEXT NOT NULL UNIQUE,
    shop_id             UUID NOT NULL REFERENCES shop (id),
    tenant_id           UUID NOT NULL REFERENCES organisation (id),
    brand_id            UUID NOT NULL REFERENCES brand (id),
    reward_instance_id  UUID NOT NULL REFERENCES reward_instance (id),
    kind                TEXT NOT NULL,
    unit_cost_minor     BIGINT NOT NULL,
    handling_fee_minor  BIGINT NOT NULL,
    amount_minor        BIGINT NOT NULL,   -- signed: a delivery taken back is a negative row
    currency            TEXT NOT NULL,
    occurred_at         BIGINT NOT NULL,
    business_date       TEXT NOT NULL
);
CREATE INDEX payable_entry_shop ON payable_entry (shop_id, brand_id);
CREATE INDEX payable_entry_brand ON payable_entry (brand_id, shop_id);

-- Append-only: the database itself refuses to change a fact.
CREATE TRIGGER campaign_version_append_only BEFORE UPDATE OR DELETE ON campaign_version
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OR DELETE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER payable_entry_append_only BEFORE UPDATE OR DELETE ON payable_entry
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER evaluation_append_only BEFORE UPDATE OR DELETE ON evaluation
    FOR EACH ROW EXECUTE FUNCTION append_only();
