//! What the rules ask about a consumer and the past, read only when some campaign in force asks it.

use db::{Tx, sql};
use shared::{
    BrandId, CampaignId, LocalTime, Timestamp,
    loyalty::{
        NoAward,
        campaign::{CapScope, Enrolment},
        evaluation::{Contender, Facts, NoAwardReason, Trace, evaluate, excluded},
    },
};

use super::{Basket, Evaluated, SellingShop, caps};
use crate::{
    Error,
    card::Holder,
    full_card::Mode,
    ledger,
    rule_book::{LiveVersion, Place, RuleBook},
};

/// Campaigns that gave nothing, at most so many are told.
const NO_AWARD_MAX: usize = 50;

/// What is read about one consumer for one purchase.
#[derive(Default)]
struct Past {
    enrolments: Vec<(CampaignId, Timestamp)>,
    held_out: Vec<CampaignId>,
    segments: Vec<(BrandId, String)>,
    /// Campaigns in which she has a purchase that still counts.
    bought_in: Vec<CampaignId>,
    given: Vec<caps::Given>,
}

impl Past {
    async fn read(tx: &mut Tx, holder: &Holder, at: Timestamp, versions: &[&LiveVersion]) -> Result<Self, Error> {
        let asks = |question: fn(&LiveVersion) -> bool| versions.iter().any(|version| question(version));
        let consumer = holder.consumer;
        let mut past = Self::default();
        if asks(|version| version.rules.enrolment == Enrolment::Required) {
            past.enrolments = tx.query(ENROLMENTS).bind(consumer).all().await?;
        }
        if asks(|version| version.has_holdouts) {
            past.held_out =
                tx.query(HELD_OUT).bind(consumer).all::<(CampaignId,)>().await?.into_iter().map(|(campaign,)| campaign).collect();
        }
        if asks(|version| version.rules.multipliers.iter().any(|multiplier| multiplier.when.segment.is_some())) {
            past.segments = tx.query(SEGMENTS).bind(consumer).bind(at).all().await?;
        }
        if asks(|version| version.rules.bonuses.iter().any(|bonus| bonus.when.first_purchase)) {
            past.bought_in =
                tx.query(BOUGHT_IN).bind(consumer).all::<(CampaignId,)>().await?.into_iter().map(|(campaign,)| campaign).collect();
        }
        if asks(|version| version.rules.caps.iter().any(|cap| cap.scope != CapScope::Purchase && !cap.scope.is_shared())) {
            past.given = ledger::given(tx, consumer).await?;
        }
        Ok(past)
    }
}

/// What every campaign in force at that instant says about a basket.
///
/// The caller holds the consumer's lock when it means to write; the locks of campaigns whose budget everybody shares are
/// taken here, in the order of their ids, and only by those with something of theirs in the basket.
pub(super) async fn evaluate_all(
    tx: &mut Tx,
    book: &RuleBook,
    mode: Mode,
    shop: &SellingShop,
    local: LocalTime,
    holder: Option<&Holder>,
    basket: &Basket,
) -> Result<Evaluated, Error> {
    let versions: Vec<&LiveVersion> = book.in_force(local.at).collect();
    let mut evaluated = evaluate_each(tx, book, mode, shop, local, holder, basket, &versions).await?;
    let between = book.between_versions(local.at).map(|(campaign, name)| NoAward {
        campaign_id: *campaign,
        campaign_name: name.clone(),
        reason: NoAwardReason::OutOfDates,
    });
    evaluated.no_award.extend(between);
    keep_the_largest(&mut evaluated);
    relevant_first(book, local.at, basket, &mut evaluated.no_award);
    Ok(evaluated)
}

/// The same for some versions, before campaigns of one group are compared.
#[allow(clippy::too_many_arguments, reason = "an evaluation asks for everything that is known")]
pub(super) async fn evaluate_each(
    tx: &mut Tx,
    book: &RuleBook,
    mode: Mode,
    shop: &SellingShop,
    local: LocalTime,
    holder: Option<&Holder>,
    basket: &Basket,
    versions: &[&LiveVersion],
) -> Result<Evaluated, Error> {
    let at = local.at;
    let past = match holder {
        Some(holder) => Past::read(tx, holder, at, versions).await?,
        None => Past::default(),
    };
    let place = Place::of(tx, book, shop.id).await?;
    let lines = basket.evaluation_lines();
    let takes_part =
        |version: &LiveVersion| lines.iter().any(|line| line.product.is_some_and(|product| version.rules.products.contains(&product)));
    if mode == Mode::Live {
        let mut shared: Vec<CampaignId> =
            versions.iter().filter(|version| version.counts_all && takes_part(version)).map(|version| version.campaign).collect();
        shared.sort_unstable();
        for campaign in shared {
            tx.lock(campaign.lock_key()).await?;
        }
    }
    let mut evaluated = Evaluated::default();
    for version in versions.iter().copied() {
        let segments: Vec<String> =
            past.segments.iter().filter(|(brand, _)| *brand == version.brand).map(|(_, name)| name.clone()).collect();
        let counts = takes_part(version) && !version.rules.caps.is_empty();
        let facts = Facts {
            local,
            shop: shop.id,
            paused: version.is_paused(at),
            held_out: past.held_out.contains(&version.campaign),
            own_shop: holder.is_some_and(|holder| holder.own_shop),
            adult: holder.is_none_or(|holder| holder.adult),
            enrolled_at: past.enrolments.iter().find(|(campaign, _)| *campaign == version.campaign).map(|(_, joined)| *joined),
            segments: &segments,
            first_purchase: holder.is_some() && !past.bought_in.contains(&version.campaign),
            used: if counts { caps::used(tx, version, &past.given, shop.id, local.date()).await? } else { Default::default() },
        };
        match evaluate(&version.rules, &lines, &facts) {
            Err(NoAwardReason::OutOfDates) => evaluated.no_award.push(none(version, NoAwardReason::OutOfDates)),
            // Checked where the contract checks the list of shops: after the dates, before everything else.
            _ if !version.takes(&place) => evaluated.no_award.push(none(version, NoAwardReason::PdvNotInCampaign)),
            Ok(_) if version.settled => evaluated.no_award.push(none(version, NoAwardReason::Settled)),
            Ok(trace) => evaluated.awards.push((version.clone(), trace)),
            Err(reason) => evaluated.no_award.push(none(version, reason)),
        }
    }
    Ok(evaluated)
}

fn none(version: &LiveVersion, reason: NoAwardReason) -> NoAward {
    NoAward { campaign_id: version.campaign, campaign_name: version.name.clone(), reason }
}

/// Of each exclusive group only one stays.
fn keep_the_largest(evaluated: &mut Evaluated) {
    let contender = |(version, trace): &(LiveVersion, Trace)| {
        (version.brand, version.rules.exclusive_group.clone(), trace.award, version.rules.priority, version.campaign)
    };
    let named: Vec<_> = evaluated.awards.iter().map(contender).collect();
    let contenders: Vec<_> = named
        .iter()
        .map(|(brand, group, award, priority, campaign)| Contender {
            brand,
            group: group.as_deref(),
            award: *award,
            priority: *priority,
            campaign,
        })
        .collect();
    let lost = excluded(&contenders);
    let (out, stay): (Vec<_>, Vec<_>) = std::mem::take(&mut evaluated.awards).into_iter().zip(lost).partition(|(_, lost)| *lost);
    evaluated.awards = stay.into_iter().map(|(award, _)| award).collect();
    evaluated.excluded = out.into_iter().map(|(award, _)| award).collect();
    evaluated.no_award.extend(evaluated.excluded.iter().map(|(version, _)| none(version, NoAwardReason::ExcludedByGroup)));
}

/// Campaigns of brands in the basket come first; of a whole platform's campaigns only so many are told.
fn relevant_first(book: &RuleBook, at: Timestamp, basket: &Basket, no_award: &mut Vec<NoAward>) {
    let brands: Vec<_> = basket.brands().collect();
    let in_basket =
        |told: &NoAward| book.in_force(at).any(|version| version.campaign == told.campaign_id && brands.contains(&version.brand));
    no_award.sort_by_key(|told| !in_basket(told));
    no_award.truncate(NO_AWARD_MAX);
}

sql! {
    ENROLMENTS: "SELECT campaign_id, enrolled_at FROM campaign_enrolment WHERE consumer_id = $1";

    HELD_OUT: "SELECT campaign_id FROM campaign_holdout WHERE consumer_id = $1";

    SEGMENTS: "SELECT brand_id, name FROM segment_member WHERE consumer_id = $1 AND from_at <= $2 AND $2 < until_at";

    /// A purchase counts for a campaign that looked at it: one before she joined, or while it was paused, does not take the
    /// welcome away.
    BOUGHT_IN: "SELECT DISTINCT e.campaign_id FROM purchase p JOIN evaluation e ON e.purchase_id = p.id
                WHERE p.consumer_id = $1 AND p.status = 'accepted' AND NOT p.fully_returned";
}
