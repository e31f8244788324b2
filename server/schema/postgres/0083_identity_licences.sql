-- Until when a brand may publish; NULL: without an end. What was earned is not touched by it.
ALTER TABLE brand ADD COLUMN licensed_until TEXT;
