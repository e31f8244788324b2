//! A campaign from a template: its few answers, what they would give, and the terms, on one page.

use kit::{
    Button, ButtonLink, Card, Chip, Field, Icon, IntoLight, LiveRegions, Look as Looks, ProductPicture, Size, Skeleton, SkeletonKind,
    StampGrid, StepItem, Steps, UiError, icon::path, refused, request, t,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::identity::Brand;

use crate::{
    draft::{Draft, Wrong},
    frame::{self, Desk},
};

/// Everything that the page needs at first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sheet {
    draft: Draft,
    brand: Brand,
    version: i64,
    /// Of the brand.
    products: Vec<Pick>,
    /// Of the brand.
    rewards: Vec<Pick>,
    /// Where shops of the brand are.
    zones: Vec<String>,
    look: Look,
}

/// Something that can be chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pick {
    id: String,
    name: String,
    detail: String,
    category: String,
}

/// What a draft would do.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Look {
    wrong: Vec<Wrong>,
    /// For the consumer; empty while something is wrong.
    terms: String,
    examples: Vec<Example>,
    /// Stamps of a full card.
    need: Option<u32>,
}

/// A basket and what it would get.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Example {
    basket: String,
    /// The code of the reason when it gets nothing.
    reason: Option<String>,
    award: i64,
    category: String,
}

/// The templates, with the address word, the name, what it is for, and a picture.
fn templates() -> [(&'static str, &'static str, &'static str, &'static str); 5] {
    [
        ("stamp_card", t::brand_campaign_template_stamps(), t::brand_campaign_template_stamps_text(), path::STAMP),
        ("visit_card", t::brand_campaign_template_visits(), t::brand_campaign_template_visits_text(), path::STOREFRONT),
        ("points_per_unit", t::brand_campaign_template_units(), t::brand_campaign_template_units_text(), path::PACKAGE),
        ("double_days", t::brand_campaign_template_double(), t::brand_campaign_template_double_text(), path::CALENDAR_BLANK),
        ("points_per_value", t::brand_campaign_template_value(), t::brand_campaign_template_value_text(), path::RECEIPT),
    ]
}

/// `/b/campaigns/new`
#[component]
pub(crate) fn TemplatePage() -> impl IntoView {
    let crumbs = vec![(t::brand_campaigns_title().into(), "/b/campaigns".into())];
    let frame = frame::frame();
    let cards = move |brand: Option<Brand>| {
        templates()
            .map(|(word, name, text, icon)| {
                let brand = brand.as_ref().map(|brand| ["&brand=", &brand.id.to_string()].concat()).unwrap_or_default();
                view! {
                    <a class="card card--link" href=["/b/campaigns/edit?template=", word, &brand].concat()>
                        <span class="disc disc--big"><Icon path=icon size=24 /></span>
                        <b>{name}</b>
                        <span class="muted">{text}</span>
                    </a>
                }
            })
            .into_iter()
            .collect::<Vec<_>>()
    };
    view! {
        <Desk current="/b/campaigns" frame>
            <kit::DeskHead title=t::brand_campaign_template_title() crumbs />
            <Suspense>
                {move || frame.get().map(|frame| {
                    let brands = frame.map(|frame| frame.brands).unwrap_or_default();
                    if brands.len() < 2 {
                        return view! { <div class="templates">{cards(None)}</div> }.into_light();
                    }
                    brands
                        .into_iter()
                        .map(|brand| view! { <section class="stack"><h2>{brand.name.clone()}</h2><div class="templates">{cards(Some(brand))}</div></section> })
                        .collect::<Vec<_>>()
                        .into_light()
                })}
            </Suspense>
        </Desk>
    }
}

/// `/b/campaigns/edit?template=stamp_card`, or `?campaign=<id>`, or a whole draft.
#[component]
pub(crate) fn BuilderPage() -> impl IntoView {
    let query = request::query_string();
    let tried = request::refusal().is_some();
    let page = Resource::new(|| (), move |()| read_builder(query.clone()));
    view! {
        <a class="skip" href="#main">{t::common_skip_main()}</a>
        <LiveRegions />
        <Suspense fallback=|| view! { <Skeleton kind=SkeletonKind::Rows /> }>
            {move || page.get().map(|page| match page {
                Ok(sheet) => view! { <Builder sheet tried /> }.into_light(),
                Err(error) => view! { <main id="main" class="desk__main"><h1>{t::brand_campaigns_new()}</h1>{refused(&error, "/b/campaigns")}</main> }.into_light(),
            })}
        </Suspense>
    }
}

/// The state of the page: the newest look, and whether missing answers are told yet.
#[derive(Clone, Copy)]
struct State {
    look: RwSignal<Look>,
    tried: RwSignal<bool>,
}

impl State {
    /// A missing answer is no mistake until somebody tried to save.
    fn shows(self, wrong: &Wrong) -> bool {
        self.tried.get() || !matches!(wrong.code.as_str(), "required" | "loyalty.products_missing")
    }
    fn error(self, field: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || {
            self.look.with(|look| {
                look.wrong
                    .iter()
                    .find(|wrong| wrong.field == field && self.shows(wrong))
                    .map(|wrong| kit::error::message(&wrong.code).to_owned())
            })
        })
    }
    fn errors(self) -> usize {
        self.look.with(|look| look.wrong.iter().filter(|wrong| self.shows(wrong)).count())
    }
    fn any(self, fields: &[&str]) -> bool {
        self.look.with(|look| look.wrong.iter().any(|wrong| fields.contains(&wrong.field.as_str())))
    }
    fn any_shown(self, fields: &[&str]) -> bool {
        self.look.with(|look| look.wrong.iter().any(|wrong| fields.contains(&wrong.field.as_str()) && self.shows(wrong)))
    }
}

const RULES: [&str; 6] = ["units", "points", "step", "need", "least", "days"];
const REWARD: [&str; 4] = ["reward", "reward_name", "reward_cost", "reward_stock"];
const DATES: [&str; 3] = ["name", "starts", "ends"];
const MORE: [&str; 3] = ["zones", "distributors", "budget"];

/// Fields that show their own error.
fn fields() -> impl Iterator<Item = &'static str> {
    RULES.into_iter().chain(["products"]).chain(REWARD).chain(DATES).chain(MORE)
}

#[component]
fn Builder(sheet: Sheet, tried: bool) -> impl IntoView {
    let Sheet { draft, brand, version, products, rewards, zones, look } = sheet;
    let state = State { look: RwSignal::new(look), tried: RwSignal::new(tried) };
    let stamps = draft.stamps();
    let name = templates().into_iter().find(|(word, ..)| *word == draft.template).map_or("", |(_, name, ..)| name);
    let back = if draft.campaign.is_empty() { "/b/campaigns/new".to_owned() } else { ["/b/campaign?id=", &draft.campaign].concat() };
    let chosen = RwSignal::new(draft.products.len());
    let reward = stamps.then(|| {
        view! {
            <section id="reward" class="stack">
                <h2>{t::brand_campaign_reward()}</h2>
                <Reward draft=draft.clone() rewards fixed={version > 0} state />
            </section>
        }
    });
    let more = view! { <More draft=draft.clone() zones state /> };
    let typed = draft.clone();
    let sentence = view! { <Card class="sentence"><Sentence draft=typed chosen state /></Card> };
    let name_field = if version > 0 {
        view! { <input type="hidden" name="name" value=draft.name.clone() /> <p><b>{draft.name.clone()}</b></p> }.into_light()
    } else {
        view! { <Field id="name" label=t::brand_campaign_name() initial=draft.name.clone() maxlength=80 error=state.error("name") /> }
            .into_light()
    };
    let dates = view! {
        {name_field}
        <div class="fields">
            <Field id="starts" kind="date" label=t::brand_campaign_starts() initial=draft.starts.clone() error=state.error("starts") />
            <Field id="ends" kind="date" label=t::brand_campaign_ends() initial=draft.ends.clone() error=state.error("ends") />
        </div>
    };
    let steps = move || {
        let item = |href: &str, name, answer: String, fields: &[&str]| StepItem {
            href: href.to_owned(),
            name,
            answer,
            done: !state.any(fields),
            wrong: state.any_shown(fields),
        };
        let count = chosen.get() as i64;
        let products = if count == 0 { String::new() } else { t::brand_campaign_products_chosen(count).to_string() };
        let mut steps = vec![
            StepItem {
                href: "/b/campaigns/new".to_owned(),
                name: t::brand_campaign_step_mechanic(),
                answer: name.to_owned(),
                done: true,
                wrong: false,
            },
            item("#rules", t::brand_campaign_step_rules(), String::new(), &RULES),
            item("#products", t::brand_campaign_step_products(), products, &["products"]),
        ];
        if stamps {
            steps.push(item("#reward", t::brand_campaign_reward(), String::new(), &REWARD));
        }
        steps.push(item("#dates", t::brand_campaign_step_dates(), String::new(), &DATES));
        view! { <Steps steps current=1 /> }
    };
    let note = move || {
        let errors = state.errors();
        // A refusal that belongs to no field is told in words; the others stand at their fields.
        let other = state.look.with(|look| {
            look.wrong.iter().find(|wrong| !fields().any(|field| field == wrong.field)).map(|wrong| kit::error::message(&wrong.code))
        });
        if let Some(message) = other {
            return Some(
                view! { <span class="desk__foot-note desk__foot-note--wrong" role="status"><Icon path=path::WARNING_CIRCLE_FILL size=18 /> " " {message.to_owned()}</span> },
            );
        }
        (errors > 0).then(|| view! { <span class="desk__foot-note desk__foot-note--wrong" role="status"><Icon path=path::WARNING_CIRCLE_FILL size=18 /> " " {t::brand_campaign_errors(errors as i64).to_string()}</span> })
    };
    view! {
        <form
            id="builder"
            class="builder"
            method="get"
            action="/b/campaigns/edit"
            on:input=move |event| follow(&event, state, chosen)
            on:submit=move |event| guard(&event, state)
        >
            <header class="builder__head">
                <a class="btn btn--icon btn--ghost" href="/b/campaigns" aria-label=t::common_close() title=t::common_close()><Icon path=path::X size=20 /></a>
                <kit::Avatar name=brand.name.clone() colour=brand.colour.clone() size=32 />
                <h1>{if version > 0 { t::brand_campaign_new_version() } else { t::brand_campaigns_new() }} " · " {name}</h1>
                <Chip table=true>{if version > 0 { t::brand_campaigns_version(version + 1).to_string() } else { t::common_state_draft().to_owned() }}</Chip>
            </header>
            <div class="builder__body">
                <nav class="builder__steps" aria-label=t::common_sections()>{steps}</nav>
                <main id="main" tabindex="-1" class="builder__form">
                    <input type="hidden" name="campaign" value=draft.campaign.clone() />
                    <input type="hidden" name="brand" value=draft.brand.clone() />
                    <input type="hidden" name="template" value=draft.template.clone() />
                    <section id="rules" class="stack">
                        <h2 class="builder__title">{t::brand_campaign_rules_title()}</h2>
                        <p class="muted">{t::brand_campaign_rules_lead()}</p>
                        {sentence}
                    </section>
                    <section id="products" class="stack">
                        <h2>{t::brand_campaign_products_title()}</h2>
                        <Products products chosen=draft.products.clone() state />
                    </section>
                    {reward}
                    <section id="dates" class="stack">
                        <h2>{t::brand_campaign_step_dates()}</h2>
                        {dates}
                    </section>
                    {more}
                </main>
                <aside class="builder__panel" aria-label=t::brand_campaign_preview()><Panel state stamps /></aside>
            </div>
            <div class="desk__foot">
                <ButtonLink href=back look=Looks::Outline>{t::brand_campaign_back()}</ButtonLink>
                {note}
                <noscript><Button submit=true look=Looks::Secondary>{t::brand_campaign_preview()}</Button></noscript>
                <button class="btn btn--key" type="submit" formmethod="post" formaction="/fn/brand/save_campaign"><Icon path=path::CHECK size=20 /> {t::brand_campaign_save()}</button>
            </div>
        </form>
    }
}

/// The rule as a sentence whose numbers are fields.
#[component]
fn Sentence(draft: Draft, chosen: RwSignal<usize>, state: State) -> impl IntoView {
    let (stamps, visits) = (draft.stamps(), draft.template == "visit_card");
    let number = move |id: &'static str, money: bool, label: &'static str, value: String, after: fn(i64) -> String| {
        let error = state.error(id);
        // The word agrees with the number while it is typed.
        let count = RwSignal::new(value.parse().unwrap_or(2));
        view! {
            <label class="sentence__token" class:sentence__token--wrong=move || error.with(Option::is_some)>
                {money.then_some("$")}
                <input class="sentence__input" id=id name=id type="text" inputmode="decimal" maxlength="12" value=value aria-label=label on:input=move |event| count.set(event_target_value(&event).parse().unwrap_or(2)) aria-invalid=move || error.with(Option::is_some).then_some("true") aria-describedby="rules-wrong" />
                {move || after(count.get())}
            </label>
        }
    };
    let products = move || {
        let count = chosen.get();
        view! { <a class="sentence__token" href="#products">{if count == 0 { t::brand_campaign_sentence_products().to_owned() } else { t::common_products_count(count as i64).to_string() }}</a> }
    };
    let each = match draft.template.as_str() {
        "points_per_value" => view! { {number("step", true, t::brand_campaign_field_step(), draft.step, |_| String::new())} " " {t::brand_campaign_sentence_in()} " " }.into_light(),
        "visit_card" => view! { {t::brand_campaign_sentence_visit()} " " {number("least", true, t::brand_campaign_field_least(), draft.least, |_| String::new())} " " {t::brand_campaign_sentence_least()} " " }.into_light(),
        _ => view! { {number("units", false, t::brand_campaign_field_units(), draft.units, t::common_units)} " " {t::brand_campaign_sentence_of()} " " }.into_light(),
    };
    let given = if stamps { t::common_stamps } else { t::common_points };
    let full = stamps.then(|| {
        view! {
            " " {t::brand_campaign_sentence_with()} " " {number("need", false, t::brand_campaign_field_need(), draft.need, given)} " " {t::brand_campaign_sentence_wins()} " "
            <a class="sentence__token" href="#reward">{t::brand_campaign_sentence_reward()}</a> "."
        }
    });
    let gets = if visits {
        view! { <b>{["1 ", &given(1)].concat()}</b> }.into_light()
    } else {
        number(
            "points",
            false,
            if stamps { t::brand_campaign_field_stamps() } else { t::brand_campaign_field_points() },
            draft.points,
            given,
        )
        .into_light()
    };
    let days = (draft.template == "double_days").then(|| {
        let chosen = draft.days;
        let each = shared::format::WEEKDAYS_LONG
            .into_iter()
            .zip(1_u8..)
            .map(|(name, day)| {
                let value = day.to_string();
                let on = chosen.contains(&value);
                view! { <label class="row"><input class="check" type="checkbox" name="days[]" value=value checked=on /> <span>{name}</span></label> }
            })
            .collect::<Vec<_>>();
        view! {
            <fieldset id="days" class="stack stack--8">
                <legend>{t::brand_campaign_field_days()}</legend>
                <div class="row row--wrap">{each}</div>
            </fieldset>
        }
    });
    let wrong = move || {
        let errors = RULES.map(|field| state.error(field).get());
        errors
            .into_iter()
            .flatten()
            .next()
            .map(|error| view! { <span class="field__error"><Icon path=path::WARNING_CIRCLE_FILL size=16 /> {error}</span> })
    };
    view! {
        <p>
            {t::brand_campaign_sentence_each()} " " {each} {products} " " {t::brand_campaign_sentence_gets()} " "
            {gets} "."
            {full}
        </p>
        {days}
        <div id="rules-wrong" aria-live="polite" class="sentence__wrong">{wrong}</div>
    }
}

#[component]
fn Products(products: Vec<Pick>, chosen: Vec<String>, state: State) -> impl IntoView {
    if products.is_empty() {
        return view! { <kit::Empty title=t::brand_products_empty_title() text=t::brand_products_empty_text() icon=path::BARCODE><ButtonLink href="/b/products" look=Looks::Secondary size=Size::Dense>{t::brand_nav_products()}</ButtonLink></kit::Empty> }.into_light();
    }
    let error = state.error("products");
    let picks = products
        .into_iter()
        .map(|pick| {
            let on = chosen.contains(&pick.id);
            view! {
                <label class="pick">
                    <input class="check" type="checkbox" name="products[]" value=pick.id checked=on />
                    <ProductPicture category=pick.category size=40 />
                    <span class="pick__text"><b>{pick.name}</b><span class="small muted">{pick.detail}</span></span>
                </label>
            }
        })
        .collect::<Vec<_>>();
    view! {
        <div class="picks" role="group" aria-label=t::brand_campaign_products_title() aria-describedby="products-wrong">{picks}</div>
        <div id="products-wrong" aria-live="polite">{move || error.get().map(|error| view! { <span class="field__error"><Icon path=path::WARNING_CIRCLE_FILL size=16 /> {error}</span> })}</div>
    }
    .into_light()
}

#[component]
fn Reward(draft: Draft, rewards: Vec<Pick>, fixed: bool, state: State) -> impl IntoView {
    let name = rewards.iter().find(|pick| pick.id == draft.reward).map(|pick| pick.name.clone());
    if fixed {
        return view! {
            <input type="hidden" name="reward" value=draft.reward />
            <Card><p><b>{name}</b></p><p class="small muted">{t::brand_campaign_reward_fixed()}</p></Card>
        }
        .into_light();
    }
    let existing = RwSignal::new(name.is_some());
    let limited = !draft.reward_stock.is_empty();
    let new_one = view! {
        <div class="stack" hidden=move || existing.get()>
            <Field id="reward_name" label=t::brand_campaign_reward_name() initial=draft.reward_name maxlength=80 error=state.error("reward_name") />
            <Field id="reward_cost" label=t::brand_campaign_reward_cost() initial=draft.reward_cost prefix="$" money=true inputmode="decimal" help=t::brand_campaign_reward_cost_help() error=state.error("reward_cost") />
            <details open=limited>
                <summary>{t::brand_campaign_reward_limit()}</summary>
                <Field id="reward_stock" label=t::brand_campaign_reward_stock() initial=draft.reward_stock inputmode="numeric" optional=true help=t::brand_campaign_reward_stock_help() error=state.error("reward_stock") />
            </details>
        </div>
    }
    .into_light();
    if rewards.is_empty() {
        return new_one;
    }
    let options = rewards
        .into_iter()
        .map(|pick| view! { <option value=pick.id.clone() selected={pick.id == draft.reward}>{pick.name} " · " {pick.detail}</option> })
        .collect::<Vec<_>>();
    let select = view! {
        <select id="reward-choice" name="reward" class="field__input" aria-describedby="reward-choice-help" on:change=move |event| existing.set(!event_target_value(&event).is_empty())>
            <option value="">{t::brand_campaign_reward_new()}</option>
            {options}
        </select>
    };
    view! {
        <Field id="reward-choice" label=t::brand_campaign_reward_which() error=state.error("reward")>{select}</Field>
        {new_one}
    }
    .into_light()
}

/// What few campaigns need: closed until somebody looks for it, or has said something of it.
#[component]
fn More(draft: Draft, zones: Vec<String>, state: State) -> impl IntoView {
    let open = draft.limited();
    let adults = RwSignal::new(!draft.adults.is_empty());
    let known = if zones.is_empty() {
        t::brand_campaign_zones_help().to_owned()
    } else {
        t::brand_campaign_zones_known(&zones.join(", ")).to_string()
    };
    let stamps = draft.stamps();
    view! {
        <section id="more" class="stack">
            <details open=open>
                <summary><h2 class="summary-title">{t::brand_campaign_more()}</h2></summary>
                <div class="stack">
                    <p class="muted">{t::brand_campaign_more_lead()}</p>
                    <Field id="zones" label=t::brand_campaign_zones() initial=draft.zones maxlength=2000 optional=true help=known error=state.error("zones") />
                    <Field id="distributors" label=t::brand_campaign_distributors() initial=draft.distributors maxlength=2000 optional=true help=t::brand_campaign_distributors_help() error=state.error("distributors") />
                    <Field id="budget" label={if stamps { t::brand_campaign_budget_stamps() } else { t::brand_campaign_budget() }} initial=draft.budget inputmode="numeric" maxlength=12 optional=true help=t::brand_campaign_budget_help() error=state.error("budget") />
                    <kit::Check name="adults" on=adults>{t::brand_campaign_adults()}</kit::Check>
                </div>
            </details>
        </section>
    }
}

/// What the draft would do, always of the newest answers.
#[component]
fn Panel(state: State, stamps: bool) -> impl IntoView {
    let unit = move |n: i64| {
        if stamps { t::common_stamps(n) } else { t::common_points(n) }
    };
    let body = move || {
        state.look.with(|look| {
            if look.terms.is_empty() {
                return view! { <kit::Empty title=t::brand_campaign_preview_waiting() text=t::brand_campaign_preview_waiting_text() icon=path::SPARKLE /> }.into_light();
            }
            let best = look.examples.iter().map(|example| example.award).max().unwrap_or(0);
            let card = look.need.map(|need| view! { <Card><p class="small muted">{t::brand_campaign_preview_card()}</p><StampGrid done=u32::try_from(best).unwrap_or(need).min(need) goal=need /></Card> });
            let examples = look
                .examples
                .iter()
                .map(|example| {
                    let text = match &example.reason {
                        Some(code) => t::reason_shop(code).unwrap_or_else(t::brand_campaign_preview_none),
                        None if example.award == 0 => t::brand_campaign_preview_none(),
                        None => t::brand_campaign_preview_would(),
                    };
                    view! {
                        <li><kit::ListRow
                            title=example.basket.clone()
                            text
                            lead=view! { <ProductPicture category=example.category.clone() size=40 /> }.into_light()
                            figure=example.award.to_string()
                            unit=unit(example.award).to_string()
                            gain={example.award > 0}
                        /></li>
                    }
                })
                .collect::<Vec<_>>();
            view! {
                {card}
                <ul class="list">{examples}</ul>
                <section class="card" aria-labelledby="terms">
                    <div class="panel__head"><h3 id="terms">{t::brand_campaign_terms()}</h3><Chip icon=path::SPARKLE>{t::brand_campaign_terms_auto()}</Chip></div>
                    <p class="terms" data-terms>{look.terms.clone()}</p>
                </section>
            }
            .into_light()
        })
    };
    view! { <h2>{t::brand_campaign_preview()}</h2> {body} }
}

/// Every change of the form is looked at when the person pauses; the address follows, so that a reload keeps it.
#[cfg(not(all(feature = "hydrate", target_arch = "wasm32")))]
fn follow(_event: &web_sys::Event, _state: State, _chosen: RwSignal<usize>) {}
#[cfg(not(all(feature = "hydrate", target_arch = "wasm32")))]
fn guard(_event: &web_sys::SubmitEvent, _state: State) {}

#[cfg(all(feature = "hydrate", target_arch = "wasm32"))]
use browser::{follow, guard};

#[cfg(all(feature = "hydrate", target_arch = "wasm32"))]
mod browser {
    use std::{cell::Cell, time::Duration};

    use leptos::{prelude::*, task::spawn_local};
    use wasm_bindgen::JsCast;
    use web_sys::{FormData, HtmlElement, HtmlFormElement, UrlSearchParams};

    use super::{State, look_at_draft};
    use crate::draft::Wrong;

    /// Longer than between two keys, shorter than patience.
    const PAUSE: Duration = Duration::from_millis(300);

    thread_local! {
        /// Counts the changes, so that only the newest is answered.
        static CHANGE: Cell<u32> = const { Cell::new(0) };
        /// The newest change that was answered.
        static ANSWERED: Cell<u32> = const { Cell::new(0) };
    }

    pub fn follow(event: &web_sys::Event, state: State, chosen: RwSignal<usize>) {
        let Some(form) = event.current_target().and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) else {
            return;
        };
        let Some(query) = FormData::new_with_form(&form).ok().and_then(|data| UrlSearchParams::new_with_str_sequence_sequence(&data).ok())
        else {
            return;
        };
        chosen.set(query.get_all("products[]").length() as usize);
        let query = String::from(query.to_string());
        let change = CHANGE.get().wrapping_add(1);
        CHANGE.set(change);
        set_timeout(
            move || {
                if CHANGE.get() != change {
                    return;
                }
                if let Ok(history) = window().history() {
                    let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&["?", &query].concat()));
                }
                spawn_local(async move {
                    let look = look_at_draft(query).await;
                    if CHANGE.get() == change {
                        ANSWERED.set(change);
                        match look {
                            Ok(look) => state.look.set(look),
                            Err(error) => {
                                state.look.update(|look| look.wrong = vec![Wrong { field: String::new(), code: error.code().to_owned() }])
                            }
                        }
                    }
                });
            },
            PAUSE,
        );
    }

    /// Something is missing: it is shown and gets the focus, and nothing is sent. While the newest answers are not looked
    /// at yet, or could not be, the server decides.
    pub fn guard(event: &web_sys::SubmitEvent, state: State) {
        if CHANGE.get() != ANSWERED.get() || state.look.with_untracked(|look| look.wrong.iter().any(|wrong| wrong.field.is_empty())) {
            return;
        }
        let Some(wrong) = state.look.with_untracked(|look| look.wrong.first().cloned()) else {
            return;
        };
        event.prevent_default();
        state.tried.set(true);
        kit::live::alarm(kit::error::message(&wrong.code));
        let id = match wrong.field.as_str() {
            "products" => "products",
            "reward" => "reward-choice",
            other => other,
        };
        if let Some(element) = document().get_element_by_id(id) {
            element.scroll_into_view();
            if let Ok(element) = element.dyn_into::<HtmlElement>() {
                let _ = element.focus();
            }
        }
    }
}

#[cfg(feature = "ssr")]
async fn look(tx: &mut db::Tx, actor: &identity::Actor, now: shared::Timestamp, scene: &crate::draft::Scene) -> Result<Look, UiError> {
    use shared::loyalty::evaluation::{Facts, Line, evaluate};
    let answers = match scene.answers() {
        Ok(answers) => answers,
        Err(wrong) => {
            return Ok(Look { wrong, ..Look::default() });
        }
    };
    let preview = match loyalty::template::preview(tx, actor, now, &answers).await {
        Ok(preview) => preview,
        Err(error) => {
            return Ok(Look { wrong: crate::draft::wrong_of(error)?, ..Look::default() });
        }
    };
    let rules = &preview.rules;
    // Noon of the first day: no factor of the hour is in what the sentence says.
    let at = format!("{}T12:00:00Z", rules.starts).parse().unwrap_or_default();
    let facts = Facts {
        local: shared::LocalTime { at, offset_seconds: 0 },
        shop: shared::ShopId(uuid::Uuid::nil()),
        paused: false,
        held_out: false,
        own_shop: false,
        adult: true,
        enrolled_at: Some(at),
        segments: &[],
        first_purchase: false,
        used: Default::default(),
    };
    // An example in another money would count its figures as if they were of this one.
    let money = rules.currency.unwrap_or(scene.organisation.country.currency());
    let suggested = |product: &shared::catalogue::Product| product.suggested_price_minor.filter(|_| product.currency == money);
    let takes_part = |product: &&shared::catalogue::Product| rules.products.contains(&product.id);
    let first = scene.products.iter().find(takes_part);
    let second = scene.products.iter().filter(takes_part).nth(1);
    let other = scene.products.iter().find(|product| !takes_part(product));
    let baskets = [
        first.map(|product| vec![(product, 1)]),
        first.map(|product| [(product, 3)].into_iter().chain(second.map(|second| (second, 2))).collect()),
        other.map(|product| vec![(product, 1)]),
    ];
    let examples = baskets.into_iter().flatten().map(|basket: Vec<(&shared::catalogue::Product, i64)>| {
        let lines = basket
            .iter()
            .map(|(product, quantity)| Line {
                product: Some(product.id),
                quantity: *quantity,
                suggested_price_minor: suggested(product),
                unit_price_minor: suggested(product).unwrap_or(0),
                discount_minor: 0,
                reward_line: false,
            })
            .collect::<Vec<_>>();
        let words = basket.iter().map(|(product, quantity)| format!("{quantity} × {}", product.name)).collect::<Vec<_>>().join(" + ");
        let category = basket.first().map(|(product, _)| product.category.clone()).unwrap_or_default();
        match evaluate(rules, &lines, &facts) {
            Ok(trace) => Example { basket: words, reason: None, award: trace.award, category },
            Err(reason) => Example { basket: words, reason: Some(reason.code().to_owned()), award: 0, category },
        }
    });
    let need = match &answers.mechanic {
        loyalty::template::Mechanic::StampCard { need, .. } | loyalty::template::Mechanic::VisitCard { need, .. } => {
            u32::try_from(*need).ok()
        }
        _ => None,
    };
    Ok(Look { wrong: Vec::new(), terms: preview.terms, examples: examples.collect(), need })
}

/// A draft with everything to choose from.
#[server(prefix = "/fn", endpoint = "brand/read_builder")]
pub async fn read_builder(query: String) -> Result<Sheet, UiError> {
    let (mut tx, actor, now) = kit::entered().await?;
    let scene = crate::draft::Scene::load(&mut tx, &actor, now, &query).await?;
    let look = look(&mut tx, &actor, now, &scene).await?;
    let country = scene.organisation.country;
    let price = |minor| shared::format::money(minor, country.currency(), country);
    let products = scene.products.iter().map(|product| Pick {
        id: product.id.to_string(),
        name: product.name.clone(),
        detail: [
            Some(product.gtin.short()),
            product.suggested_price_minor.map(|minor| shared::format::money(minor, product.currency, country)),
        ]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" · "),
        category: product.category.clone(),
    });
    let rewards = scene.rewards.iter().map(|reward| Pick {
        id: reward.id.to_string(),
        name: reward.name.clone(),
        detail: price(reward.unit_cost_minor),
        category: reward.category.clone(),
    });
    Ok(Sheet {
        products: products.collect(),
        rewards: rewards.collect(),
        zones: scene.zones,
        version: scene.campaign.as_ref().map_or(0, |campaign| campaign.version),
        brand: scene.brand,
        draft: scene.draft,
        look,
    })
}

/// What a draft would give and say, and what is wrong with it. Writes nothing.
#[server(prefix = "/fn", endpoint = "brand/look_at_draft")]
pub async fn look_at_draft(query: String) -> Result<Look, UiError> {
    let (mut tx, actor, now) = request::read().await?;
    let scene = crate::draft::Scene::load(&mut tx, &actor, now, &query).await?;
    look(&mut tx, &actor, now, &scene).await
}

/// Saves the draft and leads to its page; a wrong one leads back with everything that was typed.
#[server(prefix = "/fn", endpoint = "brand/save_campaign")]
pub async fn save_campaign(#[server(flatten)] draft: Draft) -> Result<(), UiError> {
    let (mut tx, actor, now) = request::begin().await?;
    let scene = crate::draft::Scene::of(&mut tx, &actor, now, draft).await?;
    let wrong = match scene.answers() {
        Ok(answers) => match loyalty::template::save(&mut tx, &actor, now, &answers).await {
            Ok(campaign) => {
                tx.commit().await?;
                request::go(&format!("/b/campaign?id={}", campaign.id));
                return Ok(());
            }
            Err(error) => crate::draft::wrong_of(error)?,
        },
        Err(wrong) => wrong,
    };
    let code = wrong.first().map_or("bad_field", |wrong| wrong.code.as_str());
    request::go(&request::refused_at(&["/b/campaigns/edit?", &scene.draft.query()].concat(), &shared::Problem::new(422, code, "")));
    Ok(())
}
