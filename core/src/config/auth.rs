//! Who may call: mode and keys (W05).

use super::fault::ConfigFault;
use super::reader::Reader;

/// Who may call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Auth {
    /// Whether a key is needed.
    pub mode: AuthMode,
    /// The keys that are known, in the order of the document.
    pub keys: Vec<Key>,
}

/// Whether a key is needed (W05).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuthMode {
    /// The header is ignored, and still never sent to a provider.
    Open,
    /// A missing, malformed or unknown key is refused with 401.
    #[default]
    Required,
}

/// One key: its public id and the digest of its secret. The secret itself is nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// `<public_id>` of `sk-ollm-<public_id>-<secret>`.
    pub id: String,
    /// SHA-256 of `<secret>`.
    pub sha256: [u8; 32],
}

pub(super) fn read(r: &mut Reader<'_>) -> Auth {
    let words = [("open", AuthMode::Open), ("required", AuthMode::Required)];
    let mode = r
        .choice("mode", "`required` or `open`", &words)
        .unwrap_or_default();
    let keys = r.objects("keys", |r| {
        let id = r.required_text("id");
        if !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            r.fault(
                "id",
                ConfigFault::Invalid {
                    expected: "letters and digits",
                },
            );
        }
        let text = r.required_text("sha256");
        let sha256 = digest(&text).unwrap_or_else(|| {
            if !text.is_empty() {
                let expected = "the SHA-256 of the key's secret as 64 hexadecimal digits";
                r.fault("sha256", ConfigFault::Invalid { expected });
            }
            [0; 32]
        });
        Key { id, sha256 }
    });
    let mut seen = Vec::new();
    for (i, key) in keys.iter().enumerate() {
        if seen.contains(&&key.id) {
            r.fault_within("keys", i, ConfigFault::Duplicate);
        }
        seen.push(&key.id);
    }
    Auth { mode, keys }
}

/// 64 hexadecimal digits → 32 bytes.
fn digest(text: &str) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() || pairs.len() != out.len() {
        return None;
    }
    for (byte, pair) in out.iter_mut().zip(pairs) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(out)
}
