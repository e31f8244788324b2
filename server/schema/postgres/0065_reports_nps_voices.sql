-- What consumers answer, beside the shopkeepers' `nps_answer`, and the sentence that either may add.

-- Counted apart: metric 8 is the shopkeepers'. The last answer of a wave counts.
CREATE TABLE consumer_nps_answer (
    brand_id     UUID NOT NULL REFERENCES brand (id),
    wave         TEXT NOT NULL,
    consumer_id  UUID NOT NULL REFERENCES consumer (id),
    tenant_id    UUID NOT NULL REFERENCES organisation (id),
    score        BIGINT NOT NULL,
    answered_at  BIGINT NOT NULL,
    PRIMARY KEY (brand_id, wave, consumer_id),
    CHECK (score >= 0 AND score <= 10)
);
CREATE INDEX consumer_nps_answer_consumer ON consumer_nps_answer (consumer_id, answered_at);
CREATE INDEX nps_answer_member ON nps_answer (member_id, answered_at);

-- A sentence belongs to nobody: no person, no shop, no hour. It is read only among enough answers.
CREATE TABLE nps_sentence (
    id           UUID PRIMARY KEY,
    brand_id     UUID NOT NULL REFERENCES brand (id),
    tenant_id    UUID NOT NULL REFERENCES organisation (id),
    wave         TEXT NOT NULL,
    asked        TEXT NOT NULL,           -- shop or consumer
    score        BIGINT NOT NULL,
    sentence     TEXT NOT NULL,
    CHECK (score >= 0 AND score <= 10)
);
CREATE INDEX nps_sentence_wave ON nps_sentence (brand_id, wave);
