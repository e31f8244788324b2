//! The one place that reads the clock.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use shared::Timestamp;

/// Where `now` comes from. Doors ask it once and pass the answer down.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    System,
    /// A clock that stands still until somebody sets it: for scenarios and tests.
    Controlled(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at an instant.
    pub fn controlled(at: Timestamp) -> Self {
        Self::Controlled(Arc::new(AtomicI64::new(at.0)))
    }
    /// The present instant.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => {
                #[allow(clippy::disallowed_methods, reason = "this is the edge where time enters")]
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
            Self::Controlled(at) => Timestamp(at.load(Ordering::SeqCst)),
        }
    }
    /// Sets a controlled clock; a machine's clock stays as it is and answers false.
    pub fn set(&self, to: Timestamp) -> bool {
        match self {
            Self::System => false,
            Self::Controlled(at) => {
                at.store(to.0, Ordering::SeqCst);
                true
            }
        }
    }
}
