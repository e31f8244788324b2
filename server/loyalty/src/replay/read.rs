//! A brand's own sales in the order in which they were worked out, read day by day.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, HashMap, HashSet},
    sync::Arc,
};

use db::{Tx, sql};
use shared::{
    BrandId, CivilDate, ConsumerId, Currency, LocalTime, OrganisationId, ProductId, PurchaseId, ShopId, Timestamp,
    loyalty::{
        Campaign, CampaignRules,
        campaign::{Enrolment, ShopScope},
        evaluation::Line,
    },
    time::HOUR_MS,
};
use uuid::Uuid;

use super::{
    LINES_MAX,
    engine::{Context, Event, GivenBack, Sold},
};
use crate::{Error, purchase::discount_share};

/// When a local day is sure to have begun nowhere yet: the easternmost clock is fourteen hours ahead.
const EASTERNMOST_MS: i64 = 14 * HOUR_MS;

/// What is replayed, and over whom.
pub(super) struct Past {
    brand: BrandId,
    tenant: OrganisationId,
    from: CivilDate,
    to: CivilDate,
    /// One consumer in so many is read.
    pub one_in: i64,
    /// Nobody could join yet: it is taken that everybody will.
    pub everybody_joins: bool,
    context: Context,
    zones: HashMap<ShopId, Arc<str>>,
}

#[derive(sqlx::FromRow)]
struct Row {
    purchase_id: PurchaseId,
    consumer_id: ConsumerId,
    shop_id: ShopId,
    purchased_at: Timestamp,
    offset_seconds: i64,
    worked_out_at: Timestamp,
    fully_returned: bool,
    adult: bool,
    own_shop: bool,
    line: i64,
    product_id: Option<ProductId>,
    quantity: i64,
    unit_price_minor: i64,
    suggested_price_minor: Option<i64>,
    discount_minor: i64,
    reward_line: bool,
    returned_quantity: i64,
}

impl Row {
    fn line(&self, returned: i64) -> Line {
        let quantity = self.quantity - returned;
        Line {
            product: self.product_id,
            quantity,
            unit_price_minor: self.unit_price_minor,
            suggested_price_minor: self.suggested_price_minor,
            discount_minor: if returned == 0 { self.discount_minor } else { discount_share(self.discount_minor, quantity, self.quantity) },
            reward_line: self.reward_line,
        }
    }
}

/// What waits for its turn: by the instant of its working out, then by the purchase.
type Waiting = Reverse<(Timestamp, Uuid, usize)>;

impl Past {
    /// Who takes part, and whether all of them fit.
    ///
    /// `versions`: the rules that are replayed, oldest first.
    pub(super) async fn open(
        tx: &mut Tx,
        campaign: &Campaign,
        versions: &[&CampaignRules],
        from: CivilDate,
        to: CivilDate,
    ) -> Result<Self, Error> {
        let (brand, tenant) = (campaign.brand_id, campaign.organisation_id);
        let (lines,): (i64,) = tx.query(COUNT).bind(brand).bind(tenant).bind(from).bind(to).one().await?;
        let held_out: HashSet<ConsumerId> =
            tx.query(HELD_OUT).bind(campaign.id).all::<(ConsumerId,)>().await?.into_iter().map(|(consumer,)| consumer).collect();
        let mut context = Context { held_out, ..Context::default() };
        let mut everybody_joins = true;
        if versions.iter().any(|rules| rules.enrolment == Enrolment::Required) {
            let joined: HashMap<ConsumerId, Timestamp> =
                tx.query(JOINED).bind(campaign.id).all::<(ConsumerId, Timestamp)>().await?.into_iter().collect();
            everybody_joins = joined.is_empty();
            context.joined = (!everybody_joins).then_some(joined);
        }
        let multipliers = versions.iter().flat_map(|rules| &rules.multipliers);
        let mut names: Vec<&String> = multipliers.filter_map(|multiplier| multiplier.when.segment.as_ref()).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            for (consumer, since, until) in tx.query(SEGMENT).bind(brand).bind(name).all::<(ConsumerId, Timestamp, Timestamp)>().await? {
                context.segments.entry(consumer).or_default().push((name.clone(), since, until));
            }
        }
        // A draft of another kind was never paused.
        if campaign.newest_rules().is_some_and(|newest| versions.contains(&newest)) {
            let pauses: Vec<(Timestamp, Option<Timestamp>)> = tx.query(PAUSES).bind(campaign.id).bind(tenant).all().await?;
            context.pauses = pauses.into_iter().map(|(since, until)| (since, until.unwrap_or(Timestamp(i64::MAX)))).collect();
        }
        let controls = tx.query(CONTROLS).bind(campaign.id).bind(tenant).all::<(ShopId,)>().await?;
        let controls: HashSet<ShopId> = controls.into_iter().map(|(shop,)| shop).collect();
        context.left_out = vec![controls; versions.len()];
        let mut zones = HashMap::new();
        for (shop, time_zone, zone, distributor, currency) in
            tx.query(SHOPS).bind(brand).bind(tenant).bind(from).bind(to).all::<(ShopId, String, String, Option<String>, Currency)>().await?
        {
            zones.insert(shop, Arc::from(time_zone));
            for (rules, left_out) in versions.iter().zip(&mut context.left_out) {
                let elsewhere = matches!(&rules.shops, ShopScope::Where(group) if !group.holds(&zone, distributor.as_deref()));
                if elsewhere || rules.currency.is_some_and(|own| own != currency) {
                    left_out.insert(shop);
                }
            }
        }
        let one_in = (lines + LINES_MAX - 1) / LINES_MAX;
        Ok(Self { brand, tenant, from, to, one_in: one_in.max(1), everybody_joins, context, zones })
    }

    /// Whether a consumer stands for the others. The end of her id is random.
    fn takes(&self, consumer: ConsumerId) -> bool {
        self.one_in == 1 || (consumer.0.as_u128() & u128::from(u32::MAX)).is_multiple_of(u128::from(self.one_in.unsigned_abs()))
    }

    /// Gives every sale and return to `tell`, in their order. In memory are those that were worked out after the day that is
    /// being read: held ones, and returns.
    pub(super) async fn play(&self, tx: &mut Tx, tell: &mut (dyn FnMut(&Event, &Context) + Send)) -> Result<(), Error> {
        let mut waiting: BinaryHeap<Waiting> = BinaryHeap::new();
        let mut events: HashMap<usize, Event> = HashMap::new();
        let mut next = 0;
        let mut date = self.from;
        while date <= self.to {
            let rows: Vec<Row> = tx.query(DAY).bind(self.brand).bind(self.tenant).bind(date).all().await?;
            for part in rows.chunk_by(|one, other| one.purchase_id == other.purchase_id).filter(|part| self.takes(part[0].consumer_id)) {
                for (at, purchase, event) in self.events_of(tx, part).await? {
                    waiting.push(Reverse((at, purchase, next)));
                    events.insert(next, event);
                    next += 1;
                }
            }
            date = date.plus_days(1).ok_or(Error::Field("weeks"))?;
            // Nothing of a later day can have been worked out before that day began somewhere.
            let begins: Timestamp = format!("{date}T00:00:00Z").parse().unwrap_or_default();
            self.tell_until(begins.plus_ms(-EASTERNMOST_MS), &mut waiting, &mut events, tell);
        }
        self.tell_until(Timestamp(i64::MAX), &mut waiting, &mut events, tell);
        Ok(())
    }

    fn tell_until(
        &self,
        until: Timestamp,
        waiting: &mut BinaryHeap<Waiting>,
        events: &mut HashMap<usize, Event>,
        tell: &mut (dyn FnMut(&Event, &Context) + Send),
    ) {
        while let Some(Reverse((at, _, number))) = waiting.peek().copied() {
            if at >= until {
                break;
            }
            waiting.pop();
            if let Some(event) = events.remove(&number) {
                tell(&event, &self.context);
            }
        }
    }

    /// A sale, and what came back of it.
    async fn events_of(&self, tx: &mut Tx, lines: &[Row]) -> Result<Vec<(Timestamp, Uuid, Event)>, Error> {
        let row = &lines[0];
        let returns = lines.iter().any(|line| line.returned_quantity > 0);
        let offset_seconds = i32::try_from(row.offset_seconds).unwrap_or_default();
        let sold = Sold {
            purchase: row.purchase_id,
            consumer: row.consumer_id,
            shop: row.shop_id,
            time_zone: self.zones.get(&row.shop_id).cloned().unwrap_or_else(|| Arc::from("UTC")),
            local: LocalTime { at: row.purchased_at, offset_seconds },
            at: row.worked_out_at,
            own_shop: row.own_shop,
            adult: row.adult,
            lines: lines.iter().map(|line| line.line(0)).collect(),
            returns,
        };
        let mut events = vec![(row.worked_out_at, row.purchase_id.0, Event::Sold(sold))];
        if returns {
            let back: Vec<(Uuid, Timestamp, i64, i64)> = tx.query(RETURNS).bind(row.purchase_id).all().await?;
            let mut gone: BTreeMap<i64, i64> = BTreeMap::new();
            for part in back.chunk_by(|one, other| one.0 == other.0) {
                for (_, _, line, quantity) in part {
                    *gone.entry(*line).or_default() += quantity;
                }
                let remaining = lines.iter().map(|line| line.line(gone.get(&line.line).copied().unwrap_or(0))).collect();
                let last = back.last().map(|last| last.0) == Some(part[0].0);
                events.push((
                    part[0].1,
                    part[0].0,
                    Event::Returned(GivenBack { purchase: row.purchase_id, at: part[0].1, remaining, whole: last && row.fully_returned }),
                ));
            }
        }
        Ok(events)
    }
}

sql! {
    COUNT: "SELECT COUNT(*) FROM purchase_line WHERE brand_id = $1 AND tenant_id = $2 AND business_date >= $3 AND business_date <= $4";

    HELD_OUT: "SELECT consumer_id FROM campaign_holdout WHERE campaign_id = $1";

    JOINED: "SELECT consumer_id, enrolled_at FROM campaign_enrolment WHERE campaign_id = $1";

    SEGMENT: "SELECT consumer_id, from_at, until_at FROM segment_member WHERE brand_id = $1 AND name = $2";

    PAUSES: "SELECT paused_from, paused_until FROM campaign_pause WHERE campaign_id = $1 AND tenant_id = $2";

    CONTROLS: "SELECT shop_id FROM campaign_arm WHERE campaign_id = $1 AND tenant_id = $2 AND arm = 'control'";

    SHOPS: "SELECT s.id, s.time_zone, s.zone, s.distributor_code, s.currency FROM shop s
            WHERE s.id IN (SELECT p.shop_id FROM purchase_line l JOIN purchase p ON p.id = l.purchase_id
                           WHERE l.brand_id = $1 AND l.tenant_id = $2 AND l.business_date >= $3 AND l.business_date <= $4)";

    DAY: "SELECT l.purchase_id, p.consumer_id, p.shop_id, p.purchased_at, p.offset_seconds, COALESCE(p.reviewed_at, p.received_at) AS worked_out_at, p.fully_returned, n.adult,
                 EXISTS (SELECT 1 FROM contact t JOIN shop_member m ON m.phone_hash = t.phone_hash
                         WHERE t.consumer_id = p.consumer_id AND m.shop_id = p.shop_id AND m.removed_at IS NULL) AS own_shop,
                 l.line, l.product_id, l.quantity, l.unit_price_minor, l.suggested_price_minor, l.discount_minor, l.reward_line, l.returned_quantity
          FROM purchase_line l JOIN purchase p ON p.id = l.purchase_id JOIN consumer n ON n.id = p.consumer_id
          WHERE l.brand_id = $1 AND l.tenant_id = $2 AND l.business_date = $3 AND p.status = 'accepted'
          ORDER BY l.purchase_id, l.line";

    RETURNS: "SELECT r.id, r.returned_at, l.line, l.quantity FROM purchase_return r JOIN purchase_return_line l ON l.return_id = r.id
              WHERE r.purchase_id = $1 ORDER BY r.returned_at, r.id, l.line";
}
