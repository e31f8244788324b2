//! A file that a plain form uploads: `multipart/form-data` (RFC 7578), which the browser sends by itself.
//!
//! The codec of the framework streams parts and panics without a boundary; here the body, which the server bounds
//! anyway, is read whole, and whatever is wrong with it is a refusal.

use http::Method;
use kit::UiError;
use server_fn::{
    ContentType,
    codec::{Encoding, FromReq, IntoReq},
    request::{ClientReq, Req},
};
use shared::Problem;

use crate::{import::ImportProducts, sell_in::ImportSellIn, shop_import::ImportShops};

/// The encoding of a form with one field `file`.
#[cfg_attr(not(feature = "ssr"), allow(dead_code, reason = "the browser posts the form by itself"))]
pub enum FileForm {}

impl ContentType for FileForm {
    const CONTENT_TYPE: &'static str = "multipart/form-data";
}

impl Encoding for FileForm {
    const METHOD: Method = Method::POST;
}

/// A function of ours that takes such a form.
macro_rules! takes_a_file { ($($function:ident)+) => { $(
impl<R: ClientReq<UiError>> IntoReq<FileForm, R, UiError> for $function {
    fn into_req(self, _path: &str, _accepts: &str) -> Result<R, UiError> {
        Err(UiError(Problem::new(501, "bad_request", "The browser posts this form, scripts do not.")))
    }
}

impl<R: Req<UiError> + Send + 'static> FromReq<FileForm, R, UiError> for $function {
    #[cfg(not(feature = "ssr"))]
    async fn from_req(_request: R) -> Result<Self, UiError> {
        Err(UiError(Problem::new(501, "bad_request", "Only the server reads requests.")))
    }

    #[cfg(feature = "ssr")]
    async fn from_req(request: R) -> Result<Self, UiError> {
        let (name, file) = read(request).await?;
        Ok(Self { name, file })
    }
}
)+ } }

takes_a_file! { ImportProducts ImportShops ImportSellIn }

/// The form's file, and what it is called.
#[cfg(feature = "ssr")]
async fn read<R: Req<UiError> + Send + 'static>(request: R) -> Result<(String, Vec<u8>), UiError> {
    let no_file = || UiError(Problem::field("file", "missing", "The form has no file."));
    let boundary = request.to_content_type().and_then(|kind| multer::parse_boundary(kind).ok()).ok_or_else(no_file)?;
    let body = request.try_into_bytes().await?;
    let body = futures::stream::once(async move { Ok::<_, std::convert::Infallible>(body) });
    let mut parts = multer::Multipart::new(body, boundary);
    while let Some(part) = parts.next_field().await.map_err(|_| no_file())? {
        if part.name() == Some("file") {
            let name = part.file_name().unwrap_or_default().to_owned();
            let file = part.bytes().await.map_err(|_| no_file())?;
            // What a browser sends for an input in which nothing was chosen.
            return if name.is_empty() && file.is_empty() { Err(no_file()) } else { Ok((name, file.to_vec())) };
        }
    }
    Err(no_file())
}
