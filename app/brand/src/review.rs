//! What a second person reads before she publishes: everything that would change, in the words of the terms.

use kit::{
    Banner, Button, ButtonLink, Chip, Column, DeskHead, Field, IntoLight, Look, Skeleton, SkeletonKind, Table, Tone, UiError, icon::path,
    refused, request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    campaigns::{self, Review},
    frame::Desk,
};

/// A draft beside what is in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    id: String,
    name: String,
    version: i64,
    review: Option<Review>,
    missing: Vec<(String, String)>,
    /// Its terms, line by line.
    lines: Vec<(Change, String)>,
    /// What about, as it is, as it would be.
    differences: Vec<(String, String, String)>,
    shops: Vec<(Change, String)>,
    products: Vec<ProductLine>,
    /// One person may publish alone here.
    alone: bool,
    control: campaigns::ControlOf,
    manages: bool,
}

/// A product and what one unit of it gives, where products differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProductLine {
    change: Change,
    name: String,
    points: Option<(i64, i64)>,
}

/// What becomes of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// As before.
    Same,
    /// New.
    Added,
    /// Not there any more.
    Removed,
}

/// `/b/campaign/review?id=<id>`
#[component]
pub(crate) fn ReviewPage() -> impl IntoView {
    let id = request::query("id").unwrap_or_default();
    let page = Resource::new(|| (), move |()| read_review(id.clone()));
    view! {
        <Desk current="/b/campaigns" told=true>
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
                {move || page.get().map(|page| match page {
                    Ok(compared) => shown(compared),
                    Err(error) => view! { <DeskHead title=t::brand_campaigns_title() /> {refused(&error, "/b/campaigns")} }.into_light(),
                })}
            </Suspense>
        </Desk>
    }
}

fn changes(lines: Vec<(Change, String)>) -> AnyView {
    let items = lines
        .into_iter()
        .map(|(change, line)| match change {
            Change::Same => view! { <li>{line}</li> }.into_light(),
            Change::Added => {
                view! { <li class="diff__added"><span class="sr-only">{t::brand_review_added()} ": "</span><ins>{line}</ins></li> }
                    .into_light()
            }
            Change::Removed => {
                view! { <li class="diff__removed"><span class="sr-only">{t::brand_review_removed()} ": "</span><del>{line}</del></li> }
                    .into_light()
            }
        })
        .collect::<Vec<_>>();
    view! { <ul class="diff">{items}</ul> }.into_light()
}

/// What changes, subject by subject, as it is beside as it would be.
fn different(differences: Vec<(String, String, String)>) -> Option<AnyView> {
    if differences.is_empty() {
        return None;
    }
    let said = |text: String| if text.is_empty() { t::brand_review_nothing().to_owned() } else { text };
    let rows = differences
        .into_iter()
        .map(|(subject, before, after)| {
            let name = subject.clone();
            view! {
                <tr data-difference=name>
                    <th scope="row">{subject}</th>
                    <td data-label=t::brand_review_before()>{said(before)}</td>
                    <td data-label=t::brand_review_after()><b>{said(after)}</b></td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let columns =
        vec![Column::text(t::brand_review_subject()), Column::text(t::brand_review_before()), Column::text(t::brand_review_after())];
    Some(
        view! {
            <section class="card card--flush" aria-labelledby="differences">
                <div class="panel__head card--pad"><h2 id="differences">{t::brand_review_differences()}</h2></div>
                <Table caption=t::brand_review_differences() cards=true tall=true columns>{rows}</Table>
            </section>
        }
        .into_light(),
    )
}

/// Products that come, stay and go, with what each gives where they differ.
fn product_table(products: Vec<ProductLine>, before: bool) -> AnyView {
    if products.iter().all(|line| line.points.is_none()) {
        return changes(products.into_iter().map(|line| (line.change, line.name)).collect());
    }
    let items = products
        .into_iter()
        .map(|line| {
            let (old, new) = line.points.unwrap_or_default();
            let points = if before && old != new {
                t::brand_review_points_change(&new.to_string(), &old.to_string()).to_string()
            } else {
                t::brand_review_points(&new.to_string()).to_string()
            };
            let change = if line.change == Change::Same && before && old != new { Change::Added } else { line.change };
            (change, [line.name.as_str(), ": ", &points].concat())
        })
        .collect();
    changes(items)
}

fn shown(compared: Compared) -> AnyView {
    let Compared { id, name, version, review, missing, lines, differences, shops, products, alone, control, manages } = compared;
    let simulate = ["/b/campaign/simulation?id=", &id].concat();
    let control = campaigns::control_card(&id, control, false);
    let back = ["/b/campaign?id=", &id].concat();
    let crumbs = vec![(t::brand_campaigns_title().into(), "/b/campaigns".into()), (name.clone().into(), back.clone().into())];
    let mine = review.as_ref().is_some_and(|review| review.mine);
    let may = manages && missing.is_empty() && (alone || review.is_some() && !mine);
    let asked = review.map(|review| {
        let note = (!review.note.is_empty()).then(|| view! { <blockquote class="note">{review.note.clone()}</blockquote> });
        view! { <section class="card stack"><p>{t::brand_campaign_review_asked(&review.when, &review.who)}</p>{note}</section> }
    });
    let publish = may.then(|| {
        let (one, other) = (id.clone(), id.clone());
        view! {
            <section class="card card--attention stack" aria-labelledby="publish">
                <h2 id="publish">{t::brand_campaign_publish_title(&name)}</h2>
                <p>{t::brand_campaign_publish_text()}</p>
                <form method="post" action="/fn/brand/publish_campaign" class="row">
                    <input type="hidden" name="campaign" value=one />
                    <Button submit=true look=Look::Key icon=path::SEAL_CHECK>{t::brand_campaign_publish()}</Button>
                </form>
                <form method="post" action="/fn/brand/send_back" class="stack">
                    <input type="hidden" name="campaign" value=other />
                    <Field id="why" label=t::brand_review_why() maxlength=500 optional=true />
                    <div class="row"><Button submit=true look=Look::Secondary icon=path::ARROW_LEFT>{t::brand_review_send_back()}</Button></div>
                </form>
            </section>
        }
    });
    let waits = (manages && !may && missing.is_empty()).then(|| view! { <Banner note=true icon=path::INFO>{if mine { t::brand_campaign_review_waits() } else { t::brand_review_none() }}</Banner> });
    let gates = (!missing.is_empty()).then(|| campaigns::gates(missing, None));
    let moved = (!shops.is_empty()).then(|| {
        view! {
            <section class="card" aria-labelledby="shops">
                <div class="panel__head"><h2 id="shops">{t::brand_review_shops()}</h2></div>
                {changes(shops)}
            </section>
        }
    });
    let kind = if version == 0 { t::brand_review_first() } else { t::brand_review_changes() };
    view! {
        <DeskHead title=t::brand_review_title().to_owned() crumbs>
            <Chip tone=Tone::Info table=true>{t::brand_campaigns_version(version + 1).to_string()}</Chip>
            <ButtonLink href=simulate look=Look::Secondary size=kit::Size::Dense icon=path::CHART_LINE_UP>{t::brand_simulation_open()}</ButtonLink>
            <ButtonLink href=back look=Look::Link>{t::brand_campaign_back()}</ButtonLink>
        </DeskHead>
        {asked}
        {gates}
        {waits}
        {different(differences)}
        <div class="panels panels--main">
            <section class="card" aria-labelledby="changes">
                <div class="panel__head"><h2 id="changes">{kind}</h2></div>
                {changes(lines)}
            </section>
            <div class="stack"><section class="card" aria-labelledby="products">
                <div class="panel__head"><h2 id="products">{t::brand_campaign_step_products()}</h2></div>
                {product_table(products, version > 0)}
            </section> {moved} {control}</div>
        </div>
        {publish}
    }
    .into_light()
}

/// What stays, goes and comes between two lists of lines: the longest common subsequence, first what goes.
#[cfg(feature = "ssr")]
fn compare(before: &[String], after: &[String]) -> Vec<(Change, String)> {
    // Lines that both have from a pair of places on.
    let mut common = vec![vec![0_usize; after.len() + 1]; before.len() + 1];
    for (i, old) in before.iter().enumerate().rev() {
        for (j, new) in after.iter().enumerate().rev() {
            common[i][j] = if old == new { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut lines) = (0, 0, Vec::with_capacity(before.len().max(after.len())));
    while i < before.len() || j < after.len() {
        if i < before.len() && j < after.len() && before[i] == after[j] {
            lines.push((Change::Same, before[i].clone()));
            (i, j) = (i + 1, j + 1);
        } else if i < before.len() && (j == after.len() || common[i + 1][j] >= common[i][j + 1]) {
            lines.push((Change::Removed, before[i].clone()));
            i += 1;
        } else {
            lines.push((Change::Added, after[j].clone()));
            j += 1;
        }
    }
    lines
}

#[cfg(feature = "ssr")]
fn subject(subject: loyalty::comparison::Subject) -> &'static str {
    use loyalty::comparison::Subject;
    match subject {
        Subject::Dates => t::brand_review_subject_dates(),
        Subject::Earning => t::brand_review_subject_earning(),
        Subject::Extras => t::brand_review_subject_extras(),
        Subject::FullCard => t::brand_review_subject_full_card(),
        Subject::Limits => t::brand_review_subject_limits(),
        Subject::Validity => t::brand_review_subject_validity(),
        Subject::Returns => t::brand_review_subject_returns(),
        Subject::Shops => t::brand_review_shops(),
        Subject::People => t::brand_review_subject_people(),
    }
}

/// The draft beside what is in force.
#[server(prefix = "/fn", endpoint = "brand/read_review")]
pub async fn read_review(campaign: String) -> Result<Compared, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    let organisation = identity::organisation::own(&mut tx, &actor).await?;
    let id = campaign.parse().map_err(|_| shared::Problem::not_found())?;
    let campaign = loyalty::campaign::get(&mut tx, &actor, now, id).await?;
    let gates = loyalty::gate::look(&mut tx, &actor, now, &campaign).await?;
    let text = |terms: &str| terms.lines().map(str::to_owned).collect::<Vec<_>>();
    let lines = compare(&text(&campaign.terms), &text(&gates.terms));
    let compared = loyalty::comparison::of(&mut tx, &actor, &campaign).await?;
    let removed = compared.shops_removed.into_iter().map(|name| (Change::Removed, name));
    let shops = removed.chain(compared.shops_added.into_iter().map(|name| (Change::Added, name))).collect();
    let products = compared.products.into_iter().map(|product| ProductLine {
        change: match (product.before, product.after) {
            (true, false) => Change::Removed,
            (false, true) if campaign.version > 0 => Change::Added,
            _ => Change::Same,
        },
        name: product.name,
        points: product.points,
    });
    let products = products.collect();
    let differences = compared.differences.into_iter().map(|one| (subject(one.subject).to_owned(), one.before, one.after)).collect();
    let lines = if campaign.version == 0 { lines.into_iter().map(|(_, line)| (Change::Same, line)).collect() } else { lines };
    let alone = loyalty::gate::publishes_alone(&mut tx, &campaign).await?;
    let control = loyalty::control::look(&mut tx, &actor, now, id).await?.into();
    Ok(Compared {
        control,
        id: campaign.id.to_string(),
        name: campaign.name.clone(),
        version: campaign.version,
        review: campaign.review.as_ref().map(|asked| Review::of(asked, &actor, organisation.country.time_zone())),
        missing: gates.missing.into_iter().map(|one| (one.field, one.code)).collect(),
        lines,
        differences,
        shops,
        products,
        alone,
        manages: actor.manages(campaign.organisation_id).is_ok(),
    })
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn what_goes_stands_before_what_comes() {
        let lines = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let told: Vec<String> = compare(&lines("a b c d"), &lines("a x c d e"))
            .into_iter()
            .map(|(change, line)| match change {
                Change::Same => line,
                Change::Added => format!("+{line}"),
                Change::Removed => format!("-{line}"),
            })
            .collect();

        assert_eq!(told, ["a", "-b", "+x", "c", "d", "+e"]);
        assert!(compare(&[], &[]).is_empty());
    }
}
