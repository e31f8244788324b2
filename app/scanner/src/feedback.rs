//! What the counter hears and feels: one rhythm per outcome, so that it works on a bad speaker and without looking.
//!
//! Sounds are synthesised (no files) and obey the phone's volume. A browser lets a page sound only after the person
//! touched it: [`unlock`] is called by the viewfinder on the first touch. Both can be switched off on this phone.

use std::cell::{Cell, RefCell};

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{AudioContext, AudioContextState, OscillatorType};

use crate::js;

/// An outcome that is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cue {
    /// A consumer's card.
    CardRead,
    /// A product that is known.
    ProductRead,
    /// The same code within a second: ignored.
    Repeat,
    /// A product that nobody knows.
    Unknown,
    /// A code that is stale, used or blocked.
    Refused,
    /// The purchase is confirmed.
    Confirmed,
    /// The purchase is kept here until there is a signal.
    SavedOffline,
    /// A reward was completed or delivered.
    Reward,
}

/// One tone.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Tone {
    hz: f32,
    ms: f64,
    /// Silence after it.
    gap_ms: f64,
    /// 1.0 is loud.
    gain: f32,
}

const fn tone(hz: f32, ms: f64) -> Tone {
    Tone { hz, ms, gap_ms: 0.0, gain: 0.5 }
}

const fn then_gap(tone: Tone, gap_ms: f64) -> Tone {
    Tone { gap_ms, ..tone }
}

const fn quiet(tone: Tone) -> Tone {
    Tone { gain: 0.12, ..tone }
}

impl Cue {
    const fn tones(self) -> &'static [Tone] {
        match self {
            Self::CardRead => const { &[tone(1047.0, 70.0), tone(1568.0, 70.0)] },
            Self::ProductRead => const { &[tone(1568.0, 60.0)] },
            Self::Repeat => const { &[quiet(tone(1568.0, 20.0))] },
            Self::Unknown => const { &[then_gap(tone(440.0, 120.0), 60.0), tone(440.0, 120.0)] },
            Self::Refused => const { &[then_gap(tone(220.0, 180.0), 80.0), tone(196.0, 260.0)] },
            Self::Confirmed => const { &[tone(784.0, 90.0), tone(1047.0, 90.0), tone(1568.0, 160.0)] },
            Self::SavedOffline => const { &[tone(784.0, 90.0), tone(784.0, 90.0)] },
            Self::Reward => const { &[tone(784.0, 90.0), tone(1047.0, 90.0), tone(1568.0, 160.0), tone(2093.0, 240.0)] },
        }
    }

    /// Milliseconds on, off, on …; empty when the cue is not felt.
    const fn pulses(self) -> &'static [f64] {
        match self {
            Self::CardRead => &[40.0],
            Self::ProductRead => &[25.0],
            Self::Repeat => &[],
            Self::Unknown => &[60.0, 60.0, 60.0],
            Self::Refused => &[200.0, 80.0, 200.0],
            Self::Confirmed => &[40.0, 60.0, 120.0],
            Self::SavedOffline => &[40.0, 60.0, 40.0],
            Self::Reward => &[60.0, 60.0, 60.0, 60.0, 200.0],
        }
    }
}

const SOUND: &str = "mostrador.sound";
const VIBRATION: &str = "mostrador.vibration";
const OFF: &str = "off";

thread_local! {
    /// One for the page: browsers allow few.
    static AUDIO: RefCell<Option<AudioContext>> = const { RefCell::new(None) };
    /// Before the first touch browsers refuse to vibrate, and complain.
    static TOUCHED: Cell<bool> = const { Cell::new(false) };
}

/// Sounds and vibrates for `cue`, as far as both are on and the phone can. Nothing on the server.
pub fn play(cue: Cue) {
    if !cfg!(target_arch = "wasm32") {
        return;
    }
    if sound() {
        let _ = AUDIO.with_borrow(|audio| audio.as_ref().map(|audio| sing(audio, cue.tones())));
    }
    if TOUCHED.get()
        && vibration()
        && !cue.pulses().is_empty()
        && let Some(vibrate) = vibrate()
    {
        let pattern: js_sys::Array = cue.pulses().iter().map(|&ms| JsValue::from_f64(ms)).collect();
        let _ = vibrate.call1(&leptos::prelude::window().navigator(), &pattern);
    }
}

/// Tells a number without words, after the cue of its outcome: one long tone for each ten and one short for each one, felt
/// alike. Above [`COUNTED_MAX`] nobody would count along, so that only the cue is heard.
pub fn count(number: i64) {
    let tones = counted(number);
    if !cfg!(target_arch = "wasm32") || tones.is_empty() {
        return;
    }
    let play = move || {
        if sound() {
            let _ = AUDIO.with_borrow(|audio| audio.as_ref().map(|audio| sing(audio, &tones)));
        }
        if TOUCHED.get()
            && vibration()
            && let Some(vibrate) = vibrate()
        {
            let pattern: js_sys::Array = tones.iter().flat_map(|tone| [tone.ms, tone.gap_ms]).map(JsValue::from_f64).collect();
            let _ = vibrate.call1(&leptos::prelude::window().navigator(), &pattern);
        }
    };
    leptos::prelude::set_timeout(play, std::time::Duration::from_millis(COUNT_AFTER_MS));
}

/// The largest number that is counted.
pub const COUNTED_MAX: i64 = 49;
/// The longest cue has ended by then.
const COUNT_AFTER_MS: u64 = 750;

fn counted(number: i64) -> Vec<Tone> {
    if !(1..=COUNTED_MAX).contains(&number) {
        return Vec::new();
    }
    let (tens, ones) = (number / 10, number % 10);
    let ten = then_gap(tone(784.0, 340.0), 160.0);
    let one = then_gap(tone(1568.0, 90.0), 150.0);
    (0..tens).map(|_| ten).chain((0..ones).map(|_| one)).collect()
}

/// Makes sound possible; call it inside the handler of a touch, a click or a key.
pub fn unlock() {
    if !cfg!(target_arch = "wasm32") {
        return;
    }
    TOUCHED.set(true);
    AUDIO.with_borrow_mut(|audio| {
        if audio.is_none() {
            *audio = AudioContext::new().ok();
        }
        if let Some(audio) = audio
            && audio.state() == AudioContextState::Suspended
        {
            // Refused outside a touch; the next one tries again.
            let _ = audio.resume();
        }
    });
}

/// Whether this phone can vibrate at all; where it cannot (iOS), the viewfinder flashes instead.
pub fn can_vibrate() -> bool {
    cfg!(target_arch = "wasm32") && vibrate().is_some()
}

/// Whether sounds are on: yes until switched off on this phone.
pub fn sound() -> bool {
    is_on(SOUND)
}

/// Switches sounds, for this phone.
pub fn set_sound(on: bool) {
    keep(SOUND, on);
}

/// Whether vibration is on: yes until switched off on this phone.
pub fn vibration() -> bool {
    is_on(VIBRATION)
}

/// Switches vibration, for this phone.
pub fn set_vibration(on: bool) {
    keep(VIBRATION, on);
}

fn is_on(key: &str) -> bool {
    !cfg!(target_arch = "wasm32") || js::storage().and_then(|kept| kept.get_item(key).ok().flatten()).as_deref() != Some(OFF)
}

fn keep(key: &str, on: bool) {
    if cfg!(target_arch = "wasm32")
        && let Some(kept) = js::storage()
    {
        // Storage may be full or refused: then the switch holds for this page only by staying as it was.
        let _ = if on { kept.remove_item(key) } else { kept.set_item(key, OFF) };
    }
}

fn vibrate() -> Option<js_sys::Function> {
    js::method(leptos::prelude::window().navigator().unchecked_ref(), "vibrate")
}

/// Tones one after the other, each with a soft start and end: a cut wave clicks.
fn sing(audio: &AudioContext, tones: &[Tone]) -> Result<(), JsValue> {
    // A suspended context would keep the tones and play all of them at the next touch.
    if audio.state() != AudioContextState::Running {
        return Ok(());
    }
    const SOFT_S: f64 = 0.005;
    let mut at = audio.current_time();
    for tone in tones {
        let (end, gain, wave) = (at + tone.ms / 1e3, audio.create_gain()?, audio.create_oscillator()?);
        // Richer than a sine: a phone's speaker hardly moves at 200 Hz.
        wave.set_type(OscillatorType::Triangle);
        wave.frequency().set_value(tone.hz);
        gain.gain().set_value_at_time(0.0, at)?;
        gain.gain().linear_ramp_to_value_at_time(tone.gain, at + SOFT_S)?;
        gain.gain().set_value_at_time(tone.gain, end - SOFT_S)?;
        gain.gain().linear_ramp_to_value_at_time(0.0, end)?;
        wave.connect_with_audio_node(&gain)?;
        gain.connect_with_audio_node(&audio.destination())?;
        wave.start_with_when(at)?;
        wave.stop_with_when(end)?;
        at = end + tone.gap_ms / 1e3;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Cue; 8] =
        [Cue::CardRead, Cue::ProductRead, Cue::Repeat, Cue::Unknown, Cue::Refused, Cue::Confirmed, Cue::SavedOffline, Cue::Reward];

    #[test]
    fn outcomes_differ_in_rhythm_and_not_only_in_pitch() {
        let rhythm = |cue: Cue| -> Vec<u32> { cue.tones().iter().flat_map(|tone| [tone.ms as u32, tone.gap_ms as u32]).collect() };

        for (n, one) in ALL.iter().enumerate() {
            for other in &ALL[n + 1..] {
                assert_ne!((rhythm(*one), one.pulses()), (rhythm(*other), other.pulses()), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn nothing_sounds_longer_than_the_next_scan_takes() {
        for cue in ALL {
            let whole: f64 = cue.tones().iter().map(|tone| tone.ms + tone.gap_ms).sum();
            assert!(whole <= 600.0, "{cue:?}");
            assert!(cue.tones().iter().all(|tone| tone.ms > 10.0), "soft start and end fit");
        }
    }

    #[test]
    fn a_number_is_counted_in_tens_and_ones() {
        let rhythm = |number| counted(number).iter().map(|tone| tone.ms > 200.0).collect::<Vec<_>>();

        assert_eq!(rhythm(3), [false; 3]);
        assert_eq!(rhythm(21), [true, true, false]);
        assert!(rhythm(0).is_empty());
        assert!(rhythm(COUNTED_MAX + 1).is_empty());
        assert!((1..=COUNTED_MAX).all(|number| counted(number).iter().map(|tone| tone.ms + tone.gap_ms).sum::<f64>() <= 4_500.0));
    }

    #[test]
    fn an_ignored_repeat_is_quiet_and_not_felt() {
        assert!(Cue::Repeat.pulses().is_empty());
        assert!(Cue::Repeat.tones().iter().all(|tone| tone.gain < 0.2));
    }
}
