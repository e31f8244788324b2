-- Levels of a brand's consumers, by points earned in ninety days. No row: the brand has none.

CREATE TABLE brand_levels (
    brand_id       BLOB PRIMARY KEY REFERENCES brand (id),
    tenant_id      BLOB NOT NULL REFERENCES organisation (id),
    second_points  INTEGER NOT NULL,
    third_points   INTEGER NOT NULL,
    set_at         INTEGER NOT NULL,
    CHECK (second_points > 0 AND third_points > second_points)
) STRICT;
