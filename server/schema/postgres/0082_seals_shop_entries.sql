-- What shops earn beside rewards is sealed as what they are owed for rewards, in a chain for each brand.
ALTER TABLE shop_entry ADD COLUMN sequence BIGINT;
ALTER TABLE shop_entry ADD COLUMN seal BYTEA;
CREATE INDEX shop_entry_unsealed ON shop_entry (brand_id, occurred_at, id) WHERE sequence IS NULL;
CREATE UNIQUE INDEX shop_entry_sequence ON shop_entry (brand_id, sequence) WHERE sequence IS NOT NULL;

-- A fact is still never changed. The one update that passes gives a row without a seal its seal, and nothing else.
DROP TRIGGER shop_entry_append_only ON shop_entry;
CREATE TRIGGER shop_entry_append_only BEFORE UPDATE ON shop_entry
    FOR EACH ROW WHEN (NOT (OLD.sequence IS NULL AND NEW.sequence IS NOT NULL AND NEW.seal IS NOT NULL
                            AND to_jsonb(NEW) - 'sequence' - 'seal' = to_jsonb(OLD) - 'sequence' - 'seal'))
    EXECUTE FUNCTION append_only();
CREATE TRIGGER shop_entry_no_delete BEFORE DELETE ON shop_entry
    FOR EACH ROW EXECUTE FUNCTION append_only();
