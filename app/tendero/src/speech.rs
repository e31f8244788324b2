//! The result said aloud, for noisy shops and for whoever does not read: with a Spanish voice that lives on the phone.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(inline_js = r#"
const voice = () => (window.speechSynthesis ? speechSynthesis.getVoices().find((v) => v.lang.startsWith('es') && v.localService) : undefined);
export const can_speak = () => Boolean(voice());
export function speak(text) {
  const found = voice();
  if (!found) return;
  const said = new SpeechSynthesisUtterance(text);
  said.voice = found;
  said.lang = found.lang;
  speechSynthesis.cancel();
  speechSynthesis.speak(said);
}
"#)]
extern "C" {
    /// Has this phone a Spanish voice that needs no network?
    pub fn can_speak() -> bool;
    fn speak(text: &str);
}

const SPEECH: &str = "tendero.speech";

/// Is it switched on? Off by default.
pub(crate) fn on() -> bool {
    kit::kept::setting(SPEECH).unwrap_or(false)
}

/// Switches it.
pub(crate) fn set(on: bool) {
    kit::kept::set_setting(SPEECH, &on);
}

/// Says it when it is switched on.
pub(crate) fn say(text: &str) {
    if on() {
        speak(text);
    }
}
