-- Every sale that a phone's signature proved, whatever became of it: the phone's numbers without what is missing.
CREATE TABLE capture_receipt (
    device_id           BLOB NOT NULL REFERENCES device (id),
    counter             INTEGER NOT NULL,
    sha256              BLOB NOT NULL,          -- of the bytes as signed
    client_purchase_id  BLOB NOT NULL,
    claimed_at          INTEGER NOT NULL,       -- by the device's clock, corrected
    refusal             TEXT,                   -- the problem's code; null: there is a purchase
    received_at         INTEGER NOT NULL,
    PRIMARY KEY (device_id, counter)
) STRICT;
