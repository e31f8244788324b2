//! The frame of a desk page: rail with groups, head, panels, foot.

use leptos::prelude::*;

use crate::card::Avatar;
use crate::icon::{Icon, Wordmark, path};
use crate::light::{Content, IntoLight};
use crate::shell::LiveRegions;
use crate::{Text, class_of, t};

/// Places of a rail under one label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RailGroup {
    /// Above them; the first group has none.
    pub title: Option<&'static str>,
    /// In order.
    pub items: Vec<RailItem>,
}

/// The largest number that a rail has room for.
const COUNT_MAX: i64 = 99;

/// One place of a rail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RailItem {
    /// Where it leads.
    pub href: &'static str,
    /// Its word.
    pub words: &'static str,
    /// At rest.
    pub icon: &'static str,
    /// When it is this page.
    pub icon_on: &'static str,
    /// Things may wait there for a decision.
    pub waits: bool,
}

/// Rail at left, page at right. Below 1024 px the rail keeps icons, below 600 it is the bottom bar.
#[component]
pub fn ConsoleShell(
    /// First page of the console, behind the wordmark.
    home: &'static str,
    /// [`TenantBadge`].
    tenant: AnyView,
    /// What the rail holds.
    groups: Vec<RailGroup>,
    /// Path of the page that shows; a place is current when the path is its own or below it.
    #[prop(into)]
    current: Signal<String>,
    /// How many things wait at such a place, by its address; read inside a suspense.
    waiting: Callback<&'static str, Option<i64>>,
    /// Initials, name and role, and the way out.
    person: AnyView,
    /// [`DeskHead`] and panels inside `desk__main`, then [`DeskFoot`].
    children: Content,
) -> impl IntoView {
    let groups = groups
        .into_iter()
        .map(|group| {
            let items = group.items.into_iter().map(|item| rail_item(item, home, current, waiting)).collect::<Vec<_>>();
            view! {
                {group.title.map(|title| view! { <h2 class="rail__group">{title}</h2> })}
                <ul class="rail__list">{items}</ul>
            }
        })
        .collect::<Vec<_>>();
    view! {
        <a class="skip" href="#main">{t::common_skip_main()}</a>
        <LiveRegions />
        <div class="console">
            <nav class="rail" aria-label=t::common_main_nav()>
                <a class="rail__logo" href=home><Wordmark size=26 /></a>
                {tenant}
                {groups}
                <div class="rail__person">{person}</div>
            </nav>
            <div class="desk">{children.view()}</div>
        </div>
    }
}

fn rail_item(item: RailItem, home: &'static str, current: Signal<String>, waiting: Callback<&'static str, Option<i64>>) -> impl IntoView {
    let RailItem { href, words, icon, icon_on, waits } = item;
    let count = waits.then(|| {
        view! {
            <Suspense>
                {move || waiting.run(href).filter(|count| *count > 0).map(|count| view! {
                    <span class="rail__count">{if count > COUNT_MAX { [&COUNT_MAX.to_string(), "+"].concat() } else { count.to_string() }}<span class="sr-only">" "{t::common_waiting()}</span></span>
                })}
            </Suspense>
        }
    });
    let on = Memo::new(move |_| {
        current.with(|path| {
            let rest = path.strip_prefix(href);
            rest.is_some_and(|rest| rest.is_empty() || rest == "/" || (href != home && rest.starts_with('/')))
        })
    });
    view! {
        <li>
            <a class="rail__link" href=href aria-current=move || on.get().then_some("page")>
                {move || view! { <Icon path=if on.get() { icon_on } else { icon } size=20 /> }}
                <span class="clip">{words}</span>
                {count}
            </a>
        </li>
    }
}

/// Whose console this is.
#[component]
pub fn TenantBadge(
    /// Its name.
    #[prop(into)]
    name: Text,
    /// *Marca · Colombia*.
    #[prop(into)]
    kind: Text,
    /// `#rrggbb`.
    #[prop(optional, into)]
    colour: Text,
) -> impl IntoView {
    view! {
        <div class="tenant">
            <Avatar name=name.clone() colour size=32 />
            <span class="tenant__text"><b>{name}</b><span>{kind}</span></span>
        </div>
    }
}

/// Title of a desk page, what it is as of, and its actions.
#[component]
pub fn DeskHead(
    /// The page's name: its only `h1`.
    #[prop(into)]
    title: Text,
    /// *Datos hasta hoy 09:40*.
    #[prop(optional, into)]
    as_of: Option<Text>,
    /// Words and address of the pages above.
    #[prop(optional)]
    crumbs: Vec<(Text, Text)>,
    /// Buttons.
    #[prop(optional)]
    children: Option<Content>,
) -> impl IntoView {
    let has_crumbs = !crumbs.is_empty();
    let crumbs = crumbs
        .into_iter()
        .map(|(words, href)| view! { <a href=href>{words}</a> <Icon path=path::CARET_RIGHT size=12 /> })
        .collect::<Vec<_>>();
    view! {
        <header class="desk__head">
            <div class="desk__title">
                {has_crumbs.then(|| view! { <nav class="crumbs" aria-label=t::common_sections()>{crumbs}</nav> })}
                <h1 tabindex="-1">{title}</h1>
            </div>
            {as_of.map(|as_of| view! { <span class="desk__asof"><Icon path=path::CLOCK size=16 /> {as_of}</span> })}
            {children.map(|children| view! { <div class="desk__acts">{children.view()}</div> })}
        </header>
    }
}

/// The bar at the bottom of a desk page, with the main verb at its right.
#[component]
pub fn DeskFoot(
    /// At the left: what is safe, or what is missing.
    #[prop(optional, into)]
    note: Option<Text>,
    /// Buttons, the key last.
    children: Content,
) -> impl IntoView {
    view! {
        <div class="desk__foot">
            {note.map(|note| view! { <span class="desk__foot-note">{note}</span> })}
            {children.view()}
        </div>
    }
}

/// One step of a builder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepItem {
    /// Where it leads.
    pub href: String,
    /// Its name.
    pub name: &'static str,
    /// Its answer in one line; empty: not answered.
    pub answer: String,
    /// It has no error.
    pub done: bool,
    /// It has one.
    pub wrong: bool,
}

/// The steps at the left of a builder; jumping back is free.
#[component]
pub fn Steps(
    /// In order.
    steps: Vec<StepItem>,
    /// Which one shows, from 0.
    current: usize,
) -> impl IntoView {
    let steps = steps
        .into_iter()
        .enumerate()
        .map(|(index, step)| {
            let on = index == current;
            let state = if step.wrong {
                "--bad"
            } else if step.done {
                "--done"
            } else {
                ""
            };
            let number = if step.done && !on && !step.wrong {
                view! { <Icon path=path::CHECK_FAT_FILL size=14 /> }.into_light()
            } else {
                (index + 1).to_string().into_light()
            };
            view! {
                <li>
                    <a class=class_of("step", &[state]) href=step.href aria-current=on.then_some("step")>
                        <span class="step__n">{number}</span>
                        <span class="step__text">
                            <b>{step.name}</b>
                            {(!step.answer.is_empty()).then(|| view! { <span>{step.answer}</span> })}
                        </span>
                    </a>
                </li>
            }
        })
        .collect::<Vec<_>>();
    view! { <ol class="steps">{steps}</ol> }
}
