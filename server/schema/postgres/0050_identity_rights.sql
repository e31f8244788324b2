-- What people ask about their own data, and what their leaving may change.

-- One row for each time that somebody used a right: those that the product answers by itself are done at once.
CREATE TABLE privacy_request (
    id            UUID PRIMARY KEY,
    consumer_id   UUID NOT NULL REFERENCES consumer (id),
    country       TEXT NOT NULL,           -- whose law counts
    kind          TEXT NOT NULL,
    text          TEXT NOT NULL,           -- her words; gone when she is
    status        TEXT NOT NULL,
    asked_at      BIGINT NOT NULL,
    due_date      TEXT NOT NULL,           -- the last day on which the law allows the answer
    decided_at    BIGINT,
    decided_by    TEXT,                    -- as the audit calls people
    answer        TEXT,
    CHECK ((status = 'open') = (decided_at IS NULL))
);
CREATE INDEX privacy_request_open ON privacy_request (due_date, id) WHERE status = 'open';
CREATE INDEX privacy_request_asked ON privacy_request (asked_at, id);
CREATE INDEX privacy_request_consumer ON privacy_request (consumer_id, asked_at);

-- A proof of consent stays when a person leaves, but not what her browser called itself: the one change that is allowed.
DROP TRIGGER consent_append_only ON consent;
CREATE TRIGGER consent_append_only BEFORE UPDATE ON consent
    FOR EACH ROW WHEN (NOT (NEW.device = '' AND to_jsonb(NEW) - 'device' = to_jsonb(OLD) - 'device')) EXECUTE FUNCTION append_only();
CREATE TRIGGER consent_no_delete BEFORE DELETE ON consent
    FOR EACH ROW EXECUTE FUNCTION append_only();
