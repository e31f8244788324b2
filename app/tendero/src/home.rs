//! The shop's day: what brands owe, what was sold, what was handed over.

use kit::{
    Ask, Avatar, ButtonLink, Empty, ErrorState, IntoLight, ListRow, Look, PhoneHead, PhoneShell, SeenAt, Shown, Skeleton, SkeletonKind,
    UiError, icon::path, kept, kept_view, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    Country, format,
    loyalty::{Payable, PurchaseStatus, ShopDay, ShopPurchase},
};

use crate::{bar::Bar, queue::queue, queue_page::SyncBanner};

/// What the first page shows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Home {
    shop: String,
    country: Country,
    day: ShopDay,
    owner: bool,
    has_device: bool,
}

/// `/t/`
#[component]
pub(crate) fn HomePage() -> impl IntoView {
    let home = kept(Ask { name: "tendero.home", path: "/fn/tendero/read_home", form: String::new() }, RwSignal::new(0), read_home);
    view! {
        <kit::Await fallback=|| view! { <Skeleton kind=SkeletonKind::Cards /> }>
            {move || match home.get() {
                Some(Shown::Fresh(fresh)) => shown(fresh, None),
                Some(Shown::Old(old, at)) => shown(old, Some(at)),
                Some(Shown::Failed(error)) => view! {
                    <PhoneShell
                        head=view! { <PhoneHead title=t::tendero_home_title() mark=true /> <SyncBanner /> }.into_light()
                        bar=view! { <Bar current="/t/" /> }.into_light()
                    >
                        <ErrorState code=error.code().to_owned() href="/t/" />
                    </PhoneShell>
                }.into_light(),
                None => view! {
                    <PhoneShell
                        head=view! { <PhoneHead title=t::tendero_home_title() mark=true /> }.into_light()
                        bar=view! { <Bar current="/t/" /> }.into_light()
                    >
                        <Skeleton kind=SkeletonKind::Cards />
                    </PhoneShell>
                }.into_light(),
            }}
        </kit::Await>
    }
}

fn shown(home: Home, seen_at_ms: Option<i64>) -> AnyView {
    let money = move |minor: i64| format::money(minor, home.day.currency, home.country);
    let owed: i64 = home.day.payables.iter().map(|payable| payable.amount_minor).sum();
    let brands = payables(home.day.payables.clone(), home.country);
    let tile = |label: &'static str, figure: String, unit: &'static str| {
        view! {
            <div class="tile">
                <span class="tile__label">{label}</span>
                <span class="tile__figure">{figure}</span>
                <span class="tile__unit small muted">{unit}</span>
            </div>
        }
    };
    view! {
        <PhoneShell
            head=view! { <PhoneHead title=home.shop.clone() over=t::tendero_home_title() mark=true /> <SyncBanner /> }.into_light()
            bar=view! { <Bar current="/t/" /> }.into_light()
        >
            {seen_at_ms.map(|at_ms| view! { <SeenAt at_ms /> })}
            <QueueLink />
            {(!home.has_device).then(|| view! {
                <section class="card card--pad stack">
                    <p>{t::tendero_home_no_device()}</p>
                    <ButtonLink href="/t/start/device" look=Look::Key wide=true icon=path::KEY>{t::tendero_device_action()}</ButtonLink>
                </section>
            })}
            {home.owner.then(|| view! {
                <section class="card card--pad card--deep owed">
                    <span class="owed__label">{t::tendero_home_owed()}</span>
                    <span class="owed__figure" data-owed=owed>{money(owed)}</span>
                </section>
            })}
            {home.owner.then_some(brands)}
            <div class="tiles">
                {tile(t::tendero_home_today(), home.day.purchases.to_string(), t::tendero_home_purchases())}
                {tile(t::tendero_home_delivered(), home.day.deliveries.to_string(), t::tendero_home_rewards())}
                {tile(t::tendero_home_sold(), money(home.day.total_minor), "")}
            </div>
            <ul class="card">
                <li><ListRow title=t::tendero_training_title() text=t::tendero_training_row() href="/t/training" /></li>
                <li><ListRow title=t::tendero_practice_title() text=t::tendero_practice_row() href="/t/practice" /></li>
            </ul>
            {crate::help::link("/t/", "")}
        </PhoneShell>
    }
    .into_light()
}

fn payables(payables: Vec<Payable>, country: Country) -> AnyView {
    let payables: Vec<Payable> = payables.into_iter().filter(|payable| payable.amount_minor != 0).collect();
    if payables.is_empty() {
        return view! { <Empty title=t::tendero_home_no_debt_title() text=t::tendero_home_no_debt_text() icon=path::HAND_COINS /> }
            .into_light();
    }
    let rows = payables
        .into_iter()
        .map(|payable| {
            let lead = view! { <Avatar name=payable.brand_name.clone() colour=payable.brand_colour.clone() /> }.into_light();
            let figure = format::money(payable.amount_minor, payable.currency, country);
            view! { <li><ListRow title=payable.brand_name text=t::tendero_owed_rewards(payable.rewards) lead figure href="/t/owed" /></li> }
        })
        .collect::<Vec<_>>();
    view! { <ul class="card">{rows}</ul> }.into_light()
}

/// `/t/today`
#[component]
pub(crate) fn TodayPage() -> impl IntoView {
    let today = kept(Ask { name: "tendero.today", path: "/fn/tendero/read_today", form: String::new() }, RwSignal::new(0), read_today);
    view! {
        <PhoneShell
            head=view! { <PhoneHead title=t::tendero_today_title() /> <SyncBanner /> }.into_light()
            bar=view! { <Bar current="/t/today" /> }.into_light()
        >
            <QueueLink />
            {kept_view(today, "/t/today", SkeletonKind::Rows, list)}
            <crate::nps::Nps />
        </PhoneShell>
    }
}

/// The way to the sales that wait on this phone, when there are any to look at.
#[component]
fn QueueLink() -> impl IntoView {
    let queue = queue();
    move || {
        let (waiting, look) = (queue.waiting(), queue.needing_eye());
        (waiting + look > 0).then(|| {
            let text = if look > 0 { t::tendero_queue_need_you(look as i64) } else { t::tendero_queue_to_send(waiting as i64) };
            view! { <ul class="card"><li><ListRow title=t::tendero_queue_title() text=text href="/t/queue" /></li></ul> }
        })
    }
}

fn list(purchases: Vec<ShopPurchase>) -> AnyView {
    if purchases.is_empty() {
        return view! { <Empty title=t::tendero_today_empty_title() text=t::tendero_today_empty_text() icon=path::RECEIPT /> }.into_light();
    }
    let rows = purchases
        .into_iter()
        .map(|purchase| {
            let state = match purchase.status {
                PurchaseStatus::Accepted => [&gained(&purchase), " · ", &format::time(purchase.local)].concat(),
                PurchaseStatus::Held | PurchaseStatus::Rejected => t::tendero_result_held_title().to_owned(),
            };
            let figure = format::money(purchase.total_minor, purchase.currency, Country::Co);
            let href = ["/t/sale?id=", &purchase.id.to_string()].concat();
            view! { <li><ListRow title=crate::sale::who(&purchase.consumer_label) text=state figure href /></li> }
        })
        .collect::<Vec<_>>();
    view! { <ul class="card">{rows}</ul> }.into_light()
}

/// `+5 puntos y +1 sello`, or that it gave nothing.
fn gained(purchase: &ShopPurchase) -> String {
    let points = t::tendero_result_added_points(purchase.points, &format::integer(purchase.points, Country::Co));
    let stamps = t::tendero_result_added_stamps(purchase.stamps);
    match (purchase.points, purchase.stamps) {
        (0, 0) => t::tendero_result_rejected_title().to_owned(),
        (_, 0) => points,
        (0, _) => stamps,
        (..) => [&points, " ", t::tendero_scan_and(), " ", &stamps].concat(),
    }
}

/// The shop's day for whoever works there.
#[server(prefix = "/fn", endpoint = "tendero/read_home")]
pub async fn read_home() -> Result<Home, UiError> {
    let (mut tx, actor, now) = kit::request::read().await?;
    if actor == identity::Actor::Anonymous {
        kit::request::go("/t/start");
    }
    let (_, shop, role) = actor.member()?;
    let shop = identity::shop::get(&mut tx, shop).await?;
    let day = loyalty::shop::day(&mut tx, &actor, now).await?;
    let has_device = matches!(actor, identity::Actor::Member { device: Some(_), .. });
    Ok(Home { shop: shop.name, country: shop.country, day, owner: role == shared::identity::MemberRole::Owner, has_device })
}

/// Today's purchases of the shop.
#[server(prefix = "/fn", endpoint = "tendero/read_today")]
pub async fn read_today() -> Result<Vec<ShopPurchase>, UiError> {
    let (mut tx, actor, now) = kit::request::read().await?;
    if actor == identity::Actor::Anonymous {
        kit::request::go("/t/start");
    }
    let (_, shop, _) = actor.member()?;
    let zone = identity::shop::get(&mut tx, shop).await?.time_zone;
    let today = identity::shop::local_date(&zone, now);
    Ok(loyalty::purchase::of_shop(&mut tx, &actor, today).await?)
}
