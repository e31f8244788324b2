-- The correction behind an entry is a part of the fact that its seal keeps.
DROP TRIGGER ledger_entry_no_update;
CREATE TRIGGER ledger_entry_no_update BEFORE UPDATE ON ledger_entry
WHEN NOT (OLD.sequence IS NULL AND NEW.sequence IS NOT NULL AND NEW.seal IS NOT NULL
          AND NEW.id IS OLD.id AND NEW.business_key IS OLD.business_key AND NEW.tenant_id IS OLD.tenant_id AND NEW.brand_id IS OLD.brand_id
          AND NEW.consumer_id IS OLD.consumer_id AND NEW.wallet_id IS OLD.wallet_id AND NEW.campaign_id IS OLD.campaign_id AND NEW.lot_id IS OLD.lot_id
          AND NEW.purchase_id IS OLD.purchase_id AND NEW.reward_instance_id IS OLD.reward_instance_id AND NEW.adjustment_id IS OLD.adjustment_id
          AND NEW.kind IS OLD.kind AND NEW.debit_account IS OLD.debit_account AND NEW.credit_account IS OLD.credit_account AND NEW.amount IS OLD.amount
          AND NEW.occurred_at IS OLD.occurred_at AND NEW.recorded_at IS OLD.recorded_at)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
