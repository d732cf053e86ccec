//! The compact form in which rings and the list of cooldowns stand in shared data, little endian.

/// Bytes that are read from their front; each method is `None` at the end.
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn word(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn long(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// A text behind its length.
    pub(super) fn text(&mut self) -> Option<&'a str> {
        let len = usize::from(u16::from_le_bytes(self.array()?));
        let (text, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }
}

/// Writes a text behind its length; `false` when it is too long.
pub(super) fn put_text(out: &mut Vec<u8>, text: &str) -> bool {
    let Ok(len) = u16::try_from(text.len()) else {
        return false;
    };
    out.extend(len.to_le_bytes());
    out.extend(text.as_bytes());
    true
}
