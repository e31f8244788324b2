-- How many signed up at each shop on each day, counted when they do: reports of a year had counted a pilot's 700,000
-- consumers one by one. A day is UTC, counted from 1970; `after_midnight_ms` is the sum of theirs.
CREATE TABLE shop_registration (
    shop_id            BLOB NOT NULL REFERENCES shop (id),
    day                INTEGER NOT NULL,
    many               INTEGER NOT NULL CHECK (many > 0),
    after_midnight_ms  INTEGER NOT NULL,
    PRIMARY KEY (shop_id, day),
    CHECK (after_midnight_ms >= 0 AND after_midnight_ms < many * 86400000)
) STRICT, WITHOUT ROWID;

INSERT INTO shop_registration (shop_id, day, many, after_midnight_ms)
SELECT first_shop_id, created_at / 86400000, COUNT(*), SUM(created_at % 86400000) FROM consumer
WHERE first_shop_id IS NOT NULL AND NOT anonymous GROUP BY first_shop_id, created_at / 86400000;
