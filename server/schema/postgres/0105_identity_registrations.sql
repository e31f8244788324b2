-- How many signed up at each shop on each day, counted when they do: reports of a year had counted a pilot's 700,000
-- consumers one by one. A day is UTC, counted from 1970; `after_midnight_ms` is the sum of theirs.
CREATE TABLE shop_registration (
    shop_id            UUID NOT NULL REFERENCES shop (id),
    day                BIGINT NOT NULL,
    many               BIGINT NOT NULL CHECK (many > 0),
    after_midnight_ms  BIGINT NOT NULL,
    PRIMARY KEY (shop_id, day),
    CHECK (after_midnight_ms >= 0 AND after_midnight_ms < many * 86400000)
);

-- Nobody signs up between the count and its end.
LOCK TABLE consumer IN SHARE ROW EXCLUSIVE MODE;
INSERT INTO shop_registration (shop_id, day, many, after_midnight_ms)
SELECT first_shop_id, created_at / 86400000, COUNT(*), SUM(created_at % 86400000) FROM consumer
WHERE first_shop_id IS NOT NULL AND NOT anonymous GROUP BY first_shop_id, created_at / 86400000;
