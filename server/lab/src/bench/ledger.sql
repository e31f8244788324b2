\set card random(1, 2000)
\set n :n + 1
\set sale :client_id * 1000000000 + :n
\set wallet1 :card * 4 + 1
\set wallet2 :card * 4 + 2
\set wallet3 :card * 4 + 3
\set lot1 :sale * 4 + 1
\set lot2 :sale * 4 + 2
\set lot3 :sale * 4 + 3
BEGIN;
SELECT pg_advisory_xact_lock(:card);
SELECT id, scope_id, available FROM wallet WHERE consumer_id = ledger_id(:card);
INSERT INTO purchase (id, source, source_key, content_hash, basket_hash, shop_id, card_id, consumer_id, status, offline, total_minor, currency,
                      purchased_at, offset_seconds, business_date, received_at, answer)
VALUES (ledger_id(:sale), 'ledger', CAST(:sale AS TEXT), '', '', ledger_id(1), ledger_id(:card), ledger_id(:card), 'accepted', FALSE, 300000, 'COP',
        1773154800000, -18000, '2026-03-10', 1773154800000, '');
INSERT INTO wallet (id, consumer_id, tenant_id, brand_id, campaign_id, scope_id, unit, available, pending, reserved, debt)
VALUES (ledger_id(:wallet1), ledger_id(:card), '{tenant1}', '{brand1}', NULL, '{brand1}', 'points', 10, 0, 0, 0),
       (ledger_id(:wallet2), ledger_id(:card), '{tenant2}', '{brand2}', NULL, '{brand2}', 'points', 20, 0, 0, 0),
       (ledger_id(:wallet3), ledger_id(:card), '{tenant3}', '{brand3}', '{campaign3}', '{campaign3}', 'stamps', 1, 0, 0, 0)
ON CONFLICT (id) DO UPDATE SET available = wallet.available + excluded.available;
INSERT INTO lot (id, wallet_id, campaign_id, purchase_id, awarded, remaining, available_at, expires_at, created_at)
VALUES (ledger_id(:lot1), ledger_id(:wallet1), '{campaign1}', ledger_id(:sale), 10, 10, 1773154800000, 9223372036854775807, 1773154800000),
       (ledger_id(:lot2), ledger_id(:wallet2), '{campaign2}', ledger_id(:sale), 20, 20, 1773154800000, 9223372036854775807, 1773154800000),
       (ledger_id(:lot3), ledger_id(:wallet3), '{campaign3}', ledger_id(:sale), 1, 1, 1773154800000, 9223372036854775807, 1773154800000);
INSERT INTO ledger_entry (id, business_key, tenant_id, brand_id, consumer_id, wallet_id, campaign_id, lot_id, purchase_id,
                          kind, debit_account, credit_account, amount, occurred_at, recorded_at)
VALUES (ledger_id(:lot1), CAST(:lot1 AS TEXT), '{tenant1}', '{brand1}', ledger_id(:card), ledger_id(:wallet1), '{campaign1}', ledger_id(:lot1),
        ledger_id(:sale), 'EARN', 'issued_pool', 'available', 10, 1773154800000, 1773154800000),
       (ledger_id(:lot2), CAST(:lot2 AS TEXT), '{tenant2}', '{brand2}', ledger_id(:card), ledger_id(:wallet2), '{campaign2}', ledger_id(:lot2),
        ledger_id(:sale), 'EARN', 'issued_pool', 'available', 20, 1773154800000, 1773154800000),
       (ledger_id(:lot3), CAST(:lot3 AS TEXT), '{tenant3}', '{brand3}', ledger_id(:card), ledger_id(:wallet3), '{campaign3}', ledger_id(:lot3),
        ledger_id(:sale), 'EARN', 'issued_pool', 'available', 1, 1773154800000, 1773154800000);
END;
