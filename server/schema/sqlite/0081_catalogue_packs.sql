-- A barcode that stands for so many of another one: a six-pack, a case of six-packs. One row for each pack.
CREATE TABLE product_pack (
    pack_id     BLOB PRIMARY KEY REFERENCES product (id),
    unit_id     BLOB NOT NULL REFERENCES product (id),
    units       INTEGER NOT NULL,
    base_id     BLOB NOT NULL REFERENCES product (id),  -- the innermost unit, worked out from the relations
    base_units  INTEGER NOT NULL,
    set_at      INTEGER NOT NULL,
    CHECK (pack_id <> unit_id AND units >= 2 AND base_units >= units)
) STRICT;
CREATE INDEX product_pack_unit ON product_pack (unit_id);
CREATE INDEX product_pack_base ON product_pack (base_id);
