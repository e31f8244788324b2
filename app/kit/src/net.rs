//! Is there a network, and what time is it really?
//!
//! A browser only knows whether it has an interface; whether our server answers is told by whoever asked it last.

use leptos::prelude::*;

/// What this page knows of the network. Nothing on the server.
#[derive(Clone, Copy)]
pub struct Net {
    /// Our server answered last time, and the browser has an interface.
    pub online: RwSignal<bool>,
    /// Server clock − device clock at the last contact, milliseconds; kept on the phone between visits.
    pub skew_ms: RwSignal<i64>,
}

const SKEW: &str = "net.skew";

/// The page's network; made on the first call. Call it in the page's own scope first.
pub fn net() -> Net {
    if let Some(net) = use_context::<Net>() {
        return net;
    }
    let net = Net { online: RwSignal::new(true), skew_ms: RwSignal::new(0) };
    provide_context(net);
    crate::effect(move |first| {
        if !first {
            return;
        }
        leptos::task::spawn_local(async move {
            if let Some((skew, _)) = crate::kept::recall::<i64>(SKEW).await
                && net.skew_ms.try_get_untracked() == Some(0)
            {
                net.skew_ms.set(skew);
            }
        });
        net.online.set(window().navigator().on_line());
        HEARD.with(|heard| heard.set(Some(net)));
        window_event_listener(leptos::ev::online, move |_| net.online.set(true));
        window_event_listener(leptos::ev::offline, move |_| net.online.set(false));
    });
    net
}

thread_local! {
    /// The page's network, for whoever hears of it outside the page's scope.
    static HEARD: std::cell::Cell<Option<Net>> = const { std::cell::Cell::new(None) };
}

/// Somebody asked our server: it answered, or it did not.
pub fn heard(answered: bool) {
    if let Some(net) = HEARD.with(std::cell::Cell::get)
        && net.online.try_get_untracked().is_some_and(|online| online != answered)
    {
        net.online.set(answered);
    }
}

/// The server told its clock just now.
pub fn clock_heard(server_ms: i64) {
    let skew = server_ms - device_ms();
    crate::kept::save(SKEW, &skew);
    if let Some(net) = HEARD.with(std::cell::Cell::get) {
        let _ = net.skew_ms.try_set(skew);
    }
}

/// The device's clock, milliseconds since 1970; 0 on the server, which has a clock of its own.
pub fn device_ms() -> i64 {
    #[cfg(target_arch = "wasm32")]
    {
        js_sys::Date::now() as i64
    }
    #[cfg(not(target_arch = "wasm32"))]
    {
        0
    }
}

/// `16:05` of an instant, on this phone's own clock and zone: the phone stands in the shop, or in the hand.
pub fn wall_time(at_ms: i64) -> String {
    #[cfg(target_arch = "wasm32")]
    {
        let date = js_sys::Date::new(&(at_ms as f64).into());
        let two = |n: u32| [if n < 10 { "0" } else { "" }, &n.to_string()].concat();
        [two(date.get_hours()), two(date.get_minutes())].join(":")
    }
    #[cfg(not(target_arch = "wasm32"))]
    {
        let _ = at_ms;
        String::new()
    }
}

/// The civil date of an instant on this phone's wall.
pub fn wall_date(at_ms: i64) -> Option<shared::CivilDate> {
    #[cfg(target_arch = "wasm32")]
    {
        let date = js_sys::Date::new(&(at_ms as f64).into());
        let two = |n: u32| [if n < 10 { "0" } else { "" }, &n.to_string()].concat();
        [date.get_full_year().to_string(), two(date.get_month() + 1), two(date.get_date())].join("-").parse().ok()
    }
    #[cfg(not(target_arch = "wasm32"))]
    {
        let _ = at_ms;
        None
    }
}

/// An instant on this phone's wall: `at` by the server's clock, the offset as the phone has it now.
pub fn on_the_wall(at: shared::Timestamp) -> shared::LocalTime {
    #[cfg(target_arch = "wasm32")]
    let offset_seconds = -(js_sys::Date::new_0().get_timezone_offset() as i32) * 60;
    #[cfg(not(target_arch = "wasm32"))]
    let offset_seconds = 0;
    shared::LocalTime { at, offset_seconds }
}

/// `16:05` when it was today, `vie 20 nov 16:05` before.
pub fn wall_moment(at_ms: i64) -> String {
    let (then, now) = (wall_date(at_ms), wall_date(device_ms()));
    match then {
        Some(date) if then != now => [&shared::format::weekday_date(date), " ", &wall_time(at_ms)].concat(),
        _ => wall_time(at_ms),
    }
}
