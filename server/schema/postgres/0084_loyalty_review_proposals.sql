-- The first of two people who approve a held purchase that gives more than one person may give alone.
CREATE TABLE review_proposal (
    purchase_id  UUID PRIMARY KEY REFERENCES purchase (id),
    proposed_by  UUID NOT NULL,           -- a person of the operator
    reason       TEXT NOT NULL,
    proposed_at  BIGINT NOT NULL
);
