//! The installation's secrets: one master, and one key for each purpose derived from it.

use std::sync::Arc;

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, Mac};
use rand::RngCore;
use secrecy::{ExposeSecret, SecretBox};
use sha2::{Digest, Sha256};
use shared::{BrandId, ConsumerId, Pseudonym};
use uuid::Uuid;

/// Seals, hashes and makes secrets. Cheap to clone; says nothing in `Debug`.
#[derive(Clone)]
pub struct Keys(Arc<Inner>);

struct Inner {
    cipher: XChaCha20Poly1305,
    phone: [u8; 32],
    code: [u8; 32],
    pseudonym: [u8; 32],
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(…)")
    }
}

impl Keys {
    /// Derives a key for each purpose with HMAC-SHA-256 over its name.
    pub fn new(master: &SecretBox<[u8; 32]>) -> Self {
        let derive = |purpose: &str| mac(master.expose_secret(), &[purpose.as_bytes()]);
        Self(Arc::new(Inner {
            cipher: XChaCha20Poly1305::new(&derive("seal").into()),
            phone: derive("phone"),
            code: derive("code"),
            pseudonym: derive("pseudonym"),
        }))
    }

    /// Finds a phone without knowing it.
    pub fn phone_hash(&self, e164: &str) -> Vec<u8> {
        mac(&self.0.phone, &[e164.as_bytes()]).to_vec()
    }

    /// Of a short secret, bound to what it is for: six digits could be guessed from a plain hash.
    pub fn code_hash(&self, about: &str, code: &str) -> Vec<u8> {
        mac(&self.0.code, &[about.as_bytes(), b"\0", code.as_bytes()]).to_vec()
    }

    /// What a brand may call a consumer: always the same text for the two of them, and of no use to any other brand.
    pub fn pseudonym(&self, brand: BrandId, consumer: ConsumerId) -> Pseudonym {
        let mut first = [0; 16];
        first.copy_from_slice(&mac(&self.0.pseudonym, &[brand.0.as_bytes(), consumer.0.as_bytes()])[..16]);
        Pseudonym(Uuid::from_bytes(first))
    }

    /// Encrypts; only the same context opens it again.
    pub fn seal(&self, context: &str, plain: &[u8]) -> Vec<u8> {
        let mut nonce = [0; 24];
        rand::rng().fill_bytes(&mut nonce);
        let payload = Payload { msg: plain, aad: context.as_bytes() };
        // The cipher refuses only messages of 256 GB.
        let mut sealed = self.0.cipher.encrypt(XNonce::from_slice(&nonce), payload).unwrap_or_default();
        let mut out = nonce.to_vec();
        out.append(&mut sealed);
        out
    }

    /// `None` for anything that was not sealed here for this context.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, body) = sealed.split_at_checked(24)?;
        self.0.cipher.decrypt(XNonce::from_slice(nonce), Payload { msg: body, aad: context.as_bytes() }).ok()
    }

    /// Sealed, as text for a form.
    pub(crate) fn seal_text(&self, context: &str, plain: &[u8]) -> String {
        BASE64URL_NOPAD.encode(&self.seal(context, plain))
    }
    pub(crate) fn open_text(&self, context: &str, sealed: &str) -> Option<Vec<u8>> {
        self.open(context, &BASE64URL_NOPAD.decode(sealed.as_bytes()).ok()?)
    }
}

impl notifications::Seal for Keys {
    fn seal(&self, text: &str) -> Vec<u8> {
        Keys::seal(self, "message", text.as_bytes())
    }
    fn open(&self, sealed: &[u8]) -> Option<String> {
        String::from_utf8(Keys::open(self, "message", sealed)?).ok()
    }
    fn mark(&self, telephone: &str) -> Vec<u8> {
        self.phone_hash(telephone)
    }
}

/// So many random bytes.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

/// A random secret of 256 bits as text, for cookies and keys.
pub(crate) fn secret_text() -> String {
    BASE64URL_NOPAD.encode(&random::<32>())
}

/// Of a long random secret a plain hash is enough.
pub(crate) fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    #[allow(clippy::expect_used, reason = "RFC 2104 takes keys of any length")]
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key).expect("HMAC takes keys of any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_opens_for_its_own_context_only() {
        let keys = Keys::new(&SecretBox::new(Box::new([7; 32])));
        let sealed = keys.seal("card", b"secret");

        assert_eq!(keys.open("card", &sealed).as_deref(), Some(&b"secret"[..]));
        assert_eq!(keys.open("phone", &sealed), None);
        assert_eq!(keys.open("card", &sealed[..30]), None);
        assert_ne!(keys.seal("card", b"secret"), sealed);
        assert_eq!(format!("{keys:?}"), "Keys(…)");
    }

    #[test]
    fn two_brands_know_nobody_in_common() {
        let keys = Keys::new(&SecretBox::new(Box::new([7; 32])));
        let (sierra, brisa, ana) = (BrandId::fixed(1), BrandId::fixed(2), ConsumerId::fixed(3));

        assert_eq!(keys.pseudonym(sierra, ana), keys.pseudonym(sierra, ana));
        assert_ne!(keys.pseudonym(sierra, ana), keys.pseudonym(brisa, ana));
        assert_ne!(keys.pseudonym(sierra, ana), keys.pseudonym(sierra, ConsumerId::fixed(4)));
        assert_ne!(keys.pseudonym(sierra, ana), Keys::new(&SecretBox::new(Box::new([8; 32]))).pseudonym(sierra, ana));
        assert!(!keys.pseudonym(sierra, ana).to_string().contains(&ana.0.simple().to_string()));
    }

    #[test]
    fn hashes_of_one_purpose_say_nothing_about_another() {
        let keys = Keys::new(&SecretBox::new(Box::new([7; 32])));

        assert_ne!(keys.code_hash("a", "123456"), keys.code_hash("b", "123456"));
        assert_ne!(keys.phone_hash("123456"), keys.code_hash("", "123456"));
    }
}
