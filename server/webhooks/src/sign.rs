//! Signatures of Standard Webhooks 1.0: HMAC-SHA-256 over `id.timestamp.body`. Used for what leaves, and by whoever
//! checks what arrives.

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use shared::{
    Timestamp,
    time::{MINUTE_MS, SECOND_MS},
};

/// What every secret begins with.
pub const MARK: &str = "whsec_";
/// How far the time of a message may be from ours ("Verifying webhooks": replay attacks).
pub const TOLERANCE_MS: i64 = 5 * MINUTE_MS;

/// A fresh secret of 32 bytes.
pub fn new_secret() -> String {
    format!("{MARK}{}", BASE64_STANDARD.encode(identity::keys::random::<32>()))
}

fn mac(secret: &str, id: &str, at: Timestamp, body: &[u8]) -> Option<Hmac<Sha256>> {
    let key = BASE64_STANDARD.decode(secret.strip_prefix(MARK)?).ok()?;
    let mac = <Hmac<Sha256> as Mac>::new_from_slice(&key).ok()?;
    Some(mac.chain_update(id).chain_update(b".").chain_update((at.0 / SECOND_MS).to_string()).chain_update(b".").chain_update(body))
}

/// The header `webhook-signature`: one signature for each active secret.
pub fn header<'a>(secrets: impl IntoIterator<Item = &'a str>, id: &str, at: Timestamp, body: &[u8]) -> String {
    let signed = secrets
        .into_iter()
        .filter_map(|secret| Some(format!("v1,{}", BASE64_STANDARD.encode(mac(secret, id, at, body)?.finalize().into_bytes()))));
    signed.collect::<Vec<_>>().join(" ")
}

/// Whether some signature of the header is of one of the secrets, over the bytes as they came, and the time is near ours.
pub fn verify<'a>(
    secrets: impl IntoIterator<Item = &'a str>,
    id: &str,
    timestamp: &str,
    signatures: &str,
    body: &[u8],
    now: Timestamp,
) -> bool {
    let Some(at) = timestamp.parse::<i64>().ok().and_then(|seconds| Timestamp::checked(seconds.checked_mul(SECOND_MS)?)) else {
        return false;
    };
    if id.is_empty() || now.since(at).abs() > TOLERANCE_MS {
        return false;
    }
    let told: Vec<Vec<u8>> =
        signatures.split(' ').take(8).filter_map(|part| BASE64_STANDARD.decode(part.strip_prefix("v1,")?).ok()).collect();
    secrets.into_iter().any(|secret| {
        let matches = |told: &Vec<u8>| mac(secret, id, at, body).is_some_and(|mac| mac.verify_slice(told).is_ok());
        told.iter().any(matches)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "Verifying webhooks manually" and the reference libraries of standardwebhooks.com use this one.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;

    #[test]
    fn the_signature_is_the_one_of_the_reference_libraries() {
        assert_eq!(header([SECRET], ID, Timestamp(1_614_265_330_000), BODY), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn forged_late_and_altered_ones_fail_and_either_secret_is_enough() {
        let now = Timestamp(1_614_265_330_000);
        let other = new_secret();
        let signed = header([SECRET, &other], ID, now, BODY);
        let check =
            |secret: &str, id: &str, at: &str, signed: &str, body: &[u8], now: Timestamp| verify([secret], id, at, signed, body, now);

        assert!(check(SECRET, ID, "1614265330", &signed, BODY, now));
        assert!(check(&other, ID, "1614265330", &signed, BODY, now));
        assert!(!check(&new_secret(), ID, "1614265330", &signed, BODY, now));
        assert!(!check(SECRET, "msg_2", "1614265330", &signed, BODY, now));
        assert!(!check(SECRET, ID, "1614265331", &signed, BODY, now));
        assert!(!check(SECRET, ID, "1614265330", &signed, br#"{"test":2432232314}"#, now));
        assert!(!check(SECRET, ID, "1614265330", &signed, BODY, now.plus_ms(TOLERANCE_MS + SECOND_MS)));
        assert!(!check(SECRET, ID, "soon", &signed, BODY, now));
        assert!(!check(SECRET, ID, "1614265330", "v1,AAAA v2,x", BODY, now));
        assert!(!check("whsec_", ID, "1614265330", &header(["whsec_"], ID, now, BODY), b"x", now));
    }
}
