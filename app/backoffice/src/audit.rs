//! Who did what, to what, and why: newest first, never changed.

use kit::{
    Choice, Column, DeskHead, Empty, IntoLight, More, Search, Skeleton, SkeletonKind, Table, UiError, address, icon::path, refused,
    request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::Page;

use crate::frame::Desk;

/// So many changed fields show without being asked for.
const FEW: i64 = 3;

/// Beginnings of verbs that the filter offers.
fn areas() -> [(&'static str, &'static str); 9] {
    [
        ("", t::common_all()),
        ("product", t::backoffice_nav_products()),
        ("proposal.", t::backoffice_proposals_title()),
        ("shop.", t::backoffice_nav_shops()),
        ("campaign.", t::backoffice_audit_area_campaigns()),
        ("reward.", t::backoffice_audit_area_rewards()),
        ("device.", t::backoffice_shops_phones()),
        ("user.", t::backoffice_nav_people()),
        ("api_key.", t::backoffice_audit_area_keys()),
    ]
}

/// What a verb is called; one without a name of ours stays as it is.
fn verb_name(verb: &str) -> String {
    match verb {
        "api_key.created" => t::backoffice_verb_api_key_created(),
        "api_key.revoked" => t::backoffice_verb_api_key_revoked(),
        "audience_message.confirmed" => t::backoffice_verb_audience_message_confirmed(),
        "audience_message.prepared" => t::backoffice_verb_audience_message_prepared(),
        "brand.levels_cleared" => t::backoffice_verb_brand_levels_cleared(),
        "brand.levels_set" => t::backoffice_verb_brand_levels_set(),
        "campaign.goal_cleared" => t::backoffice_verb_campaign_goal_cleared(),
        "campaign.goal_set" => t::backoffice_verb_campaign_goal_set(),
        "purchase.lines_evaluated" => t::backoffice_verb_purchase_lines_evaluated(),
        "report_schedule.came_back" => t::backoffice_verb_report_schedule_came_back(),
        "report_schedule.created" => t::backoffice_verb_report_schedule_created(),
        "report_schedule.removed" => t::backoffice_verb_report_schedule_removed(),
        "report_schedule.sent_now" => t::backoffice_verb_report_schedule_sent_now(),
        "shop.currency_set" => t::backoffice_verb_shop_currency_set(),
        "shop.monthly_account" => t::backoffice_verb_shop_monthly_account(),
        "brand.created" => t::backoffice_verb_brand_created(),
        "campaign.created" => t::backoffice_verb_campaign_created(),
        "campaign.edited" => t::backoffice_verb_campaign_edited(),
        "campaign.published" => t::backoffice_verb_campaign_published(),
        "device.enrolled" => t::backoffice_verb_device_enrolled(),
        "device.revoked" => t::backoffice_verb_device_revoked(),
        "invitation.created" => t::backoffice_verb_invitation_created(),
        "jobs.retried" => t::backoffice_verb_jobs_retried(),
        "member.joined" => t::backoffice_verb_member_joined(),
        "member.removed" => t::backoffice_verb_member_removed(),
        "organisation.created" => t::backoffice_verb_organisation_created(),
        "product.changed" => t::backoffice_verb_product_changed(),
        "product.created" => t::backoffice_verb_product_created(),
        "products.imported" => t::backoffice_verb_products_imported(),
        "proposal.accepted" => t::backoffice_verb_proposal_accepted(),
        "proposal.closed" => t::backoffice_verb_proposal_closed(),
        "reward.created" => t::backoffice_verb_reward_created(),
        "reward.delivered" => t::backoffice_verb_reward_delivered(),
        "sessions.closed" => t::backoffice_verb_sessions_closed(),
        "shop.created" => t::backoffice_verb_shop_created(),
        "shop.registered" => t::backoffice_verb_shop_registered(),
        "user.created" => t::backoffice_verb_user_created(),
        "user.disabled" => t::backoffice_verb_user_disabled(),
        "user.logged_in" => t::backoffice_verb_user_logged_in(),
        "adjustment.posted" => t::backoffice_verb_adjustment_posted(),
        "adjustment.proposed" => t::backoffice_verb_adjustment_proposed(),
        "adjustment.refused" => t::backoffice_verb_adjustment_refused(),
        "alert.dismissed" => t::backoffice_verb_alert_dismissed(),
        "brand.assumptions_set" => t::backoffice_verb_brand_assumptions_set(),
        "brand.cost_added" => t::backoffice_verb_brand_cost_added(),
        "brand.licence_set" => t::backoffice_verb_brand_licence_set(),
        "brand.segments_saved" => t::backoffice_verb_brand_segments_saved(),
        "brand.shop_withdrawn" => t::backoffice_verb_brand_shop_withdrawn(),
        "brand.shops_enrolled" => t::backoffice_verb_brand_shops_enrolled(),
        "campaign.arms_fixed" => t::backoffice_verb_campaign_arms_fixed(),
        "campaign.control_chosen" => t::backoffice_verb_campaign_control_chosen(),
        "campaign.incentive" => t::backoffice_verb_campaign_incentive(),
        "campaign.paused" => t::backoffice_verb_campaign_paused(),
        "campaign.resumed" => t::backoffice_verb_campaign_resumed(),
        "campaign.review_asked" => t::backoffice_verb_campaign_review_asked(),
        "campaign.sent_back" => t::backoffice_verb_campaign_sent_back(),
        "campaign.settled" => t::backoffice_verb_campaign_settled(),
        "card.claimed" => t::backoffice_verb_card_claimed(),
        "card.codes_locked" => t::backoffice_verb_card_codes_locked(),
        "consumer.deleted" => t::backoffice_verb_consumer_deleted(),
        "consumer.joined" => t::backoffice_verb_consumer_joined(),
        "dispute.opened" => t::backoffice_verb_dispute_opened(),
        "dispute.refused" => t::backoffice_verb_dispute_refused(),
        "dispute.upheld" => t::backoffice_verb_dispute_upheld(),
        "organisation.publishing_set" => t::backoffice_verb_organisation_publishing_set(),
        "privacy.answered" => t::backoffice_verb_privacy_answered(),
        "privacy.asked" => t::backoffice_verb_privacy_asked(),
        "privacy.exported" => t::backoffice_verb_privacy_exported(),
        "privacy.unblocked" => t::backoffice_verb_privacy_unblocked(),
        "product.pack_removed" => t::backoffice_verb_product_pack_removed(),
        "product.prices_set" => t::backoffice_verb_product_prices_set(),
        "product.pack_set" => t::backoffice_verb_product_pack_set(),
        "purchase.approval_proposed" => t::backoffice_verb_purchase_approval_proposed(),
        "purchase.approved" => t::backoffice_verb_purchase_approved(),
        "purchase.rejected" => t::backoffice_verb_purchase_rejected(),
        "purchase.returned" => t::backoffice_verb_purchase_returned(),
        "receipt.sent" => t::backoffice_verb_receipt_sent(),
        "reward.availability_set" => t::backoffice_verb_reward_availability_set(),
        "reward.delivery_undone" => t::backoffice_verb_reward_delivery_undone(),
        "reward.missing" => t::backoffice_verb_reward_missing(),
        "reward.ticket_taken" => t::backoffice_verb_reward_ticket_taken(),
        "reward.released" => t::backoffice_verb_reward_released(),
        "reward.reserved" => t::backoffice_verb_reward_reserved(),
        "reward.shop_units" => t::backoffice_verb_reward_shop_units(),
        "sandbox.created" => t::backoffice_verb_sandbox_created(),
        "sandbox.reset" => t::backoffice_verb_sandbox_reset(),
        "sandbox.reset_finished" => t::backoffice_verb_sandbox_reset_finished(),
        "sandbox.shop_added" => t::backoffice_verb_sandbox_shop_added(),
        "sell_in.loaded" => t::backoffice_verb_sell_in_loaded(),
        "sell_in.undone" => t::backoffice_verb_sell_in_undone(),
        "settlement.closed" => t::backoffice_verb_settlement_closed(),
        "shop.held" => t::backoffice_verb_shop_held(),
        "shop.released" => t::backoffice_verb_shop_released(),
        "shops.import_undone" => t::backoffice_verb_shops_import_undone(),
        "shops.imported" => t::backoffice_verb_shops_imported(),
        "statement.settled" => t::backoffice_verb_statement_settled(),
        "till_file.applied" => t::backoffice_verb_till_file_applied(),
        "till_source.created" => t::backoffice_verb_till_source_created(),
        "till_terminal.placed" => t::backoffice_verb_till_terminal_placed(),
        "webhook.created" => t::backoffice_verb_webhook_created(),
        "webhook.disabled" => t::backoffice_verb_webhook_disabled(),
        "webhook.enabled" => t::backoffice_verb_webhook_enabled(),
        "webhook.secret_rotated" => t::backoffice_verb_webhook_secret_rotated(),
        "webhook.sent_again" => t::backoffice_verb_webhook_sent_again(),
        "user.totp_enabled" => t::backoffice_verb_user_totp_enabled(),
        other => return other.to_owned(),
    }
    .to_owned()
}

/// One thing that somebody did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Deed {
    when: String,
    who: String,
    /// What the audit calls them, when no name stands for it.
    label: Option<String>,
    verb: String,
    subject: String,
    /// What the subject is called.
    subject_name: Option<String>,
    why: Option<String>,
    changes: Vec<FieldChange>,
}

/// How one field was and is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct FieldChange {
    /// `rules.starts`
    name: String,
    before: Option<String>,
    after: Option<String>,
}

/// `/o/audit?area=<verbs>&q=<words>&after=<cursor>`
#[component]
pub(crate) fn AuditPage() -> impl IntoView {
    let words = request::query("q").unwrap_or_default();
    let area = request::query("area").unwrap_or_default();
    let after = request::query("after").unwrap_or_default();
    let more = address("/o/audit", &[("area", &area), ("q", &words)]);
    let options = areas().map(|(value, words)| (value.to_owned(), words.to_owned())).to_vec();
    let asked = (area.clone(), words.clone());
    let page = Resource::new(|| (), move |()| read_audit(asked.0.clone(), asked.1.clone(), after.clone()));
    view! {
        <Desk current="/o/audit">
            <DeskHead title=t::backoffice_audit_title() />
            <Search action="/o/audit" label=t::backoffice_audit_search() words>
                <Choice id="area" label=t::backoffice_audit_area() options chosen=area />
            </Search>
            <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows count=8 /> }>
                {move || page.get().map(|page| match page {
                    Ok(page) => table(page, more.clone()),
                    Err(error) => refused(&error, "/o/audit"),
                })}
            </Suspense>
        </Desk>
    }
}

fn table(page: Page<Deed>, more: String) -> AnyView {
    if page.items.is_empty() {
        return view! { <section class="card"><Empty title=t::backoffice_audit_empty_title() text=t::backoffice_audit_empty_text() icon=path::LIST_MAGNIFYING_GLASS /></section> }.into_light();
    }
    let rows = page
        .items
        .into_iter()
        .map(|deed| {
            let label = deed.label.map(|label| view! { <br /> <code class="ident">{label}</code> });
            let why = deed.why.map(|why| view! { <p>{why}</p> });
            view! {
                <tr>
                    <th scope="row" class="nowrap">{deed.when}</th>
                    <td data-label=t::backoffice_audit_who()>{deed.who} {label}</td>
                    <td data-label=t::backoffice_audit_what()>{verb_name(&deed.verb)}</td>
                    <td data-label=t::backoffice_audit_subject()>{subject(deed.subject, deed.subject_name)}</td>
                    <td data-label=t::backoffice_audit_detail()>{why}{changes(deed.changes)}</td>
                </tr>
            }
        })
        .collect::<Vec<_>>();
    let columns = vec![
        Column::text(t::backoffice_audit_when()),
        Column::text(t::backoffice_audit_who()),
        Column::text(t::backoffice_audit_what()),
        Column::text(t::backoffice_audit_subject()),
        Column::text(t::backoffice_audit_detail()),
    ];
    view! {
        <section class="card card--flush">
            <Table caption=t::backoffice_audit_title() cards=true columns>{rows}</Table>
            <More query=more cursor=page.next_cursor />
        </section>
    }
    .into_light()
}

/// The thing by its name, with the way to its page when it has one; its id stands below, to be copied.
fn subject(id: String, name: Option<String>) -> AnyView {
    let page = match id.split('_').next().unwrap_or_default() {
        "pro" => "/o/product?id=",
        "sho" => "/o/shop?id=",
        "usr" => "/o/user?id=",
        "imp" => "/o/import?id=",
        "dis" => "/o/dispute?id=",
        "prq" => "/o/request?id=",
        "sta" => "/o/statement?id=",
        "set" => "/o/settlement?id=",
        _ => return view! { {name.map(|name| view! { {name} <br /> })} <code class="ident">{id}</code> }.into_light(),
    };
    let href = [page, &id].concat();
    match name {
        Some(name) => view! { <a class="link" href=href>{name}</a> <br /> <code class="ident">{id}</code> }.into_light(),
        None => view! { <a class="link" href=href><code class="ident">{id}</code></a> }.into_light(),
    }
}

/// What a field is called; one without a name of ours stays as it is.
fn field_name(name: &str) -> String {
    match name {
        "brand_name" => t::backoffice_products_brand(),
        "category" => t::backoffice_products_category(),
        "created" => t::backoffice_import_created(),
        "currency" => t::backoffice_products_currency(),
        "gtin" => t::backoffice_products_gtin(),
        "name" => t::backoffice_products_name(),
        "role" => t::backoffice_users_role(),
        "same" => t::backoffice_import_same(),
        "suggested_price_minor" => t::backoffice_products_price(),
        "updated" => t::backoffice_import_updated(),
        "wrong" => t::backoffice_import_wrong(),
        other => return other.to_owned(),
    }
    .to_owned()
}

fn changes(changes: Vec<FieldChange>) -> AnyView {
    if changes.is_empty() {
        return ().into_light();
    }
    let count = changes.len() as i64;
    let items = changes
        .into_iter()
        .map(|FieldChange { name, before, after }| {
            let was = before.map(|before| view! { <del>{before}</del> " " });
            view! { <dt>{field_name(&name)}</dt><dd>{was} <b>{after.unwrap_or_else(|| t::backoffice_import_empty().to_owned())}</b></dd> }
        })
        .collect::<Vec<_>>();
    let list = view! { <dl class="facts facts--start facts--plain">{items}</dl> };
    if count <= FEW {
        return list.into_light();
    }
    view! { <details><summary class="link">{t::backoffice_audit_changes(count).to_string()}</summary>{list}</details> }.into_light()
}

/// What stands for somebody without a name.
#[cfg(feature = "ssr")]
fn kind_of(actor: &str) -> &'static str {
    match actor.split(' ').next().unwrap_or_default() {
        "system" => t::backoffice_audit_system(),
        "key" => t::backoffice_audit_key(),
        "consumer" => t::backoffice_audit_consumer(),
        _ => t::backoffice_audit_person(),
    }
}

/// What differs between two states, field by field; of a state without another, all that it says.
#[cfg(any(feature = "ssr", test))]
fn differences(before: Option<&serde_json::Value>, after: Option<&serde_json::Value>) -> Vec<FieldChange> {
    let (mut old, mut new) = (Vec::new(), Vec::new());
    before.into_iter().for_each(|value| flatten("", value, &mut old));
    after.into_iter().for_each(|value| flatten("", value, &mut new));
    let mut names: Vec<&String> = old.iter().chain(&new).map(|(name, _)| name).collect();
    names.sort();
    names.dedup();
    let of = |side: &[(String, String)], name: &str| side.iter().find(|(known, _)| known == name).map(|(_, text)| text.clone());
    // An event that says only how things are now has no *before* for any field.
    let one_sided = before.is_none() || after.is_none();
    names
        .into_iter()
        .map(|name| FieldChange { before: of(&old, name), after: of(&new, name), name: name.clone() })
        .filter(|change| one_sided || change.before != change.after)
        .collect()
}

/// `{"rules": {"starts": …}}` → `rules.starts`.
#[cfg(any(feature = "ssr", test))]
fn flatten(name: &str, value: &serde_json::Value, out: &mut Vec<(String, String)>) {
    use serde_json::Value;
    use shared::Currency;
    match value {
        Value::Object(fields) => {
            let currency = fields.get("currency").and_then(|currency| serde_json::from_value::<Currency>(currency.clone()).ok());
            for (field, value) in fields {
                let name = if name.is_empty() { field.clone() } else { [name, ".", field].concat() };
                // An amount as people write it, not in its minor units.
                match (currency, value.as_i64()) {
                    (Some(currency), Some(minor)) if field.ends_with("_minor") => out.push((name, currency.major_text(minor))),
                    _ => flatten(&name, value, out),
                }
            }
        }
        Value::Null => {}
        Value::String(text) => out.push((name.to_owned(), text.clone())),
        other => out.push((name.to_owned(), other.to_string())),
    }
}

/// Lines whose verb begins with `area` and whose person, thing or reason holds the words.
#[server(prefix = "/fn", endpoint = "backoffice/read_audit")]
pub async fn read_audit(
    #[server(default)] area: String,
    #[server(default)] words: String,
    #[server(default)] after: String,
) -> Result<Page<Deed>, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    let page = identity::audit::search(&mut tx, &actor, &area, &words, Some(&after), crate::ROWS).await?;
    let zone = identity::organisation::own(&mut tx, &actor).await?.country.time_zone();
    let deed = |identity::audit::Signed { event, name }: identity::audit::Signed| Deed {
        when: kit::when(zone, now, event.at),
        label: event.actor.split_once(' ').filter(|_| name.is_none()).map(|(_, id)| id.to_owned()),
        who: name.unwrap_or_else(|| kind_of(&event.actor).to_owned()),
        changes: differences(event.before.as_ref(), event.after.as_ref()),
        verb: event.verb,
        subject: event.subject,
        subject_name: None,
        why: event.why,
    };
    let mut deeds: Vec<Deed> = page.items.into_iter().map(deed).collect();
    let changed =
        |deed: &Deed| deed.changes.iter().flat_map(|change| [&change.before, &change.after]).flatten().cloned().collect::<Vec<_>>();
    let ids = deeds.iter().flat_map(|deed| [Some(deed.subject.clone()), deed.label.clone()].into_iter().flatten().chain(changed(deed)));
    let names = loyalty::names::of(&mut tx, &actor, ids.collect::<Vec<_>>()).await?;
    for deed in &mut deeds {
        deed.subject_name = names.get(&deed.subject).cloned();
        if let Some(name) = deed.label.as_ref().and_then(|id| names.get(id)) {
            deed.who = [&deed.who, " · ", name].concat();
        }
        for side in deed.changes.iter_mut().flat_map(|change| [&mut change.before, &mut change.after]) {
            if let Some(told) = side.as_mut()
                && let Some(name) = names.get(told)
            {
                *told = [name, " (", told, ")"].concat();
            }
        }
    }
    Ok(Page { items: deeds, next_cursor: page.next_cursor })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_differs_is_told() {
        let told = differences(
            Some(&json!({"name": "Cola", "price": 1, "rules": {"goal": 5}})),
            Some(&json!({"name": "Cola", "price": 2, "rules": {"goal": 6}})),
        );
        let names: Vec<_> = told.iter().map(|change| (change.name.as_str(), change.before.as_deref(), change.after.as_deref())).collect();

        assert_eq!(names, [("price", Some("1"), Some("2")), ("rules.goal", Some("5"), Some("6"))]);
        assert_eq!(differences(None, Some(&json!({"role": "admin", "note": null}))).len(), 1);
        assert_eq!(differences(None, Some(&json!({"price_minor": 250_000, "currency": "COP"})))[1].after.as_deref(), Some("2500"));
    }
}
