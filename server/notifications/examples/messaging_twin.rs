//! WhatsApp Cloud and an SMS provider on this machine, for whoever plays a pilot without telephones:
//! `cargo run -p notifications --features testing --example messaging_twin -- 127.0.0.1:4555`.
//! `GET /script` shows what was taken; `POST /script` says what happens to the next message.

use std::net::SocketAddr;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address: SocketAddr =
        std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 4555)));
    let twin = notifications::testing::Twin::listen(address).await?;
    println!("The twins listen on http://{}", twin.address);
    std::future::pending().await
}
