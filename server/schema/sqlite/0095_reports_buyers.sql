-- A brand's buyers by number: reports that count people look them up by place, not by name. A number is for ever; kept days
-- name buyers by it.
CREATE TABLE report_buyer (
    brand_id     BLOB NOT NULL REFERENCES brand (id),
    tenant_id    BLOB NOT NULL REFERENCES organisation (id),
    consumer_id  BLOB NOT NULL REFERENCES consumer (id),
    number       INTEGER NOT NULL,
    PRIMARY KEY (brand_id, consumer_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX report_buyer_number ON report_buyer (brand_id, number);

-- Days kept before named their buyers by id.
DELETE FROM report_day;
INSERT INTO sale_change (id, brand_id, business_date, changed_at)
SELECT randomblob(16), brand_id, business_date, 0 FROM purchase_line WHERE brand_id IS NOT NULL GROUP BY brand_id, business_date;

-- Who signed up at a brand's shops is counted shop by shop.
DROP INDEX consumer_cohort;
CREATE INDEX consumer_cohort ON consumer (first_shop_id, created_at, anonymous, country);
