//! Who wants to hear of what. Administrators of a tenant decide; keys never do.

use db::{Tx, sql};
use identity::{Actor, Keys, audit};
use serde_json::json;
use shared::{
    OrganisationId, Timestamp, WebhookSubscriptionId,
    time::DAY_MS,
    webhook::{EVENT_TYPES, MadeSubscription, NewSubscription, Subscription},
};

use crate::{Error, sign, target};

/// Subscriptions of one tenant.
pub const SUBSCRIPTIONS_MAX: i64 = 10;
/// How long the secret before a new one still signs.
pub const ROTATION_MS: i64 = DAY_MS;
/// What secrets are sealed for.
pub(crate) const SEALED_FOR: &str = "webhook";

#[derive(sqlx::FromRow)]
struct Row {
    id: WebhookSubscriptionId,
    url: String,
    event_types: String,
    created_at: Timestamp,
    failing_since: Option<Timestamp>,
    disabled_at: Option<Timestamp>,
    disabled_why: Option<String>,
    waiting: i64,
}

impl From<Row> for Subscription {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            url: row.url,
            event_types: row.event_types.split(' ').map(str::to_owned).collect(),
            created_at: row.created_at,
            failing_since: row.failing_since,
            disabled_at: row.disabled_at,
            disabled_why: row.disabled_why,
            waiting: row.waiting,
        }
    }
}

/// The tenant of somebody who may change subscriptions.
fn administered(actor: &Actor) -> Result<OrganisationId, Error> {
    let tenant = actor.tenant()?;
    actor.administers(tenant)?;
    Ok(tenant)
}

/// Makes a subscription; its secret is told this once. `lax`: a sandbox may call its own machine.
pub async fn create(
    tx: &mut Tx,
    keys: &Keys,
    actor: &Actor,
    now: Timestamp,
    new: &NewSubscription,
    lax: bool,
) -> Result<MadeSubscription, Error> {
    let tenant = administered(actor)?;
    let url = target::check(&new.url, lax)?;
    let mut types: Vec<&str> = EVENT_TYPES.into_iter().filter(|known| new.event_types.iter().any(|asked| asked == known)).collect();
    types.dedup();
    if types.is_empty() || new.event_types.iter().any(|asked| !EVENT_TYPES.contains(&asked.as_str())) {
        return Err(Error::BadEventTypes);
    }
    tx.lock(tenant.lock_key()).await?;
    let (known,): (i64,) = tx.query(COUNT).bind(tenant).one().await?;
    if known >= SUBSCRIPTIONS_MAX {
        return Err(Error::TooMany(SUBSCRIPTIONS_MAX));
    }
    let id: WebhookSubscriptionId = tx.new_id();
    let secret = sign::new_secret();
    tx.query(INSERT)
        .bind(id)
        .bind(tenant)
        .bind(url.as_str())
        .bind(types.join(" "))
        .bind(keys.seal(SEALED_FOR, secret.as_bytes()))
        .bind(actor.user().ok())
        .bind(now)
        .execute()
        .await?;
    // The address may hold a word that only the receiver knows: the host is enough for the audit.
    let after = json!({ "host": url.host_str(), "event_types": types });
    audit::record(tx, actor, now, "webhook.created", id, None, Some(after), None).await?;
    Ok(MadeSubscription { subscription: find(tx, tenant, id).await?, secret })
}

/// The tenant's, newest first.
pub async fn list(tx: &mut Tx, actor: &Actor) -> Result<Vec<Subscription>, Error> {
    let tenant = actor.tenant()?;
    actor.reads(tenant)?;
    Ok(tx.query(LIST).bind(tenant).all::<Row>().await?.into_iter().map(Subscription::from).collect())
}

pub(crate) async fn find(tx: &mut Tx, tenant: OrganisationId, id: WebhookSubscriptionId) -> Result<Subscription, Error> {
    Ok(tx.query(GET).bind(id).bind(tenant).maybe::<Row>().await?.ok_or(Error::NotFound)?.into())
}

/// A new secret; the one before signs, too, for a day.
pub async fn rotate(tx: &mut Tx, keys: &Keys, actor: &Actor, now: Timestamp, id: WebhookSubscriptionId) -> Result<MadeSubscription, Error> {
    let tenant = administered(actor)?;
    let secret = sign::new_secret();
    let changed = tx
        .query(ROTATE)
        .bind(keys.seal(SEALED_FOR, secret.as_bytes()))
        .bind(now.plus_ms(ROTATION_MS))
        .bind(id)
        .bind(tenant)
        .execute()
        .await?;
    if changed == 0 {
        return Err(Error::NotFound);
    }
    audit::record(tx, actor, now, "webhook.secret_rotated", id, None, None, None).await?;
    Ok(MadeSubscription { subscription: find(tx, tenant, id).await?, secret })
}

/// Nothing is sent any more; what waits stays.
pub async fn disable(tx: &mut Tx, actor: &Actor, now: Timestamp, id: WebhookSubscriptionId) -> Result<(), Error> {
    let tenant = administered(actor)?;
    if tx.query(DISABLE).bind(now).bind("asked").bind(id).bind(tenant).execute().await? == 0 {
        // Disabled before, or nobody's.
        find(tx, tenant, id).await?;
        return Ok(());
    }
    audit::record(tx, actor, now, "webhook.disabled", id, None, None, None).await?;
    Ok(())
}

/// It is sent again: what waited first, in its order.
pub async fn enable(tx: &mut Tx, actor: &Actor, now: Timestamp, id: WebhookSubscriptionId) -> Result<Subscription, Error> {
    let tenant = administered(actor)?;
    if tx.query(ENABLE).bind(id).bind(tenant).execute().await? == 0 {
        return Err(Error::NotFound);
    }
    crate::deliver::wake_all(tx, now, id).await?;
    audit::record(tx, actor, now, "webhook.enabled", id, None, None, None).await?;
    find(tx, tenant, id).await
}

/// The product disables one by itself.
pub(crate) async fn disable_broken(
    tx: &mut Tx,
    now: Timestamp,
    id: WebhookSubscriptionId,
    tenant: OrganisationId,
    why: &'static str,
) -> Result<(), Error> {
    if tx.query(DISABLE).bind(now).bind(why).bind(id).bind(tenant).execute().await? == 1 {
        audit::record(tx, &Actor::System, now, "webhook.disabled", id, None, None, Some(why)).await?;
        tracing::warn!(subscription.id = %id, why, "Subscription {id} is disabled: {why}");
        metrics::counter!("webhooks_disabled_total", "why" => why).increment(1);
    }
    Ok(())
}

sql! {
    COUNT: "SELECT COUNT(*) FROM webhook_subscription WHERE tenant_id = $1 AND (disabled_at IS NULL OR disabled_why <> 'asked')";

    INSERT: "INSERT INTO webhook_subscription (id, tenant_id, url, event_types, secret_sealed, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";

    LIST: "SELECT s.id, s.url, s.event_types, s.created_at, s.failing_since, s.disabled_at, s.disabled_why,
                  (SELECT COUNT(*) FROM webhook_delivery d WHERE d.subscription_id = s.id AND d.status = 'waiting') AS waiting
           FROM webhook_subscription s WHERE s.tenant_id = $1 ORDER BY s.created_at DESC, s.id DESC LIMIT 50";

    GET: "SELECT s.id, s.url, s.event_types, s.created_at, s.failing_since, s.disabled_at, s.disabled_why,
                 (SELECT COUNT(*) FROM webhook_delivery d WHERE d.subscription_id = s.id AND d.status = 'waiting') AS waiting
          FROM webhook_subscription s WHERE s.id = $1 AND s.tenant_id = $2";

    ROTATE: "UPDATE webhook_subscription SET previous_secret_sealed = secret_sealed, previous_secret_until = $2, secret_sealed = $1 WHERE id = $3 AND tenant_id = $4";

    DISABLE: "UPDATE webhook_subscription SET disabled_at = $1, disabled_why = $2 WHERE id = $3 AND tenant_id = $4 AND disabled_at IS NULL";

    ENABLE: "UPDATE webhook_subscription SET disabled_at = NULL, disabled_why = NULL, failing_since = NULL WHERE id = $1 AND tenant_id = $2";
}
