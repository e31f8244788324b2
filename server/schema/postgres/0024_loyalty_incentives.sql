-- What a campaign pays the shop itself. The newest row that was valid at a purchase counts; rows never change.
CREATE TABLE campaign_incentive (
    id                      UUID PRIMARY KEY,
    campaign_id             UUID NOT NULL REFERENCES campaign (id),
    tenant_id               UUID NOT NULL REFERENCES organisation (id),
    brand_id                UUID NOT NULL REFERENCES brand (id),
    currency                TEXT NOT NULL,
    per_unit_minor          BIGINT NOT NULL,
    per_new_consumer_minor  BIGINT NOT NULL,
    day_max_minor           BIGINT NOT NULL,     -- for each shop and day
    valid_from              BIGINT NOT NULL,
    created_by              TEXT NOT NULL,
    UNIQUE (campaign_id, valid_from),
    CHECK (per_unit_minor >= 0 AND per_new_consumer_minor >= 0 AND day_max_minor >= 0)
);
CREATE INDEX shop_entry_day ON shop_entry (campaign_id, shop_id, business_date);

CREATE TRIGGER campaign_incentive_append_only BEFORE UPDATE OR DELETE ON campaign_incentive
    FOR EACH ROW EXECUTE FUNCTION append_only();
