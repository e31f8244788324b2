//! What time does to wallets: points become active, expire, and reservations lapse, each at its own instant.
//!
//! Nobody has to run for it. Every verb brings the consumer's account up to now before it looks, and every door that
//! shows balances calls [`consumer`] first; the job [`some`] only keeps the tables that reports read from growing old.

use std::pin::Pin;

use db::{Db, Tx, sql};
use identity::Actor;
use jobs::outbox::{self, NewEvent};
use serde_json::json;
use shared::{ConsumerId, PurchaseId, RewardId, RewardInstanceId, Timestamp};

use crate::{
    Error, Loyalty,
    account::{Account, Kind, scope},
    card,
    full_card::{FullCards, Mode},
    goal,
    ledger::{self, Depth},
    rule_book::RuleBook,
};

/// Consumers that one run of the job looks after at most.
const CONSUMERS_MAX: i64 = 200;
/// Those whose cards may have filled before, and who have their turn in one transaction: who waits longest first.
const RIVALS_MAX: i64 = 100;

/// Brings an account up to now. What can be used more than before may fill a card.
pub(crate) async fn advance(
    tx: &mut Tx,
    book: &RuleBook,
    account: &mut Account,
    cards: &mut FullCards,
    now: Timestamp,
) -> Result<(), Error> {
    while let Some((at, due)) = account.next_due(now) {
        if let Some(place) = account.apply(at, due) {
            fill(tx, book, account, cards, place, None, at).await?;
        }
    }
    Ok(())
}

/// Every campaign whose card this wallet fills gives its reward, in the order of their priorities.
pub(crate) async fn fill(
    tx: &mut Tx,
    book: &RuleBook,
    account: &mut Account,
    cards: &mut FullCards,
    place: usize,
    purchase: Option<PurchaseId>,
    at: Timestamp,
) -> Result<(), Error> {
    let mine = account.wallets[place].scope;
    for version in book.in_force(at).filter(|version| scope(version.rules.unit, version.brand, version.campaign) == mine) {
        cards.complete(tx, book, account, place, version, purchase, at).await?;
    }
    Ok(())
}

/// Before somebody takes a unit of a stock: whoever's card time filled earlier has it first, though nobody wrote that down.
///
/// Their locks are taken out of order, so only when nobody holds them: who is busy elsewhere races like everybody else.
pub(crate) fn rivals_first<'a>(
    tx: &'a mut Tx,
    book: &'a RuleBook,
    me: ConsumerId,
    reward: RewardId,
    now: Timestamp,
) -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>> {
    Box::pin(async move {
        let mut cards: Vec<(uuid::Uuid, i64)> = book
            .giving(reward)
            .filter_map(|version| Some((scope(version.rules.unit, version.brand, version.campaign), version.rules.threshold?.need)))
            .collect();
        cards.sort_unstable();
        cards.dedup_by_key(|(scope, _)| *scope);
        for (scope, need) in cards {
            let rivals: Vec<(ConsumerId,)> = tx.query(RIVALS).bind(scope).bind(now).bind(need).bind(me).bind(RIVALS_MAX).all().await?;
            for (rival,) in rivals {
                if !tx.try_lock(rival.lock_key()).await? {
                    continue;
                }
                let mut account = ledger::load(tx, rival, now, Depth::Due).await?;
                let mut cards = FullCards::of_rival();
                advance(tx, book, &mut account, &mut cards, now).await?;
                close(tx, &account, &cards, now).await?;
            }
        }
        Ok(())
    })
}

/// Whose a fact is, with her lock; `whose` names the consumer of a fact. A claim may change that until we hold it.
pub(crate) async fn lock_whose(tx: &mut Tx, whose: db::Sql, fact: uuid::Uuid) -> Result<Option<ConsumerId>, Error> {
    let mut known = None;
    loop {
        let Some((consumer,)) = tx.query(whose).bind(fact).maybe::<(ConsumerId,)>().await? else {
            return Ok(None);
        };
        if known == Some(consumer) {
            return Ok(known);
        }
        tx.lock(consumer.lock_key()).await?;
        known = Some(consumer);
    }
}

/// The account of a consumer, locked and up to now, with the rewards that this gave.
pub(crate) async fn open(
    tx: &mut Tx,
    book: &RuleBook,
    consumer: ConsumerId,
    now: Timestamp,
    depth: Depth,
) -> Result<(Account, FullCards), Error> {
    tx.lock(consumer.lock_key()).await?;
    let mut account = ledger::load(tx, consumer, now, depth).await?;
    let mut cards = FullCards::new(Mode::Live);
    advance(tx, book, &mut account, &mut cards, now).await?;
    Ok((account, cards))
}

/// Writes an account and tells whoever listens of the rewards that were given.
pub(crate) async fn close(tx: &mut Tx, account: &Account, cards: &FullCards, now: Timestamp) -> Result<(), Error> {
    ledger::write(tx, account, &cards.issued, now).await?;
    for (instance, reward) in cards.ids() {
        tell(tx, account.consumer, instance, reward, now).await?;
    }
    let gone: Vec<serde_json::Value> = account
        .entries
        .iter()
        .filter(|entry| entry.kind == Kind::Expire)
        .map(|entry| json!({ "tenant_id": entry.owner.tenant, "brand_id": entry.owner.brand, "campaign_id": entry.owner.campaign, "amount": entry.amount, "at": entry.at }))
        .collect();
    if !gone.is_empty() {
        let payload = json!({ "consumer_id": account.consumer, "expired": gone });
        outbox::publish(tx, now, NewEvent { topic: "loyalty.points_expired", key: account.consumer.to_string(), payload }).await?;
    }
    if !account.entries.is_empty() || !account.closed.is_empty() {
        tx.announce(format!("consumer:{}", account.consumer));
    }
    Ok(())
}

/// A reward was given.
pub(crate) async fn tell(
    tx: &mut Tx,
    consumer: ConsumerId,
    instance: RewardInstanceId,
    reward: RewardId,
    now: Timestamp,
) -> Result<(), Error> {
    let payload = json!({ "reward_instance_id": instance, "reward_id": reward });
    outbox::publish(tx, now, NewEvent { topic: "loyalty.reward_issued", key: consumer.to_string(), payload }).await?;
    Ok(())
}

/// Before somebody reads a consumer's wallets: what time has done is written down, when there is anything and the actor
/// may see it at all. Costs a look at one index otherwise.
pub async fn before_reading(db: &Db, loyalty: &Loyalty, actor: &Actor, person: ConsumerId, now: Timestamp) -> Result<(), Error> {
    if card::may_see(actor, person).is_err() { Ok(()) } else { consumer(db, loyalty, person, now).await }
}

/// Writes down what time has done for one consumer; a look at one index when it has done nothing.
pub async fn consumer(db: &Db, loyalty: &Loyalty, consumer: ConsumerId, now: Timestamp) -> Result<(), Error> {
    let mut tx = db.read().await?;
    let due = ledger::is_due(&mut tx, consumer, now).await? || goal::is_due(&mut tx, consumer).await?;
    drop(tx);
    if !due {
        return Ok(());
    }
    let mut tx = db.begin().await?;
    one(&mut tx, loyalty, consumer, now).await?;
    tx.commit().await?;
    Ok(())
}

/// The same for those who wait longest, each in a transaction of its own; answers how many there were.
pub async fn some(db: &Db, loyalty: &Loyalty, now: Timestamp) -> Result<usize, Error> {
    let mut due = ledger::due(&mut db.read().await?, now, CONSUMERS_MAX).await?;
    due.extend(goal::due(db, CONSUMERS_MAX).await?);
    let mut settled = 0;
    for consumer in &due {
        let mut tx = db.begin().await?;
        match one(&mut tx, loyalty, *consumer, now).await {
            Ok(()) => {
                tx.commit().await?;
                settled += 1;
            }
            // One account must not keep all others from theirs.
            Err(error) => {
                tracing::error!(%error, %consumer, "An account could not be brought up to now")
            }
        }
    }
    Ok(settled)
}

/// All of them, for whoever reads whole tables.
pub async fn everybody(db: &Db, loyalty: &Loyalty, now: Timestamp) -> Result<(), Error> {
    while some(db, loyalty, now).await? > 0 {}
    Ok(())
}

async fn one(tx: &mut Tx, loyalty: &Loyalty, consumer: ConsumerId, now: Timestamp) -> Result<(), Error> {
    let book = loyalty.current_book(tx).await?;
    let (account, cards) = open(tx, &book, consumer, now, Depth::Due).await?;
    close(tx, &account, &cards, now).await?;
    goal::bring_up(tx, consumer, now).await
}

sql! {
    /// What was held may come back, what waited may be there. Who waits for nothing is no part of the index.
    RIVALS: "SELECT consumer_id FROM wallet WHERE scope_id = $1 AND due_at <= $2 AND due_at < 9223372036854775807 AND available + pending + reserved >= $3 AND consumer_id <> $4
             ORDER BY due_at, consumer_id LIMIT $5";
}
