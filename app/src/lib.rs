//! The shell around every front: one HTML document for each persona, and the two pages of nobody.
//!
//! A document names the style sheet, manifest, fonts and entry of its front and holds nothing personal itself; what is
//! inside `<body>` is the persona's `App`, rendered here and hydrated by the entry in `frontend/`. The same `App` must
//! therefore meet the same address on both sides.
//!
//! Arrows: app → persona crates, kit. It holds no page of a persona and no rule.

mod landing;
mod outbox;
mod shell;
mod title;

pub use consumer::OFFLINE as OFFLINE_CONSUMER;
pub use kit::request::{Entry, Site};
pub use outbox::Letter;
pub use shell::{Front, document};
pub use tendero::OFFLINE as OFFLINE_TENDERO;
