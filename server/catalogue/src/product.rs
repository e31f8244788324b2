//! The master list of products.

use db::{Tx, sql};
use identity::{Actor, Scope, audit, search_key};
use jobs::outbox::{self, NewEvent};
use serde_json::json;
use shared::{
    BrandId, Currency, Gtin, OrganisationId, Page, ProductId, Timestamp,
    catalogue::{NewProduct, Product},
    loyalty::capture::PRICE_MAX_MINOR,
    page::PAGE_SIZE_MAX,
};

use crate::{Error, pack, price};

/// Longest name, in characters.
pub const NAME_MAX: usize = 120;

#[derive(sqlx::FromRow)]
struct Row {
    id: ProductId,
    gtin: Gtin,
    brand_id: Option<BrandId>,
    brand_name: Option<String>,
    name: String,
    category: String,
    suggested_price_minor: Option<i64>,
    currency: Currency,
    created_at: Timestamp,
}

impl From<Row> for Product {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            gtin: row.gtin,
            brand_id: row.brand_id,
            brand_name: row.brand_name,
            name: row.name,
            category: row.category,
            suggested_price_minor: row.suggested_price_minor,
            usual_price_minor: None,
            currency: row.currency,
        }
    }
}

/// The operator adds any product; a brand's people and its keys with the scope, those of its brands.
async fn may_write(tx: &mut Tx, actor: &Actor, brand: Option<BrandId>) -> Result<Option<OrganisationId>, Error> {
    if *actor == Actor::Anonymous {
        return Err(identity::Error::Unauthorized.into());
    }
    let owner = match brand {
        None => None,
        Some(brand) => Some(identity::organisation::find_brand(tx, brand).await?.ok_or(Error::Field("brand_id"))?.organisation_id),
    };
    if actor.operates().is_ok() {
        return Ok(owner);
    }
    let Actor::User { tenant, .. } = actor else {
        actor.needs_scope(Scope::ProductsWrite)?;
        return if owner.is_some() && owner == actor.tenant().ok() { Ok(owner) } else { Err(Error::NotFound) };
    };
    // A role that may not is told so before anything is said about the brand.
    actor.manages(*tenant)?;
    if owner == Some(*tenant) { Ok(owner) } else { Err(Error::NotFound) }
}

/// The name and the category as they are stored.
fn check(new: &NewProduct) -> Result<(String, &'static str), Error> {
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
        return Err(Error::Field("name"));
    }
    // What nobody knows could be for adults alone.
    let category = shared::catalogue::category(&new.category).ok_or(Error::Field("category"))?;
    if new.suggested_price_minor.is_some_and(|price| !(0..=PRICE_MAX_MINOR).contains(&price)) {
        return Err(Error::Field("suggested_price_minor"));
    }
    Ok((name.to_owned(), category))
}

/// A shop's own numbers mean nothing elsewhere; in a sandbox they are the only ones, so that nobody there takes the barcode of
/// a product that exists.
async fn check_range(tx: &mut Tx, new: &NewProduct) -> Result<(), Error> {
    let of_sandbox = match new.brand_id {
        Some(brand) => tx.query(OF_SANDBOX).bind(brand).one::<(bool,)>().await?.0,
        None => false,
    };
    match (new.gtin.is_in_store(), of_sandbox) {
        (true, false) => Err(Error::InStoreCode),
        (false, true) => Err(Error::OnlyInStoreCode),
        (true, true) | (false, false) => Ok(()),
    }
}

/// Adds a product.
pub async fn create(tx: &mut Tx, actor: &Actor, now: Timestamp, new: &NewProduct) -> Result<Product, Error> {
    let owner = may_write(tx, actor, new.brand_id).await?;
    check_range(tx, new).await?;
    let (name, category) = check(new)?;
    let id: ProductId = tx.new_id();
    tx.query(INSERT)
        .bind(id)
        .bind(new.gtin)
        .bind(owner)
        .bind(new.brand_id)
        .bind(&name)
        .bind(search_key(&name))
        .bind(category)
        .bind(new.suggested_price_minor)
        .bind(new.currency)
        .bind(now)
        .execute()
        .await
        .map_err(|error| match error {
            db::Error::Unique => Error::Taken,
            other => other.into(),
        })?;
    changed(tx, now).await?;
    if tx.query(WAS_PROPOSED).bind(new.gtin).maybe::<(i64,)>().await?.is_some() {
        // Sales may wait for it.
        let payload = json!({ "gtin": new.gtin, "approved_at": now });
        outbox::publish(tx, now, NewEvent { topic: "catalogue.product_approved", key: new.gtin.to_string(), payload }).await?;
    }
    audit::record(tx, actor, now, "product.created", id, None, None, None).await?;
    get(tx, actor, id).await
}

/// A product that the actor may change.
pub(crate) async fn owned(tx: &mut Tx, actor: &Actor, id: ProductId) -> Result<Product, Error> {
    if *actor == Actor::Anonymous {
        return Err(identity::Error::Unauthorized.into());
    }
    let product: Product = tx.query(GET).bind(id).maybe::<Row>().await?.ok_or(Error::NotFound)?.into();
    may_write(tx, actor, product.brand_id).await?;
    Ok(product)
}

/// Replaces everything about a product but its barcode.
pub async fn update(tx: &mut Tx, actor: &Actor, now: Timestamp, id: ProductId, new: &NewProduct) -> Result<Product, Error> {
    let before = owned(tx, actor, id).await?;
    if before.brand_id != new.brand_id && pack::is_tied(tx, id).await? {
        may_write(tx, actor, new.brand_id).await?;
        return Err(Error::Field("brand_id"));
    }
    replace(tx, actor, now, before, new).await
}

/// The same for a file, which was checked as a whole: a pack and its unit may change hands together.
pub(crate) async fn replace(tx: &mut Tx, actor: &Actor, now: Timestamp, before: Product, new: &NewProduct) -> Result<Product, Error> {
    let id = before.id;
    let owner = may_write(tx, actor, new.brand_id).await?;
    if before.gtin != new.gtin {
        return Err(Error::Field("gtin"));
    }
    check_range(tx, new).await?;
    let (name, category) = check(new)?;
    tx.query(UPDATE)
        .bind(owner)
        .bind(new.brand_id)
        .bind(&name)
        .bind(search_key(&name))
        .bind(category)
        .bind(new.suggested_price_minor)
        .bind(new.currency)
        .bind(now)
        .bind(id)
        .execute()
        .await?;
    price::forget(tx, id, new.currency).await?;
    changed(tx, now).await?;
    // Both sides in the same form, so that nothing seems to change but what does.
    let after = get(tx, actor, id).await?;
    audit::record(tx, actor, now, "product.changed", id, serde_json::to_value(&before).ok(), serde_json::to_value(&after).ok(), None)
        .await?;
    Ok(after)
}

/// Tells every process that the list changed; the value never repeats, even when a change is undone with its group.
pub(crate) async fn changed(tx: &mut Tx, now: Timestamp) -> Result<(), Error> {
    tx.query(BUMP).bind(now).execute().await?;
    Ok(())
}

/// A product. The list is no secret among people who work with it; consumers do not browse it.
pub async fn get(tx: &mut Tx, actor: &Actor, id: ProductId) -> Result<Product, Error> {
    may_read(actor)?;
    Ok(tx.query(GET).bind(id).maybe::<Row>().await?.ok_or(Error::NotFound)?.into())
}

/// The product behind a barcode.
pub async fn find_by_gtin(tx: &mut Tx, actor: &Actor, gtin: &Gtin) -> Result<Option<Product>, Error> {
    may_read(actor)?;
    Ok(tx.query(BY_GTIN).bind(*gtin).maybe::<Row>().await?.map(Product::from))
}

fn may_read(actor: &Actor) -> Result<(), Error> {
    match actor {
        Actor::Anonymous => Err(identity::Error::Unauthorized.into()),
        Actor::Consumer { .. } => Err(identity::Error::Forbidden.into()),
        Actor::Member { .. } | Actor::User { .. } | Actor::Key { .. } | Actor::System => Ok(()),
    }
}

/// Products, newest first, whose name holds the words or whose barcode begins with them.
pub async fn list(tx: &mut Tx, actor: &Actor, words: &str, cursor: Option<&str>, limit: i64) -> Result<Page<Product>, Error> {
    may_read(actor)?;
    let limit = limit.clamp(1, PAGE_SIZE_MAX);
    let (before, before_id) = audit::after(cursor)?;
    let plain = search_key(words).replace(['%', '_'], "");
    // The zeros in front of a code are not the same on every packing; zeros alone are what was asked for.
    let digits = Some(plain.trim().trim_start_matches('0')).filter(|digits| !digits.is_empty()).unwrap_or(plain.trim()).to_owned();
    let rows = tx
        .query(LIST)
        .bind(format!("%{}%", plain.trim()))
        .bind(format!("%{digits}%"))
        .bind(before)
        .bind(ProductId(before_id))
        .bind(limit + 1)
        .all::<Row>()
        .await?;
    let more = rows.len() as i64 > limit;
    let next_cursor = rows.get(limit as usize - 1).filter(|_| more).map(|last| audit::cursor(last.created_at, last.id.0));
    Ok(Page { items: rows.into_iter().take(limit as usize).map(Product::from).collect(), next_cursor })
}

/// Everything that a shop's phone keeps for its own look-ups; at most 5 000, the newest. Prices are in the shop's money:
/// what nobody suggested in it has none.
pub async fn for_shop(tx: &mut Tx, actor: &Actor) -> Result<Vec<Product>, Error> {
    let (_, shop, _) = actor.member()?;
    let currency = identity::shop::get(tx, shop).await?.currency;
    let others = price::in_money(tx, currency).await?;
    let rows = tx.query(ALL).all::<Row>().await?;
    Ok(rows
        .into_iter()
        .map(|row| match row.currency == currency {
            true => Product::from(row),
            false => Product { suggested_price_minor: others.get(&row.id).copied(), currency, ..Product::from(row) },
        })
        .collect())
}

/// Products of the brands of the actor's tenant; at most 1 000.
pub async fn of_tenant(tx: &mut Tx, actor: &Actor) -> Result<Vec<Product>, Error> {
    let tenant = actor.tenant()?;
    actor.reads(tenant)?;
    Ok(tx.query(OF_TENANT).bind(tenant).all::<Row>().await?.into_iter().map(Product::from).collect())
}

sql! {
    OF_SANDBOX: "SELECT EXISTS (SELECT 1 FROM brand WHERE id = $1 AND world_id IS NOT NULL)";

    /// Some shop met it before anybody knew it.
    WAS_PROPOSED: "SELECT CAST(1 AS BIGINT) FROM product_proposal WHERE gtin = $1 LIMIT 1";

    INSERT: "INSERT INTO product (id, gtin, tenant_id, brand_id, name, search_key, category, suggested_price_minor, currency, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)";

    UPDATE: "UPDATE product SET tenant_id = $1, brand_id = $2, name = $3, search_key = $4, category = $5, suggested_price_minor = $6, currency = $7, updated_at = $8 WHERE id = $9";

    BUMP: "UPDATE epoch SET value = CASE WHEN value >= $1 THEN value + 1 ELSE $1 END WHERE name = 'rules'";

    GET: "SELECT p.id, p.gtin, p.brand_id, b.name AS brand_name, p.name, p.category, p.suggested_price_minor, p.currency, p.created_at
          FROM product p LEFT JOIN brand b ON b.id = p.brand_id WHERE p.id = $1";

    BY_GTIN: "SELECT p.id, p.gtin, p.brand_id, b.name AS brand_name, p.name, p.category, p.suggested_price_minor, p.currency, p.created_at
              FROM product p LEFT JOIN brand b ON b.id = p.brand_id WHERE p.gtin = $1";

    LIST: "SELECT p.id, p.gtin, p.brand_id, b.name AS brand_name, p.name, p.category, p.suggested_price_minor, p.currency, p.created_at
           FROM product p LEFT JOIN brand b ON b.id = p.brand_id
           WHERE (p.search_key LIKE $1 OR p.gtin LIKE $2) AND (p.created_at < $3 OR (p.created_at = $3 AND p.id < $4))
           ORDER BY p.created_at DESC, p.id DESC LIMIT $5";

    ALL: "SELECT p.id, p.gtin, p.brand_id, b.name AS brand_name, p.name, p.category, p.suggested_price_minor, p.currency, p.created_at
          FROM product p LEFT JOIN brand b ON b.id = p.brand_id ORDER BY p.created_at DESC, p.id DESC LIMIT 5000";

    OF_TENANT: "SELECT p.id, p.gtin, p.brand_id, b.name AS brand_name, p.name, p.category, p.suggested_price_minor, p.currency, p.created_at
                FROM product p LEFT JOIN brand b ON b.id = p.brand_id WHERE p.tenant_id = $1 ORDER BY p.name, p.id LIMIT 1000";
}
