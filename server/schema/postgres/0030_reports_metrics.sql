-- What the metrics of a brand need beside sales: which shops take part since when, control shops, answers and money.

-- A shop takes part in what a brand does; a shop that comes back has another row.
CREATE TABLE shop_brand (
    brand_id       UUID NOT NULL REFERENCES brand (id),
    tenant_id      UUID NOT NULL REFERENCES organisation (id),
    shop_id        UUID NOT NULL REFERENCES shop (id),
    enrolled_at    BIGINT NOT NULL,
    enrolled_date  TEXT NOT NULL,           -- at the shop
    left_at        BIGINT,
    left_date      TEXT,
    PRIMARY KEY (brand_id, shop_id, enrolled_at),
    CHECK (left_at IS NULL OR left_at >= enrolled_at)
);
CREATE UNIQUE INDEX shop_brand_now ON shop_brand (brand_id, shop_id) WHERE left_at IS NULL;
CREATE INDEX shop_brand_shop ON shop_brand (shop_id);

-- Which shops have a campaign and which are its control: fixed before it begins.
CREATE TABLE campaign_arm (
    campaign_id  UUID NOT NULL REFERENCES campaign (id),
    shop_id      UUID NOT NULL REFERENCES shop (id),
    tenant_id    UUID NOT NULL REFERENCES organisation (id),
    brand_id     UUID NOT NULL REFERENCES brand (id),
    arm          TEXT NOT NULL,             -- treated or control
    assigned_at  BIGINT NOT NULL,
    PRIMARY KEY (campaign_id, shop_id)
);

-- How likely a shopkeeper is to recommend, one answer for each wave: the last.
CREATE TABLE nps_answer (
    brand_id     UUID NOT NULL REFERENCES brand (id),
    wave         TEXT NOT NULL,
    member_id    UUID NOT NULL REFERENCES shop_member (id),
    tenant_id    UUID NOT NULL REFERENCES organisation (id),
    shop_id      UUID NOT NULL REFERENCES shop (id),
    score        BIGINT NOT NULL,
    answered_at  BIGINT NOT NULL,
    PRIMARY KEY (brand_id, wave, member_id),
    CHECK (score >= 0 AND score <= 10)
);

-- Money that a brand spent beside rewards, as it says: welcome_rewards, messages, shopkeeper_incentives, media, platform_fee.
CREATE TABLE brand_cost (
    id            UUID PRIMARY KEY,
    tenant_id     UUID NOT NULL REFERENCES organisation (id),
    brand_id      UUID NOT NULL REFERENCES brand (id),
    campaign_id   UUID REFERENCES campaign (id),    -- NULL: for no campaign in particular
    kind          TEXT NOT NULL,
    amount_minor  BIGINT NOT NULL,                     -- of the brand's currency; negative: takes an earlier row back
    cost_date     TEXT NOT NULL,
    note          TEXT NOT NULL,
    created_at    BIGINT NOT NULL
);
CREATE INDEX brand_cost_date ON brand_cost (brand_id, cost_date);

-- What the money of reports rests on, dated: the newest row that is not later counts.
CREATE TABLE brand_assumption (
    brand_id                UUID NOT NULL REFERENCES brand (id),
    valid_from              TEXT NOT NULL,
    tenant_id               UUID NOT NULL REFERENCES organisation (id),
    unit_margin_minor       BIGINT NOT NULL,
    expected_redemption_bp  BIGINT NOT NULL,
    thousand_points_minor   BIGINT NOT NULL,           -- cost of a thousand points
    created_at              BIGINT NOT NULL,
    PRIMARY KEY (brand_id, valid_from),
    CHECK (expected_redemption_bp >= 0 AND expected_redemption_bp <= 10000 AND thousand_points_minor >= 0)
);

CREATE INDEX consumer_created ON consumer (created_at);
CREATE INDEX ledger_entry_brand ON ledger_entry (brand_id, occurred_at);

-- What was sold, as every metric means it: lines of a brand in accepted purchases, what came back taken off on the day
-- of the sale. A reward that was handed over is no sale. `own_shop`: bought where she works, a sale without a buyer.
-- The list of all who work anywhere is made once and answers for nearly everybody; the second look is for them alone.
CREATE VIEW sold_line AS
SELECT l.brand_id, l.tenant_id, l.product_id, l.business_date, l.purchase_id,
       p.shop_id, p.consumer_id, p.purchased_at, p.received_at, p.currency,
       l.quantity - l.returned_quantity AS units,
       l.amount_minor - l.returned_amount_minor AS net_minor,
       l.quantity AS gross_units,
       l.amount_minor AS gross_minor,
       p.consumer_id IN (SELECT t.consumer_id FROM shop_member m JOIN contact t ON t.phone_hash = m.phone_hash WHERE m.removed_at IS NULL)
           AND EXISTS (SELECT 1 FROM contact t JOIN shop_member m ON m.phone_hash = t.phone_hash
                       WHERE t.consumer_id = p.consumer_id AND m.shop_id = p.shop_id AND m.removed_at IS NULL) AS own_shop
FROM purchase_line l JOIN purchase p ON p.id = l.purchase_id
WHERE p.status = 'accepted' AND NOT l.reward_line;

-- The lines that have something left.
CREATE VIEW valid_line AS
SELECT brand_id, tenant_id, product_id, business_date, purchase_id, shop_id, consumer_id, purchased_at, received_at, currency, units, net_minor, own_shop
FROM sold_line WHERE units > 0;
