//! Shops, and one of them with its people and phones.

use kit::{
    ButtonLink, Chip, Column, DeskHead, Empty, IntoLight, Look, More, Search, Size, Skeleton, SkeletonKind, Table, Tone, UiError, address,
    icon::path, refused, request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    Page,
    identity::{MemberRole, Shop},
};

use crate::{filled, frame::Desk};

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    shop: Shop,
    joined: String,
}

/// `/o/shops?q=<words>&after=<cursor>`
#[component]
pub(crate) fn ListPage() -> impl IntoView {
    let words = request::query("q").unwrap_or_default();
    let after = request::query("after").unwrap_or_default();
    let asked = words.clone();
    let page = Resource::new(|| (), move |()| read_shops(asked.clone(), after.clone()));
    view! {
        <Desk current="/o/shops">
            <DeskHead title=t::backoffice_shops_title()><ButtonLink href="/o/shops/import" look=Look::Secondary size=Size::Dense icon=path::UPLOAD_SIMPLE>{t::backoffice_shops_import()}</ButtonLink></DeskHead>
            <Search action="/o/shops" label=t::backoffice_shops_search() words=words.clone() />
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || page.get().map(|page| match page {
                    Ok(page) => table(page, &words),
                    Err(error) => refused(&error, "/o/shops"),
                })}
            </Suspense>
        </Desk>
    }
}

fn table(page: Page<Line>, words: &str) -> AnyView {
    if page.items.is_empty() {
        let (title, text) = if words.is_empty() {
            (t::backoffice_shops_empty_title(), t::backoffice_shops_empty_text())
        } else {
            (t::backoffice_search_none(), t::backoffice_search_none_text())
        };
        return view! { <section class="card"><Empty title text icon=path::STOREFRONT /></section> }.into_light();
    }
    let rows = page
        .items
        .into_iter()
        .map(|Line { shop, joined }| {
            view! {
                <tr>
                    <th scope="row"><a class="link" href=["/o/shop?id=", &shop.id.to_string()].concat()>{shop.name}</a></th>
                    <td data-label=t::backoffice_shops_city()>{filled(&shop.city)}</td>
                    <td data-label=t::backoffice_shops_zone()>{filled(&shop.zone)}</td>
                    <td data-label=t::backoffice_shops_country()>{shop.country.name()}</td>
                    <td data-label=t::backoffice_shops_joined()>{joined}</td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let columns = vec![
        Column::text(t::backoffice_shops_name()),
        Column::text(t::backoffice_shops_city()),
        Column::text(t::backoffice_shops_zone()),
        Column::text(t::backoffice_shops_country()),
        Column::text(t::backoffice_shops_joined()),
    ];
    view! {
        <section class="card card--flush">
            <Table caption=t::backoffice_shops_title() cards=true columns>{rows}</Table>
            <More query=address("/o/shops", &[("q", words)]) cursor=page.next_cursor />
        </section>
    }
    .into_light()
}

/// A shop with everybody who captures for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    shop: Shop,
    joined: String,
    closed: Option<String>,
    members: Vec<(String, MemberRole)>,
    phones: Vec<Handset>,
}

/// One phone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Handset {
    name: String,
    member: String,
    enrolled: String,
    revoked: Option<String>,
}

/// `/o/shop?id=<id>`
#[component]
pub(crate) fn ShopPage() -> impl IntoView {
    let id = request::query("id").unwrap_or_default();
    let page = Resource::new(|| (), move |()| read_shop(id.clone()));
    view! {
        <Desk current="/o/shops">
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || page.get().map(|page| match page {
                    Ok(detail) => shown(detail),
                    Err(error) => view! { <DeskHead title=t::backoffice_shops_name() /> {refused(&error, "/o/shops")} }.into_light(),
                })}
            </Suspense>
        </Desk>
    }
}

fn shown(detail: Detail) -> AnyView {
    let Detail { shop, joined, closed, members, phones } = detail;
    let state = match closed {
        Some(when) => view! { <Chip tone=Tone::Danger table=true>{t::backoffice_shops_closed(&when).to_string()}</Chip> }.into_light(),
        None => view! { <Chip tone=Tone::Success table=true>{t::common_state_active()}</Chip> }.into_light(),
    };
    let place = [shop.city.as_str(), shop.zone.as_str()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
    let facts = [
        (t::backoffice_shops_city(), place),
        (t::backoffice_shops_country(), shop.country.name().to_owned()),
        (t::backoffice_shops_currency(), shop.currency.code().to_owned()),
        (t::backoffice_shops_clock(), shop.time_zone),
        (t::backoffice_shops_joined(), joined),
    ];
    let facts = facts.into_iter().map(|(name, value)| view! { <dt>{name}</dt><dd>{value}</dd> }).collect::<Vec<_>>();
    let people = members
        .into_iter()
        .map(|(name, role)| {
            let role = match role {
                MemberRole::Owner => t::backoffice_shops_role_owner(),
                MemberRole::Cashier => t::backoffice_shops_role_cashier(),
            };
            view! { <dt>{name}</dt><dd>{role}</dd> }
        })
        .collect::<Vec<_>>();
    let people = if people.is_empty() {
        view! { <p class="muted">{t::backoffice_shops_nobody()}</p> }.into_light()
    } else {
        view! { <dl class="facts">{people}</dl> }.into_light()
    };
    view! {
        <DeskHead title=shop.name crumbs=vec![(t::backoffice_shops_title().into(), "/o/shops".into())]>{state}</DeskHead>
        <div class="panels panels--2">
            <section class="card" aria-labelledby="shop"><div class="panel__head"><h2 id="shop">{t::backoffice_shops_facts()}</h2></div><dl class="facts">{facts}</dl></section>
            <section class="card" aria-labelledby="people"><div class="panel__head"><h2 id="people">{t::backoffice_shops_people()}</h2></div>{people}</section>
        </div>
        <section class="card card--flush">
            <div class="panel__head"><h2>{t::backoffice_shops_phones()}</h2></div>
            {handsets(phones)}
        </section>
        <p><a class="link" href=address("/o/audit", &[("q", &shop.id.to_string())])>{t::backoffice_audit_of_this()}</a></p>
    }
    .into_light()
}

fn handsets(phones: Vec<Handset>) -> AnyView {
    if phones.is_empty() {
        return view! { <Empty title=t::backoffice_phones_empty_title() text=t::backoffice_phones_empty_text() icon=path::DEVICE_MOBILE /> }.into_light();
    }
    let rows = phones
        .into_iter()
        .map(|phone| {
            let state = match phone.revoked {
                Some(when) => {
                    view! { <Chip tone=Tone::Danger table=true>{t::backoffice_phones_revoked(&when).to_string()}</Chip> }.into_light()
                }
                None => view! { <Chip tone=Tone::Success table=true>{t::backoffice_phones_live()}</Chip> }.into_light(),
            };
            view! {
                <tr>
                    <th scope="row">{phone.name}</th>
                    <td data-label=t::backoffice_phones_whose()>{phone.member}</td>
                    <td data-label=t::backoffice_phones_since()>{phone.enrolled}</td>
                    <td data-label=t::backoffice_shops_state()>{state}</td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let columns = vec![
        Column::text(t::backoffice_shops_phone()),
        Column::text(t::backoffice_phones_whose()),
        Column::text(t::backoffice_phones_since()),
        Column::text(t::backoffice_shops_state()),
    ];
    view! {
        <Table caption=t::backoffice_shops_phones() cards=true columns>{rows}</Table>
    }
    .into_light()
}

/// Shops, newest first, whose name or city holds the words.
#[server(prefix = "/fn", endpoint = "backoffice/read_shops")]
pub async fn read_shops(#[server(default)] words: String, #[server(default)] after: String) -> Result<Page<Line>, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    let page = identity::shop::list(&mut tx, &actor, &words, Some(&after), crate::ROWS).await?;
    let zone = identity::organisation::own(&mut tx, &actor).await?.country.time_zone();
    let line = |shop: Shop| Line { joined: kit::when(zone, now, shop.created_at), shop };
    Ok(Page { items: page.items.into_iter().map(line).collect(), next_cursor: page.next_cursor })
}

/// One of them.
#[server(prefix = "/fn", endpoint = "backoffice/read_shop")]
pub async fn read_shop(shop: String) -> Result<Detail, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    actor.operator()?;
    let id = shop.parse().map_err(|_| shared::Problem::not_found())?;
    let staffed = identity::staff::of_shop(&mut tx, &actor, id).await?;
    let zone = staffed.shop.country.time_zone();
    let when = |at| kit::when(zone, now, at);
    Ok(Detail {
        joined: when(staffed.shop.created_at),
        closed: staffed.closed_at.map(when),
        members: staffed.members.into_iter().map(|member| (member.name, member.role)).collect(),
        phones: staffed
            .devices
            .into_iter()
            .map(|device| Handset {
                name: kit::phone_name(&device.name),
                member: device.member_name,
                enrolled: when(device.enrolled_at),
                revoked: device.revoked_at.map(when),
            })
            .collect(),
        shop: staffed.shop,
    })
}
