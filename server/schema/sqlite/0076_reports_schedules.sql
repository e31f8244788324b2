-- Reports that come by e-mail.

CREATE TABLE report_schedule (
    id           BLOB PRIMARY KEY,
    tenant_id    BLOB NOT NULL REFERENCES organisation (id),
    brand_id     BLOB NOT NULL REFERENCES brand (id),
    campaign_id  BLOB REFERENCES campaign (id),    -- for what is measured of one campaign
    cadence      TEXT NOT NULL,                    -- weekly, monthly
    day          INTEGER NOT NULL,                 -- weekly: 1 is Monday; monthly: the day of the month
    hour         INTEGER NOT NULL,                 -- at the brand's country
    panels       TEXT NOT NULL,                    -- which reports, in their order
    created_at   INTEGER NOT NULL,
    next_at      INTEGER NOT NULL,                 -- when it is due
    removed_at   INTEGER,
    CHECK (day >= 1 AND day <= 28 AND hour >= 0 AND hour <= 23)
) STRICT;
CREATE INDEX report_schedule_due ON report_schedule (next_at) WHERE removed_at IS NULL;
CREATE INDEX report_schedule_tenant ON report_schedule (tenant_id) WHERE removed_at IS NULL;

-- Who gets it: people of the brand's own organisation. Who left it stays out until she herself comes back.
CREATE TABLE report_recipient (
    schedule_id  BLOB NOT NULL REFERENCES report_schedule (id),
    user_id      BLOB NOT NULL REFERENCES org_user (id),
    tenant_id    BLOB NOT NULL REFERENCES organisation (id),
    left_at      INTEGER,
    PRIMARY KEY (schedule_id, user_id)
) STRICT;

-- What was sent: once for each occasion.
CREATE TABLE report_dispatch (
    schedule_id  BLOB NOT NULL REFERENCES report_schedule (id),
    occasion     TEXT NOT NULL,                    -- the day on which it was due, or who asked for it now
    tenant_id    BLOB NOT NULL REFERENCES organisation (id),
    from_date    TEXT NOT NULL,
    to_date      TEXT NOT NULL,                    -- excluded
    recipients   INTEGER NOT NULL,
    sent_at      INTEGER NOT NULL,
    PRIMARY KEY (schedule_id, occasion)
) STRICT;
