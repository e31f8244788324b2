-- How shops are paid back: what they are owed beside rewards, statements of closed periods, and how those were settled.

-- What a brand owes a shop beside rewards that were handed over: incentives for sales that count, and corrections.
CREATE TABLE shop_entry (
    id            UUID PRIMARY KEY,
    business_key  TEXT NOT NULL UNIQUE,
    shop_id       UUID NOT NULL REFERENCES shop (id),
    tenant_id     UUID NOT NULL REFERENCES organisation (id),
    brand_id      UUID NOT NULL REFERENCES brand (id),
    campaign_id   UUID REFERENCES campaign (id),
    member_id     UUID REFERENCES shop_member (id),
    purchase_id   UUID REFERENCES purchase (id),
    kind          TEXT NOT NULL,
    units         BIGINT NOT NULL,
    amount_minor  BIGINT NOT NULL,      -- signed: what a return takes back is a negative row
    currency      TEXT NOT NULL,
    reason        TEXT,                  -- of a correction
    occurred_at   BIGINT NOT NULL,
    business_date TEXT NOT NULL,
    CHECK (amount_minor <> 0)
);
CREATE INDEX shop_entry_shop ON shop_entry (shop_id, brand_id);
CREATE INDEX shop_entry_brand ON shop_entry (brand_id, shop_id);
CREATE INDEX shop_entry_purchase ON shop_entry (purchase_id, campaign_id);

-- Everything that brands owe shops, whatever it is for.
CREATE VIEW owed_entry AS
    SELECT id, shop_id, tenant_id, brand_id, reward_instance_id, CAST(NULL AS UUID) AS campaign_id, kind, CAST(1 AS BIGINT) AS units, amount_minor, currency, occurred_at, business_date
    FROM payable_entry
    UNION ALL
    SELECT id, shop_id, tenant_id, brand_id, CAST(NULL AS UUID), campaign_id, kind, units, amount_minor, currency, occurred_at, business_date
    FROM shop_entry;

CREATE TABLE settlement_run (
    id            UUID PRIMARY KEY,
    tenant_id     UUID NOT NULL REFERENCES organisation (id),
    brand_id      UUID NOT NULL REFERENCES brand (id),
    through_date  TEXT NOT NULL,         -- the last day of the period, by each shop's calendar
    statements    BIGINT NOT NULL,
    lines         BIGINT NOT NULL,
    closed_at     BIGINT NOT NULL,
    closed_by     TEXT NOT NULL,
    closed_user   UUID
);
CREATE INDEX settlement_run_brand ON settlement_run (brand_id, through_date);

CREATE TABLE statement (
    id            UUID PRIMARY KEY,
    run_id        UUID NOT NULL REFERENCES settlement_run (id),
    tenant_id     UUID NOT NULL REFERENCES organisation (id),
    brand_id      UUID NOT NULL REFERENCES brand (id),
    shop_id       UUID NOT NULL REFERENCES shop (id),
    currency      TEXT NOT NULL,
    from_date     TEXT NOT NULL,         -- of the oldest line
    through_date  TEXT NOT NULL,
    lines         BIGINT NOT NULL,
    amount_minor  BIGINT NOT NULL,       -- below zero when more was taken back than added
    closed_at     BIGINT NOT NULL,
    UNIQUE (run_id, shop_id, currency)
);
CREATE INDEX statement_shop ON statement (shop_id, brand_id);
CREATE INDEX statement_run ON statement (run_id);
CREATE INDEX statement_tenant ON statement (tenant_id, id);

CREATE TABLE statement_line (
    entry_id      UUID PRIMARY KEY,      -- of payable_entry or shop_entry: each stands on one statement at most
    statement_id  UUID NOT NULL REFERENCES statement (id),
    kind          TEXT NOT NULL,
    amount_minor  BIGINT NOT NULL,
    occurred_at   BIGINT NOT NULL,
    business_date TEXT NOT NULL
);
CREATE INDEX statement_line_statement ON statement_line (statement_id, entry_id);

-- How a statement was settled, as somebody recorded it: nothing here moves money.
CREATE TABLE statement_payment (
    id                  UUID PRIMARY KEY,
    statement_id        UUID NOT NULL REFERENCES statement (id),
    tenant_id           UUID NOT NULL REFERENCES organisation (id),
    brand_id            UUID NOT NULL REFERENCES brand (id),
    shop_id             UUID NOT NULL REFERENCES shop (id),
    kind                TEXT NOT NULL,
    amount_minor        BIGINT NOT NULL,
    reference           TEXT NOT NULL,
    paid_date           TEXT NOT NULL,
    other_statement_id  UUID REFERENCES statement (id),   -- what an offset was set against
    recorded_at         BIGINT NOT NULL,
    recorded_by         TEXT NOT NULL,
    recorded_user       UUID,
    CHECK (amount_minor <> 0)
);
CREATE INDEX statement_payment_statement ON statement_payment (statement_id);

CREATE VIEW statement_now AS
    SELECT s.id, s.run_id, s.tenant_id, s.brand_id, b.name AS brand_name, b.colour AS brand_colour, s.shop_id, h.name AS shop_name, s.currency, s.from_date, s.through_date,
           s.lines, s.amount_minor, CAST((SELECT COALESCE(SUM(p.amount_minor), 0) FROM statement_payment p WHERE p.statement_id = s.id) AS BIGINT) AS settled_minor, s.closed_at
    FROM statement s JOIN brand b ON b.id = s.brand_id JOIN shop h ON h.id = s.shop_id;

CREATE TRIGGER shop_entry_append_only BEFORE UPDATE OR DELETE ON shop_entry
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER settlement_run_append_only BEFORE UPDATE OR DELETE ON settlement_run
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER statement_append_only BEFORE UPDATE OR DELETE ON statement
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER statement_line_append_only BEFORE UPDATE OR DELETE ON statement_line
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER statement_payment_append_only BEFORE UPDATE OR DELETE ON statement_payment
    FOR EACH ROW EXECUTE FUNCTION append_only();
