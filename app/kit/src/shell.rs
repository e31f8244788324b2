//! The frame of a phone page: head, main, the one action, the bar, and the regions that speak.

use leptos::prelude::*;

use crate::button::IconButton;
use crate::icon::{Icon, path};
use crate::light::{Content, IntoLight};
use crate::{Text, class_of, t};

/// `#said` and `#alarm`, empty from load: a region that appears later is not read.
#[component]
pub fn LiveRegions() -> impl IntoView {
    view! {
        <div id="said" class="sr-only" aria-live="polite"></div>
        <div id="alarm" class="sr-only" aria-live="assertive"></div>
    }
}

/// A phone page. The head comes first ([`PhoneHead`]), `foot` holds the one orange action, `bar` the navigation.
#[component]
pub fn PhoneShell(
    /// [`PhoneHead`], or the head of a page of its own.
    head: AnyView,
    /// [`PhoneBar`].
    #[prop(optional)]
    bar: Option<AnyView>,
    /// The screen's action, under the thumb.
    #[prop(optional)]
    foot: Option<AnyView>,
    /// White page, for forms and reading.
    #[prop(optional)]
    paper: bool,
    /// Content goes to the edges.
    #[prop(optional)]
    flush: bool,
    /// The content.
    children: Content,
) -> impl IntoView {
    let class = class_of("phone", &[if bar.is_some() { "--bar" } else { "" }, if paper { "--paper" } else { "" }]);
    let has_foot = foot.is_some();
    view! {
        <a class="skip" href="#main">{t::common_skip_main()}</a>
        {has_foot.then(|| view! { <a class="skip" href="#action">{t::common_skip_action()}</a> })}
        <LiveRegions />
        <div class=class>
            {head}
            <main id="main" tabindex="-1" class=class_of("phone__main", &[if flush { "--flush" } else { "" }])>{children.view()}</main>
            {foot.map(|foot| view! { <div id="action" tabindex="-1" class="phone__foot">{foot}</div> })}
            {bar}
        </div>
    }
}

/// Title of a phone page, with the way back or the mark at its left and actions at its right.
#[component]
pub fn PhoneHead(
    /// The page's name: its only `h1`.
    #[prop(into)]
    title: Text,
    /// Small, above the title.
    #[prop(optional, into)]
    over: Option<Text>,
    /// Where back leads.
    #[prop(optional, into)]
    back: Option<Text>,
    /// The mark before the title.
    #[prop(optional)]
    mark: bool,
    /// At the right.
    #[prop(optional)]
    children: Option<Content>,
) -> impl IntoView {
    view! {
        <header class="phone__head">
            {mark.then(|| view! { <crate::Mark size=26 /> })}
            {back.map(|href| view! { <span class="btn--start"><IconButton icon=path::ARROW_LEFT label=t::common_back() href /></span> })}
            <div class="phone__title">
                {over.map(|over| view! { <span class="phone__over">{over}</span> })}
                <h1 tabindex="-1">{title}</h1>
            </div>
            {children.map(Content::view)}
        </header>
    }
}

/// One place of a phone's bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BarItem {
    /// Where it leads.
    pub href: &'static str,
    /// Its word.
    pub words: &'static str,
    /// At rest.
    pub icon: &'static str,
    /// When it is this page.
    pub icon_on: &'static str,
    /// The tendero's big key, in the middle.
    pub key: bool,
}

/// The bar at the bottom: four places with words, the tendero's with a key between them.
#[component]
pub fn PhoneBar(
    /// In order.
    items: Vec<BarItem>,
    /// Address of the place that this page belongs to.
    current: &'static str,
) -> impl IntoView {
    let items = items
        .into_iter()
        .map(|item| {
            let on = item.href == current;
            if item.key {
                return view! {
                    <li class="phone-bar__item phone-bar__item--key">
                        <a class="nav__key" href=item.href><Icon path=item.icon size=34 /> {item.words}</a>
                    </li>
                }
                .into_light();
            }
            view! {
                <li class="phone-bar__item">
                    <a class="phone-bar__link" href=item.href aria-current=on.then_some("page")>
                        <span class="phone-bar__pill"><Icon path=if on { item.icon_on } else { item.icon } size=22 /></span>
                        {item.words}
                    </a>
                </li>
            }
            .into_light()
        })
        .collect::<Vec<_>>();
    view! {
        <nav class="phone-bar" aria-label=t::common_main_nav()>
            <ul class="phone-bar__list">{items}</ul>
        </nav>
    }
}

/// Which step of a sign-up this is.
#[component]
pub fn StepsBar(
    /// From 1.
    step: u32,
    /// How many there are.
    steps: u32,
) -> impl IntoView {
    let bars = (1..=steps).map(|n| view! { <span class=if n <= step { "is-done" } else { "" }></span> }).collect::<Vec<_>>();
    view! {
        <div class="steps-bar" aria-hidden="true">{bars}</div>
        <span class="small muted nowrap">{t::join_step(i64::from(step), i64::from(steps))}</span>
    }
}
