//! Reports by e-mail, from the subscription to what a mail server is given.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_STANDARD};
use db::{Db, Sql, both_databases};
use identity::{Actor, Keys};
use notifications::{
    Port,
    testing::{MailTaken, MailTwin},
};
use reports::{Error, schedule};
use shared::{
    SessionId, Timestamp, UserId,
    identity::{OrganisationKind, UserRole},
    reports::{
        metric::Metric,
        schedule::{Cadence, NewSchedule, Schedule},
    },
};

use crate::d1::{Brand, World, at};

const USER: Sql = Sql::same(
    "INSERT INTO org_user (id, tenant_id, email, email_key, name, role, password_hash, totp_last_step, created_at) VALUES ($1, $2, $3, $3, $4, 'admin', '', 0, 1)",
);

/// A brand with two people, and a mail server.
struct Office {
    world: World,
    laura: UserId,
    leo: UserId,
    stranger: UserId,
    keys: Keys,
    twin: MailTwin,
    registry: jobs::Registry,
}

impl Office {
    async fn open(db: &Db) -> Self {
        let mut tx = db.begin().await.unwrap();
        let world = World::d1(&mut tx).await;
        let mut users = Vec::new();
        for (tenant, name) in [(world.b1.tenant, "laura"), (world.b1.tenant, "leo"), (world.b2.tenant, "otra")] {
            let id: UserId = tx.new_id();
            tx.query(USER).bind(id).bind(tenant).bind(format!("{name}@sierra.example")).bind(name).execute().await.unwrap();
            users.push(id);
        }
        tx.commit().await.unwrap();
        let keys = Keys::new(&secrecy::SecretBox::new(Box::new([7; 32])));
        let twin = MailTwin::start().await.unwrap();
        let port = Port::World(Box::new(notifications::World { email: twin.smtp(), whatsapp: None, sms: None }));
        let registry = reports::digest::register(jobs::Registry::default(), keys.clone(), "https://mostrador.example".into());
        let registry = notifications::register(registry, Arc::new(port), Arc::new(keys.clone()));
        let [laura, leo, stranger] = users[..] else { panic!("three people") };
        Self { world, laura, leo, stranger, keys, twin, registry }
    }

    fn weekly(&self, recipients: &[UserId]) -> NewSchedule {
        NewSchedule {
            brand_id: self.world.b1.id,
            cadence: Cadence::Weekly,
            day: 1,
            hour: 7,
            panels: vec![Metric::SalesPerPli, Metric::ShopPerformance, Metric::Liability],
            campaign_id: None,
            recipients: recipients.to_vec(),
        }
    }

    async fn subscribe(&self, db: &Db, now: Timestamp, new: &NewSchedule) -> Result<Schedule, Error> {
        let mut tx = db.begin().await.unwrap();
        let made = schedule::create(&mut tx, &admin(&self.world.b1, self.laura), now, new).await?;
        tx.commit().await.unwrap();
        Ok(made)
    }

    /// What the worker does at this instant. Returns how many reports were due.
    async fn work(&self, db: &Db, now: Timestamp) -> usize {
        let mut tx = db.begin().await.unwrap();
        let due = schedule::enqueue_due(&mut tx, now).await.unwrap();
        tx.commit().await.unwrap();
        while jobs::run_due(db, &self.registry, now).await.unwrap() > 0 {}
        due
    }

    fn got(&self) -> Vec<MailTaken> {
        self.twin.taken()
    }
}

fn admin(brand: &Brand, user: UserId) -> Actor {
    Actor::User { user, tenant: brand.tenant, kind: OrganisationKind::BrandOwner, role: UserRole::Admin, session: SessionId::fixed(1) }
}

/// The bytes of the first part of this media type.
fn part(mail: &str, kind: &str) -> Vec<u8> {
    let part = mail.split("\r\n--").find(|part| part.contains(&format!("Content-Type: {kind}"))).unwrap();
    let text: String = part.split_once("\r\n\r\n").unwrap().1.split_whitespace().collect();
    BASE64_STANDARD.decode(text).unwrap()
}

fn word(mail: &MailTaken) -> String {
    mail.message.split_once("report_departures?word=").unwrap().1.split('>').next().unwrap().to_owned()
}

both_databases! {
    async fn a_report_comes_at_its_hour_once_with_its_pictures_and_its_workbook(db: &Db) {
        let office = Office::open(db).await;
        office.subscribe(db, at("2026-03-29T10:00:00"), &office.weekly(&[office.laura])).await.unwrap();
        let early = office.work(db, at("2026-03-30T06:59:00")).await;
        assert_eq!((early, office.got().len()), (0, 0));

        let due = office.work(db, at("2026-03-30T07:00:00")).await;
        let again = office.work(db, at("2026-03-30T07:01:00")).await;

        let got = office.got();
        assert_eq!((due, again, got.len(), got[0].to.as_str()), (1, 0, 1, "laura@sierra.example"));
        let mail = &got[0].message;
        for wanted in ["multipart/alternative", "multipart/related", "Content-ID: <sales_per_pli@mostrador>", "List-Unsubscribe-Post: List-Unsubscribe=One-Click"] {
            assert!(mail.contains(wanted), "{wanted}");
        }
        assert_eq!(&part(mail, "image/png")[..8], b"\x89PNG\r\n\x1a\n");
        assert_eq!(&part(mail, "application/vnd.openxmlformats")[..2], b"PK");
    }

    async fn what_was_due_while_nothing_ran_is_sent_once(db: &Db) {
        let office = Office::open(db).await;
        let made = office.subscribe(db, at("2026-03-01T10:00:00"), &office.weekly(&[office.laura])).await.unwrap();

        office.work(db, at("2026-03-31T12:00:00")).await;

        let mut tx = db.begin().await.unwrap();
        let known = schedule::get(&mut tx, &admin(&office.world.b1, office.laura), made.id).await.unwrap();
        let last = known.last.unwrap();
        assert_eq!(office.got().len(), 1);
        assert_eq!((last.from_date.to_string().as_str(), last.to_date.to_string().as_str(), last.recipients), ("2026-03-23", "2026-03-30", 1));
        assert_eq!(known.next_at, at("2026-04-06T07:00:00"));
    }

    async fn two_workers_send_one_occasion_once(db: &Db) {
        let office = Office::open(db).await;
        office.subscribe(db, at("2026-03-29T10:00:00"), &office.weekly(&[office.laura, office.leo])).await.unwrap();
        let now = at("2026-03-30T07:00:00");
        let mut tx = db.begin().await.unwrap();
        schedule::enqueue_due(&mut tx, now).await.unwrap();
        // The same job a second time, as after a lost lease.
        tx.query(Sql::same("INSERT INTO job (id, kind, payload, dedupe_key, run_at, created_at, lane, attempts) SELECT $1, kind, payload, NULL, run_at, created_at, lane, 0 FROM job WHERE kind = 'reports.send_schedule'")).bind(uuid::Uuid::from_u128(7)).execute().await.unwrap();
        tx.commit().await.unwrap();
        while jobs::run_due(db, &office.registry, now).await.unwrap() > 0 {}

        let mut to: Vec<String> = office.got().into_iter().map(|mail| mail.to).collect();
        to.sort();
        assert_eq!(to, ["laura@sierra.example", "leo@sierra.example"]);
    }

    async fn who_leaves_gets_no_more_until_she_herself_comes_back(db: &Db) {
        let office = Office::open(db).await;
        let made = office.subscribe(db, at("2026-03-29T10:00:00"), &office.weekly(&[office.laura, office.leo])).await.unwrap();
        office.work(db, at("2026-03-30T07:00:00")).await;
        let word = word(office.got().iter().find(|mail| mail.to.starts_with("laura")).unwrap());
        let mut tx = db.begin().await.unwrap();
        for wrong in ["", "00ff", &word[2..], &word.replace('a', "b")] {
            assert!(matches!(schedule::leaver(&office.keys, wrong), Err(Error::NotFound)), "{wrong}: it is asked without the database");
        }
        for _ in 0..2 {
            let leaver = schedule::leaver(&office.keys, &word).unwrap();
            schedule::leave(&mut tx, at("2026-03-30T08:00:00"), leaver).await.unwrap();
        }
        tx.commit().await.unwrap();

        office.work(db, at("2026-04-06T07:00:00")).await;
        assert_eq!(office.got().iter().filter(|mail| mail.to.starts_with("laura")).count(), 1);
        let mut tx = db.begin().await.unwrap();
        schedule::come_back(&mut tx, &admin(&office.world.b1, office.laura), at("2026-04-07T08:00:00"), made.id).await.unwrap();
        tx.commit().await.unwrap();
        office.work(db, at("2026-04-13T07:00:00")).await;
        assert_eq!(office.got().iter().filter(|mail| mail.to.starts_with("laura")).count(), 2);
        assert_eq!(office.got().iter().filter(|mail| mail.to.starts_with("leo")).count(), 3);
    }

    async fn only_the_brands_own_people_get_its_numbers(db: &Db) {
        let office = Office::open(db).await;
        let now = at("2026-03-29T10:00:00");
        let foreign = office.subscribe(db, now, &office.weekly(&[office.stranger])).await;
        let nobody = office.subscribe(db, now, &office.weekly(&[])).await;
        let without = office.subscribe(db, now, &NewSchedule { panels: vec![Metric::Roi], ..office.weekly(&[office.laura]) }).await;
        let sunday = office.subscribe(db, now, &NewSchedule { day: 8, ..office.weekly(&[office.laura]) }).await;
        let made = office.subscribe(db, now, &office.weekly(&[office.laura])).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        let other = schedule::get(&mut tx, &admin(&office.world.b2, office.stranger), made.id).await;
        let ended = schedule::remove(&mut tx, &admin(&office.world.b2, office.stranger), now, made.id).await;

        assert!(matches!(foreign, Err(Error::Parameter("recipients"))));
        assert!(matches!(nobody, Err(Error::Parameter("recipients"))));
        assert!(matches!(without, Err(Error::Parameter("campaign_id"))));
        assert!(matches!(sunday, Err(Error::Parameter("day"))));
        assert!(matches!(other, Err(Error::Identity(identity::Error::NotFound))));
        assert!(matches!(ended, Err(Error::Identity(identity::Error::NotFound))));
    }

    async fn who_lost_her_place_in_the_organisation_gets_nothing_more(db: &Db) {
        let office = Office::open(db).await;
        let made = office.subscribe(db, at("2026-03-29T10:00:00"), &office.weekly(&[office.laura])).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        let asked = schedule::send_now(&mut tx, &admin(&office.world.b1, office.leo), at("2026-03-29T10:00:00"), made.id).await.unwrap();
        tx.query(Sql::same("UPDATE org_user SET disabled_at = 5 WHERE id = $1")).bind(office.laura).execute().await.unwrap();
        tx.commit().await.unwrap();
        office.work(db, at("2026-03-29T10:00:00")).await;

        assert_eq!((asked.from_date.to_string().as_str(), office.got().len()), ("2026-03-22", 0));
    }
}
