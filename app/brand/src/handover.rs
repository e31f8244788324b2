//! When and where a reward is handed over: chosen on one page, looked at beside what holds and confirmed on the next.
//!
//! What was promised can only grow, so a change cannot be undone by whoever regrets it: before it is made, she sees both.

#![allow(clippy::too_many_arguments, reason = "a server function has the fields of its form")]

use kit::{
    Banner, Button, ButtonLink, Column, DeskHead, Empty, Field, Form, IntoLight, Look, Sending, Size, Skeleton, SkeletonKind, Table, Tone,
    UiError, icon::path, refused, request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{Country, format, loyalty::Reward};

use crate::{frame::Desk, rewards};

/// Shops with a box of their own, besides those that are chosen; the others by zone or code.
#[cfg(feature = "ssr")]
const BOXES: usize = 300;

/// A reward with the shops that could hand it over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Handover {
    reward: Reward,
    /// It can only grow.
    promised: bool,
    /// Id, name, and whether it is chosen.
    shops: Vec<(String, String, bool)>,
    /// Shops that take part and have no box here.
    others: i64,
    /// Name, and how many shops take part there.
    zones: Vec<(String, i64)>,
    country: Country,
    manages: bool,
}

/// The campaign whose page led here stays in the address, so that the way back leads there.
fn address(page: &str, id: &str, campaign: &str) -> String {
    let mut to = [page, "?id=", &kit::escaped(id)].concat();
    if !campaign.is_empty() {
        to.push_str("&campaign=");
        to.push_str(&kit::escaped(campaign));
    }
    to
}

fn back(campaign: &str) -> (String, &'static str) {
    match campaign {
        "" => (rewards::HERE.to_owned(), t::brand_rewards_back()),
        campaign => (["/b/campaign?id=", &kit::escaped(campaign)].concat(), t::brand_campaign_back()),
    }
}

/// `/b/reward?id=<id>&campaign=<id>`
#[component]
pub(crate) fn HandoverPage() -> impl IntoView {
    let (id, campaign) = (request::query("id").unwrap_or_default(), request::query("campaign").unwrap_or_default());
    let saved = request::query("saved").is_some();
    let sending = Sending::new();
    let page = Resource::new(|| (), move |()| read_handover(id.clone()));
    view! {
        <Desk current="/b/rewards">
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || page.get().map(|page| match page {
                    Ok(handover) => shown(handover, &campaign, saved, sending),
                    Err(error) => view! { <DeskHead title=t::brand_handover_title() /> {refused(&error, rewards::HERE)} }.into_light(),
                })}
            </Suspense>
        </Desk>
    }
}

fn shown(handover: Handover, campaign: &str, saved: bool, sending: Sending) -> AnyView {
    let Handover { reward, promised, shops, others, zones, country, manages } = handover;
    let (href, words) = back(campaign);
    let home = href.clone();
    let crumbs = vec![(t::brand_rewards_title().into(), rewards::HERE.into()), (reward.name.clone().into(), href.clone().into())];
    let number = |value: Option<i64>| value.map_or_else(|| t::brand_rewards_no_limit().to_owned(), |value| format::integer(value, country));
    let facts = [
        (t::brand_rewards_left(), number(reward.stock_left)),
        (t::brand_rewards_per_person(), number(reward.max_per_consumer)),
        (t::brand_rewards_days(), rewards::days(&reward.availability)),
        (t::brand_rewards_where(), rewards::places(&reward.availability)),
    ];
    let facts = facts.into_iter().map(|(name, value)| view! { <dt>{name}</dt><dd>{value}</dd> }).collect::<Vec<_>>();
    let form = manages.then(|| {
        let (id, campaign) = (reward.id.to_string(), campaign.to_owned());
        let days = days(&reward, promised, sending);
        let places = places(&reward, promised, shops, others, zones, country, sending);
        view! {
            <section class="card stack" aria-labelledby="change">
                <h2 id="change">{t::brand_handover_change()}</h2>
                <p class="muted">{if promised { t::brand_handover_promised() } else { t::brand_handover_lead() }}</p>
                <Form action="/fn/brand/save_handover" sending fields=&["from", "until", "codes"]>
                    <input type="hidden" name="reward" value=id />
                    <input type="hidden" name="campaign" value=campaign />
                    {days}
                    {places}
                    <div class="row row--12">
                        <Button submit=true look=Look::Key busy=sending.busy()>{t::brand_handover_look()}</Button>
                        <ButtonLink href=href.clone() look=Look::Plain>{t::common_cancel()}</ButtonLink>
                    </div>
                    <p class="small muted">{t::brand_handover_look_help()}</p>
                </Form>
            </section>
        }
    });
    view! {
        <DeskHead title=t::brand_handover_title() crumbs><ButtonLink href=home look=Look::Link>{words}</ButtonLink></DeskHead>
        {saved.then(|| view! { <Banner icon=path::CHECK>{t::brand_handover_saved()}</Banner> })}
        <section class="card stack" aria-labelledby="holds">
            <h2 id="holds">{reward.name.clone()}</h2>
            <dl class="facts">{facts}</dl>
        </section>
        {form}
    }
    .into_light()
}

/// First and last day. An end that was promised away cannot come back, so it has no field.
fn days(reward: &Reward, promised: bool, sending: Sending) -> AnyView {
    let (from, until) = (reward.availability.from, reward.availability.until);
    if promised && from.is_none() && until.is_none() {
        return view! { <p>{t::brand_handover_days_fixed()}</p> }.into_light();
    }
    let text = |date: Option<shared::CivilDate>| date.map(|date| date.to_string()).unwrap_or_default();
    let first = (!promised || from.is_some()).then(|| {
        view! { <Field id="from" kind="date" label=t::brand_handover_from() initial=text(from) optional=true help=t::brand_handover_from_help() error=sending.error("from") /> }
    });
    let last = (!promised || until.is_some()).then(|| {
        view! { <Field id="until" kind="date" label=t::brand_handover_until() initial=text(until) optional=true help=t::brand_handover_until_help() error=sending.error("until") /> }
    });
    view! { <div class="fields">{first} {last}</div> }.into_light()
}

/// Every shop, or those of a list, of zones and of codes.
fn places(
    reward: &Reward,
    promised: bool,
    shops: Vec<(String, String, bool)>,
    others: i64,
    zones: Vec<(String, i64)>,
    country: Country,
    sending: Sending,
) -> AnyView {
    let everywhere = reward.availability.shops.is_empty();
    if promised && everywhere {
        return view! { <input type="hidden" name="places" value="all" /> <p>{t::brand_handover_shops_fixed()}</p> }.into_light();
    }
    if shops.is_empty() {
        return view! { <input type="hidden" name="places" value="all" /> <p class="muted">{t::brand_handover_shops_none()}</p> }
            .into_light();
    }
    let boxes = shops
        .into_iter()
        .map(|(id, name, on)| {
            // What was promised stays; a box that cannot be unticked is not sent, and the server keeps its shop.
            let fixed = promised && on;
            view! {
                <label class="pick">
                    <input class="check" type="checkbox" name="shops[]" value=id checked=on disabled=fixed />
                    <span class="pick__text"><b>{name}</b>{fixed.then(|| view! { <span class="small muted">{t::brand_handover_shop_promised()}</span> })}</span>
                </label>
            }
        })
        .collect::<Vec<_>>();
    let by_zone = (!zones.is_empty()).then(|| {
        let zones = zones
            .into_iter()
            .map(|(zone, count)| {
                let shops = t::brand_rewards_shops(count).to_string();
                view! {
                    <label class="pick">
                        <input class="check" type="checkbox" name="zones[]" value=zone.clone() />
                        <span class="pick__text"><b>{zone}</b><span class="small muted">{shops}</span></span>
                    </label>
                }
            })
            .collect::<Vec<_>>();
        view! {
            <fieldset class="stack">
                <legend><b>{t::brand_handover_zones()}</b></legend>
                <p class="small muted">{t::brand_handover_zones_help()}</p>
                <div class="picks">{zones}</div>
            </fieldset>
        }
    });
    let more = (others > 0)
        .then(|| view! { <p class="small muted">{t::brand_handover_shops_more(&format::integer(others, country)).to_string()}</p> });
    view! {
        <fieldset class="stack places">
            <legend><b>{t::brand_handover_where()}</b></legend>
            <label class="row row--12"><input class="radio" type="radio" name="places" value="all" checked=everywhere /> <span>{t::brand_rewards_everywhere()}</span></label>
            <label class="row row--12"><input class="radio" type="radio" name="places" value="some" checked=!everywhere /> <span>{t::brand_handover_some()}</span></label>
            <div class="stack places__some">
                <fieldset class="stack">
                    <legend><b>{t::brand_handover_shops()}</b></legend>
                    <div class="picks">{boxes}</div>
                    {more}
                </fieldset>
                {by_zone}
                <Field id="codes" label=t::brand_handover_codes() help=t::brand_handover_codes_help() optional=true error=sending.error("codes")>
                    <textarea class="field__input" id="codes" name="codes" rows="3" maxlength="60000" aria-describedby="codes-help"></textarea>
                </Field>
            </div>
        </fieldset>
    }
    .into_light()
}

/// What would change, beside what holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    name: String,
    /// Days and places that hold.
    before: [String; 2],
    /// Those that would.
    after: [String; 2],
    /// Names of some shops that begin, and how many begin.
    added: (Vec<String>, i64),
    /// The same of those that end.
    removed: (Vec<String>, i64),
    /// Codes of no shop.
    unknown: Vec<String>,
    /// Both are the same.
    nothing: bool,
    /// Which change it is.
    shown: i64,
    country: Country,
}

/// `/b/reward/review?id=<id>&campaign=<id>`
#[component]
pub(crate) fn ReviewPage() -> impl IntoView {
    let (id, campaign) = (request::query("id").unwrap_or_default(), request::query("campaign").unwrap_or_default());
    let asked = id.clone();
    let page = Resource::new(|| (), move |()| read_handover_change(asked.clone()));
    view! {
        <Desk current="/b/rewards" told=true>
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || page.get().map(|page| {
                    let again = address("/b/reward", &id, &campaign);
                    match page {
                        Ok(Some(compared)) => compare(compared, &id, &campaign),
                        Ok(None) => view! {
                            <DeskHead title=t::brand_handover_review() />
                            <section class="card">
                                <Empty title=t::brand_handover_nothing_title() text=t::brand_handover_nothing_text() icon=path::GIFT>
                                    <ButtonLink href=again look=Look::Secondary size=Size::Dense>{t::common_back()}</ButtonLink>
                                </Empty>
                            </section>
                        }
                        .into_light(),
                        Err(error) => view! { <DeskHead title=t::brand_handover_review() /> {refused(&error, rewards::HERE)} }.into_light(),
                    }
                })}
            </Suspense>
        </Desk>
    }
}

fn compare(compared: Compared, id: &str, campaign: &str) -> AnyView {
    let Compared { name, before, after, added, removed, unknown, nothing, shown, country } = compared;
    let again = address("/b/reward", id, campaign);
    let crumbs = vec![(t::brand_rewards_title().into(), rewards::HERE.into()), (name.clone().into(), again.clone().into())];
    let [before_days, before_places] = before;
    let [after_days, after_places] = after;
    let rows = [(t::brand_rewards_days(), before_days, after_days), (t::brand_rewards_where(), before_places, after_places)]
        .into_iter()
        .map(|(what, before, after)| {
            let same = before == after;
            let after = if same { view! { {after} }.into_light() } else { view! { <b>{after}</b> }.into_light() };
            view! { <tr><th scope="row">{what}</th><td data-label=t::brand_handover_before()>{before}</td><td data-label=t::brand_handover_after()>{after}</td></tr> }
        })
        .collect::<Vec<_>>();
    let columns =
        vec![Column::text(t::brand_handover_what()), Column::text(t::brand_handover_before()), Column::text(t::brand_handover_after())];
    let named = |(names, count): (Vec<String>, i64), title: &'static str| {
        (count > 0).then(|| {
            let rest = count - names.len() as i64;
            let rest = (rest > 0)
                .then(|| view! { <li class="muted">{t::brand_handover_and_more(&format::integer(rest, country)).to_string()}</li> });
            let names = names.into_iter().map(|name| view! { <li>{name}</li> }).collect::<Vec<_>>();
            let title = [title, " (", &format::integer(count, country), ")"].concat();
            view! { <section class="stack stack--8"><h3>{title}</h3><ul class="stack stack--8">{names}{rest}</ul></section> }
        })
    };
    let (added, removed) = (named(added, t::brand_handover_added()), named(removed, t::brand_handover_removed()));
    let unknown = (!unknown.is_empty()).then(|| {
        view! { <Banner tone=Tone::Warning note=true icon=path::WARNING_CIRCLE_FILL>{t::brand_handover_unknown(&unknown.join(", ")).to_string()}</Banner> }
    });
    let act = if nothing {
        view! {
            <p>{t::brand_handover_same()}</p>
            <div class="row"><ButtonLink href=again look=Look::Secondary>{t::brand_handover_change_again()}</ButtonLink></div>
        }
        .into_light()
    } else {
        view! {
            <p class="small muted">{t::brand_handover_confirm_text()}</p>
            <form method="post" action="/fn/brand/confirm_handover" class="row row--12">
                <input type="hidden" name="reward" value=id.to_owned() />
                <input type="hidden" name="campaign" value=campaign.to_owned() />
                <input type="hidden" name="shown" value=shown />
                <Button submit=true look=Look::Key icon=path::CHECK>{t::brand_handover_confirm()}</Button>
                <ButtonLink href=again look=Look::Plain>{t::brand_handover_change_again()}</ButtonLink>
            </form>
        }
        .into_light()
    };
    view! {
        <DeskHead title=t::brand_handover_review() crumbs />
        {unknown}
        <section class="card card--flush"><Table caption=t::brand_handover_review() cards=true columns>{rows}</Table></section>
        <section class="card stack" aria-label=t::brand_handover_where()>{added} {removed} {act}</section>
    }
    .into_light()
}

/// A reward of the actor's organisation with the shops and zones of its brand.
#[server(prefix = "/fn", endpoint = "brand/read_handover")]
pub async fn read_handover(reward: String) -> Result<Handover, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    let id = reward.parse().map_err(|_| shared::Problem::not_found())?;
    let reward = loyalty::reward::get_at(&mut tx, &actor, now, id).await?;
    let promised = loyalty::reward::promised(&mut tx, &actor, id).await?;
    let organisation = identity::organisation::own(&mut tx, &actor).await?;
    let manages = actor.manages(organisation.id).is_ok();
    let places = identity::participation::places(&mut tx, &actor, reward.brand_id).await?;
    let chosen: std::collections::HashSet<_> = reward.availability.shops.iter().copied().collect();
    let (mut shops, mut free, mut others) = (Vec::new(), Vec::new(), 0);
    let mut zones = std::collections::BTreeMap::<String, i64>::new();
    for place in &places {
        if !place.zone.is_empty() {
            *zones.entry(place.zone.clone()).or_default() += 1;
        }
        let (id, name) = (place.shop_id.to_string(), place.name.clone());
        if chosen.contains(&place.shop_id) {
            shops.push((id, name, true));
        } else if free.len() < BOXES {
            free.push((id, name, false));
        } else {
            others += 1;
        }
    }
    // One that hands it over and takes part no more stays until somebody takes it off.
    let here: std::collections::HashSet<_> = places.iter().map(|place| place.shop_id).collect();
    for shop in reward.availability.shops.iter().filter(|shop| !here.contains(shop)) {
        shops.push((shop.to_string(), identity::shop::get(&mut tx, *shop).await?.name, true));
    }
    shops.append(&mut free);
    Ok(Handover { reward, promised, shops, others, zones: zones.into_iter().collect(), country: organisation.country, manages })
}

/// Keeps what was chosen, and leads to where it is seen beside what holds.
#[server(prefix = "/fn", endpoint = "brand/save_handover")]
pub async fn save_handover(
    #[server(default)] reward: String,
    #[server(default)] campaign: String,
    #[server(default)] from: String,
    #[server(default)] until: String,
    #[server(default)] places: String,
    #[server(default)] shops: Vec<String>,
    #[server(default)] zones: Vec<String>,
    #[server(default)] codes: String,
) -> Result<(), UiError> {
    let (mut reading, actor, now) = request::read().await?;
    actor.manages(actor.tenant()?)?;
    let id = reward.parse().map_err(|_| shared::Problem::not_found())?;
    let date = |text: &str, field: &'static str| match text.trim() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| shared::Problem::field(field, "bad_date", "")),
    };
    let listed = shops.iter().map(|shop| shop.parse().map_err(|_| shared::Problem::field("shops", "bad_field", "")));
    let before = loyalty::reward::get(&mut reading, &actor, id).await?;
    let promised = loyalty::reward::promised(&mut reading, &actor, id).await?;
    let known = identity::participation::places(&mut reading, &actor, before.brand_id).await?;
    drop(reading);
    let choice = loyalty::handover::Choice {
        from: date(&from, "from")?,
        until: date(&until, "until")?,
        // A page of before asks nothing about it: no shop was every shop there.
        everywhere: places == "all" || (places.is_empty() && shops.is_empty() && zones.is_empty() && codes.trim().is_empty()),
        shops: listed.collect::<Result<_, _>>()?,
        zones,
        codes: codes
            .split(|letter: char| letter.is_whitespace() || matches!(letter, ',' | ';'))
            .filter(|code| !code.is_empty())
            .map(str::to_owned)
            .collect(),
    };
    let chosen = loyalty::handover::choose(&before, promised, &known, &choice)?;
    let mut tx = request::db()?.begin().await.map_err(loyalty::Error::from)?;
    loyalty::handover::propose(&mut tx, &actor, now, id, &chosen).await?;
    tx.commit().await?;
    request::go(&address("/b/reward/review", &reward, &campaign));
    Ok(())
}

/// What the actor is about to change of a reward. Nothing: no change waits.
#[server(prefix = "/fn", endpoint = "brand/read_handover_change")]
pub async fn read_handover_change(reward: String) -> Result<Option<Compared>, UiError> {
    /// Shops that are named; the others are counted.
    const NAMED: usize = 20;
    let (mut tx, actor, _) = request::read().await?;
    let organisation = identity::organisation::own(&mut tx, &actor).await?;
    actor.manages(organisation.id)?;
    let id = reward.parse().map_err(|_| shared::Problem::not_found())?;
    let name = loyalty::reward::get(&mut tx, &actor, id).await?.name;
    let Some(change) = loyalty::handover::proposed(&mut tx, &actor, id).await? else {
        return Ok(None);
    };
    let mut sides = [(Vec::new(), 0), (Vec::new(), 0)];
    for (side, shops) in sides.iter_mut().zip([change.added(), change.removed()]) {
        side.1 = shops.len() as i64;
        for shop in shops.iter().take(NAMED) {
            side.0.push(identity::shop::get(&mut tx, *shop).await?.name);
        }
    }
    let [added, removed] = sides;
    Ok(Some(Compared {
        name,
        before: [rewards::days(&change.before), rewards::places(&change.before)],
        after: [rewards::days(&change.after), rewards::places(&change.after)],
        added,
        removed,
        nothing: change.is_nothing(),
        shown: change.proposed_at.0,
        unknown: change.unknown,
        country: organisation.country,
    }))
}

/// Makes the change that was shown.
#[server(prefix = "/fn", endpoint = "brand/confirm_handover")]
pub async fn confirm_handover(
    #[server(default)] reward: String,
    #[server(default)] campaign: String,
    #[server(default)] shown: i64,
) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.manages(actor.tenant()?)?;
    let id = reward.parse().map_err(|_| shared::Problem::not_found())?;
    loyalty::handover::confirm(&mut tx, &actor, now, id, shared::Timestamp(shown)).await?;
    tx.commit().await?;
    request::go(&[&address("/b/reward", &reward, &campaign), "&saved=1"].concat());
    Ok(())
}
