-- Levels of a brand's consumers, by points earned in ninety days. No row: the brand has none.

CREATE TABLE brand_levels (
    brand_id       UUID PRIMARY KEY REFERENCES brand (id),
    tenant_id      UUID NOT NULL REFERENCES organisation (id),
    second_points  BIGINT NOT NULL,
    third_points   BIGINT NOT NULL,
    set_at         BIGINT NOT NULL,
    CHECK (second_points > 0 AND third_points > second_points)
);
