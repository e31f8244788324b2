//! What reports rest on and no sale tells: money, assumptions, control shops, shopkeepers' answers.

use db::{Record, Sql, Tx, sql};
use identity::{Actor, audit};
use shared::{
    BrandId, CampaignId, CivilDate, CostId, OrganisationId, ShopId, Timestamp,
    reports::{Arms, Assumptions, NewCost},
};
use uuid::Uuid;

use crate::Error;

/// Largest amount that is believed, minor units.
const AMOUNT_MAX_MINOR: i64 = 1_000_000_000_000;
/// Shops of one side, at most.
const ARM_MAX: usize = 500;
/// Whole of a share in basis points.
const BASIS_POINTS: i64 = 10_000;

/// The owner of a brand that the actor may change.
pub(crate) async fn managed(tx: &mut Tx, actor: &Actor, brand: BrandId) -> Result<OrganisationId, Error> {
    if *actor == Actor::Anonymous {
        return Err(identity::Error::Unauthorized.into());
    }
    let owner = identity::organisation::find_brand(tx, brand).await?.ok_or(Error::NotFound)?.organisation_id;
    actor.manages(owner)?;
    Ok(owner)
}

/// The row that `find` finds by its id, for whom `may` lets reach its owner: [`Actor::reads`] or [`Actor::manages`].
pub(crate) async fn reached<R: Record>(
    tx: &mut Tx,
    actor: &Actor,
    find: Sql,
    id: Uuid,
    owner: fn(&R) -> OrganisationId,
    may: fn(&Actor, OrganisationId) -> Result<(), identity::Error>,
) -> Result<R, Error> {
    if *actor == Actor::Anonymous {
        return Err(identity::Error::Unauthorized.into());
    }
    let row = tx.query(find).bind(id).maybe::<R>().await?;
    let tenant = match &row {
        Some(row) => owner(row),
        // For whoever may not read anything it is no "not found".
        None => actor.tenant()?,
    };
    may(actor, tenant)?;
    row.ok_or(Error::NotFound)
}

/// Enters money that was spent. A wrong row is taken back by a negative one: what reports said once can be explained.
pub async fn add_cost(tx: &mut Tx, actor: &Actor, now: Timestamp, brand: BrandId, new: &NewCost) -> Result<CostId, Error> {
    let tenant = managed(tx, actor, brand).await?;
    if !(-AMOUNT_MAX_MINOR..=AMOUNT_MAX_MINOR).contains(&new.amount_minor) {
        return Err(Error::Parameter("amount_minor"));
    }
    if new.note.chars().count() > 200 || new.note.chars().any(char::is_control) {
        return Err(Error::Parameter("note"));
    }
    if let Some(campaign) = new.campaign_id
        && tx.query(CAMPAIGN).bind(campaign).bind(tenant).maybe::<CampaignRow>().await?.is_none_or(|row| row.brand_id != brand)
    {
        return Err(Error::Parameter("campaign_id"));
    }
    let id: CostId = tx.new_id();
    let query = tx.query(ADD_COST).bind(id).bind(tenant).bind(brand).bind(new.campaign_id).bind(new.kind).bind(new.amount_minor);
    query.bind(new.cost_date).bind(new.note.clone()).bind(now).execute().await?;
    audit::record(tx, actor, now, "brand.cost_added", id, None, serde_json::to_value(new).ok(), None).await?;
    Ok(id)
}

/// Says what margin, redemption and cost of a point are from a day on; the same day again replaces what was said of it.
pub async fn assume(tx: &mut Tx, actor: &Actor, now: Timestamp, brand: BrandId, new: &Assumptions) -> Result<(), Error> {
    let tenant = managed(tx, actor, brand).await?;
    let amount = 0..=AMOUNT_MAX_MINOR;
    for (name, fits) in [
        ("unit_margin_minor", amount.contains(&new.unit_margin_minor)),
        ("expected_redemption_bp", (0..=BASIS_POINTS).contains(&new.expected_redemption_bp)),
        ("thousand_points_minor", amount.contains(&new.thousand_points_minor)),
    ] {
        if !fits {
            return Err(Error::Parameter(name));
        }
    }
    let query = tx.query(ASSUME).bind(brand).bind(new.valid_from).bind(tenant).bind(new.unit_margin_minor).bind(new.expected_redemption_bp);
    query.bind(new.thousand_points_minor).bind(now).execute().await?;
    audit::record(tx, actor, now, "brand.assumptions_set", brand, None, serde_json::to_value(new).ok(), None).await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct CampaignRow {
    brand_id: BrandId,
    last_version: i64,
    draft_rules: sqlx::types::Json<Begins>,
}

/// The part of a campaign's rules that says when it begins.
#[derive(serde::Deserialize)]
struct Begins {
    starts: Option<CivilDate>,
}

/// Fixes which shops have a campaign and which are its control, all at once; refused from its first day on, because a
/// control that is chosen when the sales are known measures nothing.
pub async fn assign(tx: &mut Tx, actor: &Actor, now: Timestamp, campaign: CampaignId, arms: &Arms) -> Result<(), Error> {
    let tenant = tenant_of(tx, actor, campaign).await?;
    actor.manages(tenant)?;
    let row = tx.query(CAMPAIGN).bind(campaign).bind(tenant).maybe::<CampaignRow>().await?.ok_or(Error::NotFound)?;
    let (country,): (shared::Country,) = tx.query(COUNTRY).bind(tenant).one().await?;
    if row.draft_rules.starts.is_some_and(|starts| identity::shop::start_of_day(country.time_zone(), starts) <= now) {
        return Err(Error::Began);
    }
    if row.last_version > 0 {
        return Err(Error::Fixed);
    }
    let sides = [("treated", &arms.treated), ("control", &arms.control)];
    let mut all: Vec<ShopId> = sides.iter().flat_map(|(_, shops)| shops.iter().copied()).collect();
    all.sort_unstable();
    all.dedup();
    for (name, shops) in sides {
        if shops.is_empty() || shops.len() > ARM_MAX {
            return Err(Error::Parameter(name));
        }
    }
    if all.len() != arms.treated.len() + arms.control.len() {
        return Err(Error::Parameter("control"));
    }
    tx.lock(campaign.lock_key()).await?;
    tx.query(UNASSIGN).bind(campaign).bind(tenant).execute().await?;
    for (name, shops) in sides {
        for shop in shops {
            let query = tx.query(ASSIGN).bind(campaign).bind(*shop).bind(tenant).bind(row.brand_id).bind(name).bind(now);
            query.execute().await.map_err(
                |error| {
                    if matches!(error, db::Error::ForeignKey) { Error::Parameter(name) } else { error.into() }
                },
            )?;
        }
    }
    audit::record(tx, actor, now, "campaign.arms_fixed", campaign, None, serde_json::to_value(arms).ok(), None).await?;
    Ok(())
}

/// What a thousand points cost, and the share of points that is used in basis points, as the brand says for a day.
pub async fn point_cost(tx: &mut Tx, actor: &Actor, brand: BrandId, on: CivilDate) -> Result<Option<(i64, i64)>, Error> {
    let owner = identity::organisation::find_brand(tx, brand).await?.ok_or(Error::NotFound)?.organisation_id;
    actor.reads(owner)?;
    Ok(tx.query(POINT_COST).bind(brand).bind(owner).bind(on).maybe().await?)
}

/// The owner of a campaign, if the actor may know that it exists.
async fn tenant_of(tx: &mut Tx, actor: &Actor, campaign: CampaignId) -> Result<OrganisationId, Error> {
    if actor.operator().is_err() {
        return Ok(actor.tenant()?);
    }
    let (tenant,): (OrganisationId,) = tx.query(OWNER).bind(campaign).maybe().await?.ok_or(Error::NotFound)?;
    Ok(tenant)
}

sql! {
    ADD_COST: "INSERT INTO brand_cost (id, tenant_id, brand_id, campaign_id, kind, amount_minor, cost_date, note, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

    ASSUME: "INSERT INTO brand_assumption (brand_id, valid_from, tenant_id, unit_margin_minor, expected_redemption_bp, thousand_points_minor, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (brand_id, valid_from) DO UPDATE SET unit_margin_minor = excluded.unit_margin_minor,
                expected_redemption_bp = excluded.expected_redemption_bp, thousand_points_minor = excluded.thousand_points_minor, created_at = excluded.created_at";

    CAMPAIGN: "SELECT brand_id, last_version, draft_rules FROM campaign WHERE id = $1 AND tenant_id = $2";

    POINT_COST: "SELECT thousand_points_minor, expected_redemption_bp FROM brand_assumption WHERE brand_id = $1 AND tenant_id = $2 AND valid_from <= $3 ORDER BY valid_from DESC LIMIT 1";

    COUNTRY: "SELECT country FROM organisation WHERE id = $1";

    /// For the operator, who may reach every tenant's.
    OWNER: "SELECT tenant_id FROM campaign WHERE id = $1";

    UNASSIGN: "DELETE FROM campaign_arm WHERE campaign_id = $1 AND tenant_id = $2";

    ASSIGN: "INSERT INTO campaign_arm (campaign_id, shop_id, tenant_id, brand_id, arm, assigned_at) VALUES ($1, $2, $3, $4, $5, $6)";
}
