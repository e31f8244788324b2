//! The request behind a page or a server function.
//!
//! [`query`] and [`refusal`] answer alike on the server and in the browser, so that what was rendered and what
//! hydrates agree. The rest exists with `ssr` only: [`begin`] and [`read`] open a transaction for the persona whose
//! page or server function this is, [`go`] and [`session_cookie`] shape the answer.

use shared::Problem;

/// A query parameter of the page's address, decoded.
pub fn query(name: &str) -> Option<String> {
    #[cfg(feature = "ssr")]
    {
        server::query(name)
    }
    #[cfg(not(feature = "ssr"))]
    {
        let search = web_sys::window()?.location().search().ok()?;
        web_sys::UrlSearchParams::new_with_str(&search).ok()?.get(name)
    }
}

/// What was typed into the field of this name before its form was refused, while scripts did not run: the page comes
/// back with it. Nothing in a browser, which keeps what it was sent.
pub fn typed(name: &str) -> Option<String> {
    #[cfg(feature = "ssr")]
    {
        server::typed(name)
    }
    #[cfg(not(feature = "ssr"))]
    {
        let _ = name;
        None
    }
}

/// What is ticked under this name when the page begins: of a refused form what was ticked before, and in a browser what
/// stands in the document, so that a tick from before the page came alive is kept.
pub fn ticked(name: &str) -> Option<String> {
    #[cfg(feature = "ssr")]
    {
        server::typed(name)
    }
    #[cfg(not(feature = "ssr"))]
    {
        use wasm_bindgen::JsCast;
        let found = leptos::prelude::document().query_selector(&["[name=\"", name, "\"]:checked"].concat()).ok()??;
        Some(found.dyn_into::<web_sys::HtmlInputElement>().ok()?.value())
    }
}

/// Nothing is at this address, or not what it is about: its status says so. Nothing in a browser.
pub fn missing() {
    #[cfg(feature = "ssr")]
    server::missing();
}

/// Opened without the step before: a page whose address lacks what that step gives leads back to it.
pub fn needs(name: &str, before: &str) {
    #[cfg(feature = "ssr")]
    if !is_shell() && query(name).is_none_or(|value| value.is_empty()) {
        server::go(before);
    }
    #[cfg(not(feature = "ssr"))]
    let _ = (name, before);
}

/// The query of the page's address as it stands there, without the refusal of an earlier try.
pub fn query_string() -> String {
    #[cfg(feature = "ssr")]
    let query = server::query_string();
    #[cfg(not(feature = "ssr"))]
    let query = web_sys::window().and_then(|window| window.location().search().ok()).unwrap_or_default();
    let query = without_refusal(&["?", query.trim_start_matches('?')].concat());
    query.trim_start_matches('?').to_owned()
}

/// True while a page is rendered for nobody: it is kept on phones and opened there without network.
///
/// Such a page reads nothing that belongs to somebody; see [`crate::kept()`].
pub fn is_shell() -> bool {
    #[cfg(feature = "ssr")]
    {
        server::is_shell()
    }
    #[cfg(not(feature = "ssr"))]
    {
        false
    }
}

/// Addresses of the decoder's glue and its module, for the scanner; both empty when the server runs without a site.
pub fn decoder_urls() -> (String, String) {
    #[cfg(feature = "ssr")]
    {
        server::site().entry("decoder").map(|entry| (entry.js.clone(), entry.wasm.clone())).unwrap_or_default()
    }
    #[cfg(not(feature = "ssr"))]
    {
        let root = leptos::prelude::document().document_element();
        let read = |name| root.as_ref().and_then(|root| root.get_attribute(name)).unwrap_or_default();
        (read("data-decoder-js"), read("data-decoder-wasm"))
    }
}

/// The number of whoever helps shops by WhatsApp, digits with the country's; empty when the installation has none.
pub fn help_whatsapp() -> String {
    #[cfg(feature = "ssr")]
    {
        leptos::prelude::use_context::<RequestContext>().map(|context| context.app.help_whatsapp.to_string()).unwrap_or_default()
    }
    #[cfg(not(feature = "ssr"))]
    {
        let root = leptos::prelude::document().document_element();
        root.and_then(|root| root.get_attribute("data-help-number")).unwrap_or_default()
    }
}

/// Why the form that led back to this page was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The problem's stable code.
    pub code: String,
    /// Which field, by its name in the form; absent when it is about no field.
    pub field: Option<String>,
    /// How often the code that was wrong can still be tried.
    pub tries_left: Option<u32>,
}

impl Refusal {
    /// What to tell the person.
    pub fn message(&self) -> String {
        self.text(crate::error::message)
    }
    /// The same in other words; how many tries are left, where they are counted, and which column a file lacks.
    pub fn text(&self, words: fn(&str) -> &'static str) -> String {
        match self.tries_left {
            None => match self.field.as_deref().filter(|_| self.code.ends_with("missing_column")) {
                Some(column) => crate::t::common_missing_column(column),
                None => words(&self.code).to_owned(),
            },
            Some(0) => crate::t::problem_too_many_tries().to_owned(),
            Some(tries) => crate::t::join_code_tries_left(i64::from(tries)),
        }
    }
    /// True when it is about the field of this name.
    pub fn is_about(&self, field: &str) -> bool {
        self.field.as_deref() == Some(field)
    }
}

/// A form posted without scripts and refused comes back to its page with `?error=…&field=…&tries=…`; this reads them.
pub fn refusal() -> Option<Refusal> {
    Some(Refusal {
        code: query("error").filter(|code| !code.is_empty())?,
        field: query("field").filter(|field| !field.is_empty()),
        tries_left: query("tries").and_then(|tries| tries.parse().ok()),
    })
}

/// A problem as the address of the page that shows it: `/c/alta?error=loyalty.qr_stale&field=code`.
///
/// `back` is a path with or without a query; an earlier refusal in it is replaced.
pub fn refused_at(back: &str, problem: &Problem) -> String {
    let mut address = without_refusal(back);
    address.push(if address.contains('?') { '&' } else { '?' });
    address.push_str("error=");
    push_plain(&mut address, &problem.code);
    if let Some(field) = problem.fields.first() {
        address.push_str("&field=");
        push_plain(&mut address, &field.field);
    }
    if let Some(tries) = problem.tries_left {
        address.push_str("&tries=");
        push_plain(&mut address, &tries.to_string());
    }
    address
}

/// The same address without the refusal of an earlier try.
pub fn without_refusal(back: &str) -> String {
    let Some((path, query)) = back.split_once('?') else {
        return back.to_owned();
    };
    let ours = |pair: &&str| !matches!(pair.split('=').next(), Some("error" | "field" | "tries" | "__path" | "__err"));
    let kept = query.split('&').filter(ours).collect::<Vec<_>>().join("&");
    if kept.is_empty() { path.to_owned() } else { format!("{path}?{kept}") }
}

/// Codes and field names are ASCII words; anything else has no place in an address.
fn push_plain(out: &mut String, text: &str) {
    out.extend(text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')));
}

#[cfg(feature = "ssr")]
pub use server::{
    AppHandle, Entry, RequestContext, Site, SiteFile, TYPED_COOKIE, actor, begin, db, ended_elsewhere, go, persona, persona_of, read,
    refuse, session_cookie, sign_out_cookie, site, state,
};

#[cfg(feature = "ssr")]
mod server {
    use std::sync::Arc;

    use axum::http::{HeaderValue, StatusCode, header, request::Parts};
    use db::{Db, Tx, clock::Clock};
    use identity::{Actor, Keys, Persona};
    use leptos::prelude::use_context;
    use leptos_axum::ResponseOptions;
    use serde::Deserialize;
    use shared::{Problem, Timestamp};

    use crate::UiError;

    /// Where one WASM entry's files are, as addresses of this server: `/pkg/consumer.1a2b.js`.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
    #[serde(default)]
    pub struct Entry {
        /// The module that loads the WASM.
        pub js: String,
        /// The WASM.
        pub wasm: String,
        /// The style sheet; empty for the decoder.
        pub css: String,
        /// The script that loads the pieces of a split module; empty otherwise.
        pub parts: String,
        /// By group of pages: the pieces of the module that they need.
        pub pieces: std::collections::BTreeMap<String, Vec<String>>,
    }

    /// What was built for the browsers: `site.json` of the site folder. Empty when the server runs without one.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
    #[serde(default)]
    pub struct Site {
        /// Names the build; changes when any file does.
        pub build: String,
        /// By name: `consumer`, `tendero`, `console`, `decoder`.
        pub entries: std::collections::BTreeMap<String, Entry>,
        /// All files.
        pub files: Vec<SiteFile>,
    }

    /// One file of the site folder.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
    #[serde(default)]
    pub struct SiteFile {
        /// Its address: `/fonts/manrope.woff2`.
        pub path: String,
        /// Of its bytes, hexadecimal.
        pub sha256: String,
        /// How many.
        pub bytes: u64,
    }

    impl Site {
        /// The entry of that name, when it was built.
        pub fn entry(&self, name: &str) -> Option<&Entry> {
            self.entries.get(name)
        }
        /// Is there a file at this address?
        pub fn has(&self, path: &str) -> bool {
            self.files.iter().any(|file| file.path == path)
        }
    }

    /// What every page and server function may use.
    #[derive(Clone)]
    pub struct AppHandle {
        /// The database.
        pub db: Db,
        /// Keys of hashes and seals.
        pub keys: Keys,
        /// The only clock.
        pub clock: Clock,
        /// This installation is a demonstration: codes appear in an outbox page instead of on telephones.
        pub sandbox: bool,
        /// Files for the browsers.
        pub site: Arc<Site>,
        /// Where people reach this server, without a slash at the end: `https://mostrador.example`.
        pub public_url: Arc<str>,
        /// Who helps shops by WhatsApp, digits; empty for nobody.
        pub help_whatsapp: Arc<str>,
        /// Names of the texts that leave to telephones here.
        pub approved: Arc<[&'static str]>,
    }

    /// Given as context to every render and every server function.
    #[derive(Clone)]
    pub struct RequestContext {
        /// The server's state.
        pub app: AppHandle,
        /// Whose page or server function this is; `None` for pages of nobody.
        pub persona: Option<Persona>,
        /// The page is rendered for nobody, whoever asks.
        pub shell: bool,
    }

    /// What was given as context, or the problem that it was not: a mistake in the wiring, never in a request.
    pub fn state<T: Clone + 'static>() -> Result<T, UiError> {
        use_context::<T>().ok_or_else(|| {
            tracing::error!("No {} in this request's context", std::any::type_name::<T>());
            UiError(Problem::new(500, "internal", "The server is wired wrongly."))
        })
    }

    /// Whose page (`/c/…`) or server function (`/fn/consumer/…`) a path is.
    pub fn persona_of(path: &str) -> Option<Persona> {
        let mut parts = path.trim_start_matches('/').split('/');
        let first = parts.next()?;
        match if first == "fn" { parts.next()? } else { first } {
            // A receipt is public; its buyer may be looking at it.
            "c" | "consumer" | "r" => Some(Persona::Consumer),
            "t" | "tendero" => Some(Persona::Tendero),
            "b" | "brand" => Some(Persona::Brand),
            "o" | "backoffice" => Some(Persona::Backoffice),
            _ => None,
        }
    }

    /// Whose page or server function this is.
    pub fn persona() -> Option<Persona> {
        use_context::<RequestContext>().and_then(|context| context.persona)
    }

    /// The files built for the browsers.
    pub fn site() -> Arc<Site> {
        use_context::<RequestContext>().map(|context| context.app.site).unwrap_or_default()
    }

    /// Opens a writing transaction for this request: who asks, and the instant that counts for all of it.
    ///
    /// The caller commits. An absent, unknown or expired session makes [`Actor::Anonymous`], never an error: the domain
    /// verb decides whether that is enough.
    pub async fn begin() -> Result<(Tx, Actor, Timestamp), UiError> {
        let context = state::<RequestContext>()?;
        let tx = context.app.db.begin().await?;
        resolve(tx, &context).await
    }

    /// Like [`begin`] for a read that needs nothing of its own writes; the transaction refuses to write.
    pub async fn read() -> Result<(Tx, Actor, Timestamp), UiError> {
        let context = state::<RequestContext>()?;
        let tx = context.app.db.read().await?;
        resolve(tx, &context).await
    }

    /// The database, for verbs that open transactions of their own.
    pub fn db() -> Result<db::Db, UiError> {
        Ok(state::<RequestContext>()?.app.db)
    }

    /// Who asks, when nothing else of the database is needed.
    pub async fn actor() -> Result<Actor, UiError> {
        Ok(read().await?.1)
    }

    async fn resolve(mut tx: Tx, context: &RequestContext) -> Result<(Tx, Actor, Timestamp), UiError> {
        let now = context.app.clock.now();
        let token = context.persona.filter(|_| !context.shell).and_then(|persona| Some((persona, cookie(persona.cookie())?)));
        let actor = match token {
            None => Actor::Anonymous,
            Some((persona, token)) => match identity::session::resolve(&mut tx, now, persona, &token).await {
                Err(identity::Error::Unauthorized) => Actor::Anonymous,
                other => other?,
            },
        };
        Ok((tx, actor, now))
    }

    /// True when this browser had a session that somebody ended elsewhere.
    pub async fn ended_elsewhere(tx: &mut Tx) -> Result<bool, UiError> {
        match persona().and_then(|persona| Some((persona, cookie(persona.cookie())?))) {
            Some((persona, token)) => Ok(identity::session::ended_elsewhere(tx, persona, &token).await?),
            None => Ok(false),
        }
    }

    fn cookie(name: &str) -> Option<String> {
        let parts = use_context::<Parts>()?;
        let pairs =
            parts.headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok()).flat_map(|line| line.split(';'));
        pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
    }

    pub(super) fn is_shell() -> bool {
        use_context::<RequestContext>().is_some_and(|context| context.shell)
    }

    pub(super) fn query(name: &str) -> Option<String> {
        let parts = use_context::<Parts>()?;
        let axum::extract::Query(pairs) = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).ok()?;
        pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    pub(super) fn query_string() -> String {
        use_context::<Parts>().and_then(|parts| parts.uri.query().map(str::to_owned)).unwrap_or_default()
    }

    fn wants_page() -> bool {
        let accept = use_context::<Parts>().and_then(|parts| Some(parts.headers.get(header::ACCEPT)?.to_str().ok()?.contains("text/html")));
        accept.unwrap_or(false)
    }

    /// Sends the person to another page of this server.
    ///
    /// A navigation or a plain form gets 303 See Other; a call by script keeps its answer and a header that makes the
    /// caller navigate. `path` begins with a slash; anything else goes to `/`, so that an input can never lead elsewhere.
    pub fn go(path: &str) {
        let Some(options) = use_context::<ResponseOptions>() else {
            return;
        };
        let here = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
        let location = HeaderValue::from_str(if here { path } else { "/" }).unwrap_or(HeaderValue::from_static("/"));
        options.insert_header(header::LOCATION, location);
        if wants_page() {
            options.set_status(StatusCode::SEE_OTHER);
        } else {
            options.insert_header(header::HeaderName::from_static("serverfnredirect"), HeaderValue::from_static(""));
        }
    }

    /// Back to the page of a form that was refused. Server functions need not call it: an error they return has the
    /// same effect for a plain form.
    pub fn refuse(error: &UiError) {
        let referer = use_context::<Parts>().and_then(|parts| Some(parts.headers.get(header::REFERER)?.to_str().ok()?.to_owned()));
        let back = referer.and_then(|address| Some(address.parse::<axum::http::Uri>().ok()?.path_and_query()?.as_str().to_owned()));
        go(&super::refused_at(back.as_deref().unwrap_or("/"), &error.0));
    }

    pub(super) fn missing() {
        let Some(options) = use_context::<ResponseOptions>() else {
            return;
        };
        // Whoever has to log in first is led there whatever the address.
        if !options.0.read().is_ok_and(|parts| parts.status == Some(StatusCode::SEE_OTHER)) {
            options.set_status(StatusCode::NOT_FOUND);
        }
    }

    /// The cookie with what was typed into a form that was refused, sealed; see [`identity::flash::seal_typed`].
    pub const TYPED_COOKIE: &str = "__Host-mostrador-typed";

    pub(super) fn typed(name: &str) -> Option<String> {
        super::refusal()?;
        let word = cookie(TYPED_COOKIE)?;
        let (parts, app) = (use_context::<Parts>()?, use_context::<RequestContext>()?.app);
        let fields = identity::flash::open_typed(&app.keys, app.clock.now(), parts.uri.path(), &word);
        fields.into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Gives this browser the session: `__Host-…`, out of scripts' reach, until the session ends.
    pub fn session_cookie(opened: &identity::session::Opened) {
        let identity::session::Opened { persona, token, max_age_seconds } = opened;
        set_cookie(&format!("{}={token}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={max_age_seconds}", persona.cookie()));
    }

    /// Takes the session from this browser. Nothing else of its storage: unsent captures live there.
    pub fn sign_out_cookie(persona: Persona) {
        set_cookie(&format!("{}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0", persona.cookie()));
    }

    fn set_cookie(line: &str) {
        if let (Some(options), Ok(value)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(line)) {
            options.append_header(header::SET_COOKIE, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_replaces_the_one_before() {
        let problem = Problem::field("phone", "identity.bad_phone", "");

        assert_eq!(
            refused_at("/c/alta?tienda=sho_1&error=x&field=y", &problem),
            "/c/alta?tienda=sho_1&error=identity.bad_phone&field=phone"
        );
        assert_eq!(refused_at("/c/alta", &problem), "/c/alta?error=identity.bad_phone&field=phone");
        assert_eq!(without_refusal("/c/alta?error=x"), "/c/alta");
        let wrong = Problem { tries_left: Some(2), ..Problem::field("code", "wrong_code", "") };
        let told = refused_at("/c/alta", &wrong);
        assert_eq!(told, "/c/alta?error=wrong_code&field=code&tries=2");
        assert_eq!(refused_at(&told, &problem), "/c/alta?error=identity.bad_phone&field=phone");
    }

    #[test]
    fn an_address_takes_no_text_from_a_code() {
        let problem = Problem::new(422, "a&b=c\r\nd", "");

        assert_eq!(refused_at("/", &problem), "/?error=abcd");
    }
}
