-- A version may end before the next one begins: between the two the campaign gives nothing. NULL: until the next begins.
ALTER TABLE campaign_version ADD COLUMN valid_until BIGINT;
