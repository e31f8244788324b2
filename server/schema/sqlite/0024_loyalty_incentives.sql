-- What a campaign pays the shop itself. The newest row that was valid at a purchase counts; rows never change.
CREATE TABLE campaign_incentive (
    id                      BLOB PRIMARY KEY,
    campaign_id             BLOB NOT NULL REFERENCES campaign (id),
    tenant_id               BLOB NOT NULL REFERENCES organisation (id),
    brand_id                BLOB NOT NULL REFERENCES brand (id),
    currency                TEXT NOT NULL,
    per_unit_minor          INTEGER NOT NULL,
    per_new_consumer_minor  INTEGER NOT NULL,
    day_max_minor           INTEGER NOT NULL,     -- for each shop and day
    valid_from              INTEGER NOT NULL,
    created_by              TEXT NOT NULL,
    UNIQUE (campaign_id, valid_from),
    CHECK (per_unit_minor >= 0 AND per_new_consumer_minor >= 0 AND day_max_minor >= 0)
) STRICT;
CREATE INDEX shop_entry_day ON shop_entry (campaign_id, shop_id, business_date);

CREATE TRIGGER campaign_incentive_no_update BEFORE UPDATE ON campaign_incentive BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER campaign_incentive_no_delete BEFORE DELETE ON campaign_incentive BEGIN SELECT RAISE(ABORT, 'append-only'); END;
