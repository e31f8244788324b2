//! One sale of the shop: what it gave, and goods that come back.

use kit::{
    Await, Banner, Button, ButtonLink, Empty, ErrorState, Field, Form, IntoLight, ListRow, Look, PhoneHead, PhoneShell, SectionHead,
    Sending, Skeleton, SkeletonKind, Tone, UiError, icon::path, once, request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    Country, LocalTime, PurchaseId, format,
    loyalty::{PurchaseStatus, SoldPurchase},
};

use crate::bar::Bar;

/// What the page shows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Sale {
    sold: SoldPurchase,
    country: Country,
    /// When, on the shop's wall.
    at: LocalTime,
    /// Until when it may be voided, on the shop's wall; absent once that is over.
    void_until: Option<LocalTime>,
    /// Names the return that this page may ask for: asked twice it is one.
    return_id: uuid::Uuid,
}

/// `/t/sale?id=<id>`
#[component]
pub(crate) fn SalePage() -> impl IntoView {
    let id = request::query("id").unwrap_or_default();
    let done = request::query("done");
    let disputed = request::query("disputed").is_some();
    let sending = Sending::new();
    // Never an earlier sale from this phone's memory: what is taken back must be what is seen.
    let sale = once(move || read_sale(id.clone()));
    view! {
        <PhoneShell
            head=view! { <PhoneHead title=t::tendero_sale_title() back="/t/today" /> }.into_light()
            bar=view! { <Bar current="/t/today" /> }.into_light()
        >
            {disputed.then(|| view! { <Banner tone=Tone::Success note=true icon=path::CHECK>{t::dispute_opened()}</Banner> })}
            {done.map(|count| {
                let text = if count == "0" { t::tendero_sale_done_none().to_owned() } else { t::tendero_sale_done(&count) };
                view! { <Banner tone=Tone::Success note=true icon=path::CHECK>{text}</Banner> }
            })}
            <Await fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || sale.get().map(|sale| match sale {
                    Ok(sale) => shown(sale, sending),
                    Err(error) => view! { <ErrorState code=error.code().to_owned() href="/t/today" /> }.into_light(),
                })}
            </Await>
        </PhoneShell>
    }
}

fn shown(sale: Sale, sending: Sending) -> AnyView {
    let Sale { sold, country, at, void_until, return_id } = sale;
    let answer = sold.answer;
    let who = who(&answer.consumer_label);
    let money = |minor: i64| format::money(minor, answer.currency, country);
    let gave = answer
        .awards
        .iter()
        .filter(|award| award.amount > 0)
        .map(|award| {
            let unit = kit::locale::unit(award.unit, award.amount);
            view! { <li><ListRow title=award.campaign_name.clone() text=award.brand_name.clone() figure=["+", &format::integer(award.amount, country)].concat() unit gain=true /></li> }
        })
        .collect::<Vec<_>>();
    let nothing = gave.is_empty();
    let lines = answer
        .lines
        .iter()
        .zip(&sold.returned)
        .map(|(line, back)| {
            let text = if *back > 0 {
                t::tendero_sale_left(&line.quantity.to_string(), &(line.quantity - back).to_string())
            } else {
                money(line.unit_price_minor)
            };
            view! { <li><ListRow title=format!("{} × {}", line.quantity, line.name) text figure=money(line.amount_minor) /></li> }
        })
        .collect::<Vec<_>>();
    let at = [&format::weekday_date(at.date()), " ", &format::time(at)].concat();
    let total = money(answer.total_minor);
    let take_back = match answer.status {
        _ if sold.fully_returned => view! { <Empty title=t::tendero_sale_gone() text=String::new() icon=path::CHECK /> }.into_light(),
        PurchaseStatus::Accepted => {
            let left: Vec<(String, i64)> =
                answer.lines.iter().zip(&sold.returned).map(|(line, back)| (line.name.clone(), line.quantity - back)).collect();
            give_back(answer.purchase_id, who.clone(), left, void_until, return_id, sending)
        }
        PurchaseStatus::Held | PurchaseStatus::Rejected => {
            let id = answer.purchase_id.to_string();
            view! {
                <Banner note=true icon=path::CLOCK>{t::tendero_sale_held()}</Banner>
                <form method="post" action="/fn/tendero/dispute">
                    <input type="hidden" name="purchase" value=id />
                    <Button submit=true wide=true look=Look::Secondary>{t::dispute_shop()}</Button>
                </form>
            }
            .into_light()
        }
    };
    view! {
        <ul class="card"><li><ListRow title=who text=at figure=total /></li></ul>
        <ButtonLink href=["/t/receipt?id=", &answer.purchase_id.to_string()].concat() look=Look::Secondary wide=true icon=path::QR_CODE>{t::tendero_result_receipt()}</ButtonLink>
        <SectionHead title=t::tendero_sale_lines() />
        <ul class="card">{lines}</ul>
        <SectionHead title=t::tendero_sale_gave() />
        {nothing.then(|| view! { <p class="muted">{t::tendero_sale_nothing()}</p> })}
        <ul class="card">{gave}</ul>
        {take_back}
    }
    .into_light()
}

/// Whose card it was, in words: `Tarjeta · ••42` is somebody of whom the shop knows no name.
pub(crate) fn who(label: &str) -> String {
    match label.split_once(" · ••") {
        Some(("Tarjeta", digits)) => t::common_card_nobody(digits),
        _ => label.to_owned(),
    }
}

/// All of it with one press, or some of its lines.
fn give_back(
    purchase: PurchaseId,
    label: String,
    left: Vec<(String, i64)>,
    void_until: Option<LocalTime>,
    return_id: uuid::Uuid,
    sending: Sending,
) -> AnyView {
    let why = move || {
        view! { <Field id="why" label=t::tendero_sale_why() help=t::tendero_sale_why_help() required=void_until.is_none() optional=void_until.is_some() maxlength=200 error=sending.error("reason") /> }
    };
    let named = move || {
        view! {
            <input type="hidden" name="purchase" value=purchase.to_string() />
            <input type="hidden" name="return_id" value=return_id.to_string() />
        }
    };
    let all = match void_until {
        Some(_) => t::tendero_sale_void(),
        None => t::tendero_sale_all(),
    };
    let until = void_until.map(|until| t::tendero_sale_void_text(&format::time(until)));
    let counts = left
        .into_iter()
        .enumerate()
        .map(|(place, (name, left))| {
            view! {
                <label class="row">
                    <span class="grow">{name}</span>
                    <span class="field__box field__box--count"><input class="field__input num" type="number" inputmode="numeric" name=format!("lines[{place}]") value="0" min="0" max=left.to_string() disabled=left == 0 aria-label=t::tendero_sale_back() /></span>
                    // A field that is off is not sent, and the places of the others must stay theirs.
                    {(left == 0).then(|| view! { <input type="hidden" name=format!("lines[{place}]") value="0" /> })}
                </label>
            }
        })
        .collect::<Vec<_>>();
    view! {
        <section class="card card--pad stack">
            <p class="small">{t::tendero_sale_loses(&label)}</p>
            {until.map(|until| view! { <p class="small muted">{until}</p> })}
            <Form action="/fn/tendero/give_back" sending fields=&["reason"]>
                {named()}
                <input type="hidden" name="all" value="yes" />
                {void_until.is_none().then(why)}
                <Button submit=true wide=true look=Look::DangerOutline busy=sending.busy()>{all}</Button>
            </Form>
            <details>
                <summary class="link">{t::tendero_sale_part_title()}</summary>
                <Form action="/fn/tendero/give_back" sending fields=&["reason"]>
                    {named()}
                    {counts}
                    {void_until.is_none().then(why)}
                    <Button submit=true wide=true look=Look::Secondary busy=sending.busy()>{t::tendero_sale_part()}</Button>
                </Form>
            </details>
        </section>
    }
    .into_light()
}

/// A sale of the asker's shop.
#[server(prefix = "/fn", endpoint = "tendero/read_sale")]
pub async fn read_sale(purchase: String) -> Result<Sale, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    if actor == identity::Actor::Anonymous {
        request::go("/t/start");
    }
    let (_, shop, _) = actor.member()?;
    let id: PurchaseId = purchase.parse().map_err(|_| shared::Problem::not_found())?;
    let sold = loyalty::purchase::sold(&mut tx, &actor, id).await?;
    let shop = identity::shop::get(&mut tx, shop).await?;
    let on_the_wall = |at| identity::shop::local(&shop.time_zone, at);
    let (at, until) = (on_the_wall(sold.answer.purchased_at), on_the_wall(sold.void_until));
    let void_until = (now < sold.void_until).then_some(until);
    Ok(Sale { sold, country: shop.country, at, void_until, return_id: tx.new_id() })
}

/// Takes goods back: all that is left, or so many of each line.
#[server(prefix = "/fn", endpoint = "tendero/give_back")]
pub async fn take_back(
    purchase: String,
    return_id: uuid::Uuid,
    #[server(default)] all: String,
    #[server(default)] lines: Vec<i64>,
    #[server(default)] why: String,
) -> Result<(), UiError> {
    use shared::{
        Problem,
        loyalty::{AllLines, NewReturn, ReturnedLine, ReturnedLines},
    };
    let (mut tx, actor, now) = request::begin().await?;
    actor.member()?;
    let id: PurchaseId = purchase.parse().map_err(|_| Problem::not_found())?;
    let sold = loyalty::purchase::sold(&mut tx, &actor, id).await?;
    let chosen = || {
        let some = sold.answer.lines.iter().zip(lines).filter(|(_, quantity)| *quantity > 0);
        some.map(|(line, quantity)| ReturnedLine { gtin: line.gtin, quantity }).collect()
    };
    let lines = if all == "yes" { ReturnedLines::All(AllLines::All) } else { ReturnedLines::Some(chosen()) };
    let rules = request::state::<loyalty::Loyalty>()?;
    let reason = Some(why.trim().to_owned()).filter(|why| !why.is_empty());
    let back =
        loyalty::purchase::give_back(&mut tx, &rules, &actor, now, id, &NewReturn { return_id: Some(return_id), lines, reason }).await?;
    tx.commit().await?;
    let taken: i64 = back.reversed.iter().map(|reversed| reversed.amount).sum();
    request::go(&format!("/t/sale?id={id}&done={taken}"));
    Ok(())
}
