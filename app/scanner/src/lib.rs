//! Reading codes at a counter: camera, keyboard reader, and the sounds that answer.
//!
//! Words: a *read* is one text that was understood; a *sighting* is that a frame of the video (or a key burst) showed
//! it; a *cue* is the sound and vibration of one outcome; the *frame* is the outline that a label is held into.
//!
//! [`Viewfinder`] is the whole camera as one component. It starts the camera when it appears and stops it when it
//! goes or the page is hidden, sends pictures to the decoder's worker, and gives every new code once. A page that has
//! no camera still works through [`listen_to_reader`] (a reader that types) and its own form.
//!
//! Invariants:
//! - a code held before the camera counts once; it counts again after [`GONE_MS`] out of sight
//! - a code whose check is weak (UPC-E, EAN-8) counts when two frames agree
//! - at most one picture is with the decoder; nothing of a picture is kept or leaves the phone
//!
//! Arrows: kit, shared. The decoder itself is another WASM module behind a worker (`frontend/decoder`): this crate
//! knows its messages and never links it; the example `bursts` links both and measures them together.

mod camera;
mod decoder;
mod feedback;
mod frames;
mod js;
mod memory;
mod read;
mod reader;
mod viewfinder;

pub use camera::Trouble;
pub use decoder::DecoderUrls;
pub use feedback::{COUNTED_MAX, Cue, can_vibrate, count, play, set_sound, set_vibration, sound, unlock, vibration};
pub use frames::{Cut, Plan, Rect, Step};
pub use memory::{AGREE_MS, GONE_MS, ReadMemory, Seen};
pub use read::{Format, Read};
pub use reader::{Burst, listen_to_reader};
pub use viewfinder::{CameraStatus, FrameState, Viewfinder, ViewfinderProps};
