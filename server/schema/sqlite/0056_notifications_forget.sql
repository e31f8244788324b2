-- Whoever leaves is found in what she was written.
CREATE INDEX message_consumer ON message (consumer_id) WHERE consumer_id IS NOT NULL;
