//! Full cards: while a wallet holds enough, its campaign's reward is given by itself.
//!
//! The contract asks it of every purchase. Here it also holds after whatever else brings units: held points that become
//! active, a reservation that lapses or is let go, a delivery that is undone, a claimed card. So a full card is never
//! seen without its reward, unless the stock or the consumer's maximum is exhausted.

use std::collections::{HashMap, HashSet};

use db::Tx;
use shared::{ConsumerId, PurchaseId, RewardId, RewardInstanceId, Timestamp, loyalty::IssuedReward};

use crate::{
    Error,
    account::{Account, Owner},
    ledger::{self, Depth},
    reward::{self, NewInstance},
    rule_book::{LiveVersion, RuleBook},
    settle,
};

/// Whether what is worked out will be written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It will: stock is taken along the way.
    Live,
    /// Only asked: nothing is touched.
    Preview,
}

/// Rewards given in one transaction.
pub(crate) struct FullCards {
    mode: Mode,
    pub issued: Vec<NewInstance>,
    /// What a sender is told of them.
    pub told: Vec<IssuedReward>,
    /// In a preview: what is left of a stock.
    left: HashMap<RewardId, i64>,
    /// Whose stock was asked for: everybody whose card was full before had her turn.
    asked: HashSet<RewardId>,
    /// These are of somebody who has her turn now: who comes before her had it.
    rival: bool,
}

impl FullCards {
    pub(crate) fn new(mode: Mode) -> Self {
        Self { mode, issued: Vec::new(), told: Vec::new(), left: HashMap::new(), asked: HashSet::new(), rival: false }
    }

    /// Those of somebody whose turn it is before others.
    pub(crate) fn of_rival() -> Self {
        Self { rival: true, ..Self::new(Mode::Live) }
    }

    /// Gives the campaign's reward as often as the wallet can pay for it.
    #[allow(clippy::too_many_arguments, reason = "a card, what fills it, and when")]
    pub(crate) async fn complete(
        &mut self,
        tx: &mut Tx,
        book: &RuleBook,
        account: &mut Account,
        place: usize,
        version: &LiveVersion,
        purchase: Option<PurchaseId>,
        at: Timestamp,
    ) -> Result<(), Error> {
        let (Some(threshold), Some(linked)) = (version.rules.threshold, version.reward.as_ref()) else {
            return Ok(());
        };
        if account.wallets[place].now.available < threshold.need {
            return Ok(());
        }
        ledger::load_lots(tx, account, place, Depth::Due).await?;
        let owner = Owner { tenant: version.tenant, brand: version.brand, campaign: version.campaign, consumer: account.consumer };
        let (mut given, mut last) = reward::count_given(tx, account.consumer, linked.id).await?;
        // Those of this very transaction are not written yet.
        let here = self.issued.iter().filter(|instance| instance.reward == linked.id).count() as i64;
        (given, last) = (given + here, last + here);
        while account.wallets[place].now.available >= threshold.need && linked.max_per_consumer.is_none_or(|max| given < max) {
            if linked.limited && !self.take_unit(tx, book, account.consumer, version, linked.id, at).await? {
                break;
            }
            (given, last) = (given + 1, last + 1);
            let wallet = account.wallets[place].id;
            let instance = NewInstance::automatic(tx, linked.id, owner, wallet, purchase, last, at);
            account.issue(place, instance.id, threshold.need, at);
            self.told.push(IssuedReward {
                reward_instance_id: instance.id,
                reward_id: linked.id,
                name: linked.name.clone(),
                brand_name: version.brand_name.clone(),
            });
            self.issued.push(instance);
        }
        Ok(())
    }

    async fn take_unit(
        &mut self,
        tx: &mut Tx,
        book: &RuleBook,
        consumer: ConsumerId,
        version: &LiveVersion,
        reward: RewardId,
        at: Timestamp,
    ) -> Result<bool, Error> {
        if self.mode == Mode::Live {
            if !self.rival && self.asked.insert(reward) {
                settle::rivals_first(tx, book, consumer, reward, at).await?;
            }
            return reward::take_unit(tx, version.tenant, reward, at).await;
        }
        let left = match self.left.get(&reward) {
            Some(left) => *left,
            None => reward::units_left(tx, reward, at).await?,
        };
        self.left.insert(reward, left - 1);
        Ok(left >= 1)
    }

    /// Which rewards were given by themselves: one that is held for her she chose.
    pub(crate) fn ids(&self) -> impl Iterator<Item = (RewardInstanceId, RewardId)> + '_ {
        self.issued.iter().filter(|instance| instance.is_automatic()).map(|instance| (instance.id, instance.reward))
    }
}
