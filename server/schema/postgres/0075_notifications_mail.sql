-- E-mail with pictures and files, and with a way out of what comes regularly.

ALTER TABLE message ADD COLUMN html_sealed BYTEA;           -- the same text with its form; forgotten with it
ALTER TABLE message ADD COLUMN leave_url_sealed BYTEA;      -- where a mail program says for its reader that she wants no more
ALTER TABLE message ADD COLUMN bundle_id UUID;             -- its pictures and files
CREATE INDEX message_bundle ON message (bundle_id) WHERE bundle_id IS NOT NULL;

-- Pictures and files of e-mail: one set for all who get the same.
CREATE TABLE mail_part (
    bundle_id   UUID NOT NULL,
    place       BIGINT NOT NULL,
    name        TEXT NOT NULL,
    content_id  TEXT,                      -- of a picture inside the text; NULL: a file beside it
    media_type  TEXT NOT NULL,
    content     BYTEA NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (bundle_id, place)
);
CREATE INDEX mail_part_created ON mail_part (created_at);
