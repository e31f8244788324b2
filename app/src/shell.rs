//! The HTML document.

use kit::{
    request::{Entry, Site},
    t,
};
use leptos::{nonce::use_nonce, prelude::*};

use crate::{
    Letter,
    landing::{Landing, Missing},
    outbox::Outbox,
};

/// Which front an address belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Front {
    /// Choosing a front.
    Landing,
    /// The consumer's card.
    Consumer,
    /// The shop's scanner.
    Tendero,
    /// The brand's console.
    Brand,
    /// The operator's console.
    Backoffice,
    /// Nothing is at this address.
    Missing,
    /// A short receipt, for whoever holds its link.
    Receipt(String),
    /// What the sandbox would have sent, newest first.
    Outbox(Vec<Letter>),
}

impl Front {
    /// The front of a path; `None` when no page can be there.
    pub fn of(path: &str) -> Option<Self> {
        match path.split('/').nth(1)? {
            "" if path == "/" => Some(Self::Landing),
            "c" => Some(Self::Consumer),
            "t" => Some(Self::Tendero),
            "b" => Some(Self::Brand),
            "o" => Some(Self::Backoffice),
            "r" => Some(Self::Receipt(path.split('/').nth(2).unwrap_or_default().to_owned())),
            _ => None,
        }
    }

    /// Name of the entry in `site.json` whose files the document loads.
    const fn entry(&self) -> &'static str {
        match self {
            Self::Consumer | Self::Receipt(_) => "consumer",
            Self::Tendero => "tendero",
            Self::Landing | Self::Brand | Self::Backoffice | Self::Missing | Self::Outbox(_) => "console",
        }
    }

    /// Name of the code that a page of the front needs: of an entry of its own, or of a piece of a split module.
    fn piece(&self, path: &str) -> &'static str {
        match self {
            Self::Consumer => consumer::piece(path),
            Self::Tendero => tendero::piece(path),
            Self::Brand => brand::piece(path),
            Self::Backoffice => backoffice::piece(path),
            Self::Landing | Self::Missing | Self::Receipt(_) | Self::Outbox(_) => "",
        }
    }

    /// Name of the manifest, when the front can be installed.
    const fn manifest(&self) -> Option<&'static str> {
        match self {
            Self::Consumer => Some("consumer"),
            Self::Tendero => Some("tendero"),
            Self::Brand => Some("brand"),
            Self::Backoffice => Some("backoffice"),
            Self::Landing | Self::Missing | Self::Receipt(_) | Self::Outbox(_) => None,
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::Landing => t::landing_title(),
            Self::Consumer => t::landing_consumer(),
            Self::Tendero => t::landing_tendero(),
            Self::Brand => t::landing_brand(),
            Self::Backoffice => t::landing_backoffice(),
            Self::Missing => t::common_not_found_title(),
            Self::Receipt(_) => t::receipt_title(),
            Self::Outbox(_) => t::sandbox_outbox_title(),
        }
    }
}

/// The whole document of a front at a path (without its query). Without a built site it has neither scripts nor styles.
pub fn document(front: Front, path: String, site: &Site) -> impl IntoView + use<> {
    let piece = front.piece(&path);
    let entry = site.entry(front.entry()).cloned();
    // A page with an entry of its own has the style of its front.
    let own = site.entry(piece).cloned();
    let decoder = (front == Front::Tendero).then(|| site.entry("decoder").cloned()).flatten();
    let installs = front.manifest().filter(|name| site.has(&format!("/manifest-{name}.webmanifest"))).map(|name| {
        view! {
            <link rel="manifest" href=format!("/manifest-{name}.webmanifest") />
            <link rel="apple-touch-icon" href=format!("/icons/{name}-180.png") />
        }
    });
    let title = if front == Front::Landing {
        t::landing_title().to_owned()
    } else {
        t::common_title(crate::title::of(&path).unwrap_or(front.title())).to_string()
    };
    let fonts = (!site.files.is_empty()).then(|| {
        ["/fonts/manrope.woff2", "/fonts/poppins-700.woff2"]
            .map(|font| view! { <link rel="preload" r#as="font" r#type="font/woff2" href=font crossorigin="anonymous" /> })
            .collect_view()
    });
    let icon = site.has("/favicon.svg").then(|| view! { <link rel="icon" r#type="image/svg+xml" href="/favicon.svg" /> });
    // Pages of nobody are complete as they come.
    let runs = front.manifest().is_some();
    let help = (front == Front::Tendero).then(kit::request::help_whatsapp).filter(|number| !number.is_empty());
    let on_a_phone = matches!(front, Front::Consumer | Front::Tendero);
    view! {
        <!DOCTYPE html>
        <html lang="es" data-theme="auto" data-help-number=help data-decoder-js=decoder.as_ref().map(|entry| entry.js.clone()) data-decoder-wasm=decoder.as_ref().map(|entry| entry.wasm.clone())>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
                <title>{title}</title>
                <meta name="theme-color" media="(prefers-color-scheme: light)" content="#F3F5F8" />
                <meta name="theme-color" media="(prefers-color-scheme: dark)" content="#0A121B" />
                <meta name="format-detection" content="telephone=no" />
                {icon}
                {installs}
                {fonts}
                {entry.as_ref().map(|entry| view! { <link rel="stylesheet" href=entry.css.clone() /> })}
                {own.or(entry).filter(|entry| runs && !entry.js.is_empty()).map(|entry| if on_a_phone { after_paint(&entry).into_any() } else { starter(&entry, piece).into_any() })}
            </head>
            <body>{body(front, path)}</body>
        </html>
    }
}

/// Loads the scripts, the module and the page's pieces of it side by side, and starts hydration when the document has
/// been read; `data-hydrated` tells that it is done, and the mark `alive` when.
fn starter(entry: &Entry, piece: &str) -> impl IntoView + use<> {
    let Entry { js, wasm, parts, .. } = entry;
    let script = format!(
        "import start, {{ hydrate }} from '{js}';\nstart({{ module_or_path: '{wasm}' }}).then(hydrate).then(() => {{ performance.mark('alive'); document.documentElement.dataset.hydrated = '' }});"
    );
    let scripts = [js, parts]
        .into_iter()
        .filter(|script| !script.is_empty())
        .map(|script| view! { <link rel="modulepreload" fetchpriority="low" href=script.clone() /> })
        .collect_view();
    let modules = std::iter::once(wasm)
        .chain(entry.pieces.get(piece).into_iter().flatten())
        .map(|module| view! { <link rel="preload" r#as="fetch" r#type="application/wasm" href=module.clone() crossorigin="anonymous" fetchpriority="low" /> })
        .collect_view();
    view! {
        {scripts}
        {modules}
        <script r#type="module" nonce=use_nonce()>{script}</script>
    }
}

/// The same on a slow phone, whose page is complete and readable before any script: nothing of the code is asked for until
/// it has been painted, so that it takes no part of the network away from what is seen first.
fn after_paint(entry: &Entry) -> impl IntoView + use<> {
    let Entry { js, wasm, .. } = entry;
    let script = format!(
        "const start = () => {{
  const code = fetch('{wasm}');
  import('{js}').then((module) => module.default({{ module_or_path: code }}).then(module.hydrate))
    .then(() => {{ performance.mark('alive'); document.documentElement.dataset.hydrated = '' }});
}};
// A page that nobody sees is never painted.
if (document.visibilityState === 'hidden') start(); else requestAnimationFrame(() => setTimeout(start));"
    );
    view! { <script r#type="module" nonce=use_nonce()>{script}</script> }
}

fn body(front: Front, path: String) -> AnyView {
    match front {
        Front::Landing => view! { <Landing /> }.into_any(),
        Front::Consumer => view! { <consumer::App path /> }.into_any(),
        Front::Tendero => view! { <tendero::App path /> }.into_any(),
        Front::Brand => view! { <brand::App path /> }.into_any(),
        Front::Backoffice => view! { <backoffice::App path /> }.into_any(),
        Front::Missing => view! { <Missing /> }.into_any(),
        Front::Receipt(token) => view! { <consumer::ReceiptPage token /> }.into_any(),
        Front::Outbox(letters) => view! { <Outbox letters /> }.into_any(),
    }
}
