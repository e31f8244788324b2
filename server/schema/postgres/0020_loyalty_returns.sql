-- Points that wait, expire and come back: holds, expiry, returns, reservations, claims, and what the rules look up.

-- What came back, restated on the purchase's own date.
ALTER TABLE purchase_line ADD COLUMN returned_quantity BIGINT NOT NULL DEFAULT 0;
ALTER TABLE purchase_line ADD COLUMN returned_amount_minor BIGINT NOT NULL DEFAULT 0;
ALTER TABLE purchase_line ADD COLUMN suggested_price_minor BIGINT;   -- at the purchase; a price guard goes by it
ALTER TABLE purchase ADD COLUMN fully_returned BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE purchase ADD COLUMN reviewed_at BIGINT;
ALTER TABLE purchase ADD COLUMN reviewed_by UUID;
ALTER TABLE purchase ADD COLUMN review_answer BYTEA;                   -- what it became; `answer` stays what the sender was told

CREATE TABLE purchase_return (
    id            UUID PRIMARY KEY,       -- made by whoever asks, so that asking twice is one return
    purchase_id   UUID NOT NULL REFERENCES purchase (id),
    content_hash  BYTEA NOT NULL,
    reason        TEXT,
    returned_by   TEXT NOT NULL,          -- member:<id>, user:<id> or key:<organisation>
    answer        BYTEA NOT NULL,
    returned_at   BIGINT NOT NULL,
    business_date TEXT NOT NULL
);
CREATE INDEX purchase_return_purchase ON purchase_return (purchase_id);

CREATE TABLE purchase_return_line (
    return_id     UUID NOT NULL REFERENCES purchase_return (id),
    purchase_id   UUID NOT NULL,
    line          BIGINT NOT NULL,
    quantity      BIGINT NOT NULL,
    amount_minor  BIGINT NOT NULL,
    PRIMARY KEY (return_id, line),
    CHECK (quantity > 0 AND amount_minor >= 0)
);

-- What a return took back from a campaign's award, whoever bore it.
CREATE TABLE award_reversal (
    return_id    UUID NOT NULL REFERENCES purchase_return (id),
    purchase_id  UUID NOT NULL REFERENCES purchase (id),
    campaign_id  UUID NOT NULL REFERENCES campaign (id),
    tenant_id    UUID NOT NULL REFERENCES organisation (id),
    brand_id     UUID NOT NULL REFERENCES brand (id),
    amount       BIGINT NOT NULL,
    PRIMARY KEY (return_id, campaign_id),
    CHECK (amount > 0)
);
CREATE INDEX award_reversal_purchase ON award_reversal (purchase_id, campaign_id);
CREATE TRIGGER award_reversal_append_only BEFORE UPDATE OR DELETE ON award_reversal
    FOR EACH ROW EXECUTE FUNCTION append_only();

-- Caps count lots in the windows of their purchases; `active`: its units can be used.
ALTER TABLE lot ADD COLUMN shop_id UUID REFERENCES shop (id);
ALTER TABLE lot ADD COLUMN business_date TEXT NOT NULL DEFAULT '';
ALTER TABLE lot ADD COLUMN purchased_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE lot ADD COLUMN active BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE lot ADD COLUMN expired BIGINT NOT NULL DEFAULT 0;
ALTER TABLE lot ADD COLUMN reversed BIGINT NOT NULL DEFAULT 0;       -- of the award, whoever bore it
UPDATE lot SET shop_id = p.shop_id, business_date = p.business_date, purchased_at = p.purchased_at FROM purchase p WHERE p.id = lot.purchase_id;
CREATE INDEX lot_purchase ON lot (purchase_id);

-- The earliest instant at which time alone changes something here; 9223372036854775807: never.
ALTER TABLE wallet ADD COLUMN due_at BIGINT NOT NULL DEFAULT 9223372036854775807;
CREATE INDEX wallet_due ON wallet (due_at) WHERE due_at < 9223372036854775807;

-- A catalogue's reward has a price in points.
ALTER TABLE reward ADD COLUMN cost BIGINT;
ALTER TABLE reward ADD COLUMN reserve_minutes BIGINT NOT NULL DEFAULT 10;
ALTER TABLE reward_instance ADD COLUMN reserved_until BIGINT;
ALTER TABLE reward_instance ADD COLUMN automatic BOOLEAN NOT NULL DEFAULT TRUE;
-- Its unit went to somebody else after it lapsed and before that was written down.
ALTER TABLE reward_instance ADD COLUMN unit_passed_on BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX reward_instance_reserved ON reward_instance (reward_id, reserved_until) WHERE status = 'reserved';

-- What campaigns with a budget or a limit for each shop and day have given: business_date '' is the whole campaign.
CREATE TABLE cap_use (
    campaign_id    UUID NOT NULL REFERENCES campaign (id),
    shop_id        UUID NOT NULL,
    business_date  TEXT NOT NULL,
    used           BIGINT NOT NULL,
    PRIMARY KEY (campaign_id, shop_id, business_date),
    CHECK (used >= 0)
);

-- A pause counts by the time of the purchase; until NULL: it goes on.
CREATE TABLE campaign_pause (
    campaign_id   UUID NOT NULL REFERENCES campaign (id),
    tenant_id     UUID NOT NULL REFERENCES organisation (id),
    paused_from   BIGINT NOT NULL,
    paused_until  BIGINT,
    PRIMARY KEY (campaign_id, paused_from)
);

-- Consumers who serve as the control group of a campaign.
CREATE TABLE campaign_holdout (
    campaign_id  UUID NOT NULL REFERENCES campaign (id),
    consumer_id  UUID NOT NULL REFERENCES consumer (id),
    assigned_at  BIGINT NOT NULL,
    PRIMARY KEY (campaign_id, consumer_id)
);
CREATE INDEX campaign_holdout_consumer ON campaign_holdout (consumer_id);

-- Who belonged to a segment of a brand, and when: rules look at the instant of the purchase.
CREATE TABLE segment_member (
    brand_id     UUID NOT NULL REFERENCES brand (id),
    name         TEXT NOT NULL,
    consumer_id  UUID NOT NULL REFERENCES consumer (id),
    from_at      BIGINT NOT NULL,
    until_at     BIGINT NOT NULL DEFAULT 9223372036854775807,
    PRIMARY KEY (brand_id, name, consumer_id, from_at)
);
CREATE INDEX segment_member_consumer ON segment_member (consumer_id);

-- A claimed card's consumer is another one's past.
ALTER TABLE consumer ADD COLUMN merged_into UUID REFERENCES consumer (id);
CREATE INDEX consumer_merged ON consumer (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX ledger_entry_reward ON ledger_entry (reward_instance_id) WHERE reward_instance_id IS NOT NULL;

-- A claimed card stays an alias; her own card is the one that she shows.
ALTER TABLE card ADD COLUMN claimed_from UUID REFERENCES consumer (id);
