//! Phones that sell without a pause, keep what was not acknowledged, and send it again with the same bytes.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Result, bail, ensure};
use shared::{
    BrandId, ConsumerId,
    loyalty::{Balance, LedgerTotal, PurchaseAnswer, PurchaseStatus, campaign::Unit},
};
use tokio::task::JoinSet;

use crate::{
    client::{Answer, Client, Device, Error, Signed},
    trade::{Card, Goods, Trade},
};

const DEVICES: usize = 16;
const CARDS: usize = 64;
/// A server under load answers somebody within this time.
const ANSWERS_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// Tries to send what was not acknowledged; a server that has just started may need more than one.
const TRIES_MAX: usize = 50;

/// A phone with the cards of its customers.
struct Phone {
    device: Device,
    cards: Vec<Card>,
    /// Acknowledged since the last kill, with the answer.
    acknowledged: Vec<(Sent, Vec<u8>)>,
    /// Sent, and nobody knows whether it arrived.
    pending: Option<Sent>,
}

/// A signed sale and its buyer, whom only the code in it names.
struct Sent {
    signed: Signed,
    consumer: ConsumerId,
}

/// Everybody who sells, and what the server has promised them.
pub struct Load {
    phones: Vec<Phone>,
    goods: Goods,
    number: Arc<AtomicU64>,
    earned: BTreeMap<(ConsumerId, BrandId), i64>,
    consumers: Vec<ConsumerId>,
    found: Found,
}

/// The phones while they sell.
pub struct Selling {
    tasks: JoinSet<Result<Phone>>,
    acknowledged: Arc<AtomicU64>,
}

/// What the looks found.
#[derive(Debug, Default, Clone)]
pub struct Found {
    acknowledged: u64,
    sent_again: u64,
    had_arrived: u64,
    lost: u64,
    changed: u64,
    /// Wallets with more than was promised: something counted twice.
    too_full: u64,
    too_empty: u64,
    earned: i64,
    ledger: i64,
}

impl Found {
    /// Nothing lost, nothing doubled.
    pub fn good(&self) -> bool {
        [self.lost, self.changed, self.too_full, self.too_empty] == [0; 4] && self.earned == self.ledger
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { acknowledged, sent_again, had_arrived, lost, changed, too_full, too_empty, earned, ledger } = self;
        write!(
            f,
            "{acknowledged} purchases acknowledged, {sent_again} sent again without an answer to the first try ({had_arrived} had arrived), "
        )?;
        write!(
            f,
            "{lost} lost, {changed} answered otherwise, {too_full} wallets too full and {too_empty} too empty, {ledger} units in the ledger of {earned} earned"
        )
    }
}

impl Load {
    /// Makes the trade.
    pub async fn open(client: &Client) -> Result<Self> {
        let Trade { devices, cards, goods } = Trade::open(client, DEVICES, CARDS).await?;
        let consumers = cards.iter().map(|card| card.consumer).collect();
        let mut phones: Vec<Phone> =
            devices.into_iter().map(|device| Phone { device, cards: Vec::new(), acknowledged: Vec::new(), pending: None }).collect();
        for (place, card) in cards.into_iter().enumerate() {
            phones[place % DEVICES].cards.push(card);
        }
        Ok(Self { phones, goods, number: Arc::default(), earned: BTreeMap::new(), consumers, found: Found::default() })
    }

    /// Every phone sells until its server does not answer any more.
    pub fn begin(&mut self, client: &Client) -> Selling {
        let acknowledged = Arc::new(AtomicU64::new(0));
        let mut tasks = JoinSet::new();
        for phone in self.phones.drain(..) {
            tasks.spawn(sell(phone, client.clone(), self.goods.clone(), self.number.clone(), acknowledged.clone()));
        }
        Selling { tasks, acknowledged }
    }

    /// After the kill: everybody stops.
    pub async fn end(&mut self, mut selling: Selling) -> Result<()> {
        while let Some(phone) = selling.tasks.join_next().await {
            self.phones.push(phone??);
        }
        Ok(())
    }

    /// After the restart: what was acknowledged is there, and what was not is sent again.
    pub async fn settle(&mut self, client: &Client) -> Result<()> {
        let mut promised = Vec::new();
        for phone in &mut self.phones {
            for (sent, told) in phone.acknowledged.drain(..) {
                let answer = send_until_answered(&sent.signed, client).await?;
                self.found.lost += u64::from(!answer.replayed);
                self.found.changed += u64::from(answer.bytes != told);
                promised.push((sent.consumer, answer));
            }
            if let Some(sent) = phone.pending.take() {
                let answer = send_until_answered(&sent.signed, client).await?;
                self.found.sent_again += 1;
                self.found.had_arrived += u64::from(answer.replayed);
                promised.push((sent.consumer, answer));
            }
        }
        for (consumer, answer) in promised {
            let purchase: PurchaseAnswer = answer.json()?;
            ensure!(purchase.status == PurchaseStatus::Accepted, "{} is {:?}", purchase.purchase_id, purchase.reason);
            self.found.acknowledged += 1;
            for award in &purchase.awards {
                self.found.earned += award.amount;
                if award.unit == Unit::Points {
                    *self.earned.entry((consumer, award.brand_id)).or_default() += award.amount;
                }
            }
        }
        Ok(())
    }

    /// Every wallet and the whole ledger against what the answers said: a doubled purchase would show as too much.
    pub async fn compare(mut self, client: &Client) -> Result<Found> {
        for consumer in &self.consumers {
            let wallets: Vec<Balance> = client.get(&format!("/api/v1/consumers/{consumer}/balances")).await?;
            // Full stamp cards become rewards: only points stay as they were earned.
            for wallet in wallets.iter().filter(|wallet| wallet.campaign_id.is_none()) {
                let earned = self.earned.get(&(*consumer, wallet.brand_id)).copied().unwrap_or(0);
                self.found.too_full += u64::from(wallet.available > earned);
                self.found.too_empty += u64::from(wallet.available < earned);
            }
        }
        let totals: Vec<LedgerTotal> = client.get("/api/v1/ledger/totals").await?;
        self.found.ledger = totals.iter().filter(|total| total.kind == "EARN").map(|total| total.amount).sum();
        Ok(self.found)
    }
}

impl Selling {
    /// Waits until somebody's purchase was acknowledged.
    pub async fn first_acknowledged(&self) -> Result<()> {
        let since = Instant::now();
        while self.acknowledged.load(Ordering::Relaxed) == 0 {
            ensure!(since.elapsed() < ANSWERS_WITHIN, "nobody's purchase was acknowledged within {} s", ANSWERS_WITHIN.as_secs());
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }
}

async fn sell(mut phone: Phone, client: Client, goods: Goods, number: Arc<AtomicU64>, acknowledged: Arc<AtomicU64>) -> Result<Phone> {
    let mut turn = 0;
    loop {
        turn = (turn + 1) % phone.cards.len();
        let card = &mut phone.cards[turn];
        let consumer = card.consumer;
        let sale = match goods.sale(&client, card, number.fetch_add(1, Ordering::Relaxed)).await {
            Ok(sale) => sale,
            Err(error) if unanswered(&error) => return Ok(phone),
            Err(error) => return Err(error.into()),
        };
        let sent = Sent { signed: phone.device.sign(sale), consumer };
        match sent.signed.send(&client).await {
            Ok(answer) => {
                acknowledged.fetch_add(1, Ordering::Relaxed);
                phone.acknowledged.push((sent, answer.bytes));
            }
            Err(error) if unanswered(&error) => {
                phone.pending = Some(sent);
                return Ok(phone);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// The server went away, or says that it cannot work now: nobody knows what became of the request.
fn unanswered(error: &Error) -> bool {
    match error {
        Error::NoAnswer { .. } => true,
        Error::Refused { problem, .. } => problem.status >= 500,
        Error::NotUnderstood { status, .. } => *status >= 500,
    }
}

async fn send_until_answered(signed: &Signed, client: &Client) -> Result<Answer> {
    for _ in 0..TRIES_MAX {
        match signed.send(client).await {
            Err(error) if unanswered(&error) => tokio::time::sleep(LOOK_EVERY * 10).await,
            other => return Ok(other?),
        }
    }
    bail!("{} was not answered in {TRIES_MAX} tries", signed.client_purchase_id)
}
