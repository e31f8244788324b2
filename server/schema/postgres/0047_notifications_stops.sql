-- Somebody may stop promotions and, at another time, everything: both are remembered.

ALTER TABLE opt_out DROP CONSTRAINT opt_out_pkey;
ALTER TABLE opt_out ADD PRIMARY KEY (person_key, scope);

-- What waits for a consumer: she may take back what allowed it.
CREATE INDEX message_waiting_consumer ON message (consumer_id) WHERE status = 'waiting';
