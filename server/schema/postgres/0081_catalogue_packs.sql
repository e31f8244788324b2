-- A barcode that stands for so many of another one: a six-pack, a case of six-packs. One row for each pack.
CREATE TABLE product_pack (
    pack_id     UUID PRIMARY KEY REFERENCES product (id),
    unit_id     UUID NOT NULL REFERENCES product (id),
    units       BIGINT NOT NULL,
    base_id     UUID NOT NULL REFERENCES product (id),  -- the innermost unit, worked out from the relations
    base_units  BIGINT NOT NULL,
    set_at      BIGINT NOT NULL,
    CHECK (pack_id <> unit_id AND units >= 2 AND base_units >= units)
);
CREATE INDEX product_pack_unit ON product_pack (unit_id);
CREATE INDEX product_pack_base ON product_pack (base_id);
