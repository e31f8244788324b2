//! What the machine itself can do, and what a process takes of it.

use std::{io::Write, time::Instant};

use anyhow::{Context, Result};

const FSYNCS: usize = 200;

/// Median of writing and syncing a page in the folder of the databases, in milliseconds.
pub fn fsync_ms() -> Result<f64> {
    let mut file = tempfile::tempfile()?;
    let mut times = Vec::with_capacity(FSYNCS);
    for _ in 0..FSYNCS {
        let began = Instant::now();
        file.write_all(&[0; 4096])?;
        file.sync_data()?;
        times.push(began.elapsed().as_secs_f64() * 1_000.0);
    }
    Ok(super::median(&mut times))
}

/// Processes that wanted to run, on average of one, five and fifteen minutes.
pub fn load_average() -> Result<String> {
    let text = std::fs::read_to_string("/proc/loadavg")?;
    Ok(text.split_whitespace().take(3).collect::<Vec<_>>().join(" "))
}

/// Resident memory of a process.
pub fn memory_mb(process: u32) -> Result<f64> {
    status(process, "VmRSS:")
}

/// The most that it ever had.
pub fn memory_max_mb(process: u32) -> Result<f64> {
    status(process, "VmHWM:")
}

fn status(process: u32, name: &str) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).context("a process has a size")?;
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes / 1_024.0)
}
