-- A count that was told is another thing than none: a shop whose stock nobody counted did not have nothing.
ALTER TABLE sell_in ADD COLUMN counted INTEGER;       -- units that somebody counted that day before the shop bought; NULL: nobody did
UPDATE sell_in SET counted = opening WHERE opening > 0;
