//! How many signed up at each shop on each day (UTC), kept counted: at most one row for a shop and day, however many
//! consumers. Who is only a card did not sign up. Where and when somebody did never changes, also when she leaves, so counts
//! only grow.

use db::{Db, Tx, sql};
use shared::{ShopId, Timestamp, time::DAY_MS};

use crate::Error;

/// Differences that are told, at most.
const SHOWN_MAX: i64 = 20;

/// Somebody signed up at a shop.
pub(crate) async fn note(tx: &mut Tx, at: Timestamp, shop: ShopId) -> Result<(), Error> {
    let (day, ms) = (at.0 / DAY_MS, at.0 % DAY_MS);
    tx.query(NOTE).bind(shop).bind(day).bind(ms).execute().await?;
    Ok(())
}

/// Counts everybody anew: for whoever wrote consumers past [`crate::consumer`]. Nobody may sign up meanwhile.
pub async fn rebuild(tx: &mut Tx) -> Result<(), Error> {
    tx.query(FORGET).execute().await?;
    tx.query(COUNT).execute().await?;
    Ok(())
}

/// Compares what is kept with the consumers themselves. How many rows there are, and the first that differ, one line each.
pub async fn verify(db: &Db) -> Result<(i64, Vec<String>), Error> {
    let mut tx = db.read().await?;
    let (rows,): (i64,) = tx.query(ROWS).one().await?;
    let differ: Vec<(ShopId, i64, i64, i64, i64, i64)> = tx.query(DIFFERENT).bind(SHOWN_MAX).all().await?;
    let line = |(shop, day, kept, kept_ms, counted, counted_ms)| {
        format!("{shop} day {day}: kept {kept} ({kept_ms} ms after midnight), counted {counted} ({counted_ms} ms)")
    };
    Ok((rows, differ.into_iter().map(line).collect()))
}

sql! {
    NOTE: "INSERT INTO shop_registration (shop_id, day, many, after_midnight_ms) VALUES ($1, $2, 1, $3)
           ON CONFLICT (shop_id, day) DO UPDATE SET many = shop_registration.many + 1,
               after_midnight_ms = shop_registration.after_midnight_ms + excluded.after_midnight_ms";

    FORGET: "DELETE FROM shop_registration";

    COUNT: "INSERT INTO shop_registration (shop_id, day, many, after_midnight_ms)
            SELECT first_shop_id, created_at / 86400000, COUNT(*), SUM(created_at % 86400000) FROM consumer
            WHERE first_shop_id IS NOT NULL AND NOT anonymous GROUP BY first_shop_id, created_at / 86400000";

    ROWS: "SELECT COUNT(*) FROM shop_registration";

    DIFFERENT: "SELECT shop_id, day, CAST(SUM(kept) AS BIGINT), CAST(SUM(kept_ms) AS BIGINT), CAST(SUM(counted) AS BIGINT), CAST(SUM(counted_ms) AS BIGINT)
                FROM (SELECT shop_id, day, many AS kept, after_midnight_ms AS kept_ms, 0 AS counted, 0 AS counted_ms FROM shop_registration
                      UNION ALL
                      SELECT first_shop_id, created_at / 86400000, 0, 0, COUNT(*), SUM(created_at % 86400000) FROM consumer
                      WHERE first_shop_id IS NOT NULL AND NOT anonymous GROUP BY first_shop_id, created_at / 86400000) both_of_them
                GROUP BY shop_id, day HAVING SUM(kept) <> SUM(counted) OR SUM(kept_ms) <> SUM(counted_ms)
                ORDER BY shop_id, day LIMIT $1";
}
