-- Jobs that talk to strangers run beside the others: nobody waits for them.

ALTER TABLE job ADD COLUMN lane TEXT NOT NULL DEFAULT 'quick';        -- quick, slow
ALTER TABLE dead_job ADD COLUMN lane TEXT NOT NULL DEFAULT 'quick';
UPDATE job SET lane = 'slow' WHERE kind IN ('webhooks.deliver', 'webhooks.again');
UPDATE dead_job SET lane = 'slow' WHERE kind IN ('webhooks.deliver', 'webhooks.again');
DROP INDEX job_due;
CREATE INDEX job_due ON job (lane, run_at, id);
