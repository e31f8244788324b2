//! Listening, and ending gracefully: streams first, then requests in flight, then the worker, then the database.

use std::{net::SocketAddr, time::Duration};

use anyhow::Context;
use axum_server::{Handle, tls_rustls::RustlsConfig};

use crate::{App, router, work};

/// How long requests in flight may take to end.
const GRACE: Duration = Duration::from_secs(10);

/// Where and how to listen.
#[derive(Debug, Clone, Copy)]
pub struct Listen {
    /// Address and port.
    pub addr: SocketAddr,
    /// With a certificate made for this run: a phone in the same network needs TLS for its camera.
    pub tls: bool,
}

/// Serves until SIGTERM, SIGINT or `app.stop`. The worker runs in the same process.
pub async fn serve(app: App, listen: Listen) -> anyhow::Result<()> {
    loyalty::ticket::prepare(&app.db, &app.loyalty, app.clock.now()).await.context("The key for tickets cannot be made")?;
    let service = router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let socket = std::net::TcpListener::bind(listen.addr).with_context(|| format!("{} is taken", listen.addr))?;
    socket.set_nonblocking(true)?;
    let bound = socket.local_addr()?;
    let handle = Handle::new();
    let worker = tokio::spawn(work(app.clone()));
    let ending = tokio::spawn(end_on_signal(app.clone(), handle.clone()));
    tracing::info!("Listening on {}://{bound}", if listen.tls { "https" } else { "http" });
    if listen.tls {
        let config = self_made_certificate(bound).await?;
        axum_server::from_tcp_rustls(socket, config)?.handle(handle).serve(service).await?;
    } else {
        axum_server::from_tcp(socket)?.handle(handle).serve(service).await?;
    }
    app.stop.send_replace(true);
    ending.abort();
    worker.await??;
    app.db.close().await;
    tracing::info!("Ended");
    Ok(())
}

async fn end_on_signal(app: App, handle: Handle<SocketAddr>) {
    let mut stop = app.stop.subscribe();
    tokio::select! {
        () = signal() => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
    tracing::info!("Ending");
    app.stop.send_replace(true);
    handle.graceful_shutdown(Some(GRACE));
}

/// The first of SIGTERM and SIGINT.
pub(crate) async fn signal() {
    let interrupt = async { drop(tokio::signal::ctrl_c().await) };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}

/// Names this machine by every address it is likely to be asked by; browsers warn once.
async fn self_made_certificate(bound: SocketAddr) -> anyhow::Result<RustlsConfig> {
    // Several crates may offer a provider: this process uses ring.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), bound.ip().to_string()];
    names.extend(lan_address().map(|address| address.to_string()));
    names.dedup();
    let made = rcgen::generate_simple_self_signed(names)?;
    Ok(RustlsConfig::from_der(vec![made.cert.der().to_vec()], made.signing_key.serialize_der()).await?)
}

/// The address that this machine has in its network; nothing is sent to find out.
fn lan_address() -> Option<std::net::IpAddr> {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    Some(socket.local_addr().ok()?.ip())
}
