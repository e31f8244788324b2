//! People of all organisations: found, added, and shut out.

use kit::{
    Banner, Button, ButtonLink, Chip, Choice, Column, DeskHead, Empty, Field, Form, IntoLight, Look, More, Search, Sending, Size, Skeleton,
    SkeletonKind, Table, Tone, UiError, address, icon::path, refused, request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    Page,
    identity::{User, UserRole},
};

use crate::frame::Desk;

/// `/o/users?q=<words>&after=<cursor>`
#[component]
pub(crate) fn ListPage() -> impl IntoView {
    let words = request::query("q").unwrap_or_default();
    let after = request::query("after").unwrap_or_default();
    let asked = words.clone();
    let page = Resource::new(|| (), move |()| read_users(asked.clone(), after.clone()));
    view! {
        <Desk current="/o/users">
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || page.get().map(|page| match page {
                    Ok(page) => view! {
                        <DeskHead title=t::backoffice_users_title()>
                            <ButtonLink href="/o/user" look=Look::Key size=Size::Dense icon=path::USER_PLUS>{t::backoffice_users_add()}</ButtonLink>
                        </DeskHead>
                        <Search action="/o/users" label=t::backoffice_users_search() words=words.clone() />
                        {table(page, &words)}
                    }
                    .into_light(),
                    Err(error) => view! { <DeskHead title=t::backoffice_users_title() /> {refused(&error, "/o/users")} }.into_light(),
                })}
            </Suspense>
        </Desk>
    }
}

fn table(page: Page<(User, String)>, words: &str) -> AnyView {
    if page.items.is_empty() {
        return view! { <section class="card"><Empty title=t::backoffice_search_none() text=t::backoffice_search_none_text() icon=path::USERS /></section> }.into_light();
    }
    let rows = page
        .items
        .into_iter()
        .map(|(user, organisation)| {
            view! {
                <tr>
                    <th scope="row"><a class="link" href=["/o/user?id=", &user.id.to_string()].concat()>{user.name.clone()}</a></th>
                    <td data-label=t::backoffice_users_email()>{user.email.clone()}</td>
                    <td data-label=t::backoffice_users_organisation()>{organisation}</td>
                    <td data-label=t::backoffice_users_role()>{kit::role_name(user.role)}</td>
                    <td data-label=t::backoffice_users_second_factor()>{if user.totp { t::common_yes() } else { t::common_no() }}</td>
                    <td data-label=t::backoffice_shops_state()>{state(&user)}</td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let columns = vec![
        Column::text(t::backoffice_users_name()),
        Column::text(t::backoffice_users_email()),
        Column::text(t::backoffice_users_organisation()),
        Column::text(t::backoffice_users_role()),
        Column::text(t::backoffice_users_second_factor()),
        Column::text(t::backoffice_shops_state()),
    ];
    view! {
        <section class="card card--flush">
            <Table caption=t::backoffice_users_title() cards=true columns>{rows}</Table>
            <More query=address("/o/users", &[("q", words)]) cursor=page.next_cursor />
        </section>
    }
    .into_light()
}

fn state(user: &User) -> AnyView {
    if user.disabled_at.is_some() {
        view! { <Chip tone=Tone::Danger table=true>{t::backoffice_users_disabled()}</Chip> }.into_light()
    } else {
        view! { <Chip tone=Tone::Success table=true>{t::common_state_active()}</Chip> }.into_light()
    }
}

/// A person, or what a new one needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Sheet {
    /// Somebody who is there.
    Known {
        /// The person.
        user: User,
        /// Where.
        organisation: String,
        /// When the door was closed.
        disabled: Option<String>,
        /// Whoever looks is the same person.
        own: bool,
    },
    /// Organisations to choose from: id and name.
    New(Vec<(String, String)>),
}

/// `/o/user` to add somebody, `/o/user?id=<id>` to look, with `&disable=yes` to be asked once more.
#[component]
pub(crate) fn UserPage() -> impl IntoView {
    let id = request::query("id").unwrap_or_default();
    let asks = request::query("disable").is_some();
    let added = request::query("added").is_some();
    let known = !id.is_empty();
    let sending = Sending::new();
    let page = Resource::new(|| (), move |()| read_user(id.clone()));
    view! {
        <Desk current="/o/users" told=known>
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || page.get().map(|page| match page {
                    Ok(Sheet::Known { user, organisation, disabled, own }) => shown(user, organisation, disabled, own, asks, added),
                    Ok(Sheet::New(organisations)) => form(organisations, sending),
                    Err(error) => view! { <DeskHead title=t::backoffice_users_title() /> {refused(&error, "/o/users")} }.into_light(),
                })}
            </Suspense>
        </Desk>
    }
}

fn crumbs() -> Vec<(kit::Text, kit::Text)> {
    vec![(t::backoffice_users_title().into(), "/o/users".into())]
}

fn shown(user: User, organisation: String, disabled: Option<String>, own: bool, asks: bool, added: bool) -> AnyView {
    let id = user.id.to_string();
    let state = state(&user);
    let here = ["/o/user?id=", &id].concat();
    let may_disable = disabled.is_none() && !own;
    let facts = [
        (t::backoffice_users_email(), user.email),
        (t::backoffice_users_organisation(), organisation),
        (t::backoffice_users_role(), kit::role_name(user.role).to_owned()),
        (t::backoffice_users_second_factor(), if user.totp { t::common_yes() } else { t::common_no() }.to_owned()),
    ];
    let facts = facts
        .into_iter()
        .chain(disabled.map(|when| (t::backoffice_users_disabled(), when)))
        .map(|(name, value)| view! { <dt>{name}</dt><dd>{value}</dd> })
        .collect::<Vec<_>>();
    let question = (asks && may_disable).then(|| {
        view! {
            <section class="card card--attention narrow stack" aria-labelledby="disable">
                <h2 id="disable">{t::backoffice_users_disable_title(&user.name).to_string()}</h2>
                <p>{t::backoffice_users_disable_text()}</p>
                <form method="post" action="/fn/backoffice/disable_user" class="row row--wrap">
                    <input type="hidden" name="user" value=id.clone() />
                    <Button submit=true look=Look::Danger>{t::backoffice_users_disable()}</Button>
                    <ButtonLink href=here.clone() look=Look::Link>{t::backoffice_users_disable_keep()}</ButtonLink>
                </form>
            </section>
        }
    });
    let ask = (may_disable && !asks).then(|| view! { <ButtonLink href=[&here, "&disable=yes"].concat() look=Look::DangerOutline size=Size::Dense icon=path::PROHIBIT>{t::backoffice_users_disable()}</ButtonLink> });
    view! {
        <DeskHead title=user.name.clone() crumbs=crumbs()>{state} {ask}</DeskHead>
        {added.then(|| view! { <Banner tone=Tone::Success icon=path::CHECK_CIRCLE_FILL>{t::backoffice_users_added()}</Banner> })}
        {question}
        <section class="card narrow"><dl class="facts">{facts}</dl></section>
        <p><a class="link" href=address("/o/audit", &[("q", &id)])>{t::backoffice_audit_of_this()}</a></p>
    }
    .into_light()
}

fn form(organisations: Vec<(String, String)>, sending: Sending) -> AnyView {
    let roles = [UserRole::Admin, UserRole::Manager, UserRole::Analyst]
        .map(|role| (role_value(role).to_owned(), kit::role_name(role).to_owned()))
        .to_vec();
    view! {
        <DeskHead title=t::backoffice_users_add() crumbs=crumbs() />
        <section class="card narrow">
            <Form action="/fn/backoffice/create_user" sending fields=&["name", "email", "organisation", "role", "password"]>
                <Field id="name" label=t::backoffice_users_name() required=true maxlength=80 error=sending.error("name") />
                <Field id="email" label=t::backoffice_users_email() kind="email" inputmode="email" required=true maxlength=200 error=sending.error("email") />
                <div class="fields-2">
                    <Choice id="organisation" label=t::backoffice_users_organisation() options=organisations error=sending.error("organisation") />
                    <Choice id="role" label=t::backoffice_users_role() options=roles chosen="manager" error=sending.error("role") />
                </div>
                <Field id="password" label=t::backoffice_users_password() help=t::backoffice_users_password_help() kind="password" autocomplete="new-password" required=true maxlength=200 error=sending.error("password") />
                <div class="row row--end">
                    <ButtonLink href="/o/users" look=Look::Link>{t::common_cancel()}</ButtonLink>
                    <Button submit=true look=Look::Key busy=sending.busy()>{t::backoffice_users_add()}</Button>
                </div>
            </Form>
        </section>
    }
    .into_light()
}

/// A role in a form, as the wire writes it.
const fn role_value(role: UserRole) -> &'static str {
    match role {
        UserRole::Admin => "admin",
        UserRole::Manager => "manager",
        UserRole::Analyst => "analyst",
    }
}

/// People, newest first, whose name or address holds the words.
#[server(prefix = "/fn", endpoint = "backoffice/read_users")]
pub async fn read_users(#[server(default)] words: String, #[server(default)] after: String) -> Result<Page<(User, String)>, UiError> {
    let (mut tx, actor, _) = request::read().await?;
    Ok(identity::user::search(&mut tx, &actor, &words, Some(&after), crate::ROWS).await?)
}

/// One of them; without an id, what a new one needs.
#[server(prefix = "/fn", endpoint = "backoffice/read_user")]
pub async fn read_user(#[server(default)] user: String) -> Result<Sheet, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    actor.administers_platform()?;
    if user.is_empty() {
        let organisations = identity::organisation::list(&mut tx, &actor).await?;
        return Ok(Sheet::New(organisations.into_iter().map(|organisation| (organisation.id.to_string(), organisation.name)).collect()));
    }
    let id = user.parse().map_err(|_| shared::Problem::not_found())?;
    let (user, organisation) = identity::user::get(&mut tx, &actor, id).await?;
    let zone = identity::organisation::own(&mut tx, &actor).await?.country.time_zone();
    let disabled = user.disabled_at.map(|at| kit::when(zone, now, at));
    Ok(Sheet::Known { own: actor.user().is_ok_and(|own| own == id), user, organisation, disabled })
}

/// Adds a person with a first password. Hashing takes so long that no transaction waits for it.
#[server(prefix = "/fn", endpoint = "backoffice/create_user")]
pub async fn create_user(name: String, email: String, organisation: String, role: UserRole, password: String) -> Result<(), UiError> {
    request::actor().await?.administers_platform()?;
    let organisation = organisation.parse().map_err(|_| shared::Problem::field("organisation", "bad_field", "Not an organisation."))?;
    let password_hash = identity::user::hash_password(&password).await?;
    let (mut tx, actor, now) = request::begin().await?;
    let new = identity::user::NewUser { organisation, email: &email, name: &name, role, password_hash };
    let user = identity::user::create(&mut tx, &actor, now, new).await?;
    tx.commit().await?;
    request::go(&format!("/o/user?id={user}&added=yes"));
    Ok(())
}

/// Shuts somebody out, at once.
#[server(prefix = "/fn", endpoint = "backoffice/disable_user")]
pub async fn disable_user(user: String) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    actor.administers_platform()?;
    let id = user.parse().map_err(|_| shared::Problem::not_found())?;
    identity::user::disable(&mut tx, &actor, now, id).await?;
    tx.commit().await?;
    request::go(&format!("/o/user?id={id}"));
    Ok(())
}
