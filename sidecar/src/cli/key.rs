//! `key`: a caller's key (W05). Its secret is shown once and kept nowhere.

use std::fmt::Write as _;
use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use sha2::{Digest, Sha256};

use super::Failure;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Characters of a public id.
const ID: usize = 12;

/// Characters of a secret: 285 bits.
const SECRET: usize = 48;

/// Settings of `key`.
#[derive(Args)]
pub(super) struct Key {
    /// Public id of the key, letters and digits; made when absent.
    #[arg(long, env = "SLUICE_KEY_ID", value_parser = public_id)]
    id: Option<String>,
}

impl Key {
    pub(super) fn run(&self, out: &mut dyn Write) -> Result<ExitCode, Failure> {
        let id = self.id.clone().map_or_else(|| random(ID), Ok)?;
        let secret = random(SECRET)?;
        let sha256 = digest(&secret);
        writeln!(out, "sk-ollm-{id}-{secret}")?;
        writeln!(out, r#"{{id: "{id}", sha256: "{sha256}"}}"#)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn public_id(text: &str) -> Result<String, &'static str> {
    let fits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    fits.then(|| text.to_owned())
        .ok_or("letters and digits only")
}

/// Characters of the alphabet, each as likely as any other.
fn random(length: usize) -> Result<String, Failure> {
    // The largest multiple of 62 in a byte: what lies above would favour the first characters.
    const FAIR: u8 = 248;
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let mut bytes = [0; 64];
        getrandom::fill(&mut bytes).map_err(|error| Failure::new(error.to_string()))?;
        let fair = bytes.iter().filter(|byte| **byte < FAIR);
        let drawn = fair.filter_map(|byte| ALPHABET.get(usize::from(byte % 62)));
        text.extend(
            drawn
                .take(length - text.len())
                .map(|byte| char::from(*byte)),
        );
    }
    Ok(text)
}

fn digest(secret: &str) -> String {
    Sha256::digest(secret.as_bytes())
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w05_the_line_lets_the_key_in() {
        let mut out = Vec::new();
        Key { id: None }.run(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let (key, line) = text.trim_end().split_once('\n').unwrap();
        let (id, secret) = key
            .strip_prefix("sk-ollm-")
            .unwrap()
            .split_once('-')
            .unwrap();
        assert_eq!((id.len(), secret.len()), (12, 48));
        let entry: serde_json::Value = serde_saphyr::from_str(line).unwrap();
        assert_eq!(
            entry,
            serde_json::json!({"id": id, "sha256": digest(secret)})
        );
        assert!(secret.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }

    #[test]
    fn the_digest_is_of_the_secret_alone() {
        let digest = digest("test");
        assert_eq!(
            digest,
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
        );
    }

    #[test]
    fn two_keys_differ() {
        assert_ne!(random(SECRET).unwrap(), random(SECRET).unwrap());
    }

    #[test]
    fn an_id_has_letters_and_digits() {
        assert_eq!(public_id("team1"), Ok("team1".to_owned()));
        assert!(public_id("a-b").is_err() && public_id("").is_err() && public_id("é").is_err());
    }
}
