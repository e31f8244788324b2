-- What somebody of a brand is about to change of a reward's days and shops: looked at beside what holds, then confirmed.
-- One of each person and reward; a new one takes the place of the last.
CREATE TABLE reward_handover_change (
    reward_id    BLOB NOT NULL REFERENCES reward (id),
    user_id      BLOB NOT NULL,
    tenant_id    BLOB NOT NULL REFERENCES organisation (id),
    held_before  TEXT NOT NULL,      -- what was so when it was proposed
    proposed     TEXT NOT NULL,
    unknown      TEXT NOT NULL,      -- codes that are of no shop
    proposed_at  INTEGER NOT NULL,
    applied_at   INTEGER,
    PRIMARY KEY (reward_id, user_id)
) STRICT, WITHOUT ROWID;
