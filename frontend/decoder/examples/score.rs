//! Scores the decoder over a folder of pictures with their true texts.
//!
//! `cargo run --release -p frontend-decoder --example score -- DIR [fast]`, where DIR/index.json is a list of
//! `{file, symbology, truth}`. Prints a line per symbology: read, misread, median and 95th percentile in ms.

use std::{collections::BTreeMap, path::Path, time::Instant};

use frontend_decoder::{Mode, decode};

#[derive(serde::Deserialize)]
struct Entry {
    file: String,
    symbology: String,
    truth: Option<String>,
}

#[derive(Default)]
struct Score {
    pictures: usize,
    read: usize,
    wrong: usize,
    ms: Vec<f64>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("which folder?")?;
    let rest: Vec<String> = arguments.collect();
    let mode = if rest.iter().any(|a| a == "fast") { Mode::Fast } else { Mode::Thorough };
    let verbose = rest.iter().any(|a| a == "verbose");
    let entries: Vec<Entry> = serde_json::from_slice(&std::fs::read(Path::new(&folder).join("index.json"))?)?;
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    for entry in entries {
        let grey = image::open(Path::new(&folder).join(&entry.file))?.to_rgba8();
        let (width, height) = grey.dimensions();
        // Transparent is paper.
        let luma: Vec<u8> = grey
            .pixels()
            .map(|p| {
                let over = |c: u8| (u32::from(c) * u32::from(p[3]) + 255 * (255 - u32::from(p[3]))) / 255;
                ((over(p[0]) * 77 + over(p[1]) * 150 + over(p[2]) * 29) >> 8) as u8
            })
            .collect();
        let start = Instant::now();
        let reads = decode(&luma, width, height, mode);
        let score = scores.entry(entry.symbology.clone()).or_default();
        score.ms.push(start.elapsed().as_secs_f64() * 1e3);
        score.pictures += 1;
        let truth = entry.truth.as_deref().unwrap_or_default();
        let same = |text: &str| text.trim_start_matches('0') == truth.trim_start_matches('0') || text == truth;
        if !truth.is_empty() && reads.iter().any(|read| same(&read.text)) {
            score.read += 1;
        } else {
            score.wrong += usize::from(!reads.is_empty());
            if verbose {
                println!("{} {width}x{height} wants {truth:?} got {reads:?}", entry.file);
            }
        }
    }
    for (symbology, mut score) in scores {
        score.ms.sort_by(f64::total_cmp);
        let at = |part: f64| score.ms[((score.ms.len() - 1) as f64 * part) as usize];
        println!(
            "{symbology:12} {:4} pictures, {:4} read, {:3} wrong, median {:6.2} ms, 95 % {:6.2} ms",
            score.pictures,
            score.read,
            score.wrong,
            at(0.5),
            at(0.95)
        );
    }
    Ok(())
}
