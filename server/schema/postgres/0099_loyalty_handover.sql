-- What somebody of a brand is about to change of a reward's days and shops: looked at beside what holds, then confirmed.
-- One of each person and reward; a new one takes the place of the last.
CREATE TABLE reward_handover_change (
    reward_id    UUID NOT NULL REFERENCES reward (id),
    user_id      UUID NOT NULL,
    tenant_id    UUID NOT NULL REFERENCES organisation (id),
    held_before  JSONB NOT NULL,     -- what was so when it was proposed
    proposed     JSONB NOT NULL,
    unknown      JSONB NOT NULL,     -- codes that are of no shop
    proposed_at  BIGINT NOT NULL,
    applied_at   BIGINT,
    PRIMARY KEY (reward_id, user_id)
);
