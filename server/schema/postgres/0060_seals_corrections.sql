-- The correction behind an entry is a part of the fact that its seal keeps; the guard compares whole rows already.
COMMENT ON COLUMN ledger_entry.adjustment_id IS 'kept by the seal';
