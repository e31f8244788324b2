//! Jobs: what was enqueued with a fact, and the sweeps of what has expired.

use std::{sync::Arc, time::Duration};

use db::Tx;

use crate::App;

/// How often wallets are brought up to now. Nothing waits for it: whoever looks at one does that first.
const SETTLE_EVERY: Duration = Duration::from_secs(60);
/// How often what has expired is swept.
const SWEEP_EVERY: Duration = Duration::from_secs(10 * 60);

/// All handlers of this installation.
pub fn registry(app: &App) -> anyhow::Result<jobs::Registry> {
    Ok(notifications::register(jobs::Registry::default(), Arc::new(app.config.port()?), Arc::new(app.keys.clone())))
}

/// Works until `app.stop` turns true.
pub async fn work(app: App) -> anyhow::Result<()> {
    let registry = registry(&app)?;
    let jobs = jobs::run(app.db.clone(), registry, app.clock.clone(), app.stop.subscribe());
    tokio::join!(jobs, sweep(&app), settle(&app));
    Ok(())
}

async fn sweep(app: &App) {
    let mut stop = app.stop.subscribe();
    while !*stop.borrow() {
        tokio::select! {
            () = tokio::time::sleep(SWEEP_EVERY) => {}
            _ = stop.changed() => return,
        }
        if let Err(error) = sweep_once(app).await {
            tracing::warn!(%error, "What has expired could not be swept");
        }
    }
}

/// What time did to wallets is written down, so that reports read tables that are at most a minute old.
async fn settle(app: &App) {
    let mut stop = app.stop.subscribe();
    while !*stop.borrow() {
        match loyalty::settle::some(&app.db, &app.loyalty, app.clock.now()).await {
            // More may wait.
            Ok(settled) if settled > 0 => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "Wallets could not be brought up to now"),
        }
        tokio::select! {
            () = tokio::time::sleep(SETTLE_EVERY) => {}
            _ = stop.changed() => return,
        }
    }
}

async fn sweep_once(app: &App) -> Result<(), db::Error> {
    let mut tx: Tx = app.db.begin().await?;
    let swept = api::sweep_idempotency_keys(&mut tx, app.clock.now()).await?;
    tx.commit().await?;
    metrics::counter!("idempotency_keys_swept_total").increment(swept);
    Ok(())
}

/// Works until SIGTERM or SIGINT: for a second machine.
pub async fn work_until_signal(app: App) -> anyhow::Result<()> {
    let worker = tokio::spawn(work(app.clone()));
    crate::serve::signal().await;
    app.stop.send_replace(true);
    worker.await??;
    app.db.close().await;
    Ok(())
}
