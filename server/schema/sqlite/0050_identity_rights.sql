-- What people ask about their own data, and what their leaving may change.

-- One row for each time that somebody used a right: those that the product answers by itself are done at once.
CREATE TABLE privacy_request (
    id            BLOB PRIMARY KEY,
    consumer_id   BLOB NOT NULL REFERENCES consumer (id),
    country       TEXT NOT NULL,           -- whose law counts
    kind          TEXT NOT NULL,
    text          TEXT NOT NULL,           -- her words; gone when she is
    status        TEXT NOT NULL,
    asked_at      INTEGER NOT NULL,
    due_date      TEXT NOT NULL,           -- the last day on which the law allows the answer
    decided_at    INTEGER,
    decided_by    TEXT,                    -- as the audit calls people
    answer        TEXT,
    CHECK ((status = 'open') = (decided_at IS NULL))
) STRICT;
CREATE INDEX privacy_request_open ON privacy_request (due_date, id) WHERE status = 'open';
CREATE INDEX privacy_request_asked ON privacy_request (asked_at, id);
CREATE INDEX privacy_request_consumer ON privacy_request (consumer_id, asked_at);

-- A proof of consent stays when a person leaves, but not what her browser called itself: the one change that is allowed.
DROP TRIGGER consent_no_update;
CREATE TRIGGER consent_no_update BEFORE UPDATE ON consent
WHEN NOT (NEW.device = '' AND NEW.id = OLD.id AND NEW.consumer_id = OLD.consumer_id AND NEW.purpose = OLD.purpose AND NEW.controller = OLD.controller
          AND NEW.granted = OLD.granted AND NEW.text_version = OLD.text_version AND NEW.channel = OLD.channel AND NEW.decided_at = OLD.decided_at)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
