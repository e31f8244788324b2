//! Barcodes that shops meet and nobody knows.

use db::{Tx, sql};
use identity::{Actor, audit};
use shared::{
    Currency, Gtin, ProposalId, Timestamp,
    catalogue::{NewProduct, Product, Proposal},
    loyalty::capture::PRICE_MAX_MINOR,
};

use crate::{
    Error,
    product::{self, NAME_MAX},
};

/// Largest photograph, in bytes.
pub const PHOTO_MAX: usize = 200_000;
/// Longest reason for closing one, in characters.
const WHY_MAX: usize = 200;

/// What a shop says about an unknown barcode.
#[derive(Debug, Clone)]
pub struct NewProposal {
    /// The barcode.
    pub gtin: Gtin,
    /// What the shop calls it.
    pub name: String,
    /// What it costs there, minor units.
    pub price_minor: Option<i64>,
    /// JPEG, WebP or PNG, at most [`PHOTO_MAX`] bytes.
    pub photo: Option<Vec<u8>>,
}

/// A shop proposes a product; the same barcode again replaces what it said before.
pub async fn propose(tx: &mut Tx, actor: &Actor, now: Timestamp, new: &NewProposal) -> Result<ProposalId, Error> {
    let (member, shop, _) = actor.member()?;
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
        return Err(Error::Field("name"));
    }
    if new.price_minor.is_some_and(|price| !(0..=PRICE_MAX_MINOR).contains(&price)) {
        return Err(Error::Field("price_minor"));
    }
    if new.photo.as_ref().is_some_and(|photo| photo.len() > PHOTO_MAX) {
        return Err(Error::Field("photo"));
    }
    let id: ProposalId = tx.new_id();
    let (id,): (ProposalId,) = tx
        .query(UPSERT)
        .bind(id)
        .bind(new.gtin)
        .bind(shop)
        .bind(member)
        .bind(name)
        .bind(new.price_minor)
        .bind(new.photo.clone())
        .bind(now)
        .one()
        .await?;
    Ok(id)
}

#[derive(sqlx::FromRow)]
struct Row {
    id: ProposalId,
    gtin: Gtin,
    name: String,
    price_minor: Option<i64>,
    currency: Currency,
    shop_name: String,
    proposed_at: Timestamp,
}

impl From<Row> for Proposal {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            gtin: row.gtin,
            name: row.name,
            price_minor: row.price_minor,
            currency: row.currency,
            shop_name: row.shop_name,
            proposed_at: row.proposed_at,
        }
    }
}

/// Open proposals for the operator, oldest first; at most 200.
pub async fn list(tx: &mut Tx, actor: &Actor) -> Result<Vec<Proposal>, Error> {
    actor.operator()?;
    let rows = tx.query(OPEN).all::<Row>().await?;
    Ok(rows.into_iter().map(Proposal::from).collect())
}

/// How many wait for a decision.
pub async fn count_open(tx: &mut Tx, actor: &Actor) -> Result<i64, Error> {
    actor.operator()?;
    let (open,): (i64,) = tx.query(COUNT_OPEN).one().await?;
    Ok(open)
}

/// One that waits for a decision.
pub async fn get(tx: &mut Tx, actor: &Actor, id: ProposalId) -> Result<Proposal, Error> {
    actor.operator()?;
    Ok(tx.query(GET_OPEN).bind(id).maybe::<Row>().await?.ok_or(Error::NotFound)?.into())
}

/// The operator makes a product of a proposal. Every shop that proposed the same barcode is answered with it.
pub async fn accept(tx: &mut Tx, actor: &Actor, now: Timestamp, id: ProposalId, new: &NewProduct) -> Result<Product, Error> {
    actor.operates()?;
    let open = get(tx, actor, id).await?;
    if open.gtin != new.gtin {
        return Err(Error::Field("gtin"));
    }
    let product = product::create(tx, actor, now, new).await?;
    tx.query(CLOSE_GTIN).bind(now).bind(new.gtin).execute().await?;
    audit::record(tx, actor, now, "proposal.accepted", id, None, serde_json::to_value(&product).ok(), None).await?;
    Ok(product)
}

/// The operator takes a proposal off the list and says why, in 1 to 200 characters.
pub async fn close(tx: &mut Tx, actor: &Actor, now: Timestamp, id: ProposalId, why: &str) -> Result<(), Error> {
    actor.operates()?;
    let why = why.trim();
    if why.is_empty() || why.chars().count() > WHY_MAX || why.chars().any(char::is_control) {
        return Err(Error::Field("why"));
    }
    if tx.query(CLOSE).bind(now).bind(id).execute().await? != 1 {
        return Err(Error::NotFound);
    }
    Ok(audit::record(tx, actor, now, "proposal.closed", id, None, None, Some(why)).await?)
}

sql! {
    UPSERT: "INSERT INTO product_proposal (id, gtin, shop_id, member_id, name, price_minor, photo, proposed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (shop_id, gtin) DO UPDATE SET name = excluded.name, price_minor = excluded.price_minor,
                 photo = COALESCE(excluded.photo, product_proposal.photo), member_id = excluded.member_id, proposed_at = excluded.proposed_at, decided_at = NULL
             RETURNING id";

    OPEN: "SELECT p.id, p.gtin, p.name, p.price_minor, s.currency, s.name AS shop_name, p.proposed_at
           FROM product_proposal p JOIN shop s ON s.id = p.shop_id WHERE p.decided_at IS NULL ORDER BY p.proposed_at, p.id LIMIT 200";

    COUNT_OPEN: "SELECT COUNT(*) FROM product_proposal WHERE decided_at IS NULL";

    GET_OPEN: "SELECT p.id, p.gtin, p.name, p.price_minor, s.currency, s.name AS shop_name, p.proposed_at
               FROM product_proposal p JOIN shop s ON s.id = p.shop_id WHERE p.decided_at IS NULL AND p.id = $1";

    CLOSE_GTIN: "UPDATE product_proposal SET decided_at = $1 WHERE gtin = $2 AND decided_at IS NULL";

    CLOSE: "UPDATE product_proposal SET decided_at = $1 WHERE id = $2 AND decided_at IS NULL";
}
