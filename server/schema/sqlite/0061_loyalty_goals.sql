-- A goal that neighbours reach together: what all of them buy at one shop unlocks a reward for each who took part.

CREATE TABLE campaign_goal (
    campaign_id       BLOB PRIMARY KEY REFERENCES campaign (id),
    tenant_id         BLOB NOT NULL REFERENCES organisation (id),
    brand_id          BLOB NOT NULL REFERENCES brand (id),
    reward_id         BLOB NOT NULL REFERENCES reward (id),
    target_units      INTEGER NOT NULL,     -- at each shop
    consumers_min     INTEGER NOT NULL,     -- different people
    per_consumer_max  INTEGER NOT NULL,     -- units of one person that count
    set_at            INTEGER NOT NULL,
    CHECK (target_units > 0 AND consumers_min > 0 AND per_consumer_max > 0)
) STRICT;

-- How far a shop is. A sum of its shares: `verify` rebuilds and compares.
CREATE TABLE shop_goal (
    campaign_id  BLOB NOT NULL REFERENCES campaign_goal (campaign_id),
    shop_id      BLOB NOT NULL REFERENCES shop (id),
    tenant_id    BLOB NOT NULL REFERENCES organisation (id),
    units        INTEGER NOT NULL,
    consumers    INTEGER NOT NULL,
    PRIMARY KEY (campaign_id, shop_id),
    CHECK (units >= 0 AND consumers >= 0)
) STRICT;

-- What one person brought: bought, and the part of it that counts.
CREATE TABLE shop_goal_share (
    campaign_id  BLOB NOT NULL REFERENCES campaign_goal (campaign_id),
    shop_id      BLOB NOT NULL REFERENCES shop (id),
    consumer_id  BLOB NOT NULL REFERENCES consumer (id),
    tenant_id    BLOB NOT NULL REFERENCES organisation (id),
    bought       INTEGER NOT NULL,
    counted      INTEGER NOT NULL,
    PRIMARY KEY (campaign_id, shop_id, consumer_id),
    CHECK (bought >= 0 AND counted >= 0 AND counted <= bought)
) STRICT;
CREATE INDEX shop_goal_share_consumer ON shop_goal_share (consumer_id);

-- The goal that gave it; NULL: a full card or the catalogue did.
ALTER TABLE reward_instance ADD COLUMN goal_id BLOB REFERENCES campaign_goal (campaign_id);
CREATE INDEX reward_instance_goal ON reward_instance (goal_id, consumer_id) WHERE goal_id IS NOT NULL;
