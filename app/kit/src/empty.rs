//! The other states of a page: loading, empty, error, offline.

use leptos::prelude::*;

use crate::button::{Button, ButtonLink, Look, Size};
use crate::card::Chip;
use crate::icon::{Icon, path};
use crate::light::{Content, IntoLight};
use crate::{Text, Tone, class_of, t};

/// What is loading, so that the skeleton has its layout.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SkeletonKind {
    /// Rows with a lead and two lines.
    #[default]
    Rows,
    /// Lines of text.
    Lines,
    /// Cards.
    Cards,
    /// The consumer's code.
    Code,
}

/// The layout of what is coming, visible after 200 ms.
#[component]
pub fn Skeleton(
    /// Whose layout.
    #[prop(optional)]
    kind: SkeletonKind,
    /// How many.
    #[prop(default = 3)]
    count: u32,
) -> impl IntoView {
    let parts = (0..count)
        .map(|n| match kind {
            SkeletonKind::Rows => view! {
                <div class="skeleton__row">
                    <div class="skeleton__disc"></div>
                    <div class="stack stack--8">
                        <div class="skeleton__line skeleton__line--short"></div>
                        <div class="skeleton__line"></div>
                    </div>
                </div>
            }
            .into_light(),
            SkeletonKind::Lines => {
                view! { <div class=if n % 2 == 0 { "skeleton__line" } else { "skeleton__line skeleton__line--short" }></div> }.into_light()
            }
            SkeletonKind::Cards => view! { <div class="skeleton__box"></div> }.into_light(),
            SkeletonKind::Code => view! { <div class="skeleton__box skeleton__box--tall"></div> }.into_light(),
        })
        .collect::<Vec<_>>();
    view! {
        <div class="skeleton" aria-busy="true">
            <span class="sr-only">{t::common_loading()}</span>
            {parts}
        </div>
    }
}

/// Nothing here yet: why, and the next action.
#[component]
pub fn Empty(
    /// What is missing.
    #[prop(into)]
    title: Text,
    /// What to do about it.
    #[prop(into)]
    text: Text,
    /// In the disc; a drawing may be given as `art` instead.
    #[prop(default = path::PACKAGE)]
    icon: &'static str,
    /// A drawing.
    #[prop(optional)]
    art: Option<AnyView>,
    /// Centred, when it is the whole page.
    #[prop(optional)]
    page: bool,
    /// One action.
    #[prop(optional)]
    children: Option<Content>,
) -> impl IntoView {
    let art = art.unwrap_or_else(|| view! { <span class="disc disc--big"><Icon path=icon size=24 /></span> }.into_light());
    view! {
        <div class=class_of("empty", &[if page { "--page" } else { "" }])>
            <div class="empty__art">{art}</div>
            <h2 class="empty__title">{title}</h2>
            <p class="empty__text">{text}</p>
            {children.map(Content::view)}
        </div>
    }
}

/// What a front shows beside a failure, given its code; a front without it shows nothing.
#[derive(Clone, Copy)]
pub struct HelpWith(pub fn(&str) -> AnyView);

/// It did not load: what is safe, retry, the code for support.
#[component]
pub fn ErrorState(
    /// What happened; the general sentence by default.
    #[prop(optional, into)]
    title: Option<Text>,
    /// What is safe or what to do.
    #[prop(optional, into)]
    text: Option<Text>,
    /// Small, for support only.
    #[prop(optional, into)]
    code: Option<String>,
    /// Tries again.
    #[prop(optional)]
    retry: Option<Callback<()>>,
    /// Without a `retry`, a link that loads this address again.
    #[prop(optional, into)]
    href: Option<Text>,
) -> impl IntoView {
    let action = match (retry, href) {
        (Some(retry), _) => view! {
            <Button look=Look::Secondary size=Size::Dense on:click=move |_| retry.run(())>{t::common_retry()}</Button>
        }
        .into_light(),
        (None, Some(href)) => {
            view! { <ButtonLink href look=Look::Secondary size=Size::Dense>{t::common_retry()}</ButtonLink> }.into_light()
        }
        (None, None) => ().into_light(),
    };
    // What is not there is no failure, and its code helps nobody.
    let absent = code.as_deref() == Some("not_found") && title.is_none();
    let (title, text, code) = if absent {
        crate::request::missing();
        (Some(t::common_not_found_title().into()), Some(text.unwrap_or(t::common_not_found_text().into())), None)
    } else {
        (title, text, code)
    };
    let help = use_context::<HelpWith>().map(|help| (help.0)(code.as_deref().unwrap_or_default()));
    view! {
        <div class="empty" role="alert">
            <div class="empty__art">
                <span class="disc disc--big disc--danger"><Icon path=path::WARNING size=24 /></span>
            </div>
            <h2 class="empty__title">{title.unwrap_or(t::common_error_title().into())}</h2>
            <p class="empty__text">
                {text.unwrap_or(t::common_error_safe().into())} " "
                {code.map(|code| view! { <span class="code nowrap">{t::common_error_code(&code)}</span> })}
            </p>
            {action}
            {help}
        </div>
    }
}

/// What is shown was kept on this phone.
#[component]
pub fn OfflineState(
    /// *hoy a las 7:40*.
    #[prop(into)]
    when: String,
) -> impl IntoView {
    view! {
        <div class="empty">
            <div class="empty__art">
                <span class="disc disc--big disc--info"><Icon path=path::WIFI_SLASH size=24 /></span>
            </div>
            <h2 class="empty__title">{t::common_offline_title()}</h2>
            <p class="empty__text">{t::common_offline_from(&when)}</p>
            <Chip tone=Tone::Info icon=path::WIFI_SLASH>{t::common_offline_now()}</Chip>
        </div>
    }
}
