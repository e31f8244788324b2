//! Which addresses are called: what somebody types must not make the server speak to its own network (OWASP, "Server-Side
//! Request Forgery Prevention").

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::Error;

const URL_MAX: usize = 500;

/// Checks an address as it is written. `lax`: a sandbox may call its own machine, and nothing else inside.
pub(crate) fn check(text: &str, lax: bool) -> Result<Url, Error> {
    if text.len() > URL_MAX {
        return Err(Error::BadUrl("it is too long"));
    }
    let url = Url::parse(text.trim()).map_err(|_| Error::BadUrl("it is no address"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::BadUrl("it holds a name or a password"));
    }
    match (url.scheme(), lax) {
        ("https", _) | ("http", true) => {}
        _ => return Err(Error::BadUrl("it does not begin with https://")),
    }
    let private = match url.host() {
        None => return Err(Error::BadUrl("it names no host")),
        Some(Host::Ipv4(address)) => !may_be_called(address.into(), lax),
        Some(Host::Ipv6(address)) => !may_be_called(address.into(), lax),
        Some(Host::Domain("localhost")) if lax => false,
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            !name.contains('.') || [".localhost", ".local", ".internal", ".home.arpa"].iter().any(|end| name.ends_with(end))
        }
    };
    if private { Err(Error::BadUrl("it leads into a private network")) } else { Ok(url) }
}

/// Resolves names to public addresses only, `lax` also to the own machine: a name that is public today may lead inside tomorrow, so it is looked at when
/// it is called, and what was looked at is what is called.
pub(crate) struct PublicOnly {
    pub(crate) lax: bool,
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let lax = self.lax;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if found.is_empty() || found.iter().any(|address| !may_be_called(address.ip(), lax)) {
                return Err("the name leads into a private network".into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Public, or in a sandbox the own machine.
fn may_be_called(address: IpAddr, lax: bool) -> bool {
    is_public(address) || (lax && address.to_canonical().is_loopback())
}

/// Reachable for everybody: none of the special-purpose ranges (RFC 6890).
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => public_v4(address),
        IpAddr::V6(address) => public_v6(address),
    }
}

fn public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19)))
}

fn public_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return public_v4(mapped);
    }
    // Only global unicast; of it neither documentation nor what leads to IPv4 behind another name (6to4, Teredo).
    let [first, second, ..] = address.segments();
    (0x2000..0x4000).contains(&first) && first != 0x2002 && !(first == 0x2001 && (second == 0x0db8 || second < 0x0200)) && first != 0x3fff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_private_is_called_however_it_is_written() {
        for text in [
            "http://example.com/",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://0x7f000001/",
            "https://2130706433/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://10.1.2.3/",
            "https://192.168.1.1/",
            "https://172.20.0.1/",
            "https://169.254.169.254/latest/meta-data",
            "https://[fd00::1]/",
            "https://[fe80::1]/",
            "https://[2002:7f00:1::]/",
            "https://[64:ff9b::7f00:1]/",
            "https://100.64.0.1/",
            "https://0.0.0.0/",
            "https://localhost/",
            "https://db.internal/",
            "https://printer.local/",
            "https://user:secret@example.com/",
            "ftp://example.com/",
            "javascript:alert(1)",
            "https://",
            "",
        ] {
            assert!(check(text, false).is_err(), "{text}");
        }
        assert!(check("https://example.com/hooks?tenant=1", false).is_ok());
        assert!(check("https://8.8.8.8/", false).is_ok());
        assert!(check("https://[2606:4700::1111]/", false).is_ok());
        assert!(check("http://127.0.0.1:4000/", true).is_ok());
        assert!(check("file:///etc/passwd", true).is_err());
        // A sandbox calls its own machine, and neither its network nor the machine's metadata.
        assert!(check("http://localhost:4000/", true).is_ok());
        for text in [
            "http://169.254.169.254/latest/meta-data",
            "http://10.1.2.3/",
            "http://192.168.1.1/",
            "http://[fd00::1]/",
            "http://[::ffff:10.0.0.1]/",
            "http://0.0.0.0/",
            "http://db.internal/",
            "http://postgres:5432/",
        ] {
            assert!(check(text, true).is_err(), "{text}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_not_resolved() {
        assert!(PublicOnly { lax: false }.resolve("localhost".parse().unwrap()).await.is_err());
        assert!(PublicOnly { lax: true }.resolve("localhost".parse().unwrap()).await.is_ok());
    }
}
