//! A card that nobody owned gets its person: everything on it becomes hers, and it keeps working.

use db::{Tx, sql};
use identity::{Actor, audit, challenge};
use shared::{ConsumerId, RewardId, RewardInstanceId, ShopId, Timestamp, WalletId, loyalty::CardCode};

use crate::{
    Error, Loyalty,
    account::Account,
    card, changes,
    full_card::{FullCards, Mode},
    goal,
    ledger::{self, Depth},
    settle,
};

/// The actor makes a card on paper hers, by the code on it. Again: nothing happens, and the answer is `false`.
pub async fn by_code(tx: &mut Tx, loyalty: &Loyalty, actor: &Actor, now: Timestamp, code: &str) -> Result<bool, Error> {
    let me = actor.consumer()?;
    let typed: String = code.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_uppercase()).collect();
    let Ok(code @ CardCode::Printed { .. }) = typed.parse::<CardCode>() else {
        return Err(Error::UnknownCard);
    };
    let holder = card::find_by_code(tx, loyalty, &code, ShopId::fixed(0), now, now).await?.ok_or(Error::UnknownCard)?;
    if holder.consumer == me {
        return Ok(false);
    }
    claim(tx, loyalty, actor, now, holder.consumer, me).await
}

/// The actor proves that another telephone is hers, too: what belonged to it becomes hers, and its card stays an alias of
/// hers. That telephone is nobody's afterwards. [`Error::NotFound`] when nobody has a card with it.
///
/// A wrong code costs a try: the caller commits then too.
pub async fn join_phones(tx: &mut Tx, loyalty: &Loyalty, actor: &Actor, now: Timestamp, sealed: &str, code: &str) -> Result<(), Error> {
    let me = actor.consumer()?;
    let verified = challenge::verify(tx, &loyalty.keys, now, sealed, code).await?;
    let other = challenge::consume(tx, &loyalty.keys, now, &verified.sealed).await?.consumer(tx).await?.ok_or(Error::NotFound)?;
    if other == me {
        return Ok(());
    }
    lock_both(tx, other, me).await?;
    let person = Some((false, None));
    if tx.query(STATE).bind(other).maybe::<(bool, Option<ConsumerId>)>().await? != person
        || tx.query(STATE).bind(me).maybe().await? != person
    {
        return Err(Error::NotFound);
    }
    move_all(tx, loyalty, now, other, me).await?;
    tx.query(REPOINT).bind(me).bind(other).execute().await?;
    identity::consumer::give_up(tx, now, other).await?;
    audit::record(tx, actor, now, "consumer.joined", me, None, None, None).await?;
    Ok(())
}

async fn lock_both(tx: &mut Tx, from: ConsumerId, into: ConsumerId) -> Result<(), Error> {
    let mut both = [from, into];
    both.sort_unstable();
    for consumer in both {
        tx.lock(consumer.lock_key()).await?;
    }
    Ok(())
}

/// Moves what an anonymous card holds to a consumer: lots with their own expiry, debts, rewards and what caps counted.
/// Again for the same person: nothing happens. `true` when something did.
pub async fn claim(
    tx: &mut Tx,
    loyalty: &Loyalty,
    actor: &Actor,
    now: Timestamp,
    from: ConsumerId,
    into: ConsumerId,
) -> Result<bool, Error> {
    lock_both(tx, from, into).await?;
    let anonymous: Option<(bool, Option<ConsumerId>)> = tx.query(STATE).bind(from).maybe().await?;
    match anonymous {
        Some((_, Some(owner))) if owner == into => return Ok(false),
        Some((true, None)) if from != into => {}
        // Somebody's card cannot be claimed, and nobody learns whether it exists.
        _ => return Err(Error::UnknownCard),
    }
    if !matches!(tx.query(STATE).bind(into).maybe::<(bool, Option<ConsumerId>)>().await?, Some((false, None))) {
        return Err(Error::UnknownCard);
    }
    move_all(tx, loyalty, now, from, into).await?;
    audit::record(tx, actor, now, "card.claimed", into, None, None, None).await?;
    Ok(true)
}

/// Everything of one becomes the other's. The caller holds both locks.
async fn move_all(tx: &mut Tx, loyalty: &Loyalty, now: Timestamp, from: ConsumerId, into: ConsumerId) -> Result<(), Error> {
    let book = loyalty.current_book(tx).await?;
    // Each is written before the other is opened: whose card fills looks after who waits for the same stock, and that may
    // be the other one.
    for consumer in [from, into] {
        let (account, cards) = settle::open(tx, &book, consumer, now, Depth::Due).await?;
        settle::close(tx, &account, &cards, now).await?;
    }
    let mut source = ledger::load(tx, from, now, Depth::Whole).await?;
    let mut target = ledger::load(tx, into, now, Depth::Whole).await?;
    let scopes: Vec<(WalletId, uuid::Uuid)> = source.wallets.iter().map(|wallet| (wallet.id, wallet.scope)).collect();
    target.transfer(&mut source, from.0, now, || tx.new_id());
    // The card's own past first: rewards that time gave it, then they move. Only with all of them can it be told how many
    // of a reward she has had.
    let nothing_given = FullCards::new(Mode::Live);
    settle::close(tx, &source, &nothing_given, now).await?;
    settle::close(tx, &target, &nothing_given, now).await?;
    changes::note_rewards(tx, now, from).await?;
    move_rewards(tx, &target, &scopes, from, into).await?;
    let (mut target, mut cards) = settle::open(tx, &book, into, now, Depth::Whole).await?;
    for place in 0..target.wallets.len() {
        settle::fill(tx, &book, &mut target, &mut cards, place, None, now).await?;
    }
    settle::close(tx, &target, &cards, now).await?;
    goal::join(tx, from, into).await?;
    goal::bring_up(tx, into, now).await?;
    changes::note_consumer(tx, now, from).await?;
    for statement in [MOVE_PURCHASES, MOVE_CARDS, MERGE] {
        tx.query(statement).bind(into).bind(from).execute().await?;
    }
    for statement in [JOIN_ENROLMENTS, JOIN_HOLDOUTS, JOIN_SEGMENTS] {
        tx.query(statement).bind(into).bind(from).execute().await?;
    }
    Ok(())
}

/// A consumer's rewards of one kind are counted: those of the card go on after hers.
async fn move_rewards(
    tx: &mut Tx,
    target: &Account,
    scopes: &[(WalletId, uuid::Uuid)],
    from: ConsumerId,
    into: ConsumerId,
) -> Result<(), Error> {
    let rewards: Vec<(RewardInstanceId, RewardId, WalletId)> = tx.query(REWARDS).bind(from).all().await?;
    for (instance, _, wallet) in rewards {
        let scope = scopes.iter().find(|(known, _)| *known == wallet).map(|(_, scope)| *scope);
        let place = target.wallets.iter().find(|wallet| Some(wallet.scope) == scope).map_or(wallet, |wallet| wallet.id);
        tx.query(MOVE_REWARD).bind(into).bind(place).bind(instance).execute().await?;
    }
    Ok(())
}

sql! {
    STATE: "SELECT anonymous, merged_into FROM consumer WHERE id = $1 AND deleted_at IS NULL";

    REWARDS: "SELECT id, reward_id, wallet_id FROM reward_instance WHERE consumer_id = $1 ORDER BY id";

    MOVE_REWARD: "UPDATE reward_instance
                  SET consumer_id = $1, wallet_id = $2,
                      sequence = (SELECT COALESCE(MAX(o.sequence), 0) + 1 FROM reward_instance o WHERE o.consumer_id = $1 AND o.reward_id = reward_instance.reward_id)
                  WHERE id = $3";

    MOVE_PURCHASES: "UPDATE purchase SET consumer_id = $1 WHERE consumer_id = $2";

    MOVE_CARDS: "UPDATE card SET consumer_id = $1, claimed_from = COALESCE(claimed_from, $2) WHERE consumer_id = $2";

    /// Cards that the other one had claimed point to her now.
    REPOINT: "UPDATE consumer SET merged_into = $1 WHERE merged_into = $2";

    MERGE: "UPDATE consumer SET merged_into = $1 WHERE id = $2";

    JOIN_ENROLMENTS: "INSERT INTO campaign_enrolment (campaign_id, consumer_id, enrolled_at) SELECT campaign_id, $1, enrolled_at FROM campaign_enrolment WHERE consumer_id = $2
                      ON CONFLICT (campaign_id, consumer_id) DO UPDATE SET enrolled_at = CASE WHEN excluded.enrolled_at < campaign_enrolment.enrolled_at THEN excluded.enrolled_at ELSE campaign_enrolment.enrolled_at END";

    JOIN_HOLDOUTS: "INSERT INTO campaign_holdout (campaign_id, consumer_id, assigned_at) SELECT campaign_id, $1, assigned_at FROM campaign_holdout WHERE consumer_id = $2
                    ON CONFLICT (campaign_id, consumer_id) DO NOTHING";

    JOIN_SEGMENTS: "INSERT INTO segment_member (brand_id, name, consumer_id, from_at, until_at) SELECT brand_id, name, $1, from_at, until_at FROM segment_member WHERE consumer_id = $2
                    ON CONFLICT (brand_id, name, consumer_id, from_at) DO NOTHING";
}
