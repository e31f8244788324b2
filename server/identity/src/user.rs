//! People of organisations: e-mail, password, and a second factor.

use std::{
    collections::HashMap,
    sync::{Mutex, OnceLock},
};

use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version, password_hash::SaltString};
use db::{Db, Tx, sql};
use shared::{
    OrganisationId, Page, Timestamp, UserId,
    identity::{OrganisationKind, User, UserRole},
    page::PAGE_SIZE_MAX,
    time::MINUTE_MS,
};
use totp_rs::{Algorithm as TotpAlgorithm, TOTP};

use crate::{Actor, Error, Keys, Persona, audit, keys::random, session};

/// Shortest password, in characters.
pub const PASSWORD_MIN: usize = 12;
const PASSWORD_MAX: usize = 200;
/// Wrong log-ins of one account in [`FAILURES_WINDOW_MS`].
const FAILURES_MAX: usize = 10;
const FAILURES_WINDOW_MS: i64 = 15 * MINUTE_MS;
const TOTP_CONTEXT: &str = "totp";
/// Between password and second factor.
const HALFWAY_CONTEXT: &str = "halfway";
const HALFWAY_MS: i64 = 5 * MINUTE_MS;
const TOTP_STEP_SECONDS: u64 = 30;

/// Argon2id with 19 MiB, two passes, one lane: the first choice of the OWASP password storage cheat sheet.
fn hasher() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(19_456, 2, 1, None).unwrap_or_default())
}

/// Hashes a password, away from the threads that answer requests.
pub async fn hash_password(password: &str) -> Result<String, Error> {
    if password.chars().count() < PASSWORD_MIN || password.len() > PASSWORD_MAX {
        return Err(Error::WeakPassword);
    }
    let password = password.to_owned();
    let hashed = tokio::task::spawn_blocking(move || {
        let salt = SaltString::encode_b64(&random::<16>()).map_err(|_| Error::WeakPassword)?;
        hasher().hash_password(password.as_bytes(), &salt).map(|hash| hash.to_string()).map_err(|_| Error::WeakPassword)
    });
    hashed.await.unwrap_or(Err(Error::WeakPassword))
}

async fn password_matches(hash: String, password: String) -> bool {
    let matching = tokio::task::spawn_blocking(move || {
        PasswordHash::new(&hash).is_ok_and(|hash| hasher().verify_password(password.as_bytes(), &hash).is_ok())
    });
    matching.await.unwrap_or(false)
}

#[derive(sqlx::FromRow)]
struct Account {
    id: UserId,
    tenant_id: OrganisationId,
    kind: OrganisationKind,
    password_hash: String,
    totp_secret: Option<Vec<u8>>,
    totp_enabled_at: Option<Timestamp>,
}

/// What the right password opens.
pub enum LogIn {
    /// The session.
    Open(session::Opened),
    /// The account has a second factor: a sealed note, good for five minutes, that [`log_in_with_totp`] wants back.
    NeedsTotp(String),
}

/// Checks a password. It holds no transaction meanwhile: hashing takes so long that an open one would stop every writer
/// of an embedded database.
pub async fn log_in(db: &Db, keys: &Keys, now: Timestamp, persona: Persona, email: &str, password: &str) -> Result<LogIn, Error> {
    let key = email.trim().to_lowercase();
    failures(&key, now, Attempt::Check)?;
    let account = find(db, persona, &key).await?;
    // An unknown address costs the same time as a wrong password.
    let hash = account.as_ref().map_or_else(|| decoy().to_owned(), |account| account.password_hash.clone());
    let matches = password_matches(hash, password.chars().take(PASSWORD_MAX).collect()).await;
    let Some(account) = account.filter(|_| matches) else {
        failures(&key, now, Attempt::Failed)?;
        return Err(Error::InvalidCredentials);
    };
    if account.totp_enabled_at.is_some() {
        let note = format!("{}\n{key}", now.plus_ms(HALFWAY_MS).0);
        return Ok(LogIn::NeedsTotp(keys.seal_text(HALFWAY_CONTEXT, note.as_bytes())));
    }
    let mut tx = db.begin().await?;
    let opened = open(&mut tx, now, &account).await?;
    tx.commit().await?;
    failures(&key, now, Attempt::Succeeded)?;
    Ok(LogIn::Open(opened))
}

/// The second step: the note of [`LogIn::NeedsTotp`] and the six digits that the person's application shows.
pub async fn log_in_with_totp(
    db: &Db,
    keys: &Keys,
    now: Timestamp,
    persona: Persona,
    note: &str,
    typed: &str,
) -> Result<session::Opened, Error> {
    let note = keys.open_text(HALFWAY_CONTEXT, note).and_then(|bytes| String::from_utf8(bytes).ok()).ok_or(Error::CodeExpired)?;
    let (until, key) = note.split_once('\n').ok_or(Error::CodeExpired)?;
    if until.parse::<i64>().map_or(true, |until| until < now.0) {
        return Err(Error::CodeExpired);
    }
    failures(key, now, Attempt::Check)?;
    let account = find(db, persona, key).await?.ok_or(Error::CodeExpired)?;
    let mut tx = db.begin().await?;
    if let Err(error) = use_totp(&mut tx, keys, now, account.id, account.totp_secret.as_deref(), typed.trim()).await {
        failures(key, now, Attempt::Failed)?;
        return Err(error);
    }
    let opened = open(&mut tx, now, &account).await?;
    tx.commit().await?;
    failures(key, now, Attempt::Succeeded)?;
    Ok(opened)
}

/// An account that may use this console.
async fn find(db: &Db, persona: Persona, key: &str) -> Result<Option<Account>, Error> {
    let account = db.read().await?.query(FIND).bind(key).maybe::<Account>().await?;
    Ok(account.filter(|account| (persona == Persona::Backoffice) == (account.kind == OrganisationKind::Operator)))
}

async fn open(tx: &mut Tx, now: Timestamp, account: &Account) -> Result<session::Opened, Error> {
    let opened = session::open(tx, now, session::Subject::User(account.id, account.tenant_id, account.kind)).await?;
    audit::append(
        tx,
        now,
        &format!("user {}", account.id),
        Some(account.tenant_id),
        None,
        "user.logged_in",
        &account.id.to_string(),
        None,
        None,
        None,
    )
    .await?;
    Ok(opened)
}

/// A hash of nobody's password, with the same cost.
fn decoy() -> &'static str {
    static DECOY: OnceLock<String> = OnceLock::new();
    DECOY.get_or_init(|| {
        let Ok(salt) = SaltString::encode_b64(&[7; 16]) else {
            return String::new();
        };
        hasher().hash_password(b"nobody", &salt).map_or_else(|_| String::new(), |hash| hash.to_string())
    })
}

enum Attempt {
    Check,
    Failed,
    Succeeded,
}

/// Counts wrong log-ins of an account in this process: with several processes the bound is as many times higher.
fn failures(key: &str, now: Timestamp, attempt: Attempt) -> Result<(), Error> {
    static FAILURES: OnceLock<Mutex<HashMap<String, Vec<Timestamp>>>> = OnceLock::new();
    let Ok(mut all) = FAILURES.get_or_init(Mutex::default).lock() else {
        return Ok(());
    };
    if all.len() > 10_000 {
        all.retain(|_, times| times.iter().any(|at| now.since(*at) < FAILURES_WINDOW_MS));
    }
    match attempt {
        Attempt::Succeeded => {
            all.remove(key);
        }
        Attempt::Failed => all.entry(key.to_owned()).or_default().push(now),
        Attempt::Check => {
            let Some(times) = all.get_mut(key) else {
                return Ok(());
            };
            times.retain(|at| now.since(*at) < FAILURES_WINDOW_MS);
            if times.len() >= FAILURES_MAX {
                let oldest = times.first().copied().unwrap_or(now);
                let wait_ms = FAILURES_WINDOW_MS - now.since(oldest);
                return Err(Error::TooMany(u32::try_from(wait_ms / 1_000 + 1).unwrap_or(900)));
            }
        }
    }
    Ok(())
}

fn totp(secret: Vec<u8>, account: &str) -> Result<TOTP, Error> {
    TOTP::new(TotpAlgorithm::SHA1, 6, 1, TOTP_STEP_SECONDS, secret, Some("Mostrador".into()), account.replace(':', ""))
        .map_err(|_| Error::WrongTotp)
}

/// One step of the clock counts once, one step before and after is accepted.
async fn use_totp(tx: &mut Tx, keys: &Keys, now: Timestamp, user: UserId, sealed: Option<&[u8]>, typed: &str) -> Result<(), Error> {
    let secret = sealed.and_then(|sealed| keys.open(TOTP_CONTEXT, sealed)).ok_or(Error::WrongTotp)?;
    let totp = totp(secret, "account")?;
    let seconds = now.0.div_euclid(1_000).unsigned_abs();
    let step = [0_i64, -1, 1].into_iter().find(|offset| {
        let at = seconds.saturating_add_signed(offset * TOTP_STEP_SECONDS as i64);
        bool::from(subtle::ConstantTimeEq::ct_eq(totp.generate(at).as_bytes(), typed.as_bytes()))
    });
    let step = step.ok_or(Error::WrongTotp)? + (seconds / TOTP_STEP_SECONDS) as i64;
    if tx.query(USE_TOTP).bind(step).bind(user).execute().await? == 1 { Ok(()) } else { Err(Error::WrongTotp) }
}

/// A second factor to scan.
pub struct NewTotp {
    /// Base 32, for typing.
    pub secret: String,
    /// For the QR.
    pub otpauth_url: String,
}

/// Makes a secret for the actor; it counts once a password of it was typed.
pub async fn begin_totp(tx: &mut Tx, keys: &Keys, actor: &Actor) -> Result<NewTotp, Error> {
    let Actor::User { user, .. } = actor else {
        return actor.tenant().and(Err(Error::Forbidden));
    };
    let (email,): (String,) = tx.query(EMAIL).bind(*user).one().await?;
    let secret = random::<20>().to_vec();
    let totp = totp(secret.clone(), &email)?;
    let rows = tx.query(SET_TOTP).bind(keys.seal(TOTP_CONTEXT, &secret)).bind(*user).execute().await?;
    if rows != 1 {
        return Err(Error::Taken("totp"));
    }
    Ok(NewTotp { secret: totp.get_secret_base32(), otpauth_url: totp.get_url() })
}

/// The secret that was begun and not confirmed yet, so that its page can be opened again. `None`: none was, or it is on.
pub async fn pending_totp(tx: &mut Tx, keys: &Keys, actor: &Actor) -> Result<Option<NewTotp>, Error> {
    let user = actor.user()?;
    let Some((email, sealed)) = tx.query(PENDING_TOTP).bind(user).maybe::<(String, Vec<u8>)>().await? else {
        return Ok(None);
    };
    let Some(secret) = keys.open(TOTP_CONTEXT, &sealed) else {
        return Ok(None);
    };
    let totp = totp(secret, &email)?;
    Ok(Some(NewTotp { secret: totp.get_secret_base32(), otpauth_url: totp.get_url() }))
}

/// Switches the second factor on.
pub async fn confirm_totp(tx: &mut Tx, keys: &Keys, actor: &Actor, now: Timestamp, typed: &str) -> Result<(), Error> {
    let Actor::User { user, .. } = actor else {
        return actor.tenant().and(Err(Error::Forbidden));
    };
    let (sealed,): (Option<Vec<u8>>,) = tx.query(TOTP_SECRET).bind(*user).one().await?;
    use_totp(tx, keys, now, *user, sealed.as_deref(), typed).await?;
    tx.query(ENABLE_TOTP).bind(now).bind(*user).execute().await?;
    audit::record(tx, actor, now, "user.totp_enabled", user, None, None, None).await
}

/// Somebody to add.
pub struct NewUser<'a> {
    /// Of which organisation.
    pub organisation: OrganisationId,
    /// Address to log in with.
    pub email: &'a str,
    /// Name on screens.
    pub name: &'a str,
    /// What they may do.
    pub role: UserRole,
    /// From [`hash_password`].
    pub password_hash: String,
}

/// Adds a person to an organisation.
pub async fn create(tx: &mut Tx, actor: &Actor, now: Timestamp, new: NewUser<'_>) -> Result<UserId, Error> {
    actor.administers(new.organisation)?;
    let email = new.email.trim();
    let looks_right = email.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.')) && email.len() <= 200;
    if !looks_right || email.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Error::Field("email"));
    }
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > 80 {
        return Err(Error::Field("name"));
    }
    let user: UserId = tx.new_id();
    tx.query(INSERT)
        .bind(user)
        .bind(new.organisation)
        .bind(email)
        .bind(email.to_lowercase())
        .bind(name)
        .bind(new.role)
        .bind(new.password_hash)
        .bind(now)
        .execute()
        .await
        .map_err(|error| match error {
            db::Error::Unique => Error::Taken("email"),
            db::Error::ForeignKey => Error::Field("organisation_id"),
            other => other.into(),
        })?;
    audit::record(tx, actor, now, "user.created", user, None, Some(serde_json::json!({ "role": new.role })), None).await?;
    Ok(user)
}

#[derive(sqlx::FromRow)]
struct Row {
    id: UserId,
    tenant_id: OrganisationId,
    email: String,
    name: String,
    role: UserRole,
    totp_enabled_at: Option<Timestamp>,
    disabled_at: Option<Timestamp>,
}

/// People of one organisation; at most 500.
pub async fn list(tx: &mut Tx, actor: &Actor, organisation: OrganisationId) -> Result<Vec<User>, Error> {
    actor.administers(organisation)?;
    let rows = tx.query(LIST).bind(organisation).all::<Row>().await?;
    Ok(rows.into_iter().map(User::from).collect())
}

impl From<Row> for User {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            organisation_id: row.tenant_id,
            email: row.email,
            name: row.name,
            role: row.role,
            totp: row.totp_enabled_at.is_some(),
            disabled_at: row.disabled_at,
        }
    }
}

/// Whoever is logged in, as the consoles greet them.
pub async fn own(tx: &mut Tx, actor: &Actor) -> Result<User, Error> {
    let user = actor.user()?;
    Ok(tx.query(OWN).bind(user).one::<Row>().await?.into())
}

/// People of all organisations for the operator's administrators, newest first, whose name or address holds the words;
/// with each the name of the organisation.
pub async fn search(tx: &mut Tx, actor: &Actor, words: &str, cursor: Option<&str>, limit: i64) -> Result<Page<(User, String)>, Error> {
    actor.administers_platform()?;
    let limit = limit.clamp(1, PAGE_SIZE_MAX);
    let (before, before_id) = audit::after(cursor)?;
    let like = format!("%{}%", words.trim().to_lowercase().replace(['%', '_'], ""));
    let mut rows = tx.query(SEARCH).bind(like).bind(before).bind(UserId(before_id)).bind(limit + 1).all::<Listed>().await?;
    let more = rows.len() as i64 > limit;
    rows.truncate(limit as usize);
    let next_cursor = rows.last().filter(|_| more).map(|last| audit::cursor(last.created_at, last.row.id.0));
    Ok(Page { items: rows.into_iter().map(|listed| (listed.row.into(), listed.organisation)).collect(), next_cursor })
}

/// One of them.
pub async fn get(tx: &mut Tx, actor: &Actor, user: UserId) -> Result<(User, String), Error> {
    actor.administers_platform()?;
    let found = tx.query(FIND_LISTED).bind(user).maybe::<Listed>().await?.ok_or(Error::NotFound)?;
    Ok((found.row.into(), found.organisation))
}

#[derive(sqlx::FromRow)]
struct Listed {
    #[sqlx(flatten)]
    row: Row,
    organisation: String,
    created_at: Timestamp,
}

/// Somebody may no longer log in; open sessions end with it. Nobody does it to oneself: the last administrator could.
pub async fn disable(tx: &mut Tx, actor: &Actor, now: Timestamp, user: UserId) -> Result<(), Error> {
    let (organisation,): (OrganisationId,) = match actor {
        Actor::Anonymous => return Err(Error::Unauthorized),
        _ => tx.query(ORGANISATION_OF).bind(user).maybe().await?.ok_or(Error::NotFound)?,
    };
    actor.administers(organisation)?;
    if actor.user().is_ok_and(|own| own == user) {
        return Err(Error::Oneself);
    }
    if tx.query(DISABLE).bind(now).bind(user).bind(organisation).execute().await? == 0 {
        return Ok(());
    }
    audit::record(tx, actor, now, "user.disabled", user, None, None, None).await
}

sql! {
    FIND: "SELECT u.id, u.tenant_id, o.kind, u.password_hash, u.totp_secret, u.totp_enabled_at
           FROM org_user u JOIN organisation o ON o.id = u.tenant_id WHERE u.email_key = $1 AND u.disabled_at IS NULL";

    /// No row: this step, or a later one, was used already.
    USE_TOTP: "UPDATE org_user SET totp_last_step = $1 WHERE id = $2 AND totp_last_step < $1";

    EMAIL: "SELECT email FROM org_user WHERE id = $1";

    SET_TOTP: "UPDATE org_user SET totp_secret = $1 WHERE id = $2 AND totp_enabled_at IS NULL";

    TOTP_SECRET: "SELECT totp_secret FROM org_user WHERE id = $1";

    PENDING_TOTP: "SELECT email, totp_secret FROM org_user WHERE id = $1 AND totp_secret IS NOT NULL AND totp_enabled_at IS NULL";

    ENABLE_TOTP: "UPDATE org_user SET totp_enabled_at = $1 WHERE id = $2 AND totp_enabled_at IS NULL";

    INSERT: "INSERT INTO org_user (id, tenant_id, email, email_key, name, role, password_hash, totp_last_step, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8)";

    LIST: "SELECT id, tenant_id, email, name, role, totp_enabled_at, disabled_at FROM org_user WHERE tenant_id = $1 ORDER BY created_at, id LIMIT 500";

    OWN: "SELECT id, tenant_id, email, name, role, totp_enabled_at, disabled_at FROM org_user WHERE id = $1";

    SEARCH: "SELECT u.id, u.tenant_id, u.email, u.name, u.role, u.totp_enabled_at, u.disabled_at, u.created_at, o.name AS organisation
             FROM org_user u JOIN organisation o ON o.id = u.tenant_id
             WHERE (u.email_key LIKE $1 OR LOWER(u.name) LIKE $1) AND (u.created_at < $2 OR (u.created_at = $2 AND u.id < $3))
             ORDER BY u.created_at DESC, u.id DESC LIMIT $4";

    FIND_LISTED: "SELECT u.id, u.tenant_id, u.email, u.name, u.role, u.totp_enabled_at, u.disabled_at, u.created_at, o.name AS organisation
                  FROM org_user u JOIN organisation o ON o.id = u.tenant_id WHERE u.id = $1";

    ORGANISATION_OF: "SELECT tenant_id FROM org_user WHERE id = $1";

    DISABLE: "UPDATE org_user SET disabled_at = $1 WHERE id = $2 AND tenant_id = $3 AND disabled_at IS NULL";
}
