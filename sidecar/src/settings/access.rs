//! The tokens that callers must show.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::app::Access;
use crate::cli::Failure;
use crate::token::Token;

/// The tokens that callers must show.
#[derive(Clone, Args)]
pub(crate) struct AccessSettings {
    /// Token of the admin routes; without one they answer 403.
    #[arg(
        long,
        env = "SLUICE_ADMIN_TOKEN",
        hide_env_values = true,
        conflicts_with = "admin_token_file",
        value_name = "TOKEN"
    )]
    admin_token: Option<String>,

    /// File that holds the admin token.
    #[arg(long, env = "SLUICE_ADMIN_TOKEN_FILE", value_name = "FILE")]
    admin_token_file: Option<PathBuf>,

    /// Token that the filter must show to hand in records; without one whoever reaches the port may.
    #[arg(
        long,
        env = "SLUICE_INGEST_TOKEN",
        hide_env_values = true,
        conflicts_with = "ingest_token_file",
        value_name = "TOKEN"
    )]
    ingest_token: Option<String>,

    /// File that holds the filter's token.
    #[arg(long, env = "SLUICE_INGEST_TOKEN_FILE", value_name = "FILE")]
    ingest_token_file: Option<PathBuf>,
}

impl AccessSettings {
    /// Reads the tokens.
    pub(crate) fn read(&self) -> Result<Access, Failure> {
        Ok(Access {
            admin: token(
                self.admin_token.as_deref(),
                self.admin_token_file.as_deref(),
            )?,
            ingest: token(
                self.ingest_token.as_deref(),
                self.ingest_token_file.as_deref(),
            )?,
        })
    }
}

/// An empty text is no token, as an environment variable that is set to nothing; an empty file is
/// a fault, for someone meant to put a token there.
fn token(text: Option<&str>, file: Option<&Path>) -> Result<Option<Token>, Failure> {
    let Some(path) = file.filter(|path| !path.as_os_str().is_empty()) else {
        let text = text.map(str::trim).filter(|text| !text.is_empty());
        return Ok(text.map(Token::new));
    };
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("{}: cannot be read: {error}", path.display())))?;
    if text.trim().is_empty() {
        return Err(Failure::new(format!("{}: holds no token", path.display())));
    }
    Ok(Some(Token::new(text.trim())))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, header};

    use super::*;

    fn shows(token: &Token, text: &str) -> bool {
        let value = format!("Bearer {text}").parse().unwrap();
        token.is_shown(&HeaderMap::from_iter([(header::AUTHORIZATION, value)]))
    }

    #[test]
    fn a_token_comes_from_the_text_or_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "from-file\n").unwrap();
        assert!(shows(
            &token(None, Some(&path)).unwrap().unwrap(),
            "from-file"
        ));
        assert!(shows(&token(Some("text"), None).unwrap().unwrap(), "text"));
        assert!(token(None, None).unwrap().is_none());
    }

    #[test]
    fn an_empty_token_lets_nobody_in() {
        assert!(token(Some(" "), Some(Path::new(""))).unwrap().is_none());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "\n").unwrap();
        assert!(token(None, Some(&path)).is_err());
        assert!(token(None, Some(&folder.path().join("absent"))).is_err());
    }
}
