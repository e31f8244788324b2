-- Keys that sign tickets for shops without network. A new one is another row: the highest number signs, the others are still read.
CREATE TABLE ticket_key (
    number      INTEGER PRIMARY KEY,  -- 1 to 255: it stands in every ticket
    public_key  BLOB NOT NULL,        -- the point, uncompressed
    sealed      BLOB NOT NULL,        -- the private half, under the installation's key
    created_at  INTEGER NOT NULL
) STRICT;

-- The ticket of a reward that waits. A reward that is held lapses so much later (reserved_until), one that was given by
-- itself is bound to the shop as long.
ALTER TABLE reward_instance ADD COLUMN ticket TEXT;
ALTER TABLE reward_instance ADD COLUMN ticket_shop_id BLOB REFERENCES shop (id);
ALTER TABLE reward_instance ADD COLUMN ticket_until INTEGER;

-- What phones signed when they handed a reward over by its ticket: one row for each delivery that counted.
CREATE TABLE ticket_delivery (
    device_id           BLOB NOT NULL REFERENCES device (id),
    delivery_id         BLOB NOT NULL,     -- made on the phone
    tenant_id           BLOB NOT NULL REFERENCES organisation (id),
    shop_id             BLOB NOT NULL REFERENCES shop (id),
    reward_instance_id  BLOB NOT NULL REFERENCES reward_instance (id),
    capture             BLOB NOT NULL,     -- exactly as it was signed
    signature           BLOB NOT NULL,
    claimed_at          INTEGER NOT NULL,  -- by the device's clock, corrected
    received_at         INTEGER NOT NULL,
    PRIMARY KEY (device_id, delivery_id)
) STRICT;
CREATE INDEX ticket_delivery_instance ON ticket_delivery (reward_instance_id);
