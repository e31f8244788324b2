//! What leaves this phone by hand: a text for somebody, a list for paper.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(inline_js = r#"
export async function hand_out(text) {
  if (navigator.share) return navigator.share({ text });
  await navigator.clipboard.writeText(text);
  return true;
}
export async function copy(text) { await navigator.clipboard.writeText(text); return true; }
export const print_page = () => window.print();
"#)]
extern "C" {
    /// Offers the text to another application; copies it where there is no such offer, and says so with `true`.
    #[wasm_bindgen(catch)]
    async fn hand_out(text: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn copy(text: &str) -> Result<JsValue, JsValue>;
    /// Prints what the style sheet leaves for paper.
    pub(crate) fn print_page();
}

/// True when the text was copied: somebody has to be told.
pub(crate) async fn tell(text: &str) -> bool {
    hand_out(text).await.is_ok_and(|done| done.is_truthy())
}

/// True when it was.
pub(crate) async fn copied(text: &str) -> bool {
    copy(text).await.is_ok()
}
