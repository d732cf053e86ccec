//! The caller's key (W05).

use sha2::{Digest, Sha256};
use siphasher::sip128::SipHasher24;
use subtle::ConstantTimeEq;

use crate::config::{Auth, AuthMode};
use crate::reject::Rejection;

/// Callers that are known again for so many.
const KNOWN: usize = 16;

/// The last headers that were right. One of them is known again by a keyed digest, a fifth of the work that finding its key by
/// SHA-256 takes; nobody without the seed can find another text with the same.
pub struct Known {
    digest: SipHasher24,
    /// Digest and public id, oldest first.
    last: Vec<(u128, String)>,
}

impl Known {
    /// None yet; `seed` is 16 bytes of the host's randomness.
    #[must_use]
    pub fn new(seed: &[u8; 16]) -> Self {
        Self {
            digest: SipHasher24::new_with_key(seed),
            last: Vec::new(),
        }
    }

    /// [`check`], which looks only once at what is right. One configuration's keys have one of these.
    ///
    /// # Errors
    ///
    /// Those of [`check`].
    pub fn check(
        &mut self,
        auth: &Auth,
        authorization: Option<&str>,
    ) -> Result<Option<String>, Rejection> {
        let Some(header) = authorization.filter(|_| auth.mode == AuthMode::Required) else {
            return check(auth, authorization);
        };
        let digest = self.digest.hash(header.as_bytes()).as_u128();
        let found = self.last.iter().find(|(own, _)| own.ct_eq(&digest).into());
        if let Some((_, id)) = found {
            return Ok(Some(id.clone()));
        }
        let id = check(auth, authorization)?;
        if let Some(id) = &id {
            if self.last.len() >= KNOWN {
                self.last.remove(0);
            }
            self.last.push((digest, id.clone()));
        }
        Ok(id)
    }
}

/// The public id of the caller's key; `None` where no key is needed.
///
/// Every known key is compared, each in constant time, so that the time taken tells nothing.
///
/// # Errors
///
/// [`Rejection::MissingKey`], [`Rejection::InvalidKey`]. Source: W05.
pub fn check(auth: &Auth, authorization: Option<&str>) -> Result<Option<String>, Rejection> {
    if auth.mode == AuthMode::Open {
        return Ok(None);
    }
    let header = authorization
        .filter(|value| !value.is_empty())
        .ok_or(Rejection::MissingKey)?;
    let (id, secret) = parse(header).ok_or(Rejection::InvalidKey)?;
    let digest = Sha256::digest(secret.as_bytes());
    let found = auth.keys.iter().fold(None, |found, key| {
        let same = key.id == id && bool::from(key.sha256.as_slice().ct_eq(digest.as_slice()));
        if same { Some(key.id.clone()) } else { found }
    });
    found.map(Some).ok_or(Rejection::InvalidKey)
}

/// `Bearer sk-ollm-<public_id>-<secret>` → public id and secret.
fn parse(header: &str) -> Option<(&str, &str)> {
    let (scheme, key) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let (id, secret) = key.trim().strip_prefix("sk-ollm-")?.split_once('-')?;
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric());
    (plain(id) && plain(secret)).then_some((id, secret))
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::config::Key;

    fn auth(mode: AuthMode) -> Auth {
        let sha256 = Sha256::digest(b"secret").into();
        Auth {
            mode,
            keys: vec![Key {
                id: "dev".to_owned(),
                sha256,
            }],
        }
    }

    #[test]
    fn w05_the_right_key_is_known_by_its_id() {
        let auth = auth(AuthMode::Required);
        for header in ["Bearer sk-ollm-dev-secret", "bearer  sk-ollm-dev-secret"] {
            assert_eq!(
                check(&auth, Some(header)),
                Ok(Some("dev".to_owned())),
                "{header}"
            );
        }
    }

    #[test]
    fn w05_all_else_is_refused() {
        let auth = auth(AuthMode::Required);
        assert_eq!(check(&auth, None), Err(Rejection::MissingKey));
        assert_eq!(check(&auth, Some("")), Err(Rejection::MissingKey));
        for header in [
            "Bearer sk-ollm-dev-wrong",
            "Bearer sk-ollm-other-secret",
            "Bearer sk-ollm-dev-",
            "Bearer sk-ollm-dev",
            "Bearer sk-openai",
            "Basic sk-ollm-dev-secret",
            "sk-ollm-dev-secret",
            "Bearer",
        ] {
            assert_eq!(
                check(&auth, Some(header)),
                Err(Rejection::InvalidKey),
                "{header}"
            );
        }
    }

    #[test]
    fn w05_who_was_known_stays_known_and_nobody_else_is() {
        let (open, auth) = (auth(AuthMode::Open), auth(AuthMode::Required));
        let mut known = Known::new(&[7; 16]);
        let right = "Bearer sk-ollm-dev-secret".to_owned();
        // Many spellings of the same key, so that some are forgotten again.
        for i in (0..2 * KNOWN).chain(0..2 * KNOWN) {
            let spelled = right.replacen(' ', &" ".repeat(1 + i), 1);
            for _ in 0..2 {
                let found = known.check(&auth, Some(&spelled));
                assert_eq!(found, Ok(Some("dev".to_owned())), "{spelled}");
                for wrong in [format!("{spelled}x"), spelled.replace("dev", "dew")] {
                    let found = known.check(&auth, Some(&wrong));
                    assert_eq!(found, Err(Rejection::InvalidKey), "{wrong}");
                }
            }
            assert!(known.last.len() <= KNOWN);
        }
        assert_eq!(known.check(&auth, None), Err(Rejection::MissingKey));
        assert_eq!(known.check(&auth, Some("")), Err(Rejection::MissingKey));
        assert_eq!(known.check(&open, Some(&right)), Ok(None));
    }

    #[test]
    fn w05_open_ignores_the_header() {
        assert_eq!(
            check(&auth(AuthMode::Open), Some("Bearer nonsense")),
            Ok(None)
        );
    }
}
