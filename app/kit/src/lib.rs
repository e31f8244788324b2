//! The design system: what every front is composed of, and the words of the screens.
//!
//! Words: a *component* is a function from plain values and signals to a view; its looks live in `style/`, one class
//! family per file, and it never sets a colour or an inline style (the content policy forbids both). A *text* is a
//! function of [`t`], compiled from `locales/es.ftl`.
//!
//! Invariants:
//! - every control has a label and a role, and works with the keyboard alone
//! - what a component draws is the same on the server and in the browser, so hydration meets the HTML it expects
//! - views are erased by [`light`], never by a bare `into_any`: a quarter of the code
//! - a phone's page reads through [`once`] and [`again`] inside [`Await`], not through a `Resource`
//! - components are not generic: consumer and tendero have 130 and 150 kB for everything
//!
//! Arrows: shared. With `ssr` also db and identity, through [`request`] only. It never knows a persona.

#[cfg(all(feature = "ssr", feature = "hydrate", target_arch = "wasm32"))]
compile_error!("a WASM front is built with `hydrate` alone: `ssr` would pull the server into it");

pub mod error;
pub mod icon;
pub mod json;
pub mod kept;
pub mod light;
pub mod live;
pub mod locale;
pub mod net;
pub mod payback;
pub mod request;
pub mod worker;

mod account;
mod banner;
mod button;
mod card;
mod console;
mod desk;
mod effect;
mod empty;
mod field;
mod form;
mod loaded;
mod log_in;
mod nps;
mod pages;
mod phone;
mod picture;
mod qr;
mod search;
mod segment;
mod send_again;
mod sheet;
mod shell;
mod stamp;
mod stepper;
mod table;

/// Every text of the screens, one function each, compiled from `locales/*.ftl`.
#[rustfmt::skip]
#[allow(clippy::all, clippy::pedantic)]
pub mod t {
    include!(concat!(env!("OUT_DIR"), "/t.rs"));
}

/// One of the texts in [`t`].
pub type Words = fn() -> &'static str;

pub use account::{OwnAccount, OwnAccountState, PendingSecret, role_name};
#[cfg(feature = "ssr")]
pub use account::{begin_second_factor, confirm_second_factor, entered, log_in, log_in_with_totp, log_out, own_account};
pub use banner::{Banner, Notice, Toast};
pub use button::{Button, ButtonLink, IconButton, Look, Size};
pub use card::{Avatar, Bar, BarTone, Card, Change, Chip, Disc, ListRow, SectionHead, Spark, StatTile, Tiles};
pub use console::{ConsoleShell, DeskFoot, DeskHead, RailGroup, RailItem, StepItem, Steps, TenantBadge};
#[cfg(feature = "ssr")]
pub use desk::when;
pub use desk::{Desk, Missing, Who, refused};
pub use effect::effect;
pub use empty::{Empty, ErrorState, HelpWith, OfflineState, Skeleton, SkeletonKind};
pub use error::UiError;
pub use field::{Check, Choice, CodeField, Field, Radio, Switch};
pub use form::{Form, Sending};
pub use icon::{Icon, Mark, Wordmark};
pub use kept::{Ask, Kept, SeenAt, Shown, ask, kept, kept_view};
pub use light::{Content, IntoLight, light};
pub use loaded::{Await, Loaded, again, once};
pub use log_in::LogInPage;
pub use nps::nps_card;
pub use pages::Page;
pub use phone::phone_name;
pub use picture::{Drawing, ProductPicture, categories, category_name};
pub use qr::{Awning, QrCard, QrFull, QrPlate, Ring, stay_awake};
pub use search::{More, Search, address, escaped};
pub use segment::{SegLinks, Segmented, Tabs};
pub use send_again::SendAgain;
pub use sheet::Sheet;
pub use shell::{BarItem, LiveRegions, PhoneBar, PhoneHead, PhoneShell, StepsBar};
pub use stamp::StampGrid;
pub use stepper::Stepper;
pub use table::{Column, SortHead, Sorted, Table};

/// A text given to a component: borrowed when it comes from [`t`] without parameters, owned otherwise.
pub type Text = std::borrow::Cow<'static, str>;

/// What a thing says by its tint; never alone, a word or an icon says it too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    #[default]
    Plain,
    /// Chosen or current.
    Primary,
    /// Sync, notes.
    Info,
    /// Gained, accepted.
    Success,
    /// Unknown, held.
    Warning,
    /// Refused, wrong.
    Danger,
}

impl Tone {
    /// The end of a class name, with its dashes: `--info`, or nothing.
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Primary => "--primary",
            Self::Info => "--info",
            Self::Success => "--success",
            Self::Warning => "--warning",
            Self::Danger => "--danger",
        }
    }
}

/// `block` plus `block--modifier`, without the formatting machinery.
pub(crate) fn class_of(block: &str, modifiers: &[&str]) -> String {
    let mut out = String::from(block);
    for modifier in modifiers.iter().filter(|modifier| !modifier.is_empty()) {
        out.push(' ');
        if modifier.starts_with("--") {
            out.push_str(block);
        }
        out.push_str(modifier);
    }
    out
}
