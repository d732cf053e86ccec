//! Holds values against their shapes, and gathers what is wrong (W14, W18).

use super::alike::Alike;
use super::faults::Faults;
use super::path::Path;
use super::shape::{Field, List, Map, Object, Shape, Tag, Text, bit};
use crate::error::Code;
use crate::json::{Cursor, Fault, Kind, Span};
use crate::text::same;

/// A check that goes on over a body.
pub(super) struct Check<'c> {
    faults: &'c mut Faults,
    /// Strings that stand for the JSON they hold, in the order of the body.
    inline: &'c mut Vec<(Span, String)>,
    /// Where the last string stands that may be any.
    text: Span,
}

impl<'c> Check<'c> {
    pub(super) fn new(faults: &'c mut Faults, inline: &'c mut Vec<(Span, String)>) -> Self {
        Self {
            faults,
            inline,
            text: Span::default(),
        }
    }

    /// Reads the value of a member that may be absent: `null` is the same. Its kind has been asked for.
    pub(super) fn member(
        &mut self,
        field: &Field,
        kind: Kind,
        cursor: &mut Cursor<'_>,
        at: &Path<'_>,
    ) -> Result<(), Fault> {
        if kind == Kind::Null && !field.required {
            return cursor.pass();
        }
        self.value(&field.shape, kind, cursor, at)
    }

    /// Reads a value of this kind, before which the cursor stands.
    fn value(
        &mut self,
        shape: &Shape,
        kind: Kind,
        cursor: &mut Cursor<'_>,
        at: &Path<'_>,
    ) -> Result<(), Fault> {
        match (shape, kind) {
            (Shape::Any, _) | (Shape::Bool, Kind::Bool) => cursor.pass(),
            (Shape::Either(shapes), _) => match shapes.iter().find(|shape| takes(shape, kind)) {
                Some(shape) => self.value(shape, kind, cursor, at),
                None => self.wrong(shape, kind, cursor, at),
            },
            (Shape::Inline(inner), Kind::String) => self.inline(inner, cursor, at),
            (Shape::Inline(inner), _) => self.value(inner, kind, cursor, at),
            (Shape::List(list), Kind::Array) => self.list(list, cursor, at),
            (Shape::Map(map), Kind::Object) => self.map(map, cursor, at),
            (Shape::Number(least, most), Kind::Number) => {
                let fits = is_within(cursor.number()?.as_f64(), least, most);
                self.fits(fits, shape, at);
                Ok(())
            }
            (Shape::Object(object), Kind::Object) => self.object(object, cursor, at),
            (Shape::One, Kind::Number) => {
                if cursor.number()?.as_i64() != Some(1) {
                    self.faults.note(|faults| {
                        let message = "`n` must be 1 or absent.".to_owned();
                        faults.add(&at.pointer(), Code::UnsupportedValue, message);
                    });
                }
                Ok(())
            }
            (Shape::Text(text), Kind::String) => {
                let value = cursor.string()?;
                if text.is_any() {
                    self.text = value.span;
                    return Ok(());
                }
                let fits = fits(text, value.raw, || value.decode());
                self.fits(fits, shape, at);
                Ok(())
            }
            (Shape::Whole(least, most), Kind::Number) => {
                let fits = is_within(cursor.number()?.as_i64(), least, most);
                self.fits(fits, shape, at);
                Ok(())
            }
            (Shape::Word(words), Kind::String) => {
                let word = cursor.string()?.decode();
                let fits = words.iter().any(|own| same(own, &word));
                self.fits(fits, shape, at);
                Ok(())
            }
            _ => self.wrong(shape, kind, cursor, at),
        }
    }

    fn wrong(
        &mut self,
        shape: &Shape,
        kind: Kind,
        cursor: &mut Cursor<'_>,
        at: &Path<'_>,
    ) -> Result<(), Fault> {
        self.faults
            .note(|faults| faults.wrong_type(&at.pointer(), &shape.to_string(), kind));
        cursor.pass()
    }

    fn fits(&mut self, fits: bool, shape: &Shape, at: &Path<'_>) {
        if !fits {
            self.invalid(at, || shape.to_string());
        }
    }

    fn invalid(&mut self, at: &Path<'_>, expected: impl FnOnce() -> String) {
        self.faults
            .note(|faults| faults.invalid(&at.pointer(), &expected()));
    }

    fn list(&mut self, list: &List, cursor: &mut Cursor<'_>, at: &Path<'_>) -> Result<(), Fault> {
        let (mut count, mut alike) = (0, Alike::default());
        cursor.array(|cursor, i| {
            count = i + 1;
            if list.most > 0 && count > list.most {
                return cursor.pass();
            }
            if alike.reads(cursor)? {
                return Ok(());
            }
            let before = (self.faults.count(), self.inline.len());
            let kind = cursor.kind()?;
            let start = cursor.at();
            self.value(list.items, kind, cursor, &Path::Item(at, i))?;
            if before == (self.faults.count(), self.inline.len()) {
                alike.take(i, &(start..cursor.at()), &self.text);
            }
            Ok(())
        })?;
        if count < list.least {
            self.invalid(at, || format!("an array of at least {} item", list.least));
        }
        if list.most > 0 && count > list.most {
            self.invalid(at, || format!("an array of at most {} items", list.most));
        }
        Ok(())
    }

    fn map(&mut self, map: &Map, cursor: &mut Cursor<'_>, at: &Path<'_>) -> Result<(), Fault> {
        let mut count = 0;
        cursor.object(|cursor, member| {
            count += 1;
            if map.most > 0 && count > map.most {
                return cursor.pass();
            }
            let name = member.key.decode();
            let at = Path::Member(at, &name);
            if map.name > 0 && name.chars().count() > map.name {
                let expected = || format!("under a name of at most {} characters", map.name);
                self.invalid(&at, expected);
            }
            self.value(map.values, cursor.kind()?, cursor, &at)
        })?;
        if map.most > 0 && count > map.most {
            self.invalid(at, || format!("an object of at most {} members", map.most));
        }
        Ok(())
    }

    fn object(
        &mut self,
        object: &Object,
        cursor: &mut Cursor<'_>,
        at: &Path<'_>,
    ) -> Result<(), Fault> {
        let before = self.faults.count();
        let mut foreign = false;
        let mut given: u32 = 0;
        let mut null: u32 = 0;
        let mut required = None;
        cursor.object(|cursor, member| {
            let name = member.key.decode();
            let mut fields = object.fields.iter().enumerate();
            let Some((i, field)) = fields.find(|(_, field)| same(field.name, &name)) else {
                return cursor.pass();
            };
            let bit = bit(i);
            let at = Path::Member(at, field.name);
            match (cursor.kind()?, &object.tag) {
                (Kind::Null, _) => {
                    null |= bit;
                    cursor.pass()
                }
                (Kind::String, Some(tag)) if i == 0 => {
                    given |= bit;
                    let word = cursor.string()?.decode();
                    let case = self.tag(tag, &word, &at);
                    foreign = case.is_none() && tag.open;
                    required = Some(case.unwrap_or_default());
                    Ok(())
                }
                (kind, tag) => {
                    given |= bit;
                    if tag.is_some() && i == 0 {
                        // Its type is told below; no member is required by a word that is none.
                        required = Some(&[]);
                    }
                    self.value(&field.shape, kind, cursor, &at)
                }
            }
        })?;
        if foreign {
            // Of a kind that is the provider's: its members may be anything.
            self.faults.forget(before);
            return Ok(());
        }
        let by_tag = required.unwrap_or_default().iter();
        let missing = by_tag.fold(object.required, |all, name| all | object.bit(name)) & !given;
        if missing == 0 {
            return Ok(());
        }
        for (i, field) in object.fields.iter().enumerate() {
            let bit = bit(i);
            if missing & bit == 0 {
                continue;
            }
            self.faults.note(|faults| {
                let at = Path::Member(at, field.name).pointer();
                if null & bit == 0 {
                    faults.missing(&at);
                } else {
                    faults.wrong_type(&at, &field.shape.to_string(), Kind::Null);
                }
            });
        }
        Ok(())
    }

    /// The members that the word of a tag requires; `None` for a word that is not known.
    fn tag(&mut self, tag: &Tag, word: &str, at: &Path<'_>) -> Option<&'static [&'static str]> {
        let case = tag.cases.iter().find(|(case, _)| same(case, word));
        if case.is_none() && !tag.open {
            self.invalid(at, || {
                let words = tag.cases.iter().map(|(case, _)| format!("`{case}`"));
                format!("one of {}", words.collect::<Vec<_>>().join(", "))
            });
        }
        case.map(|(_, required)| *required)
    }

    /// A string that holds JSON (S1). Its faults have the pointers that they had without the quotes.
    fn inline(
        &mut self,
        shape: &Shape,
        cursor: &mut Cursor<'_>,
        at: &Path<'_>,
    ) -> Result<(), Fault> {
        let string = cursor.string()?;
        let text = string.decode();
        let mut inner = Cursor::new(&text);
        let mut nested = Vec::new();
        let read = inner.kind().and_then(|kind| {
            if !takes(shape, kind) {
                return inner.pass().map(|()| false);
            }
            let mut check = Check::new(self.faults, &mut nested);
            check.value(shape, kind, &mut inner, at).map(|()| true)
        });
        if read.is_ok_and(|taken| taken) && inner.end().is_ok() {
            self.inline.push((string.span, text.trim().to_owned()));
        } else {
            self.faults.note(|faults| {
                let expected = format!("{shape}, or a string that holds it as JSON");
                let found = "a string that holds something else";
                faults.add_type(&at.pointer(), &expected, found);
            });
        }
        Ok(())
    }
}

/// Whether a shape is for values of this kind.
fn takes(shape: &Shape, kind: Kind) -> bool {
    match shape {
        Shape::Any => true,
        Shape::Bool => kind == Kind::Bool,
        Shape::Either(shapes) => shapes.iter().any(|shape| takes(shape, kind)),
        Shape::Inline(inner) => kind == Kind::String || takes(inner, kind),
        Shape::List(_) => kind == Kind::Array,
        Shape::Map(_) | Shape::Object(_) => kind == Kind::Object,
        Shape::Number(..) | Shape::One | Shape::Whole(..) => kind == Kind::Number,
        Shape::Text(_) | Shape::Word(_) => kind == Kind::String,
    }
}

fn is_within<T: PartialOrd>(number: Option<T>, least: &T, most: &T) -> bool {
    number.is_some_and(|number| (least..=most).contains(&&number))
}

/// Whether a string is taken. Characters are counted only where there may be too many bytes.
fn fits<'a>(text: &Text, raw: &str, decode: impl FnOnce() -> std::borrow::Cow<'a, str>) -> bool {
    if let Some(form) = &text.form {
        return (form.takes)(&decode());
    }
    let long = text.most > 0 && raw.len() > text.most;
    raw.len() >= text.least && (!long || decode().chars().count() <= text.most)
}
