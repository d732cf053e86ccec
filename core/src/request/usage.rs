//! `stream_options` and how usage is asked for in it (W41).

use crate::json::{Cursor, Edit, Kind, Span, edited};

const ASK: &str = "\"include_usage\":true";

/// `stream_options` as it stands in the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Options {
    /// Its value.
    span: Span,
    /// What the string holds, where it is one (S1).
    inline: Option<String>,
    place: Place,
    /// `include_usage` stands twice: which one a provider takes is not known.
    pub(super) twice: bool,
}

/// Where `include_usage` can be asked for; offsets are those of the body, or of the inline text.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// Nowhere inside: it is null.
    Null,
    /// An object without it: where its first member begins, and whether it has one.
    Inside(usize, bool),
    /// It has a value here.
    Value(Span, Option<bool>),
}

impl Options {
    /// Reads the value that stands at `span`; `inline` is what the string there holds.
    pub(super) fn read(raw: &str, span: Span, inline: Option<&str>) -> Self {
        let offset = if inline.is_some() { 0 } else { span.start };
        let (place, twice) = place(inline.unwrap_or(raw), offset);
        Self {
            place,
            twice,
            inline: inline.map(str::to_owned),
            span,
        }
    }

    /// `include_usage` as the caller gave it.
    pub(super) fn include_usage(&self) -> Option<bool> {
        match self.place {
            Place::Value(_, value) => value,
            Place::Null | Place::Inside(..) => None,
        }
    }

    /// Whether the caller gave an object.
    pub(super) fn is_given(&self) -> bool {
        self.place != Place::Null
    }

    /// The edit that asks for usage.
    pub(super) fn ask(&self) -> Option<Edit> {
        let edit = match &self.place {
            Place::Null => Some(Edit::replace(self.span.clone(), format!("{{{ASK}}}"))),
            Place::Inside(at, others) => {
                let comma = if *others { "," } else { "" };
                Some(Edit::insert(*at, format!("{ASK}{comma}")))
            }
            Place::Value(_, Some(true)) => None,
            Place::Value(span, _) => Some(Edit::replace(span.clone(), "true")),
        };
        match &self.inline {
            None => edit,
            Some(text) => {
                let text = edited(text.as_bytes(), edit.as_slice());
                let text = String::from_utf8(text).unwrap_or_default();
                Some(Edit::replace(self.span.clone(), text))
            }
        }
    }
}

fn place(text: &str, offset: usize) -> (Place, bool) {
    let mut cursor = Cursor::new(text);
    if !matches!(cursor.kind(), Ok(Kind::Object)) {
        return (Place::Null, false);
    }
    let open = offset + cursor.at() + 1;
    let mut place = Place::Inside(open, false);
    let mut twice = false;
    let _ = cursor.object(|cursor, member| {
        if member.key.decode() != "include_usage" {
            if place == Place::Inside(open, false) {
                place = Place::Inside(open, true);
            }
            return cursor.pass();
        }
        twice |= matches!(place, Place::Value(..));
        let value = match cursor.kind()? {
            Kind::Bool => Some(cursor.clone().bool()?),
            _ => None,
        };
        let span = cursor.skip()?;
        place = Place::Value(offset + span.start..offset + span.end, value);
        Ok(())
    });
    (place, twice)
}
