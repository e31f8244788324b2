//! Jobs: what was enqueued with a fact, and the sweeps of what has expired.

use std::{sync::Arc, time::Duration};

use db::Tx;
use reports::kept::{DAYS_AT_ONCE, Pace};

use crate::App;

/// Before a loop that broke off is begun again.
const AFTER_BREAKING_OFF: Duration = Duration::from_secs(5);
/// How often wallets are brought up to now. Nothing waits for it: whoever looks at one does that first.
const SETTLE_EVERY: Duration = Duration::from_secs(60);
/// How often days are read again whose sales changed. Reports that are older than five minutes read the purchases instead.
const REPORT_DAYS_EVERY: Duration = Duration::from_secs(120);
/// How often somebody looks whether a report by e-mail is due.
const REPORT_SCHEDULES_EVERY: Duration = Duration::from_secs(60);
/// How often rows of ledgers and of the audit get their seals.
const SEAL_EVERY: Duration = Duration::from_secs(20);
/// How often shops are looked at for what looks like fraud.
const LOOK_EVERY: Duration = Duration::from_secs(30 * 60);
/// How often somebody looks for what expires within a week.
const TELL_EVERY: Duration = Duration::from_secs(60 * 60);
/// How often what has expired is swept.
const SWEEP_EVERY: Duration = Duration::from_secs(10 * 60);

/// All handlers of this installation.
pub fn registry(app: &App) -> anyhow::Result<jobs::Registry> {
    let sender = webhooks::Sender::new(app.keys.clone(), app.config.sandbox).map_err(anyhow::Error::msg)?;
    let registry = webhooks::register(jobs::Registry::default(), Arc::new(sender), app.loyalty.clone());
    let registry = loyalty::notice::register(registry, app.loyalty.clone());
    let registry = loyalty::sandbox::register(registry, app.loyalty.clone());
    let registry = loyalty::purchase::waited::register(registry, app.loyalty.clone());
    let registry = reports::digest::register(registry, app.keys.clone(), app.config.public_url.trim_end_matches('/').to_owned());
    let registry = reports::audience::register(registry, app.keys.clone());
    let still = Arc::new(reports::audience::WhileItRuns);
    Ok(notifications::register_asking(registry, app.port.clone(), app.config.messages.rules(), Arc::new(app.keys.clone()), still))
}

/// Works until `app.stop` turns true. Each loop is a task of its own, so that a bug in one ends that one alone, and it is
/// begun again.
pub async fn work(app: App) -> anyhow::Result<()> {
    let registry = registry(&app)?;
    let lane = |lane: jobs::Lane| {
        let registry = registry.clone();
        move |app: App| jobs::run(app.db.clone(), registry.clone(), app.clock.clone(), lane, app.stop.subscribe())
    };
    tokio::join!(
        again("jobs", &app, lane(jobs::Lane::Quick)),
        again("jobs of strangers", &app, lane(jobs::Lane::Slow)),
        again("sweep", &app, |app| async move { sweep(&app).await }),
        again("settle", &app, |app| async move { settle(&app).await }),
        again("report days", &app, |app| async move { report_days(&app).await }),
        again("seal", &app, |app| async move { seal(&app).await }),
        again("look", &app, |app| async move { look(&app).await }),
        again("report schedules", &app, |app| async move { report_schedules(&app).await }),
        again("tell what expires", &app, |app| async move { tell_expiring(&app).await }),
    );
    Ok(())
}

/// A loop until `app.stop` turns true. One that breaks off is begun again after a pause.
async fn again<Loop: Future<Output = ()> + Send + 'static>(name: &'static str, app: &App, begin: impl Fn(App) -> Loop) {
    let mut stop = app.stop.subscribe();
    while !*stop.borrow() {
        match tokio::spawn(begin(app.clone())).await {
            Ok(()) => return,
            Err(error) => {
                metrics::counter!("loops_broken_off_total", "loop" => name).increment(1);
                tracing::error!(%error, "The loop {name} broke off and is begun again");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(AFTER_BREAKING_OFF) => {}
            _ = stop.changed() => {}
        }
    }
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

/// Days of brands whose sales or points changed are read again, so that reports need not read the purchases.
async fn report_days(app: &App) {
    let mut stop = app.stop.subscribe();
    let mut pace = Pace::Rest;
    while !*stop.borrow() {
        let round = async {
            let sales = reports::days::refresh(&app.db, app.clock.now(), pace).await;
            let points = reports::points::refresh(&app.db, app.clock.now(), pace).await;
            sales.and_then(|sales| Ok((sales, points?)))
        };
        let done = tokio::select! {
            done = round => done,
            // What it has not kept keeps its change.
            _ = stop.changed() => return,
        };
        match done {
            // More may wait.
            Ok((sales, points)) if sales.max(points) == DAYS_AT_ONCE => {
                pace = Pace::Hurry;
                continue;
            }
            Ok(_) => pace = Pace::Rest,
            Err(error) => tracing::warn!(%error, "Days of reports could not be read again"),
        }
        tokio::select! {
            () = tokio::time::sleep(REPORT_DAYS_EVERY) => {}
            _ = stop.changed() => return,
        }
    }
}

/// Within a minute a row has its seal; whoever wrote it never waits for that.
async fn seal(app: &App) {
    let mut stop = app.stop.subscribe();
    while !*stop.borrow() {
        let mut pause = SEAL_EVERY;
        match loyalty::seal::all(&app.db, app.clock.now()).await {
            Ok(sealed) => {
                metrics::counter!("rows_sealed_total").increment(sealed);
                // More wait.
                if sealed >= identity::seal::RUN_MAX {
                    pause = Duration::from_secs(1);
                }
            }
            Err(error) => tracing::warn!(%error, "Rows could not be sealed"),
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.changed() => return,
        }
    }
}

/// Alerts are half an hour old at most.
async fn look(app: &App) {
    let mut stop = app.stop.subscribe();
    while !*stop.borrow() {
        if let Err(error) = loyalty::alert::sweep(&app.db, app.clock.now()).await {
            tracing::warn!(%error, "Shops could not be looked at");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = stop.changed() => return,
        }
    }
}

/// Reports that are due are made by jobs of their own.
async fn report_schedules(app: &App) {
    let mut stop = app.stop.subscribe();
    while !*stop.borrow() {
        if let Err(error) = enqueue_reports(app).await {
            tracing::warn!(%error, "Reports that are due could not be enqueued");
        }
        tokio::select! {
            () = tokio::time::sleep(REPORT_SCHEDULES_EVERY) => {}
            _ = stop.changed() => return,
        }
    }
}

async fn enqueue_reports(app: &App) -> Result<(), reports::Error> {
    let now = app.clock.now();
    // Nearly always nothing is due, and then nobody takes the writer's turn.
    if !reports::schedule::is_due(&mut app.db.read().await?, now).await? {
        return Ok(());
    }
    let mut tx: Tx = app.db.begin().await?;
    reports::schedule::enqueue_due(&mut tx, now).await?;
    tx.commit().await?;
    Ok(())
}

/// What expires within a week is told once, and so is the month of a shop to the owner who asked for it.
async fn tell_expiring(app: &App) {
    let mut stop = app.stop.subscribe();
    while !*stop.borrow() {
        if let Err(error) = loyalty::notice::tell_expiring(&app.db, &app.loyalty, app.clock.now()).await {
            tracing::warn!(%error, "What expires could not be told");
        }
        if let Err(error) = loyalty::payback::monthly::tell(&app.db, &app.loyalty, app.clock.now()).await {
            tracing::warn!(%error, "The month could not be told to shops");
        }
        tokio::select! {
            () = tokio::time::sleep(TELL_EVERY) => {}
            _ = stop.changed() => return,
        }
    }
}

async fn sweep_once(app: &App) -> Result<(), db::Error> {
    let mut tx: Tx = app.db.begin().await?;
    let swept = api::sweep_idempotency_keys(&mut tx, app.clock.now()).await?;
    notifications::sweep(&mut tx, app.clock.now()).await?;
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
