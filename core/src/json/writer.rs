//! JSON that is written. serde_json looks at each byte of each text and each name; here sixteen are looked at at once, and
//! the names of a struct and the words of an enum not at all.

use serde::Serialize;
use serde::ser::{Error as _, Impossible, SerializeMap, SerializeSeq, SerializeStruct, Serializer};
use serde_json::{Error, Result};

use super::string::is_plain;

/// Writes a value behind what `out` has.
///
/// # Errors
///
/// Those of the value's own `Serialize`, and what records have none of: tuples, bytes, variants that hold something, and
/// members whose name is no text. `out` has a part of it then.
pub fn write(out: &mut Vec<u8>, value: &impl Serialize) -> Result<()> {
    value.serialize(Writer(out))
}

/// A text as a JSON string, in quotes.
pub(super) fn write_text(out: &mut Vec<u8>, text: &str) -> Result<()> {
    if !is_plain(text.as_bytes()) {
        return serde_json::to_writer(out, text);
    }
    quoted(out, text);
    Ok(())
}

/// A text that stands in a string as it is.
fn quoted(out: &mut Vec<u8>, text: &str) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

struct Writer<'a>(&'a mut Vec<u8>);

impl<'a> Writer<'a> {
    fn parts(self, open: u8, close: u8) -> Parts<'a> {
        self.0.push(open);
        Parts {
            out: self.0,
            close,
            begun: false,
        }
    }

    fn refuse<T>(self, what: &str) -> Result<T> {
        Err(Error::custom(format_args!("{what} is not written here")))
    }
}

/// An array or an object that is being written.
struct Parts<'a> {
    out: &'a mut Vec<u8>,
    close: u8,
    begun: bool,
}

impl Parts<'_> {
    fn next(&mut self) {
        if self.begun {
            self.out.push(b',');
        }
        self.begun = true;
    }

    /// The name of a member, which is written into each struct in the same way.
    #[inline(never)]
    fn name(&mut self, name: &str) {
        debug_assert!(is_plain(name.as_bytes()), "{name}");
        self.out.reserve(name.len() + 4);
        self.next();
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    fn close(self) -> Result<()> {
        self.out.push(self.close);
        Ok(())
    }
}

impl SerializeSeq for Parts<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<()> {
        self.next();
        item.serialize(Writer(self.out))
    }

    fn end(self) -> Result<()> {
        self.close()
    }
}

impl SerializeMap for Parts<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, name: &T) -> Result<()> {
        self.next();
        let at = self.out.len();
        name.serialize(Writer(self.out))?;
        if self.out.get(at) != Some(&b'"') {
            return Err(Error::custom("a name is no text"));
        }
        self.out.push(b':');
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        value.serialize(Writer(self.out))
    }

    fn end(self) -> Result<()> {
        self.close()
    }
}

impl SerializeStruct for Parts<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<()> {
        self.name(name);
        value.serialize(Writer(self.out))
    }

    fn end(self) -> Result<()> {
        self.close()
    }
}

/// What serde_json writes as well as can be.
macro_rules! as_serde_json {
    ($($method:ident: $kind:ty),*) => {
        $(fn $method(self, value: $kind) -> Result<()> {
            serde_json::to_writer(self.0, &value)
        })*
    };
}

impl<'a> Serializer for Writer<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Parts<'a>;
    type SerializeMap = Parts<'a>;
    type SerializeStruct = Parts<'a>;
    type SerializeTuple = Impossible<(), Error>;
    type SerializeTupleStruct = Impossible<(), Error>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeStructVariant = Impossible<(), Error>;

    as_serde_json! {
        serialize_bool: bool,
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64,
        serialize_f32: f32, serialize_f64: f64, serialize_char: char
    }

    fn serialize_str(self, text: &str) -> Result<()> {
        write_text(self.0, text)
    }

    fn serialize_none(self) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<()> {
        self.0.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, word: &'static str) -> Result<()> {
        debug_assert!(is_plain(word.as_bytes()), "{word}");
        quoted(self.0, word);
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Parts<'a>> {
        Ok(self.parts(b'[', b']'))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Parts<'a>> {
        Ok(self.parts(b'{', b'}'))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Parts<'a>> {
        Ok(self.parts(b'{', b'}'))
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<()> {
        self.refuse("a list of bytes")
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<()> {
        self.refuse("a variant with a value")
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple> {
        self.refuse("a tuple")
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct> {
        self.refuse("a tuple")
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant> {
        self.refuse("a variant with values")
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant> {
        self.refuse("a variant with members")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[derive(Serialize)]
    #[serde(rename_all = "snake_case")]
    enum Word {
        OneOfThem,
        With(u8),
    }

    #[derive(Serialize)]
    struct Whole<'a> {
        text: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        absent: Option<u8>,
        none: Option<u8>,
        some: Option<&'a str>,
        numbers: (),
        word: Word,
        list: Vec<Part<'a>>,
        map: BTreeMap<&'a str, i64>,
        value: serde_json::Value,
    }

    #[derive(Serialize)]
    struct Part<'a>(&'a str);

    fn written(value: &impl Serialize) -> Result<String> {
        let mut out = b"before ".to_vec();
        write(&mut out, value)?;
        let text = String::from_utf8(out).unwrap();
        Ok(text.strip_prefix("before ").unwrap().to_owned())
    }

    #[test]
    fn values_are_written_as_serde_json_does() {
        let long = "sixteen bytes and some more of them, é";
        let texts = [
            "", "a", "é", "\"", "a\\b", "\u{7f}", "\u{1f}x", "a\nb", long,
        ];
        for text in texts {
            for (before, after) in [("", ""), (long, ""), ("", long), (long, long)] {
                let text = [before, text, after].concat();
                let whole = Whole {
                    text: &text,
                    absent: None,
                    none: None,
                    some: Some(&text),
                    numbers: (),
                    word: Word::OneOfThem,
                    list: vec![Part("a"), Part(&text)],
                    map: [(text.as_str(), i64::MIN), ("b", 0)].into(),
                    value: serde_json::json!([1.5, u64::MAX, true, null, {"a": [], "b": {}}]),
                };
                let expected = serde_json::to_string(&whole).unwrap();
                assert_eq!(written(&whole).unwrap(), expected);
            }
        }
    }

    #[test]
    fn what_records_have_none_of_is_refused() {
        assert!(written(&(1, 2)).is_err());
        assert!(written(&Word::With(1)).is_err());
        assert!(written(&BTreeMap::from([(1, 2)])).is_err());
    }
}
