-- Barcodes that nobody knew at the counter, and that became products within a week.

-- When the line's product became known; NULL: it was known at the counter, or still is not.
ALTER TABLE purchase_line ADD COLUMN known_at INTEGER;

-- What such lines add to what a campaign gave for their purchase. The first evaluation stays as it is.
CREATE TABLE evaluation_later (
    purchase_id   BLOB NOT NULL REFERENCES purchase (id),
    campaign_id   BLOB NOT NULL REFERENCES campaign (id),
    part          INTEGER NOT NULL,      -- from 2 on; the first is `evaluation`
    award         INTEGER NOT NULL,      -- what this part adds
    trace         TEXT NOT NULL,         -- of the whole purchase, with the lines of this part
    rules         TEXT NOT NULL,         -- of the version in force at the purchase, with the products of these lines
    evaluated_at  INTEGER NOT NULL,
    PRIMARY KEY (purchase_id, campaign_id, part),
    CHECK (award > 0 AND part > 1)
) STRICT;
CREATE TRIGGER evaluation_later_no_update BEFORE UPDATE ON evaluation_later BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER evaluation_later_no_delete BEFORE DELETE ON evaluation_later BEGIN SELECT RAISE(ABORT, 'append-only'); END;

-- Each line counts once in a campaign, whatever it added.
CREATE TABLE evaluation_later_line (
    purchase_id   BLOB NOT NULL REFERENCES purchase (id),
    campaign_id   BLOB NOT NULL REFERENCES campaign (id),
    line          INTEGER NOT NULL,
    PRIMARY KEY (purchase_id, campaign_id, line)
) STRICT;
CREATE TRIGGER evaluation_later_line_no_update BEFORE UPDATE ON evaluation_later_line BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER evaluation_later_line_no_delete BEFORE DELETE ON evaluation_later_line BEGIN SELECT RAISE(ABORT, 'append-only'); END;

-- What each campaign gave for a purchase, all parts together, and the steps that led there; rules: NULL for those of the version.
CREATE VIEW evaluation_now AS
SELECT e.purchase_id, e.campaign_id, e.version_id, e.tenant_id, e.brand_id, e.consumer_id, e.unit,
       CAST(e.award + COALESCE((SELECT SUM(l.award) FROM evaluation_later l WHERE l.purchase_id = e.purchase_id AND l.campaign_id = e.campaign_id), 0) AS BIGINT) AS award,
       COALESCE((SELECT l.trace FROM evaluation_later l WHERE l.purchase_id = e.purchase_id AND l.campaign_id = e.campaign_id ORDER BY l.part DESC LIMIT 1), e.trace) AS trace,
       (SELECT l.rules FROM evaluation_later l WHERE l.purchase_id = e.purchase_id AND l.campaign_id = e.campaign_id ORDER BY l.part DESC LIMIT 1) AS rules
FROM evaluation e;

-- Which barcodes were proposed, and which lines wait for them.
CREATE INDEX product_proposal_gtin ON product_proposal (gtin);
CREATE INDEX purchase_line_waited ON purchase_line (gtin, purchase_id) WHERE product_id IS NULL OR known_at IS NOT NULL;
