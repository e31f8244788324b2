-- Rewards at the counter: units that a brand gave a shop, and what a shop said it had none of.

-- Units of a reward at one shop. Absent: the shop has as many as it needs.
CREATE TABLE reward_shop_stock (
    reward_id   UUID NOT NULL REFERENCES reward (id),
    shop_id     UUID NOT NULL REFERENCES shop (id),
    tenant_id   UUID NOT NULL REFERENCES organisation (id),
    units_left  BIGINT NOT NULL,
    PRIMARY KEY (reward_id, shop_id),
    CHECK (units_left >= 0)
);

-- Every change of it: given by the brand, handed over, and handed over by mistake.
CREATE TABLE reward_shop_stock_entry (
    id                  UUID PRIMARY KEY,
    reward_id           UUID NOT NULL REFERENCES reward (id),
    shop_id             UUID NOT NULL REFERENCES shop (id),
    tenant_id           UUID NOT NULL REFERENCES organisation (id),
    reward_instance_id  UUID REFERENCES reward_instance (id),
    units               BIGINT NOT NULL,
    recorded_at         BIGINT NOT NULL,
    recorded_by         TEXT NOT NULL,
    CHECK (units <> 0)
);
CREATE INDEX reward_shop_stock_entry_shop ON reward_shop_stock_entry (reward_id, shop_id);
CREATE INDEX reward_shop_stock_entry_instance ON reward_shop_stock_entry (reward_instance_id) WHERE reward_instance_id IS NOT NULL;

-- A shop had none: once for each reward, shop and day.
CREATE TABLE reward_incident (
    id             UUID PRIMARY KEY,
    reward_id      UUID NOT NULL REFERENCES reward (id),
    tenant_id      UUID NOT NULL REFERENCES organisation (id),
    brand_id       UUID NOT NULL REFERENCES brand (id),
    shop_id        UUID NOT NULL REFERENCES shop (id),
    member_id      UUID REFERENCES shop_member (id),
    recorded_at    BIGINT NOT NULL,
    business_date  TEXT NOT NULL,
    UNIQUE (reward_id, shop_id, business_date)
);
CREATE INDEX reward_incident_tenant ON reward_incident (tenant_id, recorded_at);

CREATE TRIGGER reward_shop_stock_entry_append_only BEFORE UPDATE OR DELETE ON reward_shop_stock_entry
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER reward_incident_append_only BEFORE UPDATE OR DELETE ON reward_incident
    FOR EACH ROW EXECUTE FUNCTION append_only();
