-- What a product's owner suggests in shops that sell in another money than that of the product itself.
CREATE TABLE product_price (
    product_id             UUID NOT NULL REFERENCES product (id),
    currency               TEXT NOT NULL,
    suggested_price_minor  BIGINT NOT NULL CHECK (suggested_price_minor >= 0),
    PRIMARY KEY (product_id, currency)
);
