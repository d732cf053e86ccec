//! Items of an array that differ in their last words only, as the turns of a conversation do: what was found sound is not
//! looked at again.

use crate::json::{Cursor, Fault, Span};

/// Items that were sound, each up to the quote that opens its last member, a string of any kind.
#[derive(Default)]
pub(super) struct Alike {
    /// Those that came last at an even and at an odd place: turns alternate.
    last: [Span; 2],
}

impl Alike {
    /// Reads an item that is like one of them; `false` where none is.
    pub(super) fn reads(&self, cursor: &mut Cursor<'_>) -> Result<bool, Fault> {
        for before in self.last.iter().filter(|before| !before.is_empty()) {
            if cursor.like(before.clone())? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes the item at place `i`, which was sound. `text` is where the last string of any kind stands that was read.
    pub(super) fn take(&mut self, i: usize, item: &Span, text: &Span) {
        let last = text.start > item.start && text.end + 1 == item.end;
        if let Some(place) = self.last.get_mut(i % 2).filter(|_| last) {
            *place = item.start..text.start + 1;
        }
    }
}
