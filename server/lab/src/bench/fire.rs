//! Requests over HTTP/1.1 with as little work as possible on this side: both share the machine.

use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use futures::future::try_join_all;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::sales::Sales;

/// How a run went.
pub struct Fired {
    pub per_second: f64,
    pub median_ms: f64,
    pub p99_ms: f64,
}

/// Sends everything, each connection one after another; only the part after the warming counts.
pub async fn all(url: &str, sales: &Sales) -> Result<Fired> {
    let address = url.strip_prefix("http://").context("the server's address begins with http://")?;
    let mut connections = try_join_all(sales.parts().map(|_| Connection::open(address))).await?;
    try_join_all(connections.iter_mut().zip(sales.parts()).map(|(connection, (warming, _))| connection.send_all(warming))).await?;
    let began = Instant::now();
    let latencies =
        try_join_all(connections.iter_mut().zip(sales.parts()).map(|(connection, (_, measured))| connection.send_all(measured))).await?;
    let seconds = began.elapsed().as_secs_f64();
    let mut latencies: Vec<f64> = latencies.concat();
    latencies.sort_by(f64::total_cmp);
    let at = |part: f64| latencies.get((latencies.len() as f64 * part) as usize).copied().unwrap_or(f64::NAN);
    Ok(Fired { per_second: latencies.len() as f64 / seconds, median_ms: at(0.5), p99_ms: at(0.99) })
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(16_384) })
    }

    /// Milliseconds of each.
    async fn send_all(&mut self, requests: &[Vec<u8>]) -> Result<Vec<f64>> {
        let mut latencies = Vec::with_capacity(requests.len());
        for request in requests {
            let began = Instant::now();
            self.stream.write_all(request).await?;
            self.created().await?;
            latencies.push(began.elapsed().as_secs_f64() * 1_000.0);
        }
        Ok(latencies)
    }

    /// Reads one answer whole: it must be a new purchase.
    async fn created(&mut self) -> Result<()> {
        self.buffer.clear();
        loop {
            ensure!(self.stream.read_buf(&mut self.buffer).await? > 0, "the server closed the connection");
            let Some(head) = self.buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
                continue;
            };
            let text = std::str::from_utf8(&self.buffer[..head])?.to_ascii_lowercase();
            let length: usize = text
                .lines()
                .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok())
                .context("an answer has a length")?;
            while self.buffer.len() < head + 4 + length {
                ensure!(self.stream.read_buf(&mut self.buffer).await? > 0, "the server closed the connection");
            }
            if !text.starts_with("http/1.1 201") || text.contains("idempotency-replayed") {
                bail!("{}", String::from_utf8_lossy(&self.buffer));
            }
            return Ok(());
        }
    }
}
