-- What looks like fraud and is for a person to judge: one card with most of a shop's points, sales too close to each other,
-- more sold than was bought, prices that cannot be.

CREATE TABLE alert (
    id             BLOB PRIMARY KEY,
    kind           TEXT NOT NULL,
    about          TEXT NOT NULL,            -- shop, and card or product: the same again is the same alert
    shop_id        BLOB NOT NULL REFERENCES shop (id),
    brand_id       BLOB REFERENCES brand (id),  -- whose products, when it is about one brand's
    facts          TEXT NOT NULL,
    first_seen_at  INTEGER NOT NULL,
    last_seen_at   INTEGER NOT NULL,
    dismissed_at   INTEGER,
    dismissed_by   TEXT,
    why            TEXT,
    CHECK ((dismissed_at IS NULL) = (why IS NULL))
) STRICT;
CREATE UNIQUE INDEX alert_open ON alert (kind, about) WHERE dismissed_at IS NULL;
CREATE INDEX alert_seen ON alert (last_seen_at, id) WHERE dismissed_at IS NULL;
CREATE INDEX alert_dismissed ON alert (kind, about, dismissed_at) WHERE dismissed_at IS NOT NULL;

-- What a distributor says that a shop had and bought. The same day again takes the place of what was said before.
CREATE TABLE sell_in (
    tenant_id   BLOB NOT NULL REFERENCES organisation (id),
    brand_id    BLOB NOT NULL REFERENCES brand (id),
    shop_id     BLOB NOT NULL REFERENCES shop (id),
    product_id  BLOB NOT NULL REFERENCES product (id),
    day         TEXT NOT NULL,
    opening     INTEGER NOT NULL,          -- units that the shop had that day before it bought
    bought      INTEGER NOT NULL,          -- units
    loaded_at   INTEGER NOT NULL,
    PRIMARY KEY (shop_id, product_id, day),
    CHECK (opening >= 0 AND bought >= 0)
) STRICT;
CREATE INDEX sell_in_brand ON sell_in (brand_id, day);

CREATE INDEX shop_distributor ON shop (distributor_code) WHERE distributor_code IS NOT NULL;
