//! Messages on both engines.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops where it is")]

use std::sync::Arc;

use db::{Db, both_databases};
use notifications::{Channel, NewMessage, Port, Seal};
use shared::Timestamp;

struct Reversed;
impl Seal for Reversed {
    fn seal(&self, text: &str) -> Vec<u8> {
        text.bytes().rev().collect()
    }
    fn open(&self, sealed: &[u8]) -> Option<String> {
        String::from_utf8(sealed.iter().rev().copied().collect()).ok()
    }
}

const NOW: Timestamp = Timestamp(1_773_000_000_000);

async fn send(db: &Db) {
    let mut tx = db.begin().await.unwrap();
    let message = NewMessage { channel: Channel::Sms, template: "code", recipient: "+573001234567", hint: "••67", subject: "", body: "123456 es tu código" };
    notifications::send(&mut tx, NOW, &Reversed, &message).await.unwrap();
    tx.commit().await.unwrap();
}

both_databases! {
    async fn every_statement_prepares(db: &Db) {
        let mut tx = db.begin().await.unwrap();
        for sql in notifications::statements() {
            tx.check(sql).await.unwrap();
        }
    }

    async fn the_sandbox_shows_a_message_once(db: &Db) {
        send(db).await;
        let registry = notifications::register(jobs::Registry::default(), Arc::new(Port::Sandbox), Arc::new(Reversed));
        jobs::run_due(db, &registry, NOW).await.unwrap();
        jobs::run_due(db, &registry, NOW).await.unwrap();
        let shown = notifications::sandbox(&mut db.read().await.unwrap()).await.unwrap();

        assert_eq!(shown.len(), 1);
        assert_eq!((shown[0].recipient.as_str(), shown[0].body.as_str()), ("+573001234567", "123456 es tu código"));
    }

    async fn without_a_provider_the_message_is_a_dead_letter(db: &Db) {
        send(db).await;
        let registry = notifications::register(jobs::Registry::default(), Arc::new(Port::Nothing), Arc::new(Reversed));
        jobs::run_due(db, &registry, NOW).await.unwrap();
        let dead = jobs::dead(&mut db.read().await.unwrap()).await.unwrap();

        assert_eq!(dead[0].last_error, "no provider is configured for Sms");
    }
}
