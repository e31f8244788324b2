//! Keys for programs: shown once, stored as a hash, with scopes and an end.

use db::{Tx, sql};
use shared::{
    ApiKeyId, OrganisationId, Timestamp, UserId,
    identity::{ApiKey, OrganisationKind},
};

use crate::{
    Actor, Error, Scope, Scopes, audit,
    keys::{secret_text, token_hash},
};

/// What every key begins with, so that a leaked one is found by scanners.
pub const MARK: &str = "mk_";
/// Characters of a key that are kept readable.
const PREFIX_LENGTH: usize = 11;

/// Makes a key; the text is told this once.
pub async fn create(
    tx: &mut Tx,
    actor: &Actor,
    now: Timestamp,
    name: &str,
    scopes: &Scopes,
    expires_at: Option<Timestamp>,
) -> Result<(ApiKey, String), Error> {
    let (tenant, created_by) = match actor {
        Actor::User { tenant, user, .. } => (*tenant, Some(*user)),
        _ => return Err(actor.tenant().err().unwrap_or(Error::Forbidden)),
    };
    actor.administers(tenant)?;
    // Whoever imports names any shop and any consumer: the operator answers for that.
    let beyond = [Scope::Operator, Scope::Sandbox, Scope::PurchasesImport].into_iter().any(|scope| scopes.has(scope));
    if beyond && actor.operator().is_err() {
        return Err(Error::Forbidden);
    }
    let key = insert(tx, now, tenant, created_by, name, scopes, expires_at).await?;
    audit::record(tx, actor, now, "api_key.created", key.0.id, None, Some(serde_json::json!({ "scopes": scopes.names() })), None).await?;
    Ok(key)
}

/// Makes a key for a tenant without a person: sandboxes and seeds only.
pub async fn insert(
    tx: &mut Tx,
    now: Timestamp,
    tenant: OrganisationId,
    created_by: Option<UserId>,
    name: &str,
    scopes: &Scopes,
    expires_at: Option<Timestamp>,
) -> Result<(ApiKey, String), Error> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 80 {
        return Err(Error::Field("name"));
    }
    if expires_at.is_some_and(|at| at <= now) {
        return Err(Error::Field("expires_at"));
    }
    let secret = format!("{MARK}{}", secret_text());
    let prefix = secret[..PREFIX_LENGTH].to_owned();
    let id: ApiKeyId = tx.new_id();
    tx.query(INSERT)
        .bind(id)
        .bind(tenant)
        .bind(name)
        .bind(&prefix)
        .bind(token_hash(&secret))
        .bind(scopes.names().join(" "))
        .bind(created_by)
        .bind(now)
        .bind(expires_at)
        .execute()
        .await?;
    Ok((ApiKey { id, name: name.to_owned(), prefix, scopes: scopes.names(), created_at: now, expires_at, revoked_at: None }, secret))
}

/// Whose key a text is; unknown, over and revoked ones are nobody's.
pub async fn resolve(tx: &mut Tx, now: Timestamp, text: &str) -> Result<Actor, Error> {
    if !text.starts_with(MARK) || text.len() > 100 {
        return Err(Error::Unauthorized);
    }
    let row: Option<(ApiKeyId, OrganisationId, OrganisationKind, String)> = tx.query(FIND).bind(token_hash(text)).bind(now).maybe().await?;
    let (key, tenant, kind, scopes) = row.ok_or(Error::Unauthorized)?;
    Ok(Actor::Key { key, tenant, kind, scopes: Scopes::parse(&scopes).unwrap_or_default() })
}

type Row = (ApiKeyId, String, String, String, Timestamp, Option<Timestamp>, Option<Timestamp>);

/// Keys of the actor's tenant, without their secrets.
pub async fn list(tx: &mut Tx, actor: &Actor) -> Result<Vec<ApiKey>, Error> {
    let tenant = actor.tenant()?;
    actor.administers(tenant)?;
    let rows: Vec<Row> = tx.query(LIST).bind(tenant).all().await?;
    Ok(rows
        .into_iter()
        .map(|(id, name, prefix, scopes, created_at, expires_at, revoked_at)| ApiKey {
            id,
            name,
            prefix,
            scopes: scopes.split(' ').map(str::to_owned).collect(),
            created_at,
            expires_at,
            revoked_at,
        })
        .collect())
}

/// Stops a key of the actor's tenant.
pub async fn revoke(tx: &mut Tx, actor: &Actor, now: Timestamp, key: ApiKeyId) -> Result<(), Error> {
    let tenant = actor.tenant()?;
    actor.administers(tenant)?;
    let mine: Option<(ApiKeyId,)> = tx.query(REVOKE).bind(now).bind(key).bind(tenant).maybe().await?;
    mine.ok_or(Error::NotFound)?;
    audit::record(tx, actor, now, "api_key.revoked", key, None, None, None).await
}

sql! {
    INSERT: "INSERT INTO api_key (id, tenant_id, name, prefix, secret_hash, scopes, created_by, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

    FIND: "SELECT k.id, k.tenant_id, o.kind, k.scopes FROM api_key k JOIN organisation o ON o.id = k.tenant_id
           WHERE k.secret_hash = $1 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $2)";

    LIST: "SELECT id, name, prefix, scopes, created_at, expires_at, revoked_at FROM api_key WHERE tenant_id = $1 ORDER BY created_at DESC, id DESC LIMIT 200";

    REVOKE: "UPDATE api_key SET revoked_at = COALESCE(revoked_at, $1) WHERE id = $2 AND tenant_id = $3 RETURNING id";
}
