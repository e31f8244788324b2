-- Sandboxes: tenants that try everything, with shops, cards and sales of their own. Their books are as immutable as all others:
-- a reset opens the next world with brands of its own and closes the one before, whose rows stay as they were written.

CREATE TABLE sandbox_world (
    id         BLOB PRIMARY KEY,
    tenant_id  BLOB NOT NULL REFERENCES organisation (id),
    number     INTEGER NOT NULL,        -- from 1
    opened_at  INTEGER NOT NULL,
    closed_at  INTEGER,
    UNIQUE (tenant_id, number)
) STRICT;
CREATE UNIQUE INDEX sandbox_world_open ON sandbox_world (tenant_id) WHERE closed_at IS NULL;

-- What has no row here is real.
CREATE TABLE sandbox_shop (
    shop_id   BLOB PRIMARY KEY REFERENCES shop (id),
    world_id  BLOB NOT NULL REFERENCES sandbox_world (id)
) STRICT;
CREATE INDEX sandbox_shop_world ON sandbox_shop (world_id);

CREATE TABLE sandbox_consumer (
    consumer_id  BLOB PRIMARY KEY REFERENCES consumer (id),
    world_id     BLOB NOT NULL REFERENCES sandbox_world (id)
) STRICT;
CREATE INDEX sandbox_consumer_world ON sandbox_consumer (world_id);

ALTER TABLE brand ADD COLUMN world_id BLOB REFERENCES sandbox_world (id);
ALTER TABLE brand ADD COLUMN succeeds BLOB REFERENCES brand (id);  -- the brand of the world before whose place it takes
ALTER TABLE brand ADD COLUMN closed_at INTEGER;
CREATE INDEX brand_world ON brand (world_id) WHERE world_id IS NOT NULL;
CREATE UNIQUE INDEX brand_succeeds ON brand (succeeds) WHERE succeeds IS NOT NULL;

-- Closing a world piece by piece: its cards, its products, its shops.
CREATE TABLE sandbox_reset (
    id            BLOB PRIMARY KEY,
    tenant_id     BLOB NOT NULL REFERENCES organisation (id),
    world_id      BLOB NOT NULL UNIQUE REFERENCES sandbox_world (id),  -- the one that closes
    done          INTEGER NOT NULL,
    total         INTEGER NOT NULL,
    requested_by  TEXT NOT NULL,
    requested_at  INTEGER NOT NULL,
    finished_at   INTEGER,
    CHECK (done >= 0 AND total >= 0)
) STRICT;
CREATE INDEX sandbox_reset_tenant ON sandbox_reset (tenant_id, requested_at);
