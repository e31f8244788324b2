-- What somebody says is wrong, what was decided, and what puts it right.

-- A correction that a person proposed: units of a wallet, or money that a brand owes a shop. Posted by the one decision.
CREATE TABLE adjustment (
    id              UUID PRIMARY KEY,
    tenant_id       UUID NOT NULL REFERENCES organisation (id),   -- of the brand
    brand_id        UUID NOT NULL REFERENCES brand (id),
    purchase_id     UUID REFERENCES purchase (id),                -- what it puts right, with campaign_id
    campaign_id     UUID REFERENCES campaign (id),
    shop_id         UUID REFERENCES shop (id),                    -- whose debt it puts right
    unit            TEXT NOT NULL,                                 -- points, stamps or a currency
    amount          BIGINT NOT NULL,                               -- signed
    reason          TEXT NOT NULL,
    dispute_id      UUID,
    proposed_by     UUID NOT NULL,                                 -- a person of the operator
    proposed_at     BIGINT NOT NULL,
    proposed_date   TEXT NOT NULL,                                 -- by the operator's calendar: limits count days
    CHECK (amount <> 0 AND (campaign_id IS NULL) = (purchase_id IS NULL) AND (shop_id IS NULL) <> (purchase_id IS NULL))
);
CREATE INDEX adjustment_person ON adjustment (proposed_by, proposed_date);
CREATE INDEX adjustment_purchase ON adjustment (purchase_id, campaign_id);
CREATE INDEX adjustment_dispute ON adjustment (dispute_id);

CREATE TABLE adjustment_decision (
    adjustment_id  UUID PRIMARY KEY REFERENCES adjustment (id),
    posted         BOOLEAN NOT NULL,
    reason         TEXT NOT NULL,
    entry_id       UUID REFERENCES shop_entry (id),            -- of money that a brand owes
    decided_by     UUID NOT NULL,
    decided_at     BIGINT NOT NULL
);

-- One case for each fact and person.
CREATE TABLE dispute (
    id           UUID PRIMARY KEY,
    subject      TEXT NOT NULL,
    subject_id   UUID NOT NULL,          -- of the purchase, the entry of the ledger, or the entry on a statement
    purchase_id  UUID REFERENCES purchase (id),
    claim        TEXT NOT NULL,
    opened_by    TEXT NOT NULL,
    consumer_id  UUID REFERENCES consumer (id),
    shop_id      UUID REFERENCES shop (id),
    opened_at    BIGINT NOT NULL,
    UNIQUE (subject, subject_id, opened_by)
);
CREATE INDEX dispute_consumer ON dispute (consumer_id);
CREATE INDEX dispute_shop ON dispute (shop_id);

CREATE TABLE dispute_resolution (
    dispute_id     UUID PRIMARY KEY REFERENCES dispute (id),
    upheld         BOOLEAN NOT NULL,
    reason         TEXT NOT NULL,
    adjustment_id  UUID REFERENCES adjustment (id),
    resolved_by    UUID NOT NULL,
    resolved_at    BIGINT NOT NULL
);

-- A correction upward is a lot of its own: it is no award, so no cap counts it and no return takes it for one.
ALTER TABLE lot ADD COLUMN adjustment_id UUID REFERENCES adjustment (id);
ALTER TABLE ledger_entry ADD COLUMN adjustment_id UUID REFERENCES adjustment (id);

CREATE TRIGGER adjustment_append_only BEFORE UPDATE OR DELETE ON adjustment
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER adjustment_decision_append_only BEFORE UPDATE OR DELETE ON adjustment_decision
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER dispute_append_only BEFORE UPDATE OR DELETE ON dispute
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER dispute_resolution_append_only BEFORE UPDATE OR DELETE ON dispute_resolution
    FOR EACH ROW EXECUTE FUNCTION append_only();
