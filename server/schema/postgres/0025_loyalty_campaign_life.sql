-- A campaign's way from a draft to closed books: a second person publishes, a version may begin later, a reward has days.

ALTER TABLE campaign ADD COLUMN review_asked_at BIGINT;        -- NULL: nobody waits for it
ALTER TABLE campaign ADD COLUMN review_asked_by UUID;           -- the person; NULL: a program
ALTER TABLE campaign ADD COLUMN review_note TEXT NOT NULL DEFAULT '';
ALTER TABLE campaign ADD COLUMN settled_at BIGINT;
-- Who asked for what another person published.
ALTER TABLE campaign_version ADD COLUMN asked_by UUID;
-- A tenant of one person may publish alone, when the operator says so.
ALTER TABLE organisation ADD COLUMN one_person_publishes BOOLEAN NOT NULL DEFAULT FALSE;
-- Which terms she read when she joined.
ALTER TABLE campaign_enrolment ADD COLUMN version_id UUID REFERENCES campaign_version (id);
-- Days and shops of a reward: local dates, both included; the list is stored whole.
ALTER TABLE reward ADD COLUMN available_from TEXT;
ALTER TABLE reward ADD COLUMN available_until TEXT;
ALTER TABLE reward ADD COLUMN shops JSONB NOT NULL DEFAULT '[]';
