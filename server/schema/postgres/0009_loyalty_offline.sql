-- Every sale that a phone's signature proved, whatever became of it: the phone's numbers without what is missing.
CREATE TABLE capture_receipt (
    device_id           UUID NOT NULL REFERENCES device (id),
    counter             BIGINT NOT NULL,
    sha256              BYTEA NOT NULL,          -- of the bytes as signed
    client_purchase_id  UUID NOT NULL,
    claimed_at          BIGINT NOT NULL,       -- by the device's clock, corrected
    refusal             TEXT,                   -- the problem's code; null: there is a purchase
    received_at         BIGINT NOT NULL,
    PRIMARY KEY (device_id, counter)
);
