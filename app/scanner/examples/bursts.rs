//! Scores scanner and decoder together over bursts of frames, as a hand holds a label before a camera.
//!
//! `cargo run --release -p scanner --example bursts -- DIR [frames=5] [first=0.95] [verbose]`, where DIR/bursts.json is
//! a list of `{symbology, truth, frames: [file]}`. Every burst goes through the plan of efforts, the cut of each frame
//! and the memory of what was seen that the viewfinder uses; a burst is read when the first text that counts is the
//! true one. Prints a line per symbology; ends with 1 when less than `first` of all bursts are read within `frames`.

use std::{collections::BTreeMap, path::Path, process::ExitCode, time::Instant};

use frontend_decoder::Mode;
use image::{GenericImageView, GrayImage, imageops};
use scanner::{Cut, Format, Plan, Read, ReadMemory, Rect, Seen};

/// The viewfinder on a phone of 360 × 640, in CSS pixels.
const SHOWN: Rect = Rect { x: 0.0, y: 0.0, width: 360.0, height: 256.0 };
/// Its drawn frame.
const FRAME: Rect = Rect { x: 64.0, y: 52.0, width: 232.0, height: 152.0 };
/// From one frame to the next that is looked at, in milliseconds: what a slow phone reaches.
const APART_MS: f64 = 100.0;

#[derive(serde::Deserialize)]
struct Burst {
    symbology: String,
    truth: String,
    frames: Vec<String>,
}

#[derive(Default)]
struct Score {
    bursts: usize,
    /// For each read burst the number of the frame that counted, from 1.
    at: Vec<usize>,
    wrong: usize,
    looks_ms: Vec<f64>,
}

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("which folder?")?;
    let rest: Vec<String> = arguments.collect();
    let number = |name: &str| rest.iter().find_map(|given| given.strip_prefix(name)?.strip_prefix('=')?.parse::<f64>().ok());
    let frames = number("frames").unwrap_or(5.0) as usize;
    let bound = number("first").unwrap_or(0.95);
    let verbose = rest.iter().any(|given| given == "verbose");

    let bursts: Vec<Burst> = serde_json::from_slice(&std::fs::read(Path::new(&folder).join("bursts.json"))?)?;
    let mut scores: BTreeMap<&str, Score> = BTreeMap::new();
    for burst in &bursts {
        let score = scores.entry(&burst.symbology).or_default();
        score.bursts += 1;
        match first_read(Path::new(&folder), burst, &mut score.looks_ms)? {
            Some((text, at)) if text == burst.truth => score.at.push(at),
            Some((text, at)) => {
                score.wrong += 1;
                println!("WRONG {} at frame {at}: {text} instead of {}", burst.frames[0], burst.truth);
            }
            None if verbose => println!("{} is not read", burst.frames[0]),
            None => {}
        }
        if verbose && score.at.last().is_some_and(|&at| at > frames) {
            println!("{} is read late", burst.frames[0]);
        }
    }

    let (mut read, mut wrong) = (0, 0);
    println!("{:8} {:>6} {:>7} {:>7} {:>7} {:>6}   look ms: median, 95 %", "", "bursts", "frame 1", format!("≤ {frames}"), "ever", "wrong");
    for (symbology, score) in &mut scores {
        let within = |frames: usize| score.at.iter().filter(|&&at| at <= frames).count();
        read += within(frames);
        wrong += score.wrong;
        let (first, soon, ever) = (within(1), within(frames), score.at.len());
        score.looks_ms.sort_by(f64::total_cmp);
        let at = |part: f64| score.looks_ms[((score.looks_ms.len() - 1) as f64 * part) as usize];
        println!("{symbology:8} {:>6} {first:>7} {soon:>7} {ever:>7} {:>6}   {:.2}, {:.2}", score.bursts, score.wrong, at(0.5), at(0.95));
    }
    let rate = read as f64 / bursts.len().max(1) as f64;
    println!(
        "{read} of {} bursts read within {frames} frames: {:.1} % (bound {:.1} %), {wrong} misread",
        bursts.len(),
        rate * 100.0,
        bound * 100.0
    );
    Ok(if rate >= bound && wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The first text that counts, and at which frame.
fn first_read(folder: &Path, burst: &Burst, looks_ms: &mut Vec<f64>) -> Result<Option<(String, usize)>, Box<dyn std::error::Error>> {
    let (mut plan, mut memory) = (Plan::default(), ReadMemory::default());
    for (n, file) in burst.frames.iter().enumerate() {
        let video = image::open(folder.join(file))?.to_luma8();
        let step = plan.next_step();
        let cut = Cut::of(step, video.width().into(), video.height().into(), SHOWN, FRAME).ok_or("the frame has no pixels")?;
        let luma = drawn(&video, cut);
        let start = Instant::now();
        let reads = frontend_decoder::decode(&luma, cut.width, cut.height, if step.thorough { Mode::Thorough } else { Mode::Fast });
        let ms = start.elapsed().as_secs_f64() * 1e3;
        looks_ms.push(ms);
        plan.took(step, ms);
        for found in reads {
            let format = Format::from_name(found.format.name()).ok_or("the scanner knows every format of the decoder")?;
            let read = Read { format, text: found.text, quality: found.quality };
            if memory.see(&read, n as f64 * APART_MS) == Seen::New {
                return Ok(Some((read.text, n + 1)));
            }
        }
    }
    Ok(None)
}

/// The pixels of a cut, as the viewfinder's canvas has them.
fn drawn(video: &GrayImage, Cut { part, width, height }: Cut) -> Vec<u8> {
    let view = video.view(part.x as u32, part.y as u32, (part.width as u32).max(1), (part.height as u32).max(1));
    if view.dimensions() == (width, height) {
        return view.to_image().into_raw();
    }
    imageops::resize(&*view, width, height, imageops::FilterType::Triangle).into_raw()
}
