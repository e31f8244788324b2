-- How many signed up at each shop on each day, counted when they do: reports of a year had counted a pilot's 700,000
-- consumers one by one.
CREATE TABLE shop_registration (
    shop_id            UUID NOT NULL REFERENCES shop (id),
    day                BIGINT NOT NULL,
    many               BIGINT NOT NULL CHECK (many > 0),
    after_midnight_ms  BIGINT NOT NULL,
    PRIMARY KEY (shop_id, day)
);

INSERT INTO shop_registration (shop_id, day, many, after_midnight_ms)
SELECT first_shop_id, created_at / 86400000, COUNT(*), SUM(created_at % 86400000) FROM consumer
WHERE first_shop_id IS NOT NULL AND NOT anonymous GROUP BY first_shop_id, created_at / 86400000;
