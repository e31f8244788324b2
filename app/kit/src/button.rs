//! Buttons. The primary one is the counter's key, one a screen.

use leptos::prelude::*;

use crate::icon::Icon;
use crate::light::{Content, IntoLight};
use crate::{Text, class_of};

/// How a button looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Look {
    /// The main verb of the screen: flat fill, dark letters, an edge that sinks.
    Key,
    /// Outlined.
    Secondary,
    /// Quiet fill.
    #[default]
    Soft,
    /// White with a thin line, for console heads.
    Plain,
    /// Words only.
    Link,
    /// Destroys, and is the main verb of its sheet.
    Danger,
    /// Destroys, beside another verb.
    DangerOutline,
    /// Outline in the colour of a tinted screen.
    Outline,
    /// No fill, for icons in heads.
    Ghost,
}

impl Look {
    const fn class(self) -> &'static str {
        match self {
            Self::Key => "--key",
            Self::Secondary => "--secondary",
            Self::Soft => "",
            Self::Plain => "--plain",
            Self::Link => "--link",
            Self::Danger => "--danger",
            Self::DangerOutline => "--danger-outline",
            Self::Outline => "--outline",
            Self::Ghost => "--ghost",
        }
    }
}

/// How tall a button is; heights are minimums.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Size {
    /// 48 px on a phone, 36 in a console.
    #[default]
    Normal,
    /// 54 px, the foot of a phone page.
    Tall,
    /// 72 px: scanner, result and queue.
    Scan,
    /// 36 px inside a card.
    Dense,
}

impl Size {
    const fn class(self) -> &'static str {
        match self {
            Self::Normal => "",
            Self::Tall => "--tall",
            Self::Scan => "--scan",
            Self::Dense => "--dense",
        }
    }

    const fn icon(self) -> u16 {
        match self {
            Self::Normal => 20,
            Self::Tall => 22,
            Self::Scan => 26,
            Self::Dense => 16,
        }
    }
}

/// A button. Listeners and further attributes are given to it directly: `<Button on:click=… attr:name="x">`.
///
/// While `busy` it keeps its width, shows the spinner and ignores presses; the caller changes the words to *-ndo*.
#[component]
pub fn Button(
    /// Its look.
    #[prop(optional)]
    look: Look,
    /// Its height.
    #[prop(optional)]
    size: Size,
    /// As wide as its container.
    #[prop(optional)]
    wide: bool,
    /// Sends the form around it.
    #[prop(optional)]
    submit: bool,
    /// Icon before the words.
    #[prop(optional)]
    icon: Option<&'static str>,
    /// Something is under way.
    #[prop(optional, into)]
    busy: Signal<bool>,
    /// Only when the reason is visible beside it.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// A verb, with the amount when it is about money.
    children: Content,
) -> impl IntoView {
    let class = class_of("btn", &[look.class(), size.class(), if wide { "--wide" } else { "" }]);
    view! {
        <button
            type=if submit { "submit" } else { "button" }
            class=class
            disabled=disabled
            aria-busy=move || busy.get().then_some("true")
            on:click:capture=move |event| {
                if busy.get_untracked() {
                    event.prevent_default();
                    event.stop_immediate_propagation();
                }
            }
        >
            {move || match icon {
                _ if busy.get() => view! { <span class="btn__spin" aria-hidden="true"></span> }.into_light(),
                Some(path) => view! { <Icon path size=size.icon() /> }.into_light(),
                None => ().into_light(),
            }}
            {children.view()}
        </button>
    }
}

/// A link that looks like a button: it goes somewhere, it does not do something.
#[component]
pub fn ButtonLink(
    /// Where it goes.
    #[prop(into)]
    href: Text,
    /// Its look.
    #[prop(optional)]
    look: Look,
    /// Its height.
    #[prop(optional)]
    size: Size,
    /// As wide as its container.
    #[prop(optional)]
    wide: bool,
    /// Icon before the words.
    #[prop(optional)]
    icon: Option<&'static str>,
    /// Where it leads, as a verb.
    children: Content,
) -> impl IntoView {
    let class = class_of("btn", &[look.class(), size.class(), if wide { "--wide" } else { "" }]);
    view! {
        <a class=class href=href>
            {icon.map(|path| view! { <Icon path size=size.icon() /> })}
            {children.view()}
        </a>
    }
}

/// A button that is only an icon; its label is spoken and, on a desk, shown as a tooltip.
#[component]
pub fn IconButton(
    /// A constant of [`crate::icon::path`].
    icon: &'static str,
    /// What it does.
    #[prop(into)]
    label: Text,
    /// Its look; [`Look::Ghost`] in heads.
    #[prop(default = Look::Ghost)]
    look: Look,
    /// Its height.
    #[prop(optional)]
    size: Size,
    /// When given, it is a link.
    #[prop(optional, into)]
    href: Option<Text>,
) -> AnyView {
    let class = class_of("btn", &["--icon", look.class(), size.class()]);
    let pixels = if size == Size::Scan { 26 } else { 24 };
    match href {
        Some(href) => view! {
            <a class=class href=href aria-label=label.clone() title=label><Icon path=icon size=pixels /></a>
        }
        .into_light(),
        None => view! {
            <button type="button" class=class aria-label=label.clone() title=label><Icon path=icon size=pixels /></button>
        }
        .into_light(),
    }
}
