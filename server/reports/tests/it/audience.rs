//! A segment as an audience, from the preparation to what became of each message.

use std::sync::Arc;

use db::{Db, Sql, Tx, both_databases};
use identity::{Actor, Keys};
use notifications::Port;
use reports::{Error, audience};
use serde_json::json;
use shared::{
    BrandId, CampaignId, CampaignVersionId, ConsentId, SessionId, Timestamp, UserId,
    identity::{OrganisationKind, UserRole},
    reports::{
        audience::{AudienceMessage, NewAudienceMessage},
        metric::Segment,
    },
    time::DAY_MS,
};
use sqlx::types::Json;

use crate::d1::{World, at};

const PHONE: Sql = Sql::same("UPDATE contact SET phone_sealed = $1 WHERE consumer_id = $2");
const MEMBER: Sql = Sql::same("INSERT INTO segment_member (brand_id, name, consumer_id, from_at) VALUES ($1, 'at_risk', $2, 5)");
const CONSENT: Sql = Sql::same(
    "INSERT INTO consent (id, consumer_id, purpose, controller, granted, text_version, channel, device, decided_at) VALUES ($1, $2, 'promotions', $3, $4, '1', 'app', '', $5)",
);
const STOP: Sql = Sql::same("INSERT INTO opt_out (person_key, scope, source, opted_out_at) VALUES ($1, 'marketing', 'sms', $2)");

const CAMPAIGN: Sql = Sql::same(
    "INSERT INTO campaign (id, tenant_id, brand_id, name, template, state, draft_rules, last_version, created_at) VALUES ($1, $2, $3, 'K', 'custom', 'published', $4, 1, 1)",
);
const VERSION: Sql = Sql::same(
    "INSERT INTO campaign_version (id, campaign_id, tenant_id, number, rules, terms, valid_from, published_at) VALUES ($1, $2, $3, 1, $4, '', 0, 1)",
);
const REASONS: Sql = Sql::same(
    "SELECT COALESCE(m.reason, '') FROM audience_written w JOIN message m ON m.id = w.message_id WHERE w.audience_message_id = $1",
);
const PAUSE: Sql = Sql::same("INSERT INTO campaign_pause (campaign_id, tenant_id, paused_from, paused_until) VALUES ($1, $2, $3, $4)");

/// By day in Bogotá.
fn noon() -> Timestamp {
    at("2026-04-01T12:00:00")
}

struct Office {
    world: World,
    keys: Keys,
    registry: jobs::Registry,
}

impl Office {
    /// `members` people at risk, of whom the first `agreed` agreed to the brand's promotions.
    async fn open(db: &Db, members: usize, agreed: usize) -> Self {
        let keys = Keys::new(&secrecy::SecretBox::new(Box::new([7; 32])));
        let mut tx = db.begin().await.unwrap();
        let mut world = World::d1(&mut tx).await;
        for number in 0..members {
            let place = world.consumer(&mut tx, at("2026-03-01T00:00:00")).await;
            let consumer = world.consumers[place];
            tx.query(PHONE).bind(keys.seal("phone", phone(number).as_bytes())).bind(consumer).execute().await.unwrap();
            tx.query(MEMBER).bind(world.b1.id).bind(consumer).execute().await.unwrap();
            // Everybody agreed to another brand's.
            consent(&mut tx, &world, place, world.b2.id, true, 1).await;
            if number < agreed {
                consent(&mut tx, &world, place, world.b1.id, true, 2).await;
            }
        }
        tx.commit().await.unwrap();
        let registry = audience::register(jobs::Registry::default(), keys.clone());
        let (port, sealer) = (Arc::new(Port::Sandbox), Arc::new(keys.clone()));
        let registry =
            notifications::register_asking(registry, port, notifications::Rules::default(), sealer, Arc::new(audience::WhileItRuns));
        Self { world, keys, registry }
    }

    fn admin(&self) -> Actor {
        let b1 = &self.world.b1;
        Actor::User {
            user: UserId::fixed(1),
            tenant: b1.tenant,
            kind: OrganisationKind::BrandOwner,
            role: UserRole::Admin,
            session: SessionId::fixed(1),
        }
    }

    fn draft(&self, template: &str, campaign: Option<CampaignId>) -> NewAudienceMessage {
        NewAudienceMessage { brand_id: self.world.b1.id, segment: Segment::AtRisk, template: template.into(), campaign_id: campaign }
    }

    async fn prepare(&self, db: &Db) -> AudienceMessage {
        let mut tx = db.begin().await.unwrap();
        let made =
            audience::prepare(&mut tx, &self.admin(), noon(), &self.draft("miss_you", None), &Port::Sandbox.approved()).await.unwrap();
        tx.commit().await.unwrap();
        made
    }

    async fn confirm(&self, db: &Db, now: Timestamp, made: &AudienceMessage) -> Result<AudienceMessage, Error> {
        let mut tx = db.begin().await.unwrap();
        let confirmed = audience::confirm(&mut tx, &self.admin(), now, made.id).await?;
        tx.commit().await.unwrap();
        Ok(confirmed)
    }

    async fn work(&self, db: &Db, now: Timestamp) {
        while jobs::run_due(db, &self.registry, now).await.unwrap() > 0 {}
    }

    async fn sent(&self, db: &Db) -> Vec<String> {
        let mut to: Vec<String> =
            notifications::sandbox(&mut db.read().await.unwrap()).await.unwrap().into_iter().map(|message| message.recipient).collect();
        to.sort();
        to
    }

    async fn now(&self, db: &Db, made: &AudienceMessage) -> AudienceMessage {
        audience::get(&mut db.read().await.unwrap(), &self.admin(), made.id).await.unwrap()
    }
}

/// A campaign of those days.
async fn published(tx: &mut Tx, world: &World, starts: &str, ends: &str) -> CampaignId {
    let (id, version): (CampaignId, CampaignVersionId) = (tx.new_id(), tx.new_id());
    let rules = Json(json!({ "starts": starts, "ends": ends }));
    tx.query(CAMPAIGN).bind(id).bind(world.b1.tenant).bind(world.b1.id).bind(rules.clone()).execute().await.unwrap();
    tx.query(VERSION).bind(version).bind(id).bind(world.b1.tenant).bind(rules).execute().await.unwrap();
    id
}

fn phone(number: usize) -> String {
    format!("+57300000{number:04}")
}

async fn consent(tx: &mut Tx, world: &World, consumer: usize, brand: BrandId, granted: bool, when: i64) {
    let id: ConsentId = tx.new_id();
    let query = tx.query(CONSENT).bind(id).bind(world.consumers[consumer]).bind(brand.to_string()).bind(granted);
    query.bind(at("2026-03-01T00:00:00").plus_ms(when)).execute().await.unwrap();
}

both_databases! {
    async fn who_agreed_to_this_brand_is_written_to_once(db: &Db) {
        let office = Office::open(db, 30, 12).await;
        let made = office.prepare(db).await;
        office.work(db, noon()).await;
        assert_eq!((made.members, made.reachable, made.confirmed_at, office.sent(db).await.len()), (Some(30), Some(12), None, 0));

        for _ in 0..2 {
            office.confirm(db, noon(), &made).await.unwrap();
            office.work(db, noon()).await;
        }

        let told = office.now(db, &made).await;
        assert_eq!(office.sent(db).await, (0..12).map(phone).collect::<Vec<_>>());
        assert_eq!((told.done, told.result.unwrap().sent, told.result.unwrap().held), (true, Some(12), Some(0)));
        assert!(told.text.starts_with("B1 te extraña"));
    }

    async fn more_than_one_part_leaves_nobody_out(db: &Db) {
        let office = Office::open(db, 230, 225).await;
        let made = office.prepare(db).await;
        office.confirm(db, noon(), &made).await.unwrap();
        office.work(db, noon()).await;

        // Five who did not agree are too few to show: all members are not told, either.
        let told = office.now(db, &made).await;
        assert_eq!((told.members, told.reachable, told.result.unwrap().sent), (None, Some(225), Some(225)));
    }

    async fn an_audience_of_few_is_neither_counted_nor_written_to(db: &Db) {
        let office = Office::open(db, 12, 9).await;
        let made = office.prepare(db).await;
        let confirmed = office.confirm(db, noon(), &made).await;
        office.work(db, noon()).await;

        assert_eq!((made.members, made.reachable, office.sent(db).await.len()), (None, None, 0));
        assert!(matches!(confirmed, Err(Error::FewPeople)));
    }

    async fn a_stop_a_withdrawal_and_the_night_hold_a_message_back(db: &Db) {
        let office = Office::open(db, 40, 24).await;
        let mut tx = db.begin().await.unwrap();
        // Eleven wrote STOP after they had agreed, and one took her agreement back.
        for number in 0..11 {
            tx.query(STOP).bind(office.keys.phone_hash(&phone(number))).bind(at("2026-03-02T00:00:00")).execute().await.unwrap();
        }
        consent(&mut tx, &office.world, 6 + 11, office.world.b1.id, false, 3).await;
        tx.commit().await.unwrap();
        let made = office.prepare(db).await;
        let night = at("2026-04-01T22:00:00");
        office.confirm(db, night, &made).await.unwrap();
        office.work(db, night).await;
        let by_night = office.now(db, &made).await.result.unwrap();
        let morning = night.plus_ms(DAY_MS / 2);
        office.work(db, morning).await;
        let by_day = office.now(db, &made).await.result.unwrap();

        assert_eq!((made.reachable, by_night.sent, by_night.held, by_night.refused), (Some(23), Some(0), Some(12), Some(11)));
        assert_eq!((by_day.sent, by_day.held, by_day.refused), (Some(12), Some(0), Some(11)));
    }

    async fn a_campaign_that_ended_or_is_paused_is_not_advertised(db: &Db) {
        let office = Office::open(db, 230, 225).await;
        let all = Port::Sandbox.approved();
        let mut tx = db.begin().await.unwrap();
        let campaign = published(&mut tx, &office.world, "2026-03-01", "2026-04-10").await;
        let over = published(&mut tx, &office.world, "2026-03-01", "2026-03-31").await;
        let ended = audience::prepare(&mut tx, &office.admin(), noon(), &office.draft("news", Some(over)), &all).await;
        let made = audience::prepare(&mut tx, &office.admin(), noon(), &office.draft("news", Some(campaign)), &all).await.unwrap();
        tx.query(PAUSE).bind(campaign).bind(office.world.b1.tenant).bind(noon()).bind(noon().plus_ms(DAY_MS)).execute().await.unwrap();
        let paused = audience::prepare(&mut tx, &office.admin(), noon(), &office.draft("news", Some(campaign)), &all).await;
        tx.commit().await.unwrap();
        assert!(matches!((ended, paused), (Err(Error::NotRunning), Err(Error::NotRunning))));
        assert!(matches!(office.confirm(db, noon().plus_ms(1), &made).await, Err(Error::NotRunning)));

        // It goes on, somebody confirms by night, and it is over before the morning.
        let night = at("2026-04-10T23:00:00");
        office.confirm(db, night, &made).await.unwrap();
        jobs::run_due(db, &office.registry, night).await.unwrap();
        office.work(db, night.plus_ms(DAY_MS / 2)).await;
        let told = office.now(db, &made).await;
        assert_eq!((told.done, office.sent(db).await.len()), (true, 0), "neither those that the night held back nor the others");
    }

    async fn what_the_night_held_back_does_not_leave_for_a_campaign_that_was_paused_or_ended_meanwhile(db: &Db) {
        let office = Office::open(db, 24, 24).await;
        let night = at("2026-04-01T22:00:00");
        let mut all = Vec::new();
        // One that goes on, one that somebody pauses in the night, and one that is paused after its messages left.
        for paused in [None, Some(night.plus_ms(3_600_000)), Some(night.plus_ms(DAY_MS / 2 + 60_000))] {
            let mut tx = db.begin().await.unwrap();
            let campaign = published(&mut tx, &office.world, "2026-03-01", "2026-04-30").await;
            let made = audience::prepare(&mut tx, &office.admin(), noon(), &office.draft("news", Some(campaign)), &Port::Sandbox.approved()).await.unwrap();
            tx.commit().await.unwrap();
            office.confirm(db, night, &made).await.unwrap();
            all.push((campaign, paused, made));
        }
        office.work(db, night).await;
        let mut tx = db.begin().await.unwrap();
        for (campaign, paused, _) in &all {
            if let Some(from) = paused {
                tx.query(PAUSE).bind(*campaign).bind(office.world.b1.tenant).bind(*from).bind(None::<Timestamp>).execute().await.unwrap();
            }
        }
        tx.commit().await.unwrap();
        office.work(db, night.plus_ms(DAY_MS / 2)).await;

        for ((_, paused, made), left) in all.iter().zip([24, 0, 24]) {
            let told = office.now(db, made).await.result.unwrap();
            let mut tx = db.read().await.unwrap();
            let reasons: Vec<(String,)> = tx.query(REASONS).bind(made.id).all().await.unwrap();
            assert_eq!((told.sent, told.held, told.refused), (Some(left), Some(0), Some(24 - left)), "paused at {paused:?}");
            assert!(reasons.iter().all(|(reason,)| reason == if left == 0 { "campaign_not_running" } else { "" }), "{reasons:?}");
        }
    }

    async fn a_text_that_nobody_approved_and_another_brands_message_are_refused(db: &Db) {
        let office = Office::open(db, 12, 12).await;
        let made = office.prepare(db).await;
        let mut tx = db.begin().await.unwrap();
        let all = Port::Sandbox.approved();
        let unknown = audience::prepare(&mut tx, &office.admin(), noon(), &office.draft("code", None), &all).await;
        let unapproved = audience::prepare(&mut tx, &office.admin(), noon(), &office.draft("thanks", None), &["code"]).await;
        let of_none = audience::prepare(&mut tx, &office.admin(), noon(), &office.draft("news", None), &all).await;
        let analyst = audience::confirm(&mut tx, &office.world.b1.analyst(), noon(), made.id).await;
        let other = audience::confirm(&mut tx, &office.world.b2.analyst(), noon(), made.id).await;

        assert!(matches!(unknown, Err(Error::Parameter("template"))) && matches!(unapproved, Err(Error::Parameter("template"))));
        assert!(matches!(of_none, Err(Error::Parameter("campaign_id"))));
        assert!(matches!(analyst, Err(Error::Identity(identity::Error::Forbidden))));
        assert!(matches!(other, Err(Error::Identity(identity::Error::NotFound))));
    }
}
