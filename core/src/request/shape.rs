//! What the values of a body must be, as data.
//!
//! The tables of [`fields`](super::fields) are made of these. The validation reads them
//! (`check`), and the OpenAPI document is made from them: the two cannot differ.

use std::fmt;

use super::noted::Noted;
use crate::text::{head, same};

/// What a value must be. `null` stands for an absent member wherever the member may be absent.
#[derive(Debug)]
pub enum Shape {
    /// Anything.
    Any,
    /// `true` or `false`.
    Bool,
    /// The first of these that takes values of the kind that is given.
    Either(&'static [Self]),
    /// This, or a string that holds it as JSON (S1): the string is replaced by what it holds.
    Inline(&'static Self),
    /// An array.
    List(List),
    /// An object whose member names are the caller's.
    Map(Map),
    /// A number from the first to the second.
    Number(f64, f64),
    /// An object whose members are known.
    Object(Object),
    /// The number 1: all that is supported (W11).
    One,
    /// A string.
    Text(Text),
    /// A whole number from the first to the second.
    Whole(i64, i64),
    /// One of these words.
    Word(&'static [&'static str]),
}

/// What an array must be.
#[derive(Debug)]
pub struct List {
    /// What each item must be.
    pub items: &'static Shape,
    /// Items at least.
    pub least: usize,
    /// Items at most; 0 is no limit.
    pub most: usize,
}

/// What an object with names of the caller's must be.
#[derive(Debug)]
pub struct Map {
    /// What each value must be.
    pub values: &'static Shape,
    /// Members at most; 0 is no limit.
    pub most: usize,
    /// Characters of a name at most; 0 is no limit.
    pub name: usize,
}

/// What an object with known members must be. Members that are not known are left alone.
#[derive(Debug)]
pub struct Object {
    /// The members that are known.
    pub fields: &'static [Field],
    /// That the first member's word says which others are required.
    pub tag: Option<Tag>,
    /// The bits of the members that are required in any case.
    pub(super) required: u32,
}

impl Object {
    /// The tag, with the name of its member.
    #[must_use]
    pub fn named_tag(&self) -> Option<(&'static str, &Tag)> {
        let first = self.fields.first()?;
        self.tag.as_ref().map(|tag| (first.name, tag))
    }

    /// The bit of the member of this name; 0 for one that is not known.
    pub(super) fn bit(&self, name: &str) -> u32 {
        let place = self.fields.iter().position(|field| same(field.name, name));
        place.map_or(0, bit)
    }
}

/// The bit of the member with this place among those of its object.
pub(super) const fn bit(place: usize) -> u32 {
    assert!(place < 32, "no object has as many members");
    1 << place
}

/// The first member of an object, where its word says which others are required; it is required itself, and a string.
#[derive(Debug)]
pub struct Tag {
    /// Each word with the members that it requires.
    pub cases: &'static [(&'static str, &'static [&'static str])],
    /// Whether other words are taken too.
    pub open: bool,
}

/// A member of an object.
#[derive(Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What its value must be.
    pub shape: Shape,
    /// Whether it must be there, and not null.
    pub required: bool,
    /// What it is, for a person.
    pub about: &'static str,
    /// Of its name.
    pub(super) head: u64,
    /// What it is to the gateway where it stands in the body itself.
    pub(super) noted: Option<Noted>,
}

/// What a string must be.
#[derive(Debug)]
pub struct Text {
    /// Characters at least.
    pub least: usize,
    /// Characters at most; 0 is no limit.
    pub most: usize,
    /// Which characters, where not all are taken.
    pub form: Option<Form>,
}

impl Text {
    /// Whether any string is taken.
    pub(super) fn is_any(&self) -> bool {
        self.least == 0 && self.most == 0 && self.form.is_none()
    }
}

/// Which strings are taken.
#[derive(Debug)]
pub struct Form {
    /// Whether a string is taken.
    pub takes: fn(&str) -> bool,
    /// In words.
    pub words: &'static str,
    /// The same as a regular expression of JSON Schema.
    pub pattern: &'static str,
}

/// Any object.
pub const OBJECT: Shape = Shape::Map(Map {
    values: &Shape::Any,
    most: 0,
    name: 0,
});

/// Any string.
pub const TEXT: Shape = Shape::Text(Text {
    least: 0,
    most: 0,
    form: None,
});

/// A string of at least one character and at most so many.
pub(super) const fn name(most: usize) -> Shape {
    Shape::Text(Text {
        least: 1,
        most,
        form: None,
    })
}

/// A string of at most so many characters.
pub(super) const fn text(most: usize) -> Shape {
    Shape::Text(Text {
        least: 0,
        most,
        form: None,
    })
}

/// An array of these.
pub(super) const fn list(items: &'static Shape, least: usize, most: usize) -> Shape {
    Shape::List(List { items, least, most })
}

/// An object of these members.
pub(super) const fn object(fields: &'static [Field]) -> Shape {
    Shape::Object(Object {
        fields,
        tag: None,
        required: required(fields),
    })
}

/// An object of these members, of which a tag says which are required.
pub(super) const fn tagged(tag: Tag, fields: &'static [Field]) -> Shape {
    Shape::Object(Object {
        fields,
        tag: Some(tag),
        required: required(fields) | bit(0),
    })
}

/// The bits of the members that must be there.
const fn required(fields: &[Field]) -> u32 {
    let (mut bits, mut rest, mut place) = (0, fields, 0);
    while let [field, more @ ..] = rest {
        if field.required {
            bits |= bit(place);
        }
        (rest, place) = (more, place + 1);
    }
    bits
}

/// A member that may be absent.
pub(super) const fn may(name: &'static str, shape: Shape, about: &'static str) -> Field {
    Field {
        name,
        shape,
        required: false,
        about,
        head: head(name),
        noted: Noted::of(name),
    }
}

/// A member that must be there.
pub(super) const fn must(name: &'static str, shape: Shape, about: &'static str) -> Field {
    Field {
        required: true,
        ..may(name, shape, about)
    }
}

/// What is taken, in words, as in "`x` must be …".
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("a value"),
            Self::Bool => f.write_str("true or false"),
            Self::Either(shapes) => {
                for (i, shape) in shapes.iter().enumerate() {
                    let or = if i == 0 { "" } else { " or " };
                    write!(f, "{or}{shape}")?;
                }
                Ok(())
            }
            Self::Inline(shape) => write!(f, "{shape} (or a string that holds it as JSON)"),
            Self::List(_) => f.write_str("an array"),
            Self::Map(_) | Self::Object(_) => f.write_str("an object"),
            Self::Number(least, most) => match (least.is_finite(), most.is_finite()) {
                (true, true) => write!(f, "a number from {least} to {most}"),
                (true, false) => write!(f, "a number of at least {least}"),
                _ => f.write_str("a number"),
            },
            Self::One => f.write_str("the number 1"),
            Self::Text(text) => text.fmt(f),
            Self::Whole(least, most) => match (*least, *most) {
                (i64::MIN, _) => f.write_str("a whole number of 64 bits"),
                (least, i64::MAX) => write!(f, "a whole number of at least {least}"),
                (least, most) => write!(f, "a whole number from {least} to {most}"),
            },
            Self::Word(words) => {
                for (i, word) in words.iter().enumerate() {
                    let before = match i {
                        0 => "",
                        _ if i + 1 == words.len() => " or ",
                        _ => ", ",
                    };
                    write!(f, "{before}`{word}`")?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.form, self.least, self.most) {
            (Some(form), ..) => f.write_str(form.words),
            (None, 0, 0) => f.write_str("a string"),
            (None, 0, most) => write!(f, "a string of at most {most} characters"),
            (None, _, 0) => f.write_str("a string that is not empty"),
            (None, least, most) => write!(f, "a string of {least} to {most} characters"),
        }
    }
}
