-- Who is told of what expires is read in this order, page after page.
CREATE INDEX lot_expiring_wallet ON lot (expires_at, wallet_id) WHERE remaining > 0 AND expires_at < 9223372036854775807;
DROP INDEX lot_expiring;
