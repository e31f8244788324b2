-- Reports that come by e-mail.

CREATE TABLE report_schedule (
    id           UUID PRIMARY KEY,
    tenant_id    UUID NOT NULL REFERENCES organisation (id),
    brand_id     UUID NOT NULL REFERENCES brand (id),
    campaign_id  UUID REFERENCES campaign (id),    -- for what is measured of one campaign
    cadence      TEXT NOT NULL,                    -- weekly, monthly
    day          BIGINT NOT NULL,                 -- weekly: 1 is Monday; monthly: the day of the month
    hour         BIGINT NOT NULL,                 -- at the brand's country
    panels       JSONB NOT NULL,                    -- which reports, in their order
    created_at   BIGINT NOT NULL,
    next_at      BIGINT NOT NULL,                 -- when it is due
    removed_at   BIGINT,
    CHECK (day >= 1 AND day <= 28 AND hour >= 0 AND hour <= 23)
);
CREATE INDEX report_schedule_due ON report_schedule (next_at) WHERE removed_at IS NULL;
CREATE INDEX report_schedule_tenant ON report_schedule (tenant_id) WHERE removed_at IS NULL;

-- Who gets it: people of the brand's own organisation. Who left it stays out until she herself comes back.
CREATE TABLE report_recipient (
    schedule_id  UUID NOT NULL REFERENCES report_schedule (id),
    user_id      UUID NOT NULL REFERENCES org_user (id),
    tenant_id    UUID NOT NULL REFERENCES organisation (id),
    left_at      BIGINT,
    PRIMARY KEY (schedule_id, user_id)
);

-- What was sent: once for each occasion.
CREATE TABLE report_dispatch (
    schedule_id  UUID NOT NULL REFERENCES report_schedule (id),
    occasion     TEXT NOT NULL,                    -- the day on which it was due, or who asked for it now
    tenant_id    UUID NOT NULL REFERENCES organisation (id),
    from_date    TEXT NOT NULL,
    to_date      TEXT NOT NULL,                    -- excluded
    recipients   BIGINT NOT NULL,
    sent_at      BIGINT NOT NULL,
    PRIMARY KEY (schedule_id, occasion)
);
