//! Tenants apart, to try everything with: opened here, and reset by whoever types their name.

use kit::{
    Button, Choice, DeskHead, Empty, Field, Form, IntoLight, Look, Sending, Skeleton, SkeletonKind, StatTile, Tiles, UiError, icon::path,
    refused, request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{Country, format, sandbox::Sandbox};

use crate::frame::Desk;

/// Everything of the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sandboxes {
    all: Vec<Sandbox>,
    operates: bool,
    country: Country,
}

/// `/o/sandboxes`
#[component]
pub(crate) fn ListPage() -> impl IntoView {
    let page = Resource::new(|| (), |()| read_sandboxes());
    // A refusal comes back in the address: its field says which of the two kinds of form it was.
    let of_reset = request::refusal().is_some_and(|refusal| refusal.is_about("confirmation") || refusal.field.is_none());
    let (reset, new) = if of_reset { (Sending::new(), Sending::other()) } else { (Sending::other(), Sending::new()) };
    view! {
        <Desk current="/o/sandboxes">
            <DeskHead title=t::backoffice_sandboxes_title() />
            <p class="muted">{t::backoffice_sandboxes_what()}</p>
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || page.get().map(|page| match page {
                    Ok(page) => shown(page, reset, new),
                    Err(error) => refused(&error, "/o/sandboxes"),
                })}
            </Suspense>
        </Desk>
    }
}

fn shown(page: Sandboxes, reset: Sending, new: Sending) -> AnyView {
    let Sandboxes { all, operates, country } = page;
    let list = if all.is_empty() {
        view! { <section class="card"><Empty title=t::backoffice_sandboxes_empty_title() text=t::backoffice_sandboxes_empty_text() icon=path::ARROW_COUNTER_CLOCKWISE /></section> }
            .into_light()
    } else {
        all.into_iter().map(|sandbox| one(sandbox, operates, country, reset)).collect::<Vec<_>>().into_light()
    };
    view! {
        <div class="panels panels--main panels--top">
            <div class="stack">{list}</div>
            {operates.then(|| new_form(new))}
        </div>
    }
    .into_light()
}

fn one(sandbox: Sandbox, operates: bool, country: Country, sending: Sending) -> AnyView {
    let Sandbox { organisation_id, name, generation, brands, shops, cards, reset, .. } = sandbox;
    let count = move |count: i64| format::integer(count, country);
    let title = name.clone();
    let (told, busy) = match reset {
        None => (t::backoffice_sandboxes_never().to_owned(), false),
        Some(reset) if reset.finished_at.is_none() => (t::backoffice_sandboxes_under_way(&count(reset.done), &count(reset.total)), true),
        Some(reset) => (t::backoffice_sandboxes_done(&count(generation), &count(reset.total)), false),
    };
    let form = (operates && !busy).then(|| {
        let confirmation = ["confirmation-", &organisation_id.to_string()].concat();
        view! {
            <details>
                <summary class="btn btn--dense">{t::backoffice_sandboxes_reset()}</summary>
                <Form action="/fn/backoffice/reset_sandbox" sending fields=&["confirmation"]>
                    <p class="small">{t::backoffice_sandboxes_reset_text()}</p>
                    <input type="hidden" name="sandbox" value=organisation_id.to_string() />
                    <label class="field">
                        <span class="field__label">{t::backoffice_sandboxes_type(&name)}</span>
                        <span class="field__box">
                            <input id=confirmation class="field__input" name="confirmation" required maxlength="80" autocomplete="off"
                                aria-invalid=move || sending.error("confirmation").get().is_some().then_some("true") />
                        </span>
                        {move || sending.error("confirmation").get().map(|error| view! { <span class="field__error">{error}</span> })}
                    </label>
                    <Button submit=true look=Look::DangerOutline busy=sending.busy()>{t::backoffice_sandboxes_reset()}</Button>
                </Form>
            </details>
        }
    });
    view! {
        <section class="card stack">
            <h2 class="h3">{title}</h2>
            <p class="small muted" role="status">{told}</p>
            <Tiles>
                <StatTile label=t::backoffice_brands_title() figure=count(brands) />
                <StatTile label=t::backoffice_shops_title() figure=count(shops) />
                <StatTile label=t::backoffice_sandboxes_cards() figure=count(cards) />
            </Tiles>
            {form}
        </section>
    }
    .into_light()
}

fn new_form(sending: Sending) -> AnyView {
    let countries = Country::ALL.map(|country| (country.code().to_owned(), country.name().to_owned())).to_vec();
    view! {
        <section class="card stack" aria-labelledby="new-sandbox">
            <h2 id="new-sandbox" class="h3">{t::backoffice_sandboxes_new()}</h2>
            <Form action="/fn/backoffice/create_sandbox" sending fields=&["name", "country"]>
                <Field id="name" label=t::backoffice_users_name() help=t::backoffice_sandboxes_help() required=true maxlength=80 error=sending.error("name") />
                <Choice id="country" label=t::backoffice_shops_country() options=countries error=sending.error("country") />
                <Button submit=true look=Look::Key wide=true busy=sending.busy()>{t::backoffice_sandboxes_add()}</Button>
            </Form>
        </section>
    }
    .into_light()
}

/// All sandboxes, oldest first.
#[server(prefix = "/fn", endpoint = "backoffice/read_sandboxes")]
pub async fn read_sandboxes() -> Result<Sandboxes, UiError> {
    let (mut tx, actor, _) = request::read().await?;
    let all = identity::sandbox::list(&mut tx, &actor).await?;
    let country = identity::organisation::own(&mut tx, &actor).await?.country;
    Ok(Sandboxes { all, operates: actor.operates().is_ok(), country })
}

/// Opens a tenant apart.
#[server(prefix = "/fn", endpoint = "backoffice/create_sandbox")]
pub async fn create_sandbox(name: String, country: Country) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    identity::sandbox::create(&mut tx, &actor, now, &shared::sandbox::NewSandbox { name, country }).await?;
    tx.commit().await?;
    request::go("/o/sandboxes");
    Ok(())
}

/// A sandbox begins anew.
#[server(prefix = "/fn", endpoint = "backoffice/reset_sandbox")]
pub async fn reset_sandbox(sandbox: String, confirmation: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.operates()?;
    let tenant: shared::OrganisationId = sandbox.parse().map_err(|_| shared::Problem::not_found())?;
    identity::sandbox::reset(&mut tx, &actor, now, tenant, &confirmation).await?;
    tx.commit().await?;
    request::go("/o/sandboxes");
    Ok(())
}
