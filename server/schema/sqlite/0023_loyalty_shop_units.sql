-- Rewards at the counter: units that a brand gave a shop, and what a shop said it had none of.

-- Units of a reward at one shop. Absent: the shop has as many as it needs.
CREATE TABLE reward_shop_stock (
    reward_id   BLOB NOT NULL REFERENCES reward (id),
    shop_id     BLOB NOT NULL REFERENCES shop (id),
    tenant_id   BLOB NOT NULL REFERENCES organisation (id),
    units_left  INTEGER NOT NULL,
    PRIMARY KEY (reward_id, shop_id),
    CHECK (units_left >= 0)
) STRICT;

-- Every change of it: given by the brand, handed over, and handed over by mistake.
CREATE TABLE reward_shop_stock_entry (
    id                  BLOB PRIMARY KEY,
    reward_id           BLOB NOT NULL REFERENCES reward (id),
    shop_id             BLOB NOT NULL REFERENCES shop (id),
    tenant_id           BLOB NOT NULL REFERENCES organisation (id),
    reward_instance_id  BLOB REFERENCES reward_instance (id),
    units               INTEGER NOT NULL,
    recorded_at         INTEGER NOT NULL,
    recorded_by         TEXT NOT NULL,
    CHECK (units <> 0)
) STRICT;
CREATE INDEX reward_shop_stock_entry_shop ON reward_shop_stock_entry (reward_id, shop_id);
CREATE INDEX reward_shop_stock_entry_instance ON reward_shop_stock_entry (reward_instance_id) WHERE reward_instance_id IS NOT NULL;

-- A shop had none: once for each reward, shop and day.
CREATE TABLE reward_incident (
    id             BLOB PRIMARY KEY,
    reward_id      BLOB NOT NULL REFERENCES reward (id),
    tenant_id      BLOB NOT NULL REFERENCES organisation (id),
    brand_id       BLOB NOT NULL REFERENCES brand (id),
    shop_id        BLOB NOT NULL REFERENCES shop (id),
    member_id      BLOB REFERENCES shop_member (id),
    recorded_at    INTEGER NOT NULL,
    business_date  TEXT NOT NULL,
    UNIQUE (reward_id, shop_id, business_date)
) STRICT;
CREATE INDEX reward_incident_tenant ON reward_incident (tenant_id, recorded_at);

CREATE TRIGGER reward_shop_stock_entry_no_update BEFORE UPDATE ON reward_shop_stock_entry BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER reward_shop_stock_entry_no_delete BEFORE DELETE ON reward_shop_stock_entry BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER reward_incident_no_update BEFORE UPDATE ON reward_incident BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER reward_incident_no_delete BEFORE DELETE ON reward_incident BEGIN SELECT RAISE(ABORT, 'append-only'); END;
