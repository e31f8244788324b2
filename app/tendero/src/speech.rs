//! The result said aloud, for noisy shops and for whoever does not read: with a Spanish voice that lives on the phone, and
//! counted in tones and pulses where there is none.

use kit::t;
use shared::loyalty::queue::Gain;
use wasm_bindgen::prelude::*;

use crate::saved::gain_text;

#[wasm_bindgen(inline_js = r#"
// Browsers look for their voices when they are first asked.
globalThis.speechSynthesis?.getVoices();
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

/// Says what was earned; a phone without a Spanish voice counts it.
pub(crate) fn tell(gain: Gain) {
    if !can_speak() {
        return scanner::count(if gain.points > 0 { gain.points } else { gain.stamps });
    }
    let words = gain_text(gain);
    speak(&if words.is_empty() { t::tendero_result_nothing().to_owned() } else { t::tendero_speech_result(words.trim_start_matches('+')) });
}

/// Says a sentence, where there is a voice.
pub(crate) fn aloud(text: &str) {
    speak(text);
}
