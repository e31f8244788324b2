//! Organisations (tenants) and their brands.

use db::{Tx, sql};
use shared::{BrandId, Country, OrganisationId, Timestamp, identity::{Brand, Organisation, OrganisationKind}};

use crate::{Actor, Error, audit};

/// Adds a tenant.
pub async fn create(tx: &mut Tx, actor: &Actor, now: Timestamp, name: &str, kind: OrganisationKind, country: Country) -> Result<Organisation, Error> {
    actor.operates()?;
    let name = checked_name(name)?;
    let id: OrganisationId = tx.new_id();
    tx.query(INSERT).bind(id).bind(kind).bind(&name).bind(country).bind(now).execute().await?;
    audit::record(tx, actor, now, "organisation.created", id, None, None, None).await?;
    Ok(Organisation { id, kind, name, country })
}

/// Adds a brand to a tenant. `colour` is `#rrggbb`.
pub async fn create_brand(tx: &mut Tx, actor: &Actor, now: Timestamp, tenant: OrganisationId, name: &str, colour: &str) -> Result<Brand, Error> {
    actor.operates()?;
    let name = checked_name(name)?;
    let digits = colour.strip_prefix('#').filter(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()));
    if digits.is_none() {
        return Err(Error::Field("colour"));
    }
    let id: BrandId = tx.new_id();
    tx.query(INSERT_BRAND).bind(id).bind(tenant).bind(&name).bind(colour).bind(now).execute().await.map_err(|error| match error {
        db::Error::ForeignKey => Error::Field("organisation_id"),
        other => other.into(),
    })?;
    audit::record(tx, actor, now, "brand.created", id, None, None, None).await?;
    Ok(Brand { id, organisation_id: tenant, name, colour: colour.to_owned() })
}

fn checked_name(name: &str) -> Result<String, Error> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 80 || name.chars().any(char::is_control) {
        return Err(Error::Field("name"));
    }
    Ok(name.to_owned())
}

/// Tenants for the operator; at most 500.
pub async fn list(tx: &mut Tx, actor: &Actor) -> Result<Vec<Organisation>, Error> {
    actor.operator()?;
    let rows: Vec<(OrganisationId, OrganisationKind, String, Country)> = tx.query(LIST).all().await?;
    Ok(rows.into_iter().map(|(id, kind, name, country)| Organisation { id, kind, name, country }).collect())
}

/// The organisation of whoever asks.
pub async fn own(tx: &mut Tx, actor: &Actor) -> Result<Organisation, Error> {
    let (id, kind, name, country) = tx.query(OWN).bind(actor.tenant()?).one().await?;
    Ok(Organisation { id, kind, name, country })
}

type BrandRow = (BrandId, OrganisationId, String, String);

fn brand((id, organisation_id, name, colour): BrandRow) -> Brand {
    Brand { id, organisation_id, name, colour }
}

/// Brands of the actor's tenant; all of them for the operator.
pub async fn brands(tx: &mut Tx, actor: &Actor) -> Result<Vec<Brand>, Error> {
    let rows: Vec<BrandRow> = if actor.operator().is_ok() {
        tx.query(ALL_BRANDS).all().await?
    } else {
        let tenant = actor.tenant()?;
        actor.reads(tenant)?;
        tx.query(BRANDS).bind(tenant).all().await?
    };
    Ok(rows.into_iter().map(brand).collect())
}

/// A brand, for verbs that check its owner themselves.
pub async fn find_brand(tx: &mut Tx, id: BrandId) -> Result<Option<Brand>, Error> {
    Ok(tx.query(FIND_BRAND).bind(id).maybe::<BrandRow>().await?.map(brand))
}

sql! {
    INSERT: "INSERT INTO organisation (id, kind, name, country, created_at) VALUES ($1, $2, $3, $4, $5)";

    INSERT_BRAND: "INSERT INTO brand (id, tenant_id, name, colour, created_at) VALUES ($1, $2, $3, $4, $5)";

    LIST: "SELECT id, kind, name, country FROM organisation ORDER BY created_at, id LIMIT 500";

    OWN: "SELECT id, kind, name, country FROM organisation WHERE id = $1";

    BRANDS: "SELECT id, tenant_id, name, colour FROM brand WHERE tenant_id = $1 ORDER BY created_at, id LIMIT 500";

    ALL_BRANDS: "SELECT id, tenant_id, name, colour FROM brand ORDER BY created_at, id LIMIT 500";

    FIND_BRAND: "SELECT id, tenant_id, name, colour FROM brand WHERE id = $1";
}
