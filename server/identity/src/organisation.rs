//! Organisations (tenants) and their brands.

use db::{Tx, sql};
use shared::{
    BrandId, CivilDate, Country, OrganisationId, Timestamp,
    identity::{Brand, Licence, Organisation, OrganisationKind},
};

use crate::{Actor, Error, audit, sandbox};

/// Adds a tenant.
pub async fn create(
    tx: &mut Tx,
    actor: &Actor,
    now: Timestamp,
    name: &str,
    kind: OrganisationKind,
    country: Country,
) -> Result<Organisation, Error> {
    actor.operates()?;
    let name = checked_name(name)?;
    let id: OrganisationId = tx.new_id();
    tx.query(INSERT).bind(id).bind(kind).bind(&name).bind(country).bind(now).execute().await?;
    audit::record(tx, actor, now, "organisation.created", id, None, None, None).await?;
    Ok(Organisation { id, kind, name, country })
}

/// Adds a brand to a tenant. `colour` is `#rrggbb`.
pub async fn create_brand(
    tx: &mut Tx,
    actor: &Actor,
    now: Timestamp,
    tenant: OrganisationId,
    name: &str,
    colour: &str,
) -> Result<Brand, Error> {
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
    sandbox::adopt(tx, tenant, id).await?;
    audit::record(tx, actor, now, "brand.created", id, None, None, None).await?;
    Ok(Brand { id, organisation_id: tenant, name, colour: colour.to_owned(), licensed_until: None })
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

/// Lets one person alone publish for a tenant, or asks for two again: the operator decides, for those too small for two.
pub async fn set_publishing(tx: &mut Tx, actor: &Actor, now: Timestamp, tenant: OrganisationId, one_person: bool) -> Result<(), Error> {
    actor.operates()?;
    if tx.query(SET_PUBLISHING).bind(one_person).bind(tenant).execute().await? != 1 {
        return Err(Error::NotFound);
    }
    audit::record(tx, actor, now, "organisation.publishing_set", tenant, None, Some(serde_json::json!({ "one_person": one_person })), None)
        .await
}

/// Says until when a brand may publish. Afterwards what runs goes on by its own dates and what was earned is handed over as
/// before: nobody loses a point because a company did not pay.
pub async fn set_licence(tx: &mut Tx, actor: &Actor, now: Timestamp, id: BrandId, licence: Licence) -> Result<Brand, Error> {
    actor.operates()?;
    let before = find_brand(tx, id).await?.ok_or(Error::NotFound)?;
    if before.licensed_until != licence.until {
        tx.query(SET_LICENCE).bind(licence.until).bind(id).execute().await?;
        let told = |until: Option<CivilDate>| Some(serde_json::json!({ "licensed_until": until }));
        audit::record(tx, actor, now, "brand.licence_set", id, told(before.licensed_until), told(licence.until), None).await?;
    }
    Ok(Brand { licensed_until: licence.until, ..before })
}

/// Tenants where one person alone may publish, for the operator's list.
pub async fn one_person_tenants(tx: &mut Tx, actor: &Actor) -> Result<Vec<OrganisationId>, Error> {
    actor.operator()?;
    let rows: Vec<(OrganisationId,)> = tx.query(ONE_PERSON).all().await?;
    Ok(rows.into_iter().map(|(tenant,)| tenant).collect())
}

/// The organisation of whoever asks.
pub async fn own(tx: &mut Tx, actor: &Actor) -> Result<Organisation, Error> {
    get(tx, actor.tenant()?).await
}

/// An organisation, for verbs that check themselves who asks.
pub(crate) async fn get(tx: &mut Tx, id: OrganisationId) -> Result<Organisation, Error> {
    find(tx, id).await?.ok_or(Error::NotFound)
}

pub(crate) async fn find(tx: &mut Tx, id: OrganisationId) -> Result<Option<Organisation>, Error> {
    let row: Option<(OrganisationId, OrganisationKind, String, Country)> = tx.query(OWN).bind(id).maybe().await?;
    Ok(row.map(|(id, kind, name, country)| Organisation { id, kind, name, country }))
}

type BrandRow = (BrandId, OrganisationId, String, String, Option<CivilDate>);

fn brand((id, organisation_id, name, colour, licensed_until): BrandRow) -> Brand {
    Brand { id, organisation_id, name, colour, licensed_until }
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

/// A brand that is open, for verbs that check its owner themselves.
pub async fn find_brand(tx: &mut Tx, id: BrandId) -> Result<Option<Brand>, Error> {
    Ok(tx.query(FIND_BRAND).bind(id).maybe::<BrandRow>().await?.map(brand))
}

sql! {
    INSERT: "INSERT INTO organisation (id, kind, name, country, created_at) VALUES ($1, $2, $3, $4, $5)";

    SET_PUBLISHING: "UPDATE organisation SET one_person_publishes = $1 WHERE id = $2";

    SET_LICENCE: "UPDATE brand SET licensed_until = $1 WHERE id = $2";

    ONE_PERSON: "SELECT id FROM organisation WHERE one_person_publishes ORDER BY created_at, id LIMIT 500";

    INSERT_BRAND: "INSERT INTO brand (id, tenant_id, name, colour, created_at) VALUES ($1, $2, $3, $4, $5)";

    LIST: "SELECT id, kind, name, country FROM organisation ORDER BY created_at, id LIMIT 500";

    OWN: "SELECT id, kind, name, country FROM organisation WHERE id = $1";

    BRANDS: "SELECT id, tenant_id, name, colour, licensed_until FROM brand WHERE tenant_id = $1 AND closed_at IS NULL ORDER BY created_at, id LIMIT 500";

    ALL_BRANDS: "SELECT id, tenant_id, name, colour, licensed_until FROM brand WHERE closed_at IS NULL ORDER BY created_at, id LIMIT 500";

    FIND_BRAND: "SELECT id, tenant_id, name, colour, licensed_until FROM brand WHERE id = $1 AND closed_at IS NULL";
}
