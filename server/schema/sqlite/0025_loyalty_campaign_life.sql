-- A campaign's way from a draft to closed books: a second person publishes, a version may begin later, a reward has days.

ALTER TABLE campaign ADD COLUMN review_asked_at INTEGER;        -- NULL: nobody waits for it
ALTER TABLE campaign ADD COLUMN review_asked_by BLOB;           -- the person; NULL: a program
ALTER TABLE campaign ADD COLUMN review_note TEXT NOT NULL DEFAULT '';
ALTER TABLE campaign ADD COLUMN settled_at INTEGER;
-- Who asked for what another person published.
ALTER TABLE campaign_version ADD COLUMN asked_by BLOB;
-- A tenant of one person may publish alone, when the operator says so.
ALTER TABLE organisation ADD COLUMN one_person_publishes INTEGER NOT NULL DEFAULT 0;
-- Which terms she read when she joined.
ALTER TABLE campaign_enrolment ADD COLUMN version_id BLOB REFERENCES campaign_version (id);
-- Days and shops of a reward: local dates, both included; the list is stored whole.
ALTER TABLE reward ADD COLUMN available_from TEXT;
ALTER TABLE reward ADD COLUMN available_until TEXT;
ALTER TABLE reward ADD COLUMN shops TEXT NOT NULL DEFAULT '[]';
