-- Purchases that wait for a decision are few among many: found without reading the others.

CREATE INDEX purchase_held ON purchase (received_at) WHERE status = 'held';
