//! Live news: a topic is told to this process at once and to the others through PostgreSQL, after the COMMIT.
//!
//! News say only "look again", so a lost one costs a late refresh and nothing else. They do not travel inside the
//! transaction: NOTIFY makes PostgreSQL commit one transaction at a time.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use sqlx::{PgPool, postgres::PgListener};
use tokio::sync::{broadcast, mpsc};

const CHANNEL: &str = "mostrador";
/// News that wait in one process before the oldest are dropped.
const BACKLOG: usize = 4_096;
/// How long topics are gathered into one NOTIFY.
const GATHER: Duration = Duration::from_millis(50);
/// PostgreSQL refuses payloads of 8 000 bytes.
const PAYLOAD_MAX: usize = 7_000;

/// Tells topics to everybody who listens.
#[derive(Clone)]
pub(crate) struct Announcer {
    here: broadcast::Sender<Arc<str>>,
    elsewhere: Option<mpsc::UnboundedSender<Arc<str>>>,
}

impl Announcer {
    pub(crate) fn local() -> Self {
        Self { here: broadcast::Sender::new(BACKLOG), elsewhere: None }
    }

    /// `instance` tells our own news from others'.
    pub(crate) fn shared(pool: PgPool, instance: String) -> Self {
        let here = broadcast::Sender::new(BACKLOG);
        let (elsewhere, topics) = mpsc::unbounded_channel();
        tokio::spawn(send(pool.clone(), instance.clone(), topics));
        tokio::spawn(listen(pool, instance, here.clone()));
        Self { here, elsewhere: Some(elsewhere) }
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Arc<str>> {
        self.here.subscribe()
    }

    pub(crate) fn tell(&self, topics: Vec<Arc<str>>) {
        for topic in topics {
            if let Some(elsewhere) = &self.elsewhere {
                let _ = elsewhere.send(topic.clone());
            }
            let _ = self.here.send(topic);
        }
    }
}

async fn send(pool: PgPool, instance: String, mut topics: mpsc::UnboundedReceiver<Arc<str>>) {
    while let Some(first) = topics.recv().await {
        tokio::time::sleep(GATHER).await;
        let mut gathered = BTreeSet::from([first]);
        while let Ok(topic) = topics.try_recv() {
            gathered.insert(topic);
        }
        let mut payload = instance.clone();
        let mut gathered = gathered.into_iter().peekable();
        while let Some(topic) = gathered.next() {
            payload.push('\n');
            payload.push_str(&topic);
            let full = gathered.peek().is_none_or(|next| payload.len() + next.len() >= PAYLOAD_MAX);
            if full {
                let told = sqlx::query("SELECT pg_notify($1, $2)")
                    .bind(CHANNEL)
                    .bind(std::mem::replace(&mut payload, instance.clone()))
                    .execute(&pool)
                    .await;
                if let Err(error) = told {
                    tracing::warn!(%error, "Live news did not reach the other processes");
                }
            }
        }
    }
}

async fn listen(pool: PgPool, instance: String, here: broadcast::Sender<Arc<str>>) {
    loop {
        if pool.is_closed() {
            return;
        }
        match PgListener::connect_with(&pool).await {
            Ok(mut listener) => {
                if listener.listen(CHANNEL).await.is_ok() {
                    // `recv` reconnects by itself and fails only when that fails.
                    while let Ok(news) = listener.recv().await {
                        let mut lines = news.payload().lines();
                        if lines.next() != Some(instance.as_str()) {
                            lines.for_each(|topic| drop(here.send(Arc::from(topic))));
                        }
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "Cannot listen for live news"),
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
