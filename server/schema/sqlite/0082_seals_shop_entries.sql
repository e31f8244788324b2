-- What shops earn beside rewards is sealed as what they are owed for rewards, in a chain for each brand.
ALTER TABLE shop_entry ADD COLUMN sequence INTEGER;
ALTER TABLE shop_entry ADD COLUMN seal BLOB;
CREATE INDEX shop_entry_unsealed ON shop_entry (brand_id, occurred_at, id) WHERE sequence IS NULL;
CREATE UNIQUE INDEX shop_entry_sequence ON shop_entry (brand_id, sequence) WHERE sequence IS NOT NULL;

-- A fact is still never changed. The one update that passes gives a row without a seal its seal, and nothing else.
DROP TRIGGER shop_entry_no_update;
CREATE TRIGGER shop_entry_no_update BEFORE UPDATE ON shop_entry
WHEN NOT (OLD.sequence IS NULL AND NEW.sequence IS NOT NULL AND NEW.seal IS NOT NULL
          AND NEW.id IS OLD.id AND NEW.business_key IS OLD.business_key AND NEW.shop_id IS OLD.shop_id AND NEW.tenant_id IS OLD.tenant_id AND NEW.brand_id IS OLD.brand_id
          AND NEW.campaign_id IS OLD.campaign_id AND NEW.member_id IS OLD.member_id AND NEW.purchase_id IS OLD.purchase_id AND NEW.kind IS OLD.kind AND NEW.units IS OLD.units
          AND NEW.amount_minor IS OLD.amount_minor AND NEW.currency IS OLD.currency AND NEW.reason IS OLD.reason AND NEW.occurred_at IS OLD.occurred_at AND NEW.business_date IS OLD.business_date)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
