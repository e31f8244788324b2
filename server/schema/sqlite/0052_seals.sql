-- Ledger rows and lines of the audit get a number and a hash over themselves and the row before, in a chain for each brand
-- (of the audit: for each tenant). A job does it after the fact: a purchase never waits for another one of its brand.

ALTER TABLE ledger_entry ADD COLUMN sequence INTEGER;
ALTER TABLE ledger_entry ADD COLUMN seal BLOB;
CREATE INDEX ledger_entry_unsealed ON ledger_entry (brand_id, recorded_at, id) WHERE sequence IS NULL;
CREATE UNIQUE INDEX ledger_entry_sequence ON ledger_entry (brand_id, sequence) WHERE sequence IS NOT NULL;

ALTER TABLE payable_entry ADD COLUMN sequence INTEGER;
ALTER TABLE payable_entry ADD COLUMN seal BLOB;
CREATE INDEX payable_entry_unsealed ON payable_entry (brand_id, occurred_at, id) WHERE sequence IS NULL;
CREATE UNIQUE INDEX payable_entry_sequence ON payable_entry (brand_id, sequence) WHERE sequence IS NOT NULL;

ALTER TABLE audit_event ADD COLUMN chain_id BLOB;
ALTER TABLE audit_event ADD COLUMN sequence INTEGER;
ALTER TABLE audit_event ADD COLUMN seal BLOB;
CREATE INDEX audit_event_unsealed ON audit_event (tenant_id, at, id) WHERE sequence IS NULL;
CREATE UNIQUE INDEX audit_event_sequence ON audit_event (chain_id, sequence) WHERE sequence IS NOT NULL;

-- Where each chain ends: whoever cuts rows off its end does not know it.
CREATE TABLE seal_head (
    book       TEXT NOT NULL,          -- ledger_entry, payable_entry or audit_event
    chain_id   BLOB NOT NULL,           -- the brand, the tenant, or zero for what belongs to none
    sequence   INTEGER NOT NULL,
    seal       BLOB NOT NULL,
    sealed_at  INTEGER NOT NULL,
    PRIMARY KEY (book, chain_id)
) STRICT;

-- A fact is still never changed. The one update that passes gives a row without a seal its seal, and nothing else.
DROP TRIGGER ledger_entry_no_update;
CREATE TRIGGER ledger_entry_no_update BEFORE UPDATE ON ledger_entry
WHEN NOT (OLD.sequence IS NULL AND NEW.sequence IS NOT NULL AND NEW.seal IS NOT NULL
          AND NEW.id IS OLD.id AND NEW.business_key IS OLD.business_key AND NEW.tenant_id IS OLD.tenant_id AND NEW.brand_id IS OLD.brand_id
          AND NEW.consumer_id IS OLD.consumer_id AND NEW.wallet_id IS OLD.wallet_id AND NEW.campaign_id IS OLD.campaign_id AND NEW.lot_id IS OLD.lot_id
          AND NEW.purchase_id IS OLD.purchase_id AND NEW.reward_instance_id IS OLD.reward_instance_id AND NEW.kind IS OLD.kind AND NEW.debit_account IS OLD.debit_account
          AND NEW.credit_account IS OLD.credit_account AND NEW.amount IS OLD.amount AND NEW.occurred_at IS OLD.occurred_at AND NEW.recorded_at IS OLD.recorded_at)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
DROP TRIGGER payable_entry_no_update;
CREATE TRIGGER payable_entry_no_update BEFORE UPDATE ON payable_entry
WHEN NOT (OLD.sequence IS NULL AND NEW.sequence IS NOT NULL AND NEW.seal IS NOT NULL
          AND NEW.id IS OLD.id AND NEW.business_key IS OLD.business_key AND NEW.shop_id IS OLD.shop_id AND NEW.tenant_id IS OLD.tenant_id
          AND NEW.brand_id IS OLD.brand_id AND NEW.reward_instance_id IS OLD.reward_instance_id AND NEW.kind IS OLD.kind AND NEW.unit_cost_minor IS OLD.unit_cost_minor
          AND NEW.handling_fee_minor IS OLD.handling_fee_minor AND NEW.amount_minor IS OLD.amount_minor AND NEW.currency IS OLD.currency AND NEW.occurred_at IS OLD.occurred_at
          AND NEW.business_date IS OLD.business_date)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
DROP TRIGGER audit_event_no_update;
CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON audit_event
WHEN NOT (OLD.sequence IS NULL AND NEW.sequence IS NOT NULL AND NEW.seal IS NOT NULL
          AND NEW.id IS OLD.id AND NEW.at IS OLD.at AND NEW.actor IS OLD.actor AND NEW.tenant_id IS OLD.tenant_id
          AND NEW.shop_id IS OLD.shop_id AND NEW.verb IS OLD.verb AND NEW.subject IS OLD.subject AND NEW.before_state IS OLD.before_state
          AND NEW.after_state IS OLD.after_state AND NEW.why IS OLD.why)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
