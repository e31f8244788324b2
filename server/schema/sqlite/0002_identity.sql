-- Organisations, brands, shops, people, devices, sessions, consents, audit.

-- Tenants: a brand owner or the operator.
CREATE TABLE organisation (
    id          BLOB PRIMARY KEY,
    kind        TEXT NOT NULL,
    name        TEXT NOT NULL,
    country     TEXT NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE brand (
    id          BLOB PRIMARY KEY,
    tenant_id   BLOB NOT NULL REFERENCES organisation (id),
    name        TEXT NOT NULL,
    colour      TEXT NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX brand_tenant ON brand (tenant_id);

-- People of organisations. `email_key` is the address in lower case: one person, one account.
CREATE TABLE org_user (
    id              BLOB PRIMARY KEY,
    tenant_id       BLOB NOT NULL REFERENCES organisation (id),
    email           TEXT NOT NULL,
    email_key       TEXT NOT NULL UNIQUE,
    name            TEXT NOT NULL,
    role            TEXT NOT NULL,
    password_hash   TEXT NOT NULL,
    totp_secret     BLOB,            -- sealed; NULL until a second factor was begun
    totp_enabled_at INTEGER,
    totp_last_step  INTEGER NOT NULL,  -- a one-time password is used once
    disabled_at     INTEGER,
    created_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX org_user_tenant ON org_user (tenant_id, created_at, id);

-- Shops belong to the platform, not to a tenant.
CREATE TABLE shop (
    id                BLOB PRIMARY KEY,
    name              TEXT NOT NULL,
    search_key        TEXT NOT NULL,
    country           TEXT NOT NULL,
    currency          TEXT NOT NULL,
    time_zone         TEXT NOT NULL,
    city              TEXT NOT NULL,
    zone              TEXT NOT NULL,
    distributor_code  TEXT,
    latitude          REAL,
    longitude         REAL,
    closed_at         INTEGER,
    created_at        INTEGER NOT NULL
) STRICT;
CREATE INDEX shop_search ON shop (search_key);
CREATE INDEX shop_created ON shop (created_at, id);

-- People of shops: the phone is sealed, its keyed hash finds it.
CREATE TABLE shop_member (
    id            BLOB PRIMARY KEY,
    shop_id       BLOB NOT NULL REFERENCES shop (id),
    name          TEXT NOT NULL,
    role          TEXT NOT NULL,
    phone_hash    BLOB NOT NULL,
    phone_sealed  BLOB NOT NULL,
    removed_at    INTEGER,
    created_at    INTEGER NOT NULL,
    UNIQUE (shop_id, phone_hash)
) STRICT;
CREATE INDEX shop_member_phone ON shop_member (phone_hash);

-- A phone that signs: P-256 public key, 65 bytes uncompressed.
CREATE TABLE device (
    id           BLOB PRIMARY KEY,
    shop_id      BLOB NOT NULL REFERENCES shop (id),
    member_id    BLOB NOT NULL REFERENCES shop_member (id),
    public_key   BLOB NOT NULL UNIQUE,
    name         TEXT NOT NULL,
    enrolled_at  INTEGER NOT NULL,
    revoked_at   INTEGER,
    revoked_by   BLOB
) STRICT;
CREATE INDEX device_shop ON device (shop_id, enrolled_at);
CREATE INDEX device_member ON device (member_id);

-- An owner lets somebody in: the code's keyed hash, never the code.
CREATE TABLE invitation (
    id          BLOB PRIMARY KEY,
    shop_id     BLOB NOT NULL REFERENCES shop (id),
    invited_by  BLOB NOT NULL REFERENCES shop_member (id),
    code_hash   BLOB NOT NULL UNIQUE,
    expires_at  INTEGER NOT NULL,
    used_at     INTEGER,
    created_at  INTEGER NOT NULL
) STRICT;

-- Consumers belong to the platform; the row itself says nothing about a person but the name she chose.
CREATE TABLE consumer (
    id            BLOB PRIMARY KEY,
    display_name  TEXT,
    country       TEXT NOT NULL,
    adult         INTEGER NOT NULL,   -- said that she is of age
    anonymous     INTEGER NOT NULL,   -- only a card, no person yet
    first_shop_id BLOB REFERENCES shop (id),
    created_at    INTEGER NOT NULL,
    deleted_at    INTEGER
) STRICT;

CREATE TABLE contact (
    consumer_id   BLOB PRIMARY KEY REFERENCES consumer (id),
    phone_hash    BLOB NOT NULL UNIQUE,
    phone_sealed  BLOB NOT NULL,
    verified_at   INTEGER NOT NULL
) STRICT;

-- Each decision is a row: given or withdrawn, with its proof. The newest one counts.
CREATE TABLE consent (
    id            BLOB PRIMARY KEY,
    consumer_id   BLOB NOT NULL REFERENCES consumer (id),
    purpose       TEXT NOT NULL,
    controller    TEXT NOT NULL,      -- 'platform' or a brand's id
    granted       INTEGER NOT NULL,
    text_version  TEXT NOT NULL,
    channel       TEXT NOT NULL,
    device        TEXT NOT NULL,
    decided_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX consent_consumer ON consent (consumer_id, purpose, controller, decided_at);

-- One-time codes: until consent nothing else about the person is kept.
CREATE TABLE challenge (
    id             BLOB PRIMARY KEY,
    phone_hash     BLOB NOT NULL,
    code_hash      BLOB NOT NULL,
    purpose        TEXT NOT NULL,
    attempts_left  INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    verified_at    INTEGER,
    used_at        INTEGER,
    created_at     INTEGER NOT NULL,
    CHECK (attempts_left >= 0)
) STRICT;
CREATE INDEX challenge_phone ON challenge (phone_hash, created_at);
CREATE INDEX challenge_expiry ON challenge (expires_at);

-- A session is known by the SHA-256 of its cookie.
CREATE TABLE session (
    id            BLOB PRIMARY KEY,
    token_hash    BLOB NOT NULL UNIQUE,
    persona       TEXT NOT NULL,
    subject_id    BLOB NOT NULL,
    tenant_id     BLOB,
    shop_id       BLOB,
    device_id     BLOB REFERENCES device (id),
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    revoked_at    INTEGER
) STRICT;
CREATE INDEX session_subject ON session (subject_id);
CREATE INDEX session_expiry ON session (expires_at);

CREATE TABLE api_key (
    id           BLOB PRIMARY KEY,
    tenant_id    BLOB NOT NULL REFERENCES organisation (id),
    name         TEXT NOT NULL,
    prefix       TEXT NOT NULL,
    secret_hash  BLOB NOT NULL UNIQUE,
    scopes       TEXT NOT NULL,       -- separated by spaces
    created_by   BLOB,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    revoked_at   INTEGER
) STRICT;
CREATE INDEX api_key_tenant ON api_key (tenant_id, created_at, id);

CREATE TABLE audit_event (
    id           BLOB PRIMARY KEY,
    at           INTEGER NOT NULL,
    actor        TEXT NOT NULL,
    tenant_id    BLOB,
    shop_id      BLOB,
    verb         TEXT NOT NULL,
    subject      TEXT NOT NULL,
    before_state TEXT,
    after_state  TEXT,
    why          TEXT
) STRICT;
CREATE INDEX audit_event_at ON audit_event (at, id);
CREATE INDEX audit_event_tenant ON audit_event (tenant_id, at, id);

-- Append-only: the database itself refuses to change a fact.
CREATE TRIGGER consent_no_update BEFORE UPDATE ON consent BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER consent_no_delete BEFORE DELETE ON consent BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON audit_event BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event BEGIN SELECT RAISE(ABORT, 'append-only'); END;
