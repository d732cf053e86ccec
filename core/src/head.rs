//! The headers of one message.

/// Headers as the host gives them: names in lower case, pseudo-headers among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head(Vec<(String, String)>);

impl Head {
    /// A head of these headers, in their order.
    #[must_use]
    pub fn new(headers: Vec<(String, String)>) -> Self {
        Self(headers)
    }

    /// The value of the first header of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(header, _)| *header == name)
            .map(|(_, value)| value)
    }

    /// The value of a header that may stand once; `None` where it is absent or empty.
    ///
    /// # Errors
    ///
    /// Its name, where it stands twice.
    pub fn once(&self, name: &'static str) -> Result<Option<&str>, &'static str> {
        let mut values = self.iter().filter(|(own, _)| *own == name);
        let first = values.next().map(|(_, value)| value.trim());
        if values.next().is_some() {
            return Err(name);
        }
        Ok(first.filter(|value| !value.is_empty()))
    }

    /// All headers, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// `:status` as a number; 0 where there is none.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.get(":status")
            .and_then(|status| status.parse().ok())
            .unwrap_or_default()
    }

    /// The media type of `content-type`, in lower case and without parameters.
    #[must_use]
    pub fn media_type(&self) -> Option<String> {
        let value = self.get("content-type")?;
        let essence = value.split(';').next().unwrap_or_default();
        Some(essence.trim().to_ascii_lowercase())
    }

    /// Whether the body has a content coding: it is not its bytes as they stand.
    #[must_use]
    pub fn is_encoded(&self) -> bool {
        let plain = |coding: &str| coding.is_empty() || coding.eq_ignore_ascii_case("identity");
        self.get("content-encoding")
            .is_some_and(|codings| !codings.split(',').map(str::trim).all(plain))
    }

    /// The `charset` of `content-type`, in lower case.
    #[must_use]
    pub fn charset(&self) -> Option<String> {
        let mut parameters = self.get("content-type")?.split(';').skip(1);
        parameters.find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            let charset = name.trim().eq_ignore_ascii_case("charset");
            charset.then(|| value.trim().trim_matches('"').to_ascii_lowercase())
        })
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn w17_w35_identity_is_no_content_coding() {
        let encoded = |coding: &str| {
            let header = ("content-encoding".to_owned(), coding.to_owned());
            Head::new(vec![header]).is_encoded()
        };
        assert!(!Head::default().is_encoded());
        for plain in ["", "identity", "Identity", "identity, identity"] {
            assert!(!encoded(plain), "{plain:?}");
        }
        for other in ["gzip", "x-gzip", "br", "identity, gzip", "gzip,identity"] {
            assert!(encoded(other), "{other:?}");
        }
    }
}
