//! Organisations and their brands.

use kit::{
    Avatar, Button, Chip, Choice, Column, DeskHead, Empty, Field, Form, IntoLight, Look, Sending, Size, Skeleton, SkeletonKind, Table,
    UiError, icon::path, refused, request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    Country, OrganisationId, format,
    identity::{Brand, Organisation, OrganisationKind},
};

use crate::frame::Desk;

const BRAND_FIELDS: &[&str] = &["brand_name", "organisation", "colour"];

/// Everything of the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tenants {
    organisations: Vec<Organisation>,
    brands: Vec<Brand>,
    /// Those where one person alone may publish.
    alone: Vec<OrganisationId>,
    operates: bool,
}

/// `/o/organisations`
#[component]
pub(crate) fn ListPage() -> impl IntoView {
    let page = Resource::new(|| (), |()| read_organisations());
    // A plain form's refusal comes back in the address: its field says which of the two forms it was.
    let of_brand = request::refusal().is_some_and(|refusal| BRAND_FIELDS.iter().any(|field| refusal.is_about(field)));
    let (brand, organisation) = if of_brand { (Sending::new(), Sending::other()) } else { (Sending::other(), Sending::new()) };
    view! {
        <Desk current="/o/organisations">
            <DeskHead title=t::backoffice_organisations_title() />
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || page.get().map(|page| match page {
                    Ok(tenants) => shown(tenants, organisation, brand),
                    Err(error) => refused(&error, "/o/organisations"),
                })}
            </Suspense>
        </Desk>
    }
}

fn shown(tenants: Tenants, organisation: Sending, brand: Sending) -> AnyView {
    let Tenants { organisations, brands, alone, operates } = tenants;
    let owners = organisations
        .iter()
        .filter(|one| one.kind == OrganisationKind::BrandOwner)
        .map(|one| (one.id.to_string(), one.name.clone()))
        .collect::<Vec<_>>();
    let forms = operates.then(|| view! { <div class="stack">{brand_form(owners, brand)} {organisation_form(organisation)}</div> });
    view! { <div class="panels panels--main panels--top">{table(organisations, &brands, &alone, operates)} {forms}</div> }.into_light()
}

fn table(organisations: Vec<Organisation>, brands: &[Brand], alone: &[OrganisationId], operates: bool) -> AnyView {
    if organisations.is_empty() {
        return view! { <section class="card"><Empty title=t::backoffice_organisations_empty_title() text=t::backoffice_organisations_empty_text() icon=path::TAG /></section> }.into_light();
    }
    let rows = organisations
        .into_iter()
        .map(|organisation| {
            let own = brands
                .iter()
                .filter(|brand| brand.organisation_id == organisation.id)
                .map(|brand| one_brand(brand, operates))
                .collect::<Vec<_>>();
            let kind = match organisation.kind {
                OrganisationKind::BrandOwner => t::backoffice_organisations_brand_owner(),
                OrganisationKind::Operator => t::backoffice_tenant_kind(),
            };
            let publishing = (organisation.kind == OrganisationKind::BrandOwner)
                .then(|| publishing(organisation.id, alone.contains(&organisation.id), operates));
            view! {
                <tr>
                    <th scope="row">{organisation.name}</th>
                    <td data-label=t::backoffice_organisations_kind()><Chip table=true>{kind}</Chip></td>
                    <td data-label=t::backoffice_shops_country()>{organisation.country.name()}</td>
                    <td data-label=t::backoffice_brands_title()><ul class="stack stack--4">{own}</ul></td>
                    <td data-label=t::backoffice_publishing_title()>{publishing}</td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let columns = vec![
        Column::text(t::backoffice_users_organisation()),
        Column::text(t::backoffice_organisations_kind()),
        Column::text(t::backoffice_shops_country()),
        Column::text(t::backoffice_brands_title()),
        Column::text(t::backoffice_publishing_title()),
    ];
    view! {
        <section class="card card--flush">
            <Table caption=t::backoffice_organisations_title() cards=true columns>{rows}</Table>
        </section>
    }
    .into_light()
}

/// Its square, its name, until when it may publish, and how to change that.
fn one_brand(brand: &Brand, operates: bool) -> AnyView {
    let until = brand
        .licensed_until
        .map_or_else(|| t::backoffice_licence_open().to_owned(), |until| t::backoffice_licence_until(&format::date(until)).to_string());
    let id = ["until-", &brand.id.to_string()].concat();
    let form = operates.then(|| {
        view! {
            <details>
                <summary class="link small">{t::common_edit()}<span class="sr-only">" "{brand.name.clone()}</span></summary>
                <form method="post" action="/fn/backoffice/set_licence" class="stack stack--8">
                    <input type="hidden" name="brand" value=brand.id.to_string() />
                    <label class="field" for=id.clone()><span class="field__label">{t::backoffice_licence_last_day()}</span></label>
                    <div class="field__box"><input class="field__input" id=id type="date" name="until" value=brand.licensed_until.map(|until| until.to_string()) /></div>
                    <p class="small muted">{t::backoffice_licence_help()}</p>
                    <Button submit=true look=Look::Secondary size=Size::Dense>{t::common_save()}</Button>
                </form>
            </details>
        }
    });
    view! {
        <li class="stack stack--4">
            <span class="row"><Avatar name=brand.name.clone() colour=brand.colour.clone() size=18 /> {brand.name.clone()}</span>
            <span class="small muted">{until}</span>
            {form}
        </li>
    }
    .into_light()
}

/// How many people it takes to publish, and the button that changes it.
fn publishing(organisation: OrganisationId, alone: bool, operates: bool) -> AnyView {
    let (words, change) = if alone {
        (t::backoffice_publishing_one(), t::backoffice_publishing_ask_two())
    } else {
        (t::backoffice_publishing_two(), t::backoffice_publishing_let_one())
    };
    let form = operates.then(|| {
        view! {
            <form method="post" action="/fn/backoffice/set_publishing">
                <input type="hidden" name="organisation" value=organisation.to_string() />
                <input type="hidden" name="one_person" value=if alone { "no" } else { "yes" } />
                <Button submit=true look=Look::Plain size=Size::Dense>{change}</Button>
            </form>
        }
    });
    view! { <div class="stack stack--4"><span>{words}</span>{form}</div> }.into_light()
}

fn brand_form(owners: Vec<(String, String)>, sending: Sending) -> AnyView {
    view! {
        <section class="card stack" aria-labelledby="new-brand">
            <h2 id="new-brand" class="h3">{t::backoffice_brands_new()}</h2>
            <Form action="/fn/backoffice/create_brand" sending fields=BRAND_FIELDS>
                <Choice id="organisation" label=t::backoffice_users_organisation() options=owners error=sending.error("organisation") />
                <Field id="brand_name" label=t::backoffice_users_name() required=true maxlength=80 error=sending.error("brand_name") />
                <Field id="colour" label=t::backoffice_brands_colour() kind="color" initial="#B23F08" required=true error=sending.error("colour") />
                <Button submit=true look=Look::Key wide=true busy=sending.busy()>{t::backoffice_brands_add()}</Button>
            </Form>
        </section>
    }
    .into_light()
}

fn organisation_form(sending: Sending) -> AnyView {
    let countries = Country::ALL.map(|country| (country.code().to_owned(), country.name().to_owned())).to_vec();
    view! {
        <section class="card stack" aria-labelledby="new-organisation">
            <h2 id="new-organisation" class="h3">{t::backoffice_organisations_new()}</h2>
            <Form action="/fn/backoffice/create_organisation" sending fields=&["name", "country"]>
                <Field id="name" label=t::backoffice_users_name() help=t::backoffice_organisations_help() required=true maxlength=80 error=sending.error("name") />
                <Choice id="country" label=t::backoffice_shops_country() options=countries error=sending.error("country") />
                <Button submit=true look=Look::Secondary wide=true busy=sending.busy()>{t::backoffice_organisations_add()}</Button>
            </Form>
        </section>
    }
    .into_light()
}

/// Organisations, oldest first, and all brands.
#[server(prefix = "/fn", endpoint = "backoffice/read_organisations")]
pub async fn read_organisations() -> Result<Tenants, UiError> {
    let (mut tx, actor, _) = request::read().await?;
    let organisations = identity::organisation::list(&mut tx, &actor).await?;
    let brands = identity::organisation::brands(&mut tx, &actor).await?;
    let alone = identity::organisation::one_person_tenants(&mut tx, &actor).await?;
    Ok(Tenants { organisations, brands, alone, operates: actor.operates().is_ok() })
}

/// Adds an owner of brands.
#[server(prefix = "/fn", endpoint = "backoffice/create_organisation")]
pub async fn create_organisation(name: String, country: Country) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    identity::organisation::create(&mut tx, &actor, now, &name, OrganisationKind::BrandOwner, country).await?;
    tx.commit().await?;
    request::go("/o/organisations");
    Ok(())
}

/// Adds a brand.
#[server(prefix = "/fn", endpoint = "backoffice/create_brand")]
pub async fn create_brand(organisation: String, brand_name: String, colour: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.operates()?;
    let owner = organisation.parse().map_err(|_| shared::Problem::field("organisation", "bad_field", "Not an organisation."))?;
    identity::organisation::create_brand(&mut tx, &actor, now, owner, &brand_name, &colour).await.map_err(|error| {
        let mut problem = shared::Problem::from(error);
        for field in problem.fields.iter_mut().filter(|field| field.field == "name") {
            field.field = "brand_name".to_owned();
        }
        problem
    })?;
    tx.commit().await?;
    request::go("/o/organisations");
    Ok(())
}

/// Lets one person publish for an organisation, or asks for two again.
#[server(prefix = "/fn", endpoint = "backoffice/set_publishing")]
pub async fn set_publishing(organisation: String, one_person: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.operates()?;
    let tenant = organisation.parse().map_err(|_| shared::Problem::not_found())?;
    identity::organisation::set_publishing(&mut tx, &actor, now, tenant, one_person == "yes").await?;
    tx.commit().await?;
    request::go("/o/organisations");
    Ok(())
}

/// Says until when a brand may publish; an empty day: without an end.
#[server(prefix = "/fn", endpoint = "backoffice/set_licence")]
pub async fn set_licence(brand: String, #[server(default)] until: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.operates()?;
    let id = brand.parse().map_err(|_| shared::Problem::not_found())?;
    let until = match until.trim() {
        "" => None,
        day => Some(day.parse().map_err(|_| shared::Problem::field("until", "bad_date", "Not a day."))?),
    };
    identity::organisation::set_licence(&mut tx, &actor, now, id, shared::identity::Licence { until }).await?;
    tx.commit().await?;
    request::go("/o/organisations");
    Ok(())
}
