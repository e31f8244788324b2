//! The person's second factor, and the organisation's keys for programs.

use kit::{
    Banner, Button, Chip, Column, DeskHead, Empty, Field, Form, IntoLight, Look, OwnAccount, OwnAccountState, Sending, Size, Skeleton,
    SkeletonKind, Table, Tone, UiError, icon::path, refused, request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{Country, identity::ApiKey};

use crate::{
    frame::Desk,
    goal::{LevelsOf, levels_card},
};

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Account {
    own: OwnAccountState,
    /// Of the organisation; absent for who may not see them.
    keys: Option<Vec<KeyRow>>,
    /// The key that was just made: shown this once.
    made: Option<String>,
    levels: Vec<LevelsOf>,
    country: Country,
    manages: bool,
}

/// A key with its dates as words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeyRow {
    key: ApiKey,
    expires: Option<String>,
    expired: bool,
}

/// What keys of an organisation may do, and what that means.
fn scopes() -> [(&'static str, &'static str); 3] {
    [
        ("reports:read", t::brand_scope_reports()),
        ("campaigns:write", t::brand_scope_campaigns()),
        ("products:write", t::brand_scope_products()),
    ]
}

/// `/b/account`, with `?made=<sealed>` a key's secret.
#[component]
pub(crate) fn AccountPage() -> impl IntoView {
    let made = request::query("made").unwrap_or_default();
    let page = Resource::new(|| (), move |()| read_account(made.clone()));
    view! {
        <Desk current="/b/account" told=true>
            <DeskHead title=t::brand_settings_title() />
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Cards /> }>
                {move || page.get().map(|page| match page {
                    Ok(account) => shown(account),
                    Err(error) => refused(&error, "/b/account"),
                })}
            </Suspense>
        </Desk>
    }
}

fn shown(account: Account) -> AnyView {
    let Account { own, keys, made, levels, country, manages } = account;
    let keys = keys.map(|rows| view! { <ApiKeys rows made /> });
    view! {
        <div class="narrow stack">
            <OwnAccount state=own begin="/fn/brand/begin_totp" confirm="/fn/brand/confirm_totp" />
            {levels_card(levels, manages, country)}
            {keys}
        </div>
    }
    .into_light()
}

#[component]
fn ApiKeys(rows: Vec<KeyRow>, made: Option<String>) -> impl IntoView {
    let sending = Sending::other();
    let made = made.map(|secret| {
        view! {
            <Banner note=true tone=Tone::Success icon=path::KEY>{t::brand_keys_once()}</Banner>
            <p class="secret" data-secret tabindex="0">{secret}</p>
        }
    });
    let list = if rows.is_empty() {
        view! { <Empty title=t::brand_keys_empty_title() text=t::brand_keys_empty_text() icon=path::KEY /> }.into_light()
    } else {
        let rows = rows.into_iter().map(key_row).collect::<Vec<_>>();
        let columns = vec![
            Column::text(t::brand_keys_name()),
            Column::text(t::brand_keys_begins()),
            Column::text(t::brand_keys_scopes()),
            Column::text(t::brand_keys_expires()),
            Column::hidden(t::brand_keys_revoke()),
        ];
        view! {
            <Table caption=t::brand_keys_title() cards=true tall=true columns>{rows}</Table>
        }
        .into_light()
    };
    let boxes = scopes()
        .into_iter()
        .enumerate()
        .map(|(n, (scope, words))| {
            view! {
                <label class="row row--12"><input class="check" type="checkbox" name="scopes[]" value=scope checked={n == 0} /> <span>{words} " " <code class="small muted">{scope}</code></span></label>
            }
        })
        .collect::<Vec<_>>();
    view! {
        <section class="card card--flush" aria-labelledby="keys">
            <div class="panel__head"><h2 id="keys">{t::brand_keys_title()}</h2><a class="link" href="/api/docs/">{t::brand_keys_docs()}</a></div>
            <div class="stack key-form">
                {made}
                {list}
                <details>
                    <summary class="btn btn--secondary btn--dense">{t::brand_keys_new()}</summary>
                    <Form action="/fn/brand/create_key" sending fields=&["key_name", "days"]>
                        <div class="fields">
                            <Field id="key_name" label=t::brand_keys_name() maxlength=80 required=true help=t::brand_keys_name_help() error=sending.error("key_name") />
                            <Field id="days" label=t::brand_keys_days() initial="365" inputmode="numeric" maxlength=4 required=true help=t::brand_keys_days_help() error=sending.error("days") />
                        </div>
                        <fieldset class="stack"><legend class="field__label">{t::brand_keys_scopes()}</legend>{boxes}</fieldset>
                        <div><Button submit=true look=Look::Key size=Size::Dense busy=sending.busy()>{t::brand_keys_new()}</Button></div>
                    </Form>
                </details>
            </div>
        </section>
    }
}

fn key_row(row: KeyRow) -> AnyView {
    let KeyRow { key, expires, expired } = row;
    let over = expired || key.revoked_at.is_some();
    let state = if key.revoked_at.is_some() {
        view! { <Chip tone=Tone::Danger table=true>{t::brand_keys_revoked()}</Chip> }.into_light()
    } else if expired {
        view! { <Chip tone=Tone::Warning table=true>{t::brand_keys_expired()}</Chip> }.into_light()
    } else {
        expires.unwrap_or_else(|| t::brand_keys_never().to_owned()).into_light()
    };
    let question = t::brand_keys_revoke_title(&key.name).to_string();
    let revoke = (!over).then(|| {
        view! {
            <details class="confirm">
                <summary class="link">{t::brand_keys_revoke()}</summary>
                <form method="post" action="/fn/brand/revoke_key" class="confirm__card">
                    <input type="hidden" name="key" value=key.id.to_string() />
                    <p><b>{question}</b></p>
                    <p class="small">{t::brand_keys_revoke_text()}</p>
                    <Button submit=true look=Look::Danger size=Size::Dense>{t::brand_keys_revoke()}</Button>
                </form>
            </details>
        }
    });
    view! {
        <tr>
            <th scope="row">{key.name}</th>
            <td data-label=t::brand_keys_begins()><code>{key.prefix} "…"</code></td>
            <td data-label=t::brand_keys_scopes()>{key.scopes.join(", ")}</td>
            <td data-label=t::brand_keys_expires()>{state}</td>
            <td>{revoke}</td>
        </tr>
    }
    .into_light()
}

/// The person, and what her role may see of the organisation.
#[server(prefix = "/fn", endpoint = "brand/read_account")]
pub async fn read_account(#[server(default)] made: String) -> Result<Account, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    let organisation = identity::organisation::own(&mut tx, &actor).await?;
    let own = kit::own_account(&mut tx, &actor).await?;
    let zone = organisation.country.time_zone();
    let keys = match identity::api_key::list(&mut tx, &actor).await {
        Ok(keys) => Some(keys),
        Err(identity::Error::Forbidden) => None,
        Err(error) => return Err(error.into()),
    };
    let row = |key: ApiKey| KeyRow {
        expires: key.expires_at.map(|at| shared::format::date(identity::shop::local_date(zone, at))),
        expired: key.expires_at.is_some_and(|at| at <= now),
        key,
    };
    let keeper = request::state::<request::RequestContext>()?.app.keys;
    let made = identity::flash::open(&keeper, &actor, now, &made);
    Ok(Account {
        own,
        keys: keys.map(|keys| keys.into_iter().map(row).collect()),
        made,
        levels: crate::goal::levels_of(&mut tx, &actor).await?,
        country: organisation.country,
        manages: actor.manages(organisation.id).is_ok(),
    })
}

/// Makes a key; its secret is on the page that follows, once.
#[server(prefix = "/fn", endpoint = "brand/create_key")]
pub async fn create_key(key_name: String, days: String, #[server(default)] scopes: Vec<String>) -> Result<(), UiError> {
    use shared::{Problem, time::DAY_MS};
    let (mut tx, actor, now) = request::begin().await?;
    actor.administers(actor.tenant()?)?;
    let days = days
        .trim()
        .parse()
        .ok()
        .filter(|days| (1..=3_650).contains(days))
        .ok_or_else(|| Problem::field("days", "out_of_range", "1 to 3650 days."))?;
    let days: i64 = days;
    let scopes =
        identity::Scopes::parse(&scopes.join(" ")).ok_or_else(|| Problem::field("scopes", "required", "At least one known scope."))?;
    let made = identity::api_key::create(&mut tx, &actor, now, &key_name, &scopes, Some(now.plus_ms(days * DAY_MS))).await;
    let (_, secret) = made.map_err(|error| match error {
        identity::Error::Field("name") => Problem::field("key_name", "bad_name", "1 to 80 characters."),
        other => other.into(),
    })?;
    let keeper = request::state::<request::RequestContext>()?.app.keys;
    let word = identity::flash::seal(&keeper, &actor, now, &secret)?;
    tx.commit().await?;
    request::go(&format!("/b/account?made={word}"));
    Ok(())
}

/// Stops a key.
#[server(prefix = "/fn", endpoint = "brand/revoke_key")]
pub async fn revoke_key(key: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.administers(actor.tenant()?)?;
    identity::api_key::revoke(&mut tx, &actor, now, key.parse().map_err(|_| shared::Problem::not_found())?).await?;
    tx.commit().await?;
    request::go("/b/account");
    Ok(())
}

/// Begins the second factor.
#[server(prefix = "/fn", endpoint = "brand/begin_totp")]
pub async fn begin_totp() -> Result<(), UiError> {
    kit::begin_second_factor().await
}

/// Proves that it works.
#[server(prefix = "/fn", endpoint = "brand/confirm_totp")]
pub async fn confirm_totp(totp: String) -> Result<(), UiError> {
    kit::confirm_second_factor(&totp).await
}
