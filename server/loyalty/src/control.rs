//! Control shops: some of a campaign's shops go without it, so that the others can be compared with them.
//!
//! They are proposed from the brand's own sales of the eight weeks before ([`matched`]), chosen while the campaign is a
//! draft, and fixed by its publication. Their purchases earn nothing of it (`PDV_NOT_IN_CAMPAIGN`); uplift uses exactly them.

use std::collections::HashMap;

use db::{Tx, sql};
use identity::{Actor, audit};
use shared::{
    BrandId, CampaignId, CivilDate, OrganisationId, ShopId, Timestamp,
    loyalty::{
        Campaign,
        campaign::ShopScope,
        control::{Control, ControlShop},
    },
};

use crate::{Error, campaign};

/// Whole weeks of sales that shops are compared by.
pub const WEEKS: usize = 8;
/// Shops on a side, at least: uplift refuses to measure with fewer.
pub const SIDE_MIN: usize = 10;
/// One control shop for so many shops, when that is more than [`SIDE_MIN`].
const ONE_IN: usize = 10;
/// Shops that are looked at, at most.
const SHOPS_MAX: i64 = 5_000;

/// A shop with the units that it sold in each of the weeks.
type Sold = (ShopId, [i64; WEEKS]);

#[derive(sqlx::FromRow)]
struct Row {
    id: ShopId,
    name: String,
    zone: String,
    distributor_code: Option<String>,
}

/// The shops that would be a draft's control, or those that are a published campaign's.
pub async fn look(tx: &mut Tx, actor: &Actor, now: Timestamp, id: CampaignId) -> Result<Control, Error> {
    let campaign = campaign::get(tx, actor, now, id).await?;
    let (shops, sold) = candidates(tx, now, &campaign).await?;
    let chosen: Vec<ShopId> =
        tx.query(CHOSEN).bind(id).bind(campaign.organisation_id).all::<(ShopId,)>().await?.into_iter().map(|(shop,)| shop).collect();
    let proposed = matched(&sold);
    let named = if chosen.is_empty() { &proposed } else { &chosen };
    let units = |shop: &ShopId| sold.iter().find(|(one, _)| one == shop).map_or(0, |(_, weeks)| weeks.iter().sum::<i64>());
    let all: i64 = sold.iter().map(|(shop, _)| units(shop)).sum();
    let control: i64 = named.iter().map(units).sum();
    let told = named.iter().map(|shop| ControlShop {
        shop_id: *shop,
        name: shops.iter().find(|row| row.id == *shop).map_or_else(String::new, |row| row.name.clone()),
        units: units(shop),
    });
    Ok(Control {
        shops: told.collect(),
        eligible: i64::try_from(sold.len()).unwrap_or(i64::MAX),
        control_units: control,
        other_units: all - control,
        chosen: !chosen.is_empty(),
        fixed: campaign.version > 0,
    })
}

/// Takes the proposal as the draft's control, or leaves it without one. Refused once the campaign was published.
pub async fn choose(tx: &mut Tx, actor: &Actor, now: Timestamp, id: CampaignId, with: bool) -> Result<Control, Error> {
    let before = campaign::get(tx, actor, now, id).await?;
    actor.manages(before.organisation_id)?;
    tx.lock(id.lock_key()).await?;
    let campaign = campaign::get(tx, actor, now, id).await?;
    if campaign.version > 0 {
        return Err(Error::ControlFixed);
    }
    tx.query(CLEAR).bind(id).bind(campaign.organisation_id).execute().await?;
    if with {
        let (_, sold) = candidates(tx, now, &campaign).await?;
        let control = matched(&sold);
        if control.is_empty() {
            return Err(Error::TooFewShops);
        }
        for (shop, _) in &sold {
            let arm = if control.contains(shop) { "control" } else { "treated" };
            tx.query(ASSIGN)
                .bind(id)
                .bind(*shop)
                .bind(campaign.organisation_id)
                .bind(campaign.brand_id)
                .bind(arm)
                .bind(now)
                .execute()
                .await?;
        }
    }
    audit::record(tx, actor, now, "campaign.control_chosen", id, None, Some(serde_json::json!({ "with": with })), None).await?;
    look(tx, actor, now, id).await
}

/// Shops where the campaign would count, with what they sold: those that take part, or sold something of the brand.
async fn candidates(tx: &mut Tx, now: Timestamp, campaign: &Campaign) -> Result<(Vec<Row>, Vec<Sold>), Error> {
    let (brand, tenant) = (campaign.brand_id, campaign.organisation_id);
    let (country,): (shared::Country,) = tx.query(COUNTRY).bind(tenant).one().await?;
    let today = identity::shop::local_date(country.time_zone(), now);
    let first = today.plus_days(-7 * WEEKS as i64).ok_or(Error::Field("campaign"))?;
    let mut rows: Vec<Row> = tx.query(SHOPS).bind(brand).bind(tenant).bind(first).bind(SHOPS_MAX).all().await?;
    rows.retain(|row| match &campaign.rules.shops {
        ShopScope::All => true,
        ShopScope::Only(shops) => shops.contains(&row.id),
        ShopScope::Where(group) => group.holds(&row.zone, row.distributor_code.as_deref()),
    });
    let sold = weeks_of(tx, brand, tenant, first, today).await?;
    let sold = rows.iter().map(|row| (row.id, sold.get(&row.id).copied().unwrap_or_default())).collect();
    Ok((rows, sold))
}

async fn weeks_of(
    tx: &mut Tx,
    brand: BrandId,
    tenant: OrganisationId,
    first: CivilDate,
    today: CivilDate,
) -> Result<HashMap<ShopId, [i64; WEEKS]>, Error> {
    let mut weeks: HashMap<ShopId, [i64; WEEKS]> = HashMap::new();
    for number in 0..WEEKS {
        let from = first.plus_days(7 * number as i64).unwrap_or(today);
        let rows: Vec<(ShopId, i64)> =
            tx.query(UNITS).bind(brand).bind(tenant).bind(from).bind(from.plus_days(7).unwrap_or(today)).all().await?;
        for (shop, units) in rows {
            weeks.entry(shop).or_default()[number] = units;
        }
    }
    Ok(weeks)
}

/// Control shops of a list: a tenth of them and ten at least, each the most ordinary one among shops of its size.
///
/// Shops are sorted by what they sold and cut into as many groups of neighbours as there will be control shops; each group
/// leaves the shop whose weeks are nearest to the group's mean (sum of squares). So the control sells like the others, in
/// every size and every week. Nobody where fewer than ten would remain on a side. The order of the list changes nothing.
pub fn matched(shops: &[Sold]) -> Vec<ShopId> {
    let wanted = shops.len().div_ceil(ONE_IN).max(SIDE_MIN);
    if shops.len() < wanted + SIDE_MIN {
        return Vec::new();
    }
    let mut sorted: Vec<&Sold> = shops.iter().collect();
    sorted.sort_by_key(|(shop, weeks)| (std::cmp::Reverse(weeks.iter().sum::<i64>()), *shop));
    let group = |number: usize| &sorted[number * sorted.len() / wanted..(number + 1) * sorted.len() / wanted];
    (0..wanted).filter_map(|number| most_ordinary(group(number))).collect()
}

fn most_ordinary(group: &[&Sold]) -> Option<ShopId> {
    let size = group.len() as i128;
    let sums: [i128; WEEKS] = std::array::from_fn(|week| group.iter().map(|(_, weeks)| i128::from(weeks[week])).sum());
    let far = |weeks: &[i64; WEEKS]| -> i128 { (0..WEEKS).map(|week| (i128::from(weeks[week]) * size - sums[week]).pow(2)).sum() };
    group.iter().min_by_key(|(shop, weeks)| (far(weeks), *shop)).map(|(shop, _)| *shop)
}

sql! {
    COUNTRY: "SELECT country FROM organisation WHERE id = $1";

    CHOSEN: "SELECT shop_id FROM campaign_arm WHERE campaign_id = $1 AND tenant_id = $2 AND arm = 'control' ORDER BY shop_id";

    CLEAR: "DELETE FROM campaign_arm WHERE campaign_id = $1 AND tenant_id = $2";

    ASSIGN: "INSERT INTO campaign_arm (campaign_id, shop_id, tenant_id, brand_id, arm, assigned_at) VALUES ($1, $2, $3, $4, $5, $6)";

    SHOPS: "SELECT s.id, s.name, s.zone, s.distributor_code FROM shop s
            WHERE s.closed_at IS NULL
              AND (s.id IN (SELECT b.shop_id FROM shop_brand b WHERE b.brand_id = $1 AND b.tenant_id = $2 AND b.left_at IS NULL)
                   OR s.id IN (SELECT p.shop_id FROM purchase_line l JOIN purchase p ON p.id = l.purchase_id
                               WHERE l.brand_id = $1 AND l.tenant_id = $2 AND l.business_date >= $3))
            ORDER BY s.id LIMIT $4";

    UNITS: "SELECT p.shop_id, CAST(SUM(l.quantity - l.returned_quantity) AS BIGINT) FROM purchase_line l JOIN purchase p ON p.id = l.purchase_id
            WHERE l.brand_id = $1 AND l.tenant_id = $2 AND l.business_date >= $3 AND l.business_date < $4 AND p.status = 'accepted' AND NOT l.reward_line
            GROUP BY p.shop_id";
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shops of very different sizes, with a rise, each a little off.
    fn shops(count: u128) -> Vec<Sold> {
        let weeks =
            |shop: u128| std::array::from_fn(|week| (shop as i64 + 3) * 10 + 4 * week as i64 + (shop as i64 * 7 + week as i64 * 3) % 9);
        (1..=count).map(|shop| (ShopId::fixed(shop), weeks(shop))).collect()
    }

    #[test]
    fn a_tenth_and_ten_at_least_go_without() {
        assert_eq!([19, 20, 45, 100, 101, 500].map(|count| matched(&shops(count)).len()), [0, 10, 10, 10, 11, 50]);
    }

    #[test]
    fn the_control_sells_like_the_others_every_week() {
        let all = shops(200);
        let control = matched(&all);
        for week in 0..WEEKS {
            let (mut inside, mut outside) = (0, 0);
            for (shop, weeks) in &all {
                if control.contains(shop) { inside += weeks[week] } else { outside += weeks[week] }
            }
            // 20 of 200: the others sell nine times as much.
            let off = (inside * 9 * 1_000 / outside - 1_000).abs();
            assert!(off <= 20, "week {week}: {off} of a thousand");
        }
    }

    #[test]
    fn the_order_of_the_list_changes_nothing() {
        let mut all = shops(57);
        let first = matched(&all);
        all.reverse();

        assert_eq!(matched(&all), first);
    }
}
