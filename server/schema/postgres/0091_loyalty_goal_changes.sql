-- A goal's shop is looked at when those changed who get the reward, instead of every share of every goal each minute.

ALTER TABLE shop_goal ADD COLUMN changes BIGINT NOT NULL DEFAULT 1;       -- times that they changed; what was there before is looked at once
ALTER TABLE shop_goal ADD COLUMN changes_seen BIGINT NOT NULL DEFAULT 0;  -- up to which of them somebody looked
CREATE INDEX shop_goal_changed ON shop_goal (campaign_id, shop_id) WHERE changes <> changes_seen;
