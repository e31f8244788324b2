//! A claimed card counts as whoever claimed it, for the past, too.

use db::{Sql, Tx, both_databases};
use reports::Scope;
use shared::{ConsumerId, PurchaseId, Timestamp};
use uuid::Uuid;

use crate::d1::{World, at};

const WALLET: Sql = Sql::same(
    "INSERT INTO wallet (id, consumer_id, tenant_id, brand_id, scope_id, unit, available, pending, reserved, debt) VALUES ($1, $2, $3, $4, $4, 'points', 0, 0, 0, 0)",
);
const LOT: Sql = Sql::same(
    "INSERT INTO lot (id, wallet_id, campaign_id, purchase_id, awarded, remaining, available_at, expires_at, created_at) VALUES ($1, $2, $3, $4, 100, 40, 1, 9223372036854775807, 1)",
);
const ENTRY: Sql = Sql::same(
    "INSERT INTO ledger_entry (id, business_key, tenant_id, brand_id, consumer_id, wallet_id, campaign_id, lot_id, kind, debit_account, credit_account, amount, occurred_at, recorded_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)",
);

/// Somebody's card earned 100 points, she claimed it, and spent 60 of them from her own wallet.
async fn claimed(tx: &mut Tx, world: &World, card: ConsumerId, person: ConsumerId) {
    let (old, new, lot): (Uuid, Uuid, Uuid) = (tx.new_id(), tx.new_id(), tx.new_id());
    let b1 = &world.b1;
    let campaign = crate::metrics::campaign(tx, b1).await;
    let (purchase,): (PurchaseId,) = tx.query(Sql::same("SELECT id FROM purchase ORDER BY id LIMIT 1")).one().await.unwrap();
    for (wallet, who) in [(old, card), (new, person)] {
        tx.query(WALLET).bind(wallet).bind(who).bind(b1.tenant).bind(b1.id).execute().await.unwrap();
    }
    tx.query(LOT).bind(lot).bind(new).bind(campaign).bind(purchase).execute().await.unwrap();
    let facts: [(&str, ConsumerId, Uuid, &str, &str, i64, Timestamp); 4] = [
        ("EARN", card, old, "issued_pool", "available", 100, at("2026-03-05T10:00:00")),
        ("TRANSFER_OUT", card, old, "available", "transfer", 100, at("2026-03-06T10:00:00")),
        ("TRANSFER_IN", person, new, "transfer", "available", 100, at("2026-03-06T10:00:00")),
        ("SPEND", person, new, "available", "redeemed", 60, at("2026-03-07T10:00:00")),
    ];
    for (kind, who, wallet, debit, credit, amount, when) in facts {
        let id: Uuid = tx.new_id();
        let query = tx.query(ENTRY).bind(id).bind(id.to_string()).bind(b1.tenant).bind(b1.id).bind(who).bind(wallet).bind(campaign);
        query.bind(lot).bind(kind).bind(debit).bind(credit).bind(amount).bind(when).execute().await.unwrap();
    }
    tx.query(Sql::same("UPDATE consumer SET merged_into = $1 WHERE id = $2")).bind(person).bind(card).execute().await.unwrap();
}

both_databases! {
    async fn points_of_a_claimed_card_are_redeemed_by_its_person(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let world = World::d1(&mut tx).await;
        claimed(&mut tx, &world, world.consumers[4], world.consumers[0]).await;
        let scope = Scope::open(&mut tx, &world.b1.analyst(), world.b1.march()).await.unwrap();
        let told = reports::liability(&mut tx, &scope).await.unwrap().values;

        assert_eq!((told.earned, told.spent, told.closing, told.difference), (100, 60, 40, 0));
        assert_eq!(told.redemption_rate.as_deref(), Some("60.0"));
    }

    async fn of_more_shops_than_a_list_holds_those_that_sold_most_are_in_it(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        let mut world = World::d1(&mut tx).await;
        let mut late = Vec::new();
        for number in 0..1_001 {
            late.push(world.more_shops(&mut tx, number).await);
        }
        let enrolled: Vec<shared::ShopId> = late.iter().map(|place| world.shops[*place]).collect();
        for some in enrolled.chunks(100) {
            identity::participation::enrol(&mut tx, &identity::Actor::System, at("2026-02-01T00:00:00"), world.b1.id, some).await.unwrap();
        }
        let (last, cola) = (late[late.len() - 1], world.b1.products[0]);
        tx.query(Sql::same("UPDATE shop SET name = 'Zulia', search_key = 'zulia' WHERE id = $1")).bind(world.shops[last]).execute().await.unwrap();
        world.sell(&mut tx, at("2026-03-10T10:00:00"), last, 0, "accepted", &[(cola, 50, 250_000, 0)]).await;
        let scope = Scope::open(&mut tx, &world.b1.analyst(), world.b1.march()).await.unwrap();
        let told = reports::shop_performance(&mut tx, &scope).await.unwrap().values;

        assert_eq!((told.shops.len(), told.shops[0].shop.as_str(), told.shops[0].net_amount.as_str()), (1_000, "Zulia", "125000"));
    }
}
