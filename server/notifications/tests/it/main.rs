//! Messages on both engines, against twins of the providers over real HTTP.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops where it is")]

mod leaving;
mod news;

use std::sync::Arc;

use db::{Db, both_databases, sql};
use notifications::{Category, Channel, ConsentUsed, NewMessage, Notice, Port, Rules, Seal, Status, Template, World, testing::Twin};
use shared::{
    ConsentId, MessageId, Timestamp,
    time::{DAY_MS, MINUTE_MS},
};

struct Reversed;
impl Seal for Reversed {
    fn seal(&self, text: &str) -> Vec<u8> {
        text.bytes().rev().collect()
    }
    fn open(&self, sealed: &[u8]) -> Option<String> {
        String::from_utf8(sealed.iter().rev().copied().collect()).ok()
    }
    fn mark(&self, telephone: &str) -> Vec<u8> {
        format!("mark of {telephone}").into_bytes()
    }
}

/// 10:00 in Bogotá.
const NOW: Timestamp = Timestamp(1_773_154_800_000);
const ANA: &str = "+573001234567";
const CALLBACK: &str = "https://mostrador.example/api/v1/incoming/sms";

async fn send(db: &Db) {
    let mut tx = db.begin().await.unwrap();
    let message = NewMessage {
        channel: Channel::Email,
        template: "report",
        recipient: "laura@sierra.example",
        hint: "l…@sierra.example",
        subject: "Marzo",
        body: "Tu informe",
    };
    notifications::send(&mut tx, NOW, &Reversed, &message).await.unwrap();
    tx.commit().await.unwrap();
}

fn notice(template: Template, telephone: &str) -> Notice<'_> {
    Notice {
        template,
        variables: (0..template.variables()).map(|place| format!("v{place}")).collect(),
        telephone,
        hint: "••67",
        consent: (template.category() != Category::Authentication)
            .then_some(ConsentUsed { id: ConsentId::fixed(1), at: NOW.plus_ms(-DAY_MS) }),
        consumer: None,
        brand: None,
        time_zone: "America/Bogota",
        valid_until: NOW.plus_ms(if template == Template::Code { 10 * MINUTE_MS } else { 3 * DAY_MS }),
        dedupe_key: None,
    }
}

async fn notify(db: &Db, now: Timestamp, notice: &Notice<'_>) -> Option<MessageId> {
    let mut tx = db.begin().await.unwrap();
    let id = notifications::notify(&mut tx, now, &Reversed, notice).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// An installation with both providers.
struct Office {
    twin: Twin,
    registry: jobs::Registry,
}

impl Office {
    async fn open() -> Self {
        Self::with(true, Rules::default()).await
    }
    async fn with(sms: bool, rules: Rules) -> Self {
        let twin = Twin::start().await.unwrap();
        let world = World { email: None, whatsapp: twin.whatsapp(), sms: twin.sms(CALLBACK).filter(|_| sms) };
        let registry =
            notifications::register_with(jobs::Registry::default(), Arc::new(Port::World(Box::new(world))), rules, Arc::new(Reversed));
        Self { twin, registry }
    }
    async fn work(&self, db: &Db, now: Timestamp) {
        while jobs::run_due(db, &self.registry, now).await.unwrap() > 0 {}
    }
    fn took(&self) -> Vec<(&'static str, String)> {
        self.twin.taken().into_iter().map(|taken| (taken.provider, taken.to)).collect()
    }
}

#[derive(Debug, PartialEq, sqlx::FromRow)]
struct Row {
    status: Status,
    reason: Option<String>,
    provider_id: Option<String>,
    kept: bool,
}

/// Oldest first.
async fn rows(db: &Db) -> Vec<Row> {
    db.read().await.unwrap().query(ROWS).all().await.unwrap()
}

async fn states(db: &Db) -> Vec<(Status, Option<String>)> {
    rows(db).await.into_iter().map(|row| (row.status, row.reason)).collect()
}

sql! {
    ROWS: "SELECT status, reason, provider_id, recipient_sealed IS NOT NULL AS kept FROM message ORDER BY id";
}

both_databases! {
    async fn every_statement_prepares(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        for sql in notifications::statements() {
            tx.check(sql).await.unwrap_or_else(|error| panic!("{sql:?}: {error}"));
        }
    }

    async fn the_sandbox_shows_a_message_once(db: &Db) {
        notify(db, NOW, &notice(Template::Code, ANA)).await.unwrap();
        let registry = notifications::register(jobs::Registry::default(), Arc::new(Port::Sandbox), Arc::new(Reversed));
        jobs::run_due(db, &registry, NOW).await.unwrap();
        jobs::run_due(db, &registry, NOW).await.unwrap();
        let shown = notifications::sandbox(&mut db.read().await.unwrap()).await.unwrap();

        assert_eq!(shown.len(), 1);
        assert_eq!((shown[0].recipient.as_str(), &shown[0].body[..20]), (ANA, "v0 es tu código de "));
    }

    async fn without_a_provider_the_message_is_a_dead_letter(db: &Db) {
        send(db).await;
        let registry = notifications::register(jobs::Registry::default(), Arc::new(Port::Nothing), Arc::new(Reversed));
        jobs::run_due(db, &registry, NOW).await.unwrap();
        let dead = jobs::dead(&mut db.read().await.unwrap()).await.unwrap();

        assert_eq!(dead[0].last_error, "no provider is configured for Email");
    }
}
