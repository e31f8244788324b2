//! Purchases that are signed before the clock starts, each for an instant of its own.

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use pilot::Look;
use rand::{Rng, SeedableRng, rngs::StdRng};
use shared::{ConsumerId, Timestamp, loyalty::capture::CaptureLine};

use crate::{
    client::{Client, Device, Sale, Signed},
    trade::now,
};

/// Questions for codes at the same time.
const ASKERS: usize = 16;
/// Codes that a busy machine makes in a second, at least.
const CODES_PER_SECOND: f64 = 700.0;

/// A capture and the instant at which its phone sends it.
pub struct Due {
    pub at: Timestamp,
    pub signed: Signed,
}

/// Draws instants as a Poisson process has them, and signs a basket for each.
pub async fn sign(client: &Client, looked: &Look, devices: &mut [Device], rate: f64, seconds: f64) -> Result<Vec<Due>> {
    let mut random = StdRng::seed_from_u64(7);
    let many = rate * seconds;
    let mut at = now().plus_ms(((many / CODES_PER_SECOND + 3.0) * 1_000.0) as i64);
    let begin = at;
    let mut instants: Vec<(Timestamp, ConsumerId)> = Vec::new();
    let mut place = 0;
    loop {
        // The next arrival of a Poisson process; never a logarithm of nothing.
        let gap = -(1.0 - random.random::<f64>()).ln() / rate;
        at = at.plus_ms((gap * 1_000.0).round() as i64);
        if at.since(begin) as f64 > seconds * 1_000.0 {
            break;
        }
        instants.push((at, looked.consumers[place % looked.consumers.len()]));
        place += 7_919;
    }
    let code =
        |(at, consumer): (Timestamp, ConsumerId)| async move { Ok::<_, crate::client::Error>((at, client.card_code(consumer, at).await?)) };
    let codes: Vec<(Timestamp, String)> = stream::iter(instants).map(code).buffered(ASKERS).try_collect().await?;
    let mut due = Vec::with_capacity(codes.len());
    for (at, card_code) in codes {
        let place = random.random_range(0..devices.len());
        let mut lines = Vec::new();
        for (gtin, price) in &looked.goods {
            if lines.len() < 4 && random.random_bool(0.12) {
                lines.push(CaptureLine {
                    discount_minor: 0,
                    gtin: *gtin,
                    quantity: random.random_range(1..=3),
                    unit_price_minor: Some(price * random.random_range(95..=105) / 100),
                });
            }
        }
        if lines.is_empty() {
            let (gtin, price) = looked.goods.first().context("something is sold")?;
            lines.push(CaptureLine { discount_minor: 0, gtin: *gtin, quantity: 1, unit_price_minor: Some(*price) });
        }
        due.push(Due { at, signed: devices[place].sign(Sale { card_code, scanned_at: at, captured_at: at, offline: false, lines }) });
    }
    ensure!(now() < begin, "the machine was too slow to sign {} purchases before the first of them was due", due.len());
    Ok(due)
}
