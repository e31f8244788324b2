//! A code before the camera is seen thirty times a second and counts once.

use crate::read::Read;

/// A code that was out of sight this long counts again, in milliseconds.
pub const GONE_MS: f64 = 1_000.0;
/// Out of sight for less than this is a blurred frame, not another presentation, in milliseconds.
const BLINK_MS: f64 = 300.0;
/// Within this time a second frame must agree where the symbol's check is weak, in milliseconds.
pub const AGREE_MS: f64 = 1_500.0;
/// Codes that are remembered; a counter shows one or two at a time.
const CODES_MAX: usize = 16;

/// What a sighting is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Counts: act and sound.
    New,
    /// Shown again within [`GONE_MS`]: does not count; hint at **+**.
    Repeat,
    /// Still before the camera: nothing to do.
    Still,
    /// The first sighting of a symbol with a weak check: wait for another frame.
    Unsure,
}

struct Code {
    read: Read,
    last_ms: f64,
    counted: bool,
}

/// The codes seen lately.
#[derive(Default)]
pub struct ReadMemory(Vec<Code>);

impl ReadMemory {
    /// Says what this sighting is. `now_ms` comes from any steady clock that does not go back.
    pub fn see(&mut self, read: &Read, now_ms: f64) -> Seen {
        let Some(code) = self.0.iter_mut().find(|code| code.read.format == read.format && code.read.text == read.text) else {
            self.remember(read, now_ms);
            return if read.format.is_weak() { Seen::Unsure } else { Seen::New };
        };
        let gone_ms = now_ms - code.last_ms;
        code.last_ms = now_ms;
        if code.counted {
            match gone_ms {
                gone if gone < BLINK_MS => return Seen::Still,
                gone if gone < GONE_MS => return Seen::Repeat,
                _ if read.format.is_weak() => {
                    code.counted = false;
                    return Seen::Unsure;
                }
                _ => return Seen::New,
            }
        }
        if gone_ms > AGREE_MS {
            return Seen::Unsure;
        }
        code.counted = true;
        Seen::New
    }

    /// Forgets one code: it could not be acted on.
    pub fn forget(&mut self, read: &Read) {
        self.0.retain(|code| code.read.format != read.format || code.read.text != read.text);
    }

    /// Forgets everything: the next customer may show the same bottle.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    fn remember(&mut self, read: &Read, now_ms: f64) {
        if self.0.len() == CODES_MAX
            && let Some(oldest) = (0..CODES_MAX).min_by(|&a, &b| self.0[a].last_ms.total_cmp(&self.0[b].last_ms))
        {
            self.0.swap_remove(oldest);
        }
        self.0.push(Code { read: read.clone(), last_ms: now_ms, counted: !read.format.is_weak() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::Format;

    fn read(format: Format, text: &str) -> Read {
        Read { format, text: text.to_owned(), quality: 3 }
    }

    #[test]
    fn a_bottle_held_before_the_camera_counts_once() {
        let mut memory = ReadMemory::default();
        let bottle = read(Format::Ean13, "7801234567894");

        let seen: Vec<Seen> = (0..100).map(|frame| memory.see(&bottle, f64::from(frame) * 33.0)).collect();

        assert_eq!(seen[0], Seen::New);
        assert!(seen[1..].iter().all(|seen| *seen == Seen::Still), "three seconds of frames");
    }

    #[test]
    fn the_same_code_shown_again_within_a_second_is_a_repeat() {
        let mut memory = ReadMemory::default();
        let bottle = read(Format::Ean13, "7801234567894");

        memory.see(&bottle, 0.0);

        assert_eq!(memory.see(&bottle, 200.0), Seen::Still, "a blurred frame between");
        assert_eq!(memory.see(&bottle, 1_199.0), Seen::Repeat);
        assert_eq!(memory.see(&bottle, 2_199.0), Seen::New, "a whole second after the last sighting");
    }

    #[test]
    fn another_code_counts_at_once() {
        let mut memory = ReadMemory::default();

        assert_eq!(memory.see(&read(Format::Ean13, "7801234567894"), 0.0), Seen::New);
        assert_eq!(memory.see(&read(Format::Qr, "M1ABC"), 10.0), Seen::New);
        assert_eq!(memory.see(&read(Format::Ean13, "7801234567894"), 20.0), Seen::Still);
    }

    #[test]
    fn a_weak_symbol_needs_two_frames_that_agree() {
        let mut memory = ReadMemory::default();
        let gum = read(Format::Ean8, "96385074");

        assert_eq!(memory.see(&gum, 0.0), Seen::Unsure);
        assert_eq!(memory.see(&read(Format::UpcE, "04252614"), 40.0), Seen::Unsure, "a different text is no agreement");
        assert_eq!(memory.see(&gum, 80.0), Seen::New);
        assert_eq!(memory.see(&gum, 120.0), Seen::Still);
        assert_eq!(memory.see(&gum, 1_400.0), Seen::Unsure, "shown again, judged again");
        assert_eq!(memory.see(&gum, 1_440.0), Seen::New);
    }

    #[test]
    fn two_chance_reads_far_apart_do_not_agree() {
        let mut memory = ReadMemory::default();
        let ghost = read(Format::UpcE, "04252614");

        assert_eq!(memory.see(&ghost, 0.0), Seen::Unsure);
        assert_eq!(memory.see(&ghost, AGREE_MS + 1.0), Seen::Unsure);
    }

    #[test]
    fn the_memory_is_bounded_and_keeps_the_latest() {
        let mut memory = ReadMemory::default();
        for n in 0..1_000 {
            assert_eq!(memory.see(&read(Format::Qr, &n.to_string()), f64::from(n)), Seen::New);
        }

        assert_eq!(memory.0.len(), CODES_MAX);
        assert_eq!(memory.see(&read(Format::Qr, "999"), 1_000.0), Seen::Still);
    }

    #[test]
    fn the_next_customer_starts_with_an_empty_memory() {
        let mut memory = ReadMemory::default();
        let bottle = read(Format::Ean13, "7801234567894");
        memory.see(&bottle, 0.0);

        memory.clear();

        assert_eq!(memory.see(&bottle, 10.0), Seen::New);
    }
}
