-- Ledger rows and lines of the audit get a number and a hash over themselves and the row before, in a chain for each brand
-- (of the audit: for each tenant). A job does it after the fact: a purchase never waits for another one of its brand.

ALTER TABLE ledger_entry ADD COLUMN sequence BIGINT;
ALTER TABLE ledger_entry ADD COLUMN seal BYTEA;
CREATE INDEX ledger_entry_unsealed ON ledger_entry (brand_id, recorded_at, id) WHERE sequence IS NULL;
CREATE UNIQUE INDEX ledger_entry_sequence ON ledger_entry (brand_id, sequence) WHERE sequence IS NOT NULL;

ALTER TABLE payable_entry ADD COLUMN sequence BIGINT;
ALTER TABLE payable_entry ADD COLUMN seal BYTEA;
CREATE INDEX payable_entry_unsealed ON payable_entry (brand_id, occurred_at, id) WHERE sequence IS NULL;
CREATE UNIQUE INDEX payable_entry_sequence ON payable_entry (brand_id, sequence) WHERE sequence IS NOT NULL;

ALTER TABLE audit_event ADD COLUMN chain_id UUID;
ALTER TABLE audit_event ADD COLUMN sequence BIGINT;
ALTER TABLE audit_event ADD COLUMN seal BYTEA;
CREATE INDEX audit_event_unsealed ON audit_event (tenant_id, at, id) WHERE sequence IS NULL;
CREATE UNIQUE INDEX audit_event_sequence ON audit_event (chain_id, sequence) WHERE sequence IS NOT NULL;

-- Where each chain ends: whoever cuts rows off its end does not know it.
CREATE TABLE seal_head (
    book       TEXT NOT NULL,          -- ledger_entry, payable_entry or audit_event
    chain_id   UUID NOT NULL,           -- the brand, the tenant, or zero for what belongs to none
    sequence   BIGINT NOT NULL,
    seal       BYTEA NOT NULL,
    sealed_at  BIGINT NOT NULL,
    PRIMARY KEY (book, chain_id)
);

-- A fact is still never changed. The one update that passes gives a row without a seal its seal, and nothing else.
DROP TRIGGER ledger_entry_append_only ON ledger_entry;
CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE ON ledger_entry
    FOR EACH ROW WHEN (NOT (OLD.sequence IS NULL AND NEW.sequence IS NOT NULL AND NEW.seal IS NOT NULL
                            AND to_jsonb(NEW) - 'sequence' - 'seal' = to_jsonb(OLD) - 'sequence' - 'seal'))
    EXECUTE FUNCTION append_only();
CREATE TRIGGER ledger_entry_no_delete BEFORE DELETE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION append_only();
DROP TRIGGER payable_entry_append_only ON payable_entry;
CREATE TRIGGER payable_entry_append_only BEFORE UPDATE ON payable_entry
    FOR EACH ROW WHEN (NOT (OLD.sequence IS NULL AND NEW.sequence IS NOT NULL AND NEW.seal IS NOT NULL
                            AND to_jsonb(NEW) - 'sequence' - 'seal' = to_jsonb(OLD) - 'sequence' - 'seal'))
    EXECUTE FUNCTION append_only();
CREATE TRIGGER payable_entry_no_delete BEFORE DELETE ON payable_entry
    FOR EACH ROW EXECUTE FUNCTION append_only();
DROP TRIGGER audit_event_append_only ON audit_event;
CREATE TRIGGER audit_event_append_only BEFORE UPDATE ON audit_event
    FOR EACH ROW WHEN (NOT (OLD.sequence IS NULL AND NEW.sequence IS NOT NULL AND NEW.seal IS NOT NULL
                            AND to_jsonb(NEW) - 'sequence' - 'seal' - 'chain_id' = to_jsonb(OLD) - 'sequence' - 'seal' - 'chain_id'))
    EXECUTE FUNCTION append_only();
CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event
    FOR EACH ROW EXECUTE FUNCTION append_only();
