-- Organisations, brands, shops, people, devices, sessions, consents, audit.

-- Tenants: a brand owner or the operator.
CREATE TABLE organisation (
    id          UUID PRIMARY KEY,
    kind        TEXT NOT NULL,
    name        TEXT NOT NULL,
    country     TEXT NOT NULL,
    created_at  BIGINT NOT NULL
);

CREATE TABLE brand (
    id          UUID PRIMARY KEY,
    tenant_id   UUID NOT NULL REFERENCES organisation (id),
    name        TEXT NOT NULL,
    colour      TEXT NOT NULL,
    created_at  BIGINT NOT NULL
);
CREATE INDEX brand_tenant ON brand (tenant_id);

-- People of organisations. `email_key` is the address in lower case: one person, one account.
CREATE TABLE org_user (
    id              UUID PRIMARY KEY,
    tenant_id       UUID NOT NULL REFERENCES organisation (id),
    email           TEXT NOT NULL,
    email_key       TEXT NOT NULL UNIQUE,
    name            TEXT NOT NULL,
    role            TEXT NOT NULL,
    password_hash   TEXT NOT NULL,
    totp_secret     BYTEA,            -- sealed; NULL until a second factor was begun
    totp_enabled_at BIGINT,
    totp_last_step  BIGINT NOT NULL,  -- a one-time password is used once
    disabled_at     BIGINT,
    created_at      BIGINT NOT NULL
);
CREATE INDEX org_user_tenant ON org_user (tenant_id, created_at, id);

-- Shops belong to the platform, not to a tenant.
CREATE TABLE shop (
    id                UUID PRIMARY KEY,
    name              TEXT NOT NULL,
    search_key        TEXT NOT NULL,
    country           TEXT NOT NULL,
    currency          TEXT NOT NULL,
    time_zone         TEXT NOT NULL,
    city              TEXT NOT NULL,
    zone              TEXT NOT NULL,
    distributor_code  TEXT,
    latitude          DOUBLE PRECISION,
    longitude         DOUBLE PRECISION,
    closed_at         BIGINT,
    created_at        BIGINT NOT NULL
);
CREATE INDEX shop_search ON shop (search_key);
CREATE INDEX shop_created ON shop (created_at, id);

-- People of shops: the phone is sealed, its keyed hash finds it.
CREATE TABLE shop_member (
    id            UUID PRIMARY KEY,
    shop_id       UUID NOT NULL REFERENCES shop (id),
    name          TEXT NOT NULL,
    role          TEXT NOT NULL,
    phone_hash    BYTEA NOT NULL,
    phone_sealed  BYTEA NOT NULL,
    removed_at    BIGINT,
    created_at    BIGINT NOT NULL,
    UNIQUE (shop_id, phone_hash)
);
CREATE INDEX shop_member_phone ON shop_member (phone_hash);

-- A phone that signs: P-256 public key, 65 bytes uncompressed.
CREATE TABLE device (
    id           UUID PRIMARY KEY,
    shop_id      UUID NOT NULL REFERENCES shop (id),
    member_id    UUID NOT NULL REFERENCES shop_member (id),
    public_key   BYTEA NOT NULL UNIQUE,
    name         TEXT NOT NULL,
    enrolled_at  BIGINT NOT NULL,
    revoked_at   BIGINT,
    revoked_by   UUID
);
CREATE INDEX device_shop ON device (shop_id, enrolled_at);
CREATE INDEX device_member ON device (member_id);

-- An owner lets somebody in: the code's keyed hash, never the code.
CREATE TABLE invitation (
    id          UUID PRIMARY KEY,
    shop_id     UUID NOT NULL REFERENCES shop (id),
    invited_by  UUID NOT NULL REFERENCES shop_member (id),
    code_hash   BYTEA NOT NULL UNIQUE,
    expires_at  BIGINT NOT NULL,
    used_at     BIGINT,
    created_at  BIGINT NOT NULL
);

-- Consumers belong to the platform; the row itself says nothing about a person but the name she chose.
CREATE TABLE consumer (
    id            UUID PRIMARY KEY,
    display_name  TEXT,
    country       TEXT NOT NULL,
    adult         BOOLEAN NOT NULL,   -- said that she is of age
    anonymous     BOOLEAN NOT NULL,   -- only a card, no person yet
    first_shop_id UUID REFERENCES shop (id),
    created_at    BIGINT NOT NULL,
    deleted_at    BIGINT
);

CREATE TABLE contact (
    consumer_id   UUID PRIMARY KEY REFERENCES consumer (id),
    phone_hash    BYTEA NOT NULL UNIQUE,
    phone_sealed  BYTEA NOT NULL,
    verified_at   BIGINT NOT NULL
);

-- Each decision is a row: given or withdrawn, with its proof. The newest one counts.
CREATE TABLE consent (
    id            UUID PRIMARY KEY,
    consumer_id   UUID NOT NULL REFERENCES consumer (id),
    purpose       TEXT NOT NULL,
    controller    TEXT NOT NULL,      -- 'platform' or a brand's id
    granted       BOOLEAN NOT NULL,
    text_version  TEXT NOT NULL,
    channel       TEXT NOT NULL,
    device        TEXT NOT NULL,
    decided_at    BIGINT NOT NULL
);
CREATE INDEX consent_consumer ON consent (consumer_id, purpose, controller, decided_at);

-- One-time codes: until consent nothing else about the person is kept.
CREATE TABLE challenge (
    id             UUID PRIMARY KEY,
    phone_hash     BYTEA NOT NULL,
    code_hash      BYTEA NOT NULL,
    purpose        TEXT NOT NULL,
    attempts_left  BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    verified_at    BIGINT,
    used_at        BIGINT,
    created_at     BIGINT NOT NULL,
    CHECK (attempts_left >= 0)
);
CREATE INDEX challenge_phone ON challenge (phone_hash, created_at);
CREATE INDEX challenge_expiry ON challenge (expires_at);

-- A session is known by the SHA-256 of its cookie.
CREATE TABLE session (
    id            UUID PRIMARY KEY,
    token_hash    BYTEA NOT NULL UNIQUE,
    persona       TEXT NOT NULL,
    subject_id    UUID NOT NULL,
    tenant_id     UUID,
    shop_id       UUID,
    device_id     UUID REFERENCES device (id),
    created_at    BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    revoked_at    BIGINT
);
CREATE INDEX session_subject ON session (subject_id);
CREATE INDEX session_expiry ON session (expires_at);

CREATE TABLE api_key (
    id           UUID PRIMARY KEY,
    tenant_id    UUID NOT NULL REFERENCES organisation (id),
    name         TEXT NOT NULL,
    prefix       TEXT NOT NULL,
    secret_hash  BYTEA NOT NULL UNIQUE,
    scopes       TEXT NOT NULL,       -- separated by spaces
    created_by   UUID,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT,
    revoked_at   BIGINT
);
CREATE INDEX api_key_tenant ON api_key (tenant_id, created_at, id);

CREATE TABLE audit_event (
    id           UUID PRIMARY KEY,
    at           BIGINT NOT NULL,
    actor        TEXT NOT NULL,
    tenant_id    UUID,
    shop_id      UUID,
    verb         TEXT NOT NULL,
    subject      TEXT NOT NULL,
    before_state JSONB,
    after_state  JSONB,
    why          TEXT
);
CREATE INDEX audit_event_at ON audit_event (at, id);
CREATE INDEX audit_event_tenant ON audit_event (tenant_id, at, id);

-- Append-only: the database itself refuses to change a fact.
CREATE TRIGGER consent_append_only BEFORE UPDATE OR DELETE ON consent
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE ON audit_event
    FOR EACH ROW EXECUTE FUNCTION append_only();
