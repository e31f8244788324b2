//! Metrics 7 to 10: what a campaign sold beyond what was to be expected, what shopkeepers say, what it cost.

use std::collections::BTreeMap;

use db::{Tx, sql};
use rustc_hash::FxHashMap;
use shared::{
    CampaignId, ShopId,
    reports::metric::{Cac, LiabilityAssumptions, Metric, NotMeasurable, Nps, Report, Roi, Uplift},
    time::DAY_MS,
};

use super::{consumers::bought_of, registered};
use crate::{
    Error,
    days::{self, Line},
    exact::Exact,
    metrics::{
        cac, nps, roi,
        uplift::{self, ShopUnits},
    },
    scope::Scope,
};

/// Parts of a share in basis points.
const BASIS_POINTS: i64 = 10_000;

/// Units of treated and control shops in the period and in as many days before it; `None`: no control was fixed in time.
async fn arms(tx: &mut Tx, scope: &Scope, campaign: CampaignId) -> Result<Option<(Vec<ShopUnits>, Vec<ShopUnits>)>, Error> {
    let Scope { brand, tenant, from, to, .. } = *scope;
    let (known,): (i64,) = tx.query(CAMPAIGN).bind(campaign).bind(brand).bind(tenant).one().await?;
    if known == 0 {
        return Err(Error::NotFound);
    }
    let arms: Vec<(String, ShopId)> = tx.query(ARMS).bind(brand).bind(tenant).bind(campaign).bind(scope.start()).all().await?;
    let mut units: FxHashMap<ShopId, ShopUnits> = arms.iter().map(|(_, shop)| (*shop, ShopUnits { before: 0, after: 0 })).collect();
    let before = scope.before()?;
    if !arms.is_empty() {
        days::each(tx, scope, before, to, |sale| {
            let Some(shop) = units.get_mut(&sale.shop) else {
                return;
            };
            let sold: i64 = sale.valid().map(Line::units).sum();
            *if sale.date < from { &mut shop.before } else { &mut shop.after } += sold;
        })
        .await?;
    }
    let side = |arm: &str| arms.iter().filter(|row| row.0 == arm).filter_map(|(_, shop)| units.get(shop).copied()).collect::<Vec<_>>();
    let (treated, control) = (side("treated"), side("control"));
    Ok(if control.is_empty() { None } else { Some((treated, control)) })
}

/// The effect of a campaign against shops without it. The same data give the same interval: the campaign is its seed.
pub async fn uplift_did(tx: &mut Tx, scope: &Scope, campaign: CampaignId) -> Result<Report<Uplift>, Error> {
    let values = match arms(tx, scope, campaign).await? {
        None => uplift::refused(NotMeasurable::NoControl),
        Some((treated, control)) => uplift::uplift(&treated, &control, campaign.lock_key().unsigned_abs()).ok_or(Error::Bounds)?,
    };
    scope.report(tx, Metric::UpliftDid, values).await
}

/// The shopkeepers' answers of one wave; without one, of the newest wave that was answered in the period.
pub async fn nps(tx: &mut Tx, scope: &Scope, wave: Option<&str>) -> Result<Report<Nps>, Error> {
    let newest: Option<(String,)> = match wave {
        Some(wave) => Some((crate::nps::named(wave)?.to_owned(),)),
        None => tx.query(NEWEST_WAVE).bind(scope.brand).bind(scope.tenant).bind(scope.start()).bind(scope.end()).maybe().await?,
    };
    let mut scores: Vec<(i64,)> = Vec::new();
    if let Some((wave,)) = newest {
        scores = tx.query(SCORES).bind(scope.brand).bind(scope.tenant).bind(wave).all().await?;
    }
    let (asked,): (i64,) = tx.query(ASKED).bind(scope.brand).bind(scope.tenant).one().await?;
    let scores: Vec<u8> = scores.into_iter().filter_map(|(score,)| u8::try_from(score).ok()).collect();
    let values = nps::nps(&scores, Some(asked).filter(|asked| *asked > 0)).ok_or(Error::Bounds)?;
    scope.report(tx, Metric::Nps, values).await
}

/// What was spent in the period, by kind, in major units.
async fn costs(tx: &mut Tx, scope: &Scope, campaign: Option<CampaignId>) -> Result<BTreeMap<String, Exact>, Error> {
    let sql = if campaign.is_some() { CAMPAIGN_COSTS } else { COSTS };
    let query = tx.query(sql).bind(scope.brand).bind(scope.tenant).bind(scope.from).bind(scope.to);
    let rows: Vec<(String, i64)> = match campaign {
        Some(campaign) => query.bind(campaign).all().await?,
        None => query.all().await?,
    };
    Ok(rows.into_iter().map(|(kind, minor)| (kind, Exact::money(minor, scope.currency))).collect())
}

/// What a new consumer cost: the brand's own costs over who signed up in the period.
pub async fn cac(tx: &mut Tx, scope: &Scope) -> Result<Report<Cac>, Error> {
    let costs = costs(tx, scope, None).await?;
    let cost = |kind: &str| costs.get(kind).copied().unwrap_or(Exact::ZERO);
    let cohort = scope.cohort();
    let people = bought_of(tx, scope, cohort).await?;
    let registered = registered::count(tx, scope, cohort).await?;
    let window = 0..cac::QUALIFIED_WITHIN_DAYS * DAY_MS;
    let qualified = people.filter(|one| one.first.is_some_and(|first| window.contains(&first.since(one.at)))).count();
    let inputs = cac::Inputs {
        welcome_cost: cost("welcome_rewards"),
        messaging: cost("messages"),
        tendero_incentive: cost("shopkeeper_incentives"),
        media: cost("media"),
        registered,
        qualified: qualified as i64,
    };
    let values = cac::cac(&inputs, scope.k).ok_or(Error::Bounds)?;
    scope.report(tx, Metric::Cac, values).await
}

#[derive(sqlx::FromRow)]
struct Assumed {
    unit_margin_minor: i64,
    expected_redemption_bp: i64,
    thousand_points_minor: i64,
}

/// What a campaign gave back. Points are the brand's: their liability is not split between its campaigns.
pub async fn roi(tx: &mut Tx, scope: &Scope, campaign: CampaignId) -> Result<Report<Roi>, Error> {
    let Scope { brand, tenant, currency, from, to, .. } = *scope;
    let incremental_units = arms(tx, scope, campaign).await?.and_then(|(treated, control)| uplift::incremental(&treated, &control));
    let assumed = tx.query(ASSUMED).bind(brand).bind(tenant).bind(to).maybe::<Assumed>().await?;
    let assumed = assumed.unwrap_or(Assumed { unit_margin_minor: 0, expected_redemption_bp: 0, thousand_points_minor: 0 });
    let redemption = Exact::ratio(assumed.expected_redemption_bp, BASIS_POINTS).ok_or(Error::Bounds)?;
    let per_point = Exact::money(assumed.thousand_points_minor, currency).over(1_000.into()).ok_or(Error::Bounds)?;
    let (points_open, points_close) = super::ledger::outstanding(tx, scope).await?;
    let liability = |points| roi::liability(points, redemption, per_point).ok_or(Error::Bounds);
    let costs = costs(tx, scope, Some(campaign)).await?;
    let cost = |kind: &str| costs.get(kind).copied().unwrap_or(Exact::ZERO);
    let (delivered, rewards_minor): (i64, i64) =
        tx.query(DELIVERED).bind(brand).bind(tenant).bind(campaign).bind(from).bind(to).bind(currency).one().await?;
    let inputs = roi::Inputs {
        incremental_units,
        unit_margin: Exact::money(assumed.unit_margin_minor, currency),
        rewards_delivered: delivered,
        reward_cost: Exact::ZERO,
        handling_fee: Exact::ZERO,
        liability_open: liability(points_open)?,
        liability_close: liability(points_close)?,
        messaging: cost("messages"),
        platform_fee: cost("platform_fee"),
        tendero_incentive: cost("shopkeeper_incentives"),
    };
    let shown = LiabilityAssumptions {
        points_open,
        points_close,
        expected_redemption_pct: redemption.percent().ok_or(Error::Bounds)?.fixed(2),
        cost_per_point: per_point.fixed(4),
    };
    let values = roi::roi(&inputs, Exact::money(rewards_minor, currency), Some(shown)).ok_or(Error::Bounds)?;
    scope.report(tx, Metric::Roi, values).await
}

sql! {
    CAMPAIGN: "SELECT COUNT(*) FROM campaign WHERE id = $1 AND brand_id = $2 AND tenant_id = $3";

    /// Shops that were put on a side after the period began say nothing.
    ARMS: "SELECT arm, shop_id FROM campaign_arm WHERE campaign_id = $3 AND brand_id = $1 AND tenant_id = $2 AND assigned_at <= $4 ORDER BY arm, shop_id";

    NEWEST_WAVE: "SELECT wave FROM nps_answer WHERE brand_id = $1 AND tenant_id = $2 AND answered_at >= $3 AND answered_at < $4 ORDER BY answered_at DESC, wave LIMIT 1";

    SCORES: "SELECT score FROM nps_answer WHERE brand_id = $1 AND tenant_id = $2 AND wave = $3";

    ASKED: "SELECT COUNT(*) FROM shop_member m WHERE m.removed_at IS NULL AND m.shop_id IN (SELECT shop_id FROM shop_brand WHERE brand_id = $1 AND tenant_id = $2 AND left_at IS NULL)";

    COSTS: "SELECT kind, CAST(SUM(amount_minor) AS BIGINT) FROM brand_cost
            WHERE brand_id = $1 AND tenant_id = $2 AND cost_date >= $3 AND cost_date < $4 GROUP BY kind";

    CAMPAIGN_COSTS: "SELECT kind, CAST(SUM(amount_minor) AS BIGINT) FROM brand_cost
                     WHERE brand_id = $1 AND tenant_id = $2 AND cost_date >= $3 AND cost_date < $4 AND campaign_id = $5 GROUP BY kind";

    ASSUMED: "SELECT unit_margin_minor, expected_redemption_bp, thousand_points_minor FROM brand_assumption
              WHERE brand_id = $1 AND tenant_id = $2 AND valid_from < $3 ORDER BY valid_from DESC LIMIT 1";

    DELIVERED: "SELECT CAST(COALESCE(SUM(CASE WHEN y.kind = 'undo' THEN -1 ELSE 1 END), 0) AS BIGINT), CAST(COALESCE(SUM(CASE WHEN y.currency = $6 THEN y.amount_minor ELSE 0 END), 0) AS BIGINT)
                FROM payable_entry y JOIN reward_instance i ON i.id = y.reward_instance_id AND i.tenant_id = y.tenant_id
                WHERE y.brand_id = $1 AND y.tenant_id = $2 AND i.campaign_id = $3 AND y.business_date >= $4 AND y.business_date < $5";
}
