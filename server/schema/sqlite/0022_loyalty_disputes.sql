-- What somebody says is wrong, what was decided, and what puts it right.

-- A correction that a person proposed: units of a wallet, or money that a brand owes a shop. Posted by the one decision.
CREATE TABLE adjustment (
    id              BLOB PRIMARY KEY,
    tenant_id       BLOB NOT NULL REFERENCES organisation (id),   -- of the brand
    brand_id        BLOB NOT NULL REFERENCES brand (id),
    purchase_id     BLOB REFERENCES purchase (id),                -- what it puts right, with campaign_id
    campaign_id     BLOB REFERENCES campaign (id),
    shop_id         BLOB REFERENCES shop (id),                    -- whose debt it puts right
    unit            TEXT NOT NULL,                                 -- points, stamps or a currency
    amount          INTEGER NOT NULL,                               -- signed
    reason          TEXT NOT NULL,
    dispute_id      BLOB,
    proposed_by     BLOB NOT NULL,                                 -- a person of the operator
    proposed_at     INTEGER NOT NULL,
    proposed_date   TEXT NOT NULL,                                 -- by the operator's calendar: limits count days
    CHECK (amount <> 0 AND (campaign_id IS NULL) = (purchase_id IS NULL) AND (shop_id IS NULL) <> (purchase_id IS NULL))
) STRICT;
CREATE INDEX adjustment_person ON adjustment (proposed_by, proposed_date);
CREATE INDEX adjustment_purchase ON adjustment (purchase_id, campaign_id);
CREATE INDEX adjustment_dispute ON adjustment (dispute_id);

CREATE TABLE adjustment_decision (
    adjustment_id  BLOB PRIMARY KEY REFERENCES adjustment (id),
    posted         INTEGER NOT NULL,
    reason         TEXT NOT NULL,
    entry_id       BLOB REFERENCES shop_entry (id),            -- of money that a brand owes
    decided_by     BLOB NOT NULL,
    decided_at     INTEGER NOT NULL
) STRICT;

-- One case for each fact and person.
CREATE TABLE dispute (
    id           BLOB PRIMARY KEY,
    subject      TEXT NOT NULL,
    subject_id   BLOB NOT NULL,          -- of the purchase, the entry of the ledger, or the entry on a statement
    purchase_id  BLOB REFERENCES purchase (id),
    claim        TEXT NOT NULL,
    opened_by    TEXT NOT NULL,
    consumer_id  BLOB REFERENCES consumer (id),
    shop_id      BLOB REFERENCES shop (id),
    opened_at    INTEGER NOT NULL,
    UNIQUE (subject, subject_id, opened_by)
) STRICT;
CREATE INDEX dispute_consumer ON dispute (consumer_id);
CREATE INDEX dispute_shop ON dispute (shop_id);

CREATE TABLE dispute_resolution (
    dispute_id     BLOB PRIMARY KEY REFERENCES dispute (id),
    upheld         INTEGER NOT NULL,
    reason         TEXT NOT NULL,
    adjustment_id  BLOB REFERENCES adjustment (id),
    resolved_by    BLOB NOT NULL,
    resolved_at    INTEGER NOT NULL
) STRICT;

-- A correction upward is a lot of its own: it is no award, so no cap counts it and no return takes it for one.
ALTER TABLE lot ADD COLUMN adjustment_id BLOB REFERENCES adjustment (id);
ALTER TABLE ledger_entry ADD COLUMN adjustment_id BLOB REFERENCES adjustment (id);

CREATE TRIGGER adjustment_no_update BEFORE UPDATE ON adjustment BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER adjustment_no_delete BEFORE DELETE ON adjustment BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER adjustment_decision_no_update BEFORE UPDATE ON adjustment_decision BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER adjustment_decision_no_delete BEFORE DELETE ON adjustment_decision BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER dispute_no_update BEFORE UPDATE ON dispute BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER dispute_no_delete BEFORE DELETE ON dispute BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER dispute_resolution_no_update BEFORE UPDATE ON dispute_resolution BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER dispute_resolution_no_delete BEFORE DELETE ON dispute_resolution BEGIN SELECT RAISE(ABORT, 'append-only'); END;
