-- A goal that neighbours reach together: what all of them buy at one shop unlocks a reward for each who took part.

CREATE TABLE campaign_goal (
    campaign_id       UUID PRIMARY KEY REFERENCES campaign (id),
    tenant_id         UUID NOT NULL REFERENCES organisation (id),
    brand_id          UUID NOT NULL REFERENCES brand (id),
    reward_id         UUID NOT NULL REFERENCES reward (id),
    target_units      BIGINT NOT NULL,     -- at each shop
    consumers_min     BIGINT NOT NULL,     -- different people
    per_consumer_max  BIGINT NOT NULL,     -- units of one person that count
    set_at            BIGINT NOT NULL,
    CHECK (target_units > 0 AND consumers_min > 0 AND per_consumer_max > 0)
);

-- How far a shop is. A sum of its shares: `verify` rebuilds and compares.
CREATE TABLE shop_goal (
    campaign_id  UUID NOT NULL REFERENCES campaign_goal (campaign_id),
    shop_id      UUID NOT NULL REFERENCES shop (id),
    tenant_id    UUID NOT NULL REFERENCES organisation (id),
    units        BIGINT NOT NULL,
    consumers    BIGINT NOT NULL,
    PRIMARY KEY (campaign_id, shop_id),
    CHECK (units >= 0 AND consumers >= 0)
);

-- What one person brought: bought, and the part of it that counts.
CREATE TABLE shop_goal_share (
    campaign_id  UUID NOT NULL REFERENCES campaign_goal (campaign_id),
    shop_id      UUID NOT NULL REFERENCES shop (id),
    consumer_id  UUID NOT NULL REFERENCES consumer (id),
    tenant_id    UUID NOT NULL REFERENCES organisation (id),
    bought       BIGINT NOT NULL,
    counted      BIGINT NOT NULL,
    PRIMARY KEY (campaign_id, shop_id, consumer_id),
    CHECK (bought >= 0 AND counted >= 0 AND counted <= bought)
);
CREATE INDEX shop_goal_share_consumer ON shop_goal_share (consumer_id);

-- The goal that gave it; NULL: a full card or the catalogue did.
ALTER TABLE reward_instance ADD COLUMN goal_id UUID REFERENCES campaign_goal (campaign_id);
CREATE INDEX reward_instance_goal ON reward_instance (goal_id, consumer_id) WHERE goal_id IS NOT NULL;
