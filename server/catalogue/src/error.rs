//! Why the catalogue refused, and how the world is told.

use shared::Problem;

/// Why a verb refused. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such product, or not yours to see.
    #[error("no such product, or not yours")]
    NotFound,
    /// The barcode has a product already.
    #[error("the barcode has a product already")]
    Taken,
    /// In-store codes mean nothing outside their shop.
    #[error("codes of restricted circulation cannot be products of the platform")]
    InStoreCode,
    /// A sandbox invents no barcode of a product that may exist.
    #[error("products of a sandbox have codes of restricted circulation")]
    OnlyInStoreCode,
    /// Packs follow rules of their own.
    #[error(transparent)]
    Pack(crate::pack::Wrong),
    /// A field is empty, too long or outside its bounds.
    #[error("the field {0} is not right")]
    Field(&'static str),
    /// The file is no table with the expected columns.
    #[error("the file cannot be read: {0}")]
    BadFile(&'static str),
    /// The heading of a file lacks this column.
    #[error("the column {0} is needed")]
    MissingColumn(&'static str),
    /// What was imported stays; another file changes it.
    #[error("the file was applied already")]
    Applied,
    /// Who asks may not, or is nobody.
    #[error(transparent)]
    Identity(#[from] identity::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] db::Error),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::NotFound => Problem::not_found(),
            Error::Taken => {
                let mut problem = Problem::field("gtin", "catalogue.taken", detail);
                problem.status = 409;
                problem
            }
            Error::OnlyInStoreCode => Problem::field("gtin", "catalogue.only_in_store_code", detail),
            Error::InStoreCode => Problem::field("gtin", "catalogue.in_store_code", detail),
            Error::Pack(wrong) => Problem::field(wrong.field(), wrong.code(), detail),
            Error::Field(field) => Problem::field(field, "bad_field", detail),
            Error::MissingColumn(column) => Problem::field(column, "missing_column", detail),
            Error::BadFile(_) => Problem::field("file", "catalogue.bad_file", detail),
            Error::Applied => Problem::new(409, "catalogue.already_applied", detail),
            Error::Identity(error) => error.into(),
            Error::Store(error) => identity::store_problem(&error),
        }
    }
}
