//! Purchases that are signed before the clock starts, as the bytes that go over the wire.

use anyhow::Result;
use futures::{StreamExt, TryStreamExt, stream};

use super::{CARDS, CONNECTIONS, DEVICES, SALES_PER_CARD};
use crate::{
    client::{Client, Sale},
    trade::Trade,
};

/// Questions for codes at the same time.
const ASKERS: usize = 16;
/// One in so many purchases only warms caches and connections.
const WARMING_PART: usize = 8;

/// For each connection its requests, in order. A phone sells on one connection only: its captures are a chain.
pub struct Sales(Vec<Vec<Vec<u8>>>);

impl Sales {
    /// Opens a trade on the server and signs everything that will be sold.
    pub async fn sign(client: &Client) -> Result<Self> {
        let Trade { mut devices, cards, goods } = Trade::open(client, DEVICES, CARDS).await?;
        let goods = &goods;
        let of_card = |(place, mut card)| async move {
            let mut sales: Vec<Sale> = Vec::with_capacity(SALES_PER_CARD);
            for number in 0..SALES_PER_CARD {
                sales.push(goods.sale(client, &mut card, (place * SALES_PER_CARD + number) as u64).await?);
            }
            Ok::<_, crate::client::Error>(sales)
        };
        let sales: Vec<Vec<Sale>> = stream::iter(cards.into_iter().enumerate()).map(of_card).buffered(ASKERS).try_collect().await?;
        let mut connections: Vec<Vec<Vec<u8>>> = vec![Vec::new(); CONNECTIONS];
        for round in 0..SALES_PER_CARD {
            for (card, sales) in sales.iter().enumerate() {
                let device = card % DEVICES;
                connections[device % CONNECTIONS].push(devices[device].sign(sales[round].clone()).request());
            }
        }
        Ok(Self(connections))
    }

    /// All of them.
    pub fn len(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }

    /// How many come before the clock starts.
    pub fn warming(&self) -> usize {
        self.parts().map(|(warming, _)| warming.len()).sum()
    }

    /// For each connection what warms, and what is measured.
    pub fn parts(&self) -> impl Iterator<Item = (&[Vec<u8>], &[Vec<u8>])> {
        self.0.iter().map(|requests| requests.split_at(requests.len() / WARMING_PART))
    }
}
