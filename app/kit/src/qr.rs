//! The card that a shop reads: awning, white plate, code, ring with the seconds.

use leptos::html;
use leptos::prelude::*;
use qrcodegen::{QrCode, QrCodeEcc};
use send_wrapper::SendWrapper;

use crate::button::{Button, Look, Size};
use crate::light::{Content, IntoLight};
use crate::{Text, class_of, t};

/// Modules of the quiet zone (ISO/IEC 18004 asks for four).
const QUIET: i32 = 4;
/// CSS pixels of a module on the plate, and in full screen, before they are fitted to the device's pixels.
const MODULE: f64 = 6.0;
const MODULE_FULL: f64 = 9.0;

/// Side in modules, quiet zone included, and the outline of the dark ones: one rectangle per run in a row.
///
/// `None` when the text does not fit any QR code. Level M; upper-case text takes the compact alphanumeric mode by itself.
fn outline(text: &str) -> Option<(i32, String)> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let size = code.size();
    let mut path = String::with_capacity(2_048);
    for y in 0..size {
        let mut x = 0;
        while x < size {
            let start = x;
            while x < size && code.get_module(x, y) {
                x += 1;
            }
            if x > start {
                let run = (x - start).to_string();
                for part in ["M", &(start + QUIET).to_string(), " ", &(y + QUIET).to_string(), "h", &run, "v1h-", &run, "z"] {
                    path.push_str(part);
                }
            }
            x += 1;
        }
    }
    Some((size + 2 * QUIET, path))
}

/// A length in CSS pixels without the float formatting of the standard library, which weighs more than this file.
fn thousandths(value: f64) -> String {
    let value = (value * 1_000.0).round() as i64;
    let mut out = (value / 1_000).to_string();
    if value % 1_000 != 0 {
        out.push('.');
        out.push_str(&(1_000 + value % 1_000).to_string()[1..]);
    }
    out
}

/// A code as SVG on its white paper, in both themes, every module a whole number of device pixels.
///
/// An empty text draws the paper alone: the server does not know a code that the phone makes.
#[component]
pub fn QrPlate(
    /// What the code says.
    #[prop(into)]
    text: Signal<String>,
    /// What it is, for a screen reader.
    #[prop(into)]
    label: Text,
    /// As large as full screen allows.
    #[prop(optional)]
    full: bool,
) -> impl IntoView {
    // Version 2, the card's: the size does not jump when the code arrives.
    const USUAL: i32 = 25 + 2 * QUIET;
    let drawn = Memo::new(move |_| {
        let text = text.get();
        if text.is_empty() { (USUAL, String::new()) } else { outline(&text).unwrap_or((USUAL, String::new())) }
    });
    let module = RwSignal::new(if full { MODULE_FULL } else { MODULE });
    // After hydration, so that the server's HTML is met first.
    crate::effect(move |_| {
        let ratio = window().device_pixel_ratio().max(1.0);
        module.update(|module| *module = (*module * ratio).floor() / ratio);
    });
    let side = move || {
        // A longer code gets smaller modules, never fewer than two pixels, so that the plate keeps its place.
        let modules = drawn.with(|(modules, _)| *modules);
        let module = module.get();
        let fitted = if modules > USUAL { (module * f64::from(USUAL) / f64::from(modules)).floor().max(2.0) } else { module };
        thousandths(fitted * f64::from(modules))
    };
    let view_box = move || {
        let modules = drawn.with(|(modules, _)| modules.to_string());
        ["0 0 ", &modules, " ", &modules].concat()
    };
    view! {
        <span class="qr-plate">
            <svg class="qr" role="img" aria-label=label width=side height=side viewBox=view_box>
                <rect class="qr__paper" width="100%" height="100%"></rect>
                <path class="qr__ink" d=move || drawn.with(|(_, path)| path.clone())></path>
            </svg>
        </span>
    }
}

/// Scalloped stripes from orange to cyan: *this is a shop thing*. Only on a code and on the public page.
#[component]
pub fn Awning() -> impl IntoView {
    view! { <div class="awning" aria-hidden="true"></div> }
}

/// Awning, plate and a foot. With `on_open` the plate is a button that shows it in full.
#[component]
pub fn QrCard(
    /// What the code says.
    #[prop(into)]
    text: Signal<String>,
    /// What it is, for a screen reader.
    #[prop(into)]
    label: Text,
    /// Opens it in full.
    #[prop(optional)]
    on_open: Option<Callback<()>>,
    /// As large as the card allows: a long text has many modules.
    #[prop(optional)]
    full: bool,
    /// `qr-card__foot` or `qr-card__digits`.
    children: Content,
) -> impl IntoView {
    let plate = match on_open {
        Some(open) => view! {
            <button type="button" class="qr-card__plate" on:click=move |_| open.run(())><QrPlate text label full /></button>
        }
        .into_light(),
        None => view! { <div class="qr-card__plate"><QrPlate text label full /></div> }.into_light(),
    };
    view! { <section class="qr-card"><Awning /> {plate} {children.view()}</section> }
}

/// The code alone on white, with the screen kept awake while it is open.
#[component]
pub fn QrFull(
    /// Open or not.
    open: RwSignal<bool>,
    /// What the code says.
    #[prop(into)]
    text: Signal<String>,
    /// What it is, for a screen reader.
    #[prop(into)]
    label: Text,
    /// Name initial and card ending.
    #[prop(into)]
    who: Text,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let name = label.clone();
    crate::sheet::follow(dialog, open);
    // Empty on the server, whose threads may pass the value on.
    let awake = StoredValue::new(None::<SendWrapper<js_sys::Promise>>);
    crate::effect(move |_| {
        if open.get() {
            awake.set_value(keep_awake().map(SendWrapper::new));
        } else if let Some(lock) = awake.try_update_value(Option::take).flatten() {
            let_sleep(&lock);
        }
    });
    view! {
        <dialog class="qr-full" node_ref=dialog aria-label=name on:close=move |_| open.set(false)>
            <div class="stack">
                <p class="qr-full__who">{who}</p>
                <button type="button" on:click=move |_| open.set(false) aria-label=t::consumer_full_done()>
                    <QrPlate text label full=true />
                </button>
                <p class="small center">{t::consumer_full_hint()}</p>
            </div>
            <Button look=Look::Key size=Size::Tall wide=true on:click=move |_| open.set(false)>{t::consumer_full_done()}</Button>
        </dialog>
    }
}

/// Keeps the screen on while the page is looked at, where the phone can (W3C Screen Wake Lock).
pub fn stay_awake() {
    crate::effect(move |first| {
        if !first {
            return;
        }
        // A lock ends when the page is hidden; whoever comes back wants it again.
        let again = || drop(keep_awake());
        again();
        window_event_listener_untyped("visibilitychange", move |_| again());
    });
}

/// Asks for a screen wake lock (W3C Screen Wake Lock); where there is none the screen dims as usual.
fn keep_awake() -> Option<js_sys::Promise> {
    use wasm_bindgen::JsCast;
    let lock = js_sys::Reflect::get(window().navigator().as_ref(), &"wakeLock".into()).ok()?;
    let request = js_sys::Reflect::get(&lock, &"request".into()).ok()?.dyn_into::<js_sys::Function>().ok()?;
    let promise = request.call1(&lock, &"screen".into()).ok()?.dyn_into::<js_sys::Promise>().ok()?;
    // A refusal (battery saver) is normal; unheard, the browser would log it as an error.
    let refused = wasm_bindgen::closure::Closure::once_into_js(|_: wasm_bindgen::JsValue| {});
    let catch = js_sys::Reflect::get(&promise, &"catch".into()).ok()?.dyn_into::<js_sys::Function>().ok()?;
    catch.call1(&promise, &refused).ok()?.dyn_into::<js_sys::Promise>().ok()
}

fn let_sleep(lock: &js_sys::Promise) {
    use wasm_bindgen::JsCast;
    let release = wasm_bindgen::closure::Closure::once_into_js(|sentinel: wasm_bindgen::JsValue| {
        if let Some(release) =
            js_sys::Reflect::get(&sentinel, &"release".into()).ok().and_then(|found| found.dyn_into::<js_sys::Function>().ok())
        {
            let _ = release.call0(&sentinel);
        }
    });
    if let Some(then) = js_sys::Reflect::get(lock, &"then".into()).ok().and_then(|found| found.dyn_into::<js_sys::Function>().ok()) {
        let _ = then.call1(lock, &release);
    }
}

/// A countdown: the arc of what is left and the words in it. Not announced; the page says it at 30 and 10 seconds.
#[component]
pub fn Ring(
    /// Thousandths of the whole that are left.
    #[prop(into)]
    permille: Signal<u32>,
    /// Seconds or `m:ss`.
    #[prop(into)]
    text: Signal<String>,
    /// 62 px, green: a reservation. Otherwise 34 px, blue.
    #[prop(optional)]
    big: bool,
) -> impl IntoView {
    let class = class_of("ring", &[if big { "--big" } else { "" }, if big { "--success" } else { "" }]);
    let left = move || {
        let mut dash = permille.get().min(1000).to_string();
        dash.push_str(" 1000");
        dash
    };
    view! {
        <span class=class aria-hidden="true">
            <svg viewBox="0 0 34 34">
                <circle class="ring__track" cx="17" cy="17" r="15"></circle>
                <circle class="ring__left" cx="17" cy="17" r="15" pathLength="1000" transform="rotate(-90 17 17)" stroke-dasharray=left></circle>
            </svg>
            <span class="ring__n">{move || text.get()}</span>
        </span>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_code_of_38_characters_is_a_version_2() {
        let (side, path) = outline("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ$%").unwrap();

        assert_eq!(side, 25 + 8);
        assert!(path.starts_with("M4 4h7v1h-7z"), "{path}");
    }

    #[test]
    fn an_endless_text_is_no_code() {
        assert!(outline(&"x".repeat(5_000)).is_none());
    }
}
