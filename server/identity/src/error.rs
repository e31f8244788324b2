//! Why identity refused, and how the world is told.

use shared::Problem;

/// Why a verb refused. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody is logged in, or the proof is unknown or over.
    #[error("nobody is logged in")]
    Unauthorized,
    /// This role, or this key's scopes, may not.
    #[error("this role may not do that")]
    Forbidden,
    /// No such thing, or not yours to see.
    #[error("no such thing, or not yours")]
    NotFound,
    /// No mobile number of the country.
    #[error("no mobile number of the country")]
    InvalidPhone,
    /// The code is not the one that was sent; so many tries are left.
    #[error("the code is wrong, {0} tries are left")]
    WrongCode(i64),
    /// The code, the form or the invitation is over or was used.
    #[error("the code is over")]
    CodeExpired,
    /// No such code, or it is over, used, or was guessed at too often. Never says which.
    #[error("no such code, or it is over")]
    UnknownCode,
    /// Too many tries; again after so many seconds.
    #[error("too many tries")]
    TooMany(u32),
    /// A code was sent a moment ago; another one after so many seconds.
    #[error("a code was sent a moment ago")]
    TooSoon(u32),
    /// E-mail or password are wrong. Never says which.
    #[error("e-mail or password are wrong")]
    InvalidCredentials,
    /// The one-time password is wrong or was used.
    #[error("the one-time password is wrong")]
    WrongTotp,
    /// Fewer than 12 characters.
    #[error("the password is too short")]
    WeakPassword,
    /// A field is empty, too long or of the wrong form.
    #[error("the field {0} is not right")]
    Field(&'static str),
    /// Somebody has it already.
    #[error("{0} is taken")]
    Taken(&'static str),
    /// The key is no P-256 point.
    #[error("the public key is no uncompressed P-256 point")]
    BadPublicKey,
    /// The last owner of a shop stays.
    #[error("a shop needs an owner")]
    LastOwner,
    /// Nobody takes the own account away.
    #[error("nobody disables the own account")]
    Oneself,
    /// Only what was opened as a sandbox can be used as one.
    #[error("this tenant is no sandbox")]
    NotASandbox,
    /// Its name was to be typed.
    #[error("the name that was typed is another one")]
    NameNotTyped,
    /// A sandbox has so many brands, shops and cards, and no more.
    #[error("the sandbox is full")]
    SandboxFull,
    /// The reset before is not done.
    #[error("the sandbox is being reset")]
    SandboxResetting,
    /// A file is no table.
    #[error(transparent)]
    BadTable(crate::table::TableError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] db::Error),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::Unauthorized => Problem::unauthorized(),
            Error::Forbidden => Problem::forbidden(),
            Error::NotFound => Problem::not_found(),
            Error::InvalidPhone => Problem::field("phone", "invalid_phone", detail),
            Error::WrongCode(left) => {
                let mut problem = Problem::field("code", "wrong_code", detail);
                problem.tries_left = u32::try_from(left).ok();
                problem
            }
            Error::UnknownCode => Problem::field("code", "wrong_code", detail),
            Error::CodeExpired => Problem::field("code", "code_expired", detail),
            Error::TooMany(seconds) => {
                let mut problem = Problem::new(429, "too_many_requests", detail);
                problem.retry_after_seconds = Some(seconds);
                problem
            }
            Error::TooSoon(seconds) => {
                let mut problem = Problem::new(429, "code_too_soon", detail);
                problem.retry_after_seconds = Some(seconds);
                problem
            }
            Error::InvalidCredentials => Problem::new(401, "invalid_credentials", detail),
            Error::WrongTotp => Problem::field("totp", "wrong_totp", detail),
            Error::WeakPassword => Problem::field("password", "weak_password", detail),
            Error::Field(field) => Problem::field(field, "bad_field", detail),
            Error::Taken(field) => {
                let mut problem = Problem::field(field, "taken", detail);
                problem.status = 409;
                problem
            }
            Error::BadPublicKey => Problem::field("public_key", "bad_public_key", detail),
            Error::LastOwner => Problem::new(409, "last_owner", detail),
            Error::Oneself => Problem::new(409, "oneself", detail),
            Error::NotASandbox => Problem::new(409, "sandbox.not_a_sandbox", detail),
            Error::NameNotTyped => Problem::field("confirmation", "sandbox.name_not_typed", detail),
            Error::SandboxFull => Problem::new(409, "sandbox.full", detail),
            Error::SandboxResetting => Problem::new(409, "sandbox.resetting", detail),
            Error::BadTable(error) => crate::shop_import::table_problem(error),
            Error::Store(error) => store_problem(&error),
        }
    }
}

/// What the world hears of a store that failed; the cause is for the log alone.
pub fn store_problem(error: &db::Error) -> Problem {
    match error {
        db::Error::Full => Problem::new(507, "storage_full", "The server has no room left; nothing was changed."),
        db::Error::Unavailable => {
            let mut problem = Problem::new(503, "unavailable", "The database does not answer; nothing was changed.");
            problem.retry_after_seconds = Some(2);
            problem
        }
        db::Error::RowNotFound => Problem::not_found(),
        db::Error::Unique
        | db::Error::ForeignKey
        | db::Error::NotNull
        | db::Error::Check
        | db::Error::AppendOnly
        | db::Error::Other(_)
        | db::Error::Operation(_) => {
            tracing::error!(%error, "The store failed");
            Problem::new(500, "internal", "The server failed; nothing was changed.")
        }
    }
}
