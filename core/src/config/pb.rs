//! `google.protobuf.Struct` on the wire → JSON.
//!
//! Envoy's documentation says that it gives a Struct to the plugin as JSON; Envoy 1.39 and 1.40
//! were seen to give its protobuf encoding.

use serde_json::{Map, Number, Value};

/// Messages inside one another.
const DEPTH: usize = 64;

/// Decodes a Struct; `None` for what is none.
pub(super) fn decode(bytes: &[u8]) -> Option<Value> {
    object(bytes, DEPTH)
}

/// `Struct { map<string, Value> fields = 1; }`
fn object(bytes: &[u8], depth: usize) -> Option<Value> {
    let mut map = Map::new();
    fields(bytes, |number, field| {
        let (1, Field::Bytes(entry)) = (number, field) else {
            return Some(());
        };
        let (mut key, mut item) = (String::new(), Value::Null);
        fields(entry, |number, field| {
            match (number, field) {
                (1, Field::Bytes(text)) => key = text_of(text)?,
                (2, Field::Bytes(bytes)) => item = value(bytes, depth.checked_sub(1)?)?,
                _ => {}
            }
            Some(())
        })?;
        map.insert(key, item);
        Some(())
    })?;
    Some(Value::Object(map))
}

/// `ListValue { repeated Value values = 1; }`
fn list(bytes: &[u8], depth: usize) -> Option<Value> {
    let mut items = Vec::new();
    fields(bytes, |number, field| {
        if let (1, Field::Bytes(bytes)) = (number, field) {
            items.push(value(bytes, depth.checked_sub(1)?)?);
        }
        Some(())
    })?;
    Some(Value::Array(items))
}

/// `Value { oneof kind { null = 1, double = 2, string = 3, bool = 4, Struct = 5, ListValue = 6 } }`
fn value(bytes: &[u8], depth: usize) -> Option<Value> {
    let mut found = Value::Null;
    fields(bytes, |number, field| {
        match (number, field) {
            (2, Field::Fixed(bits)) => {
                found = Number::from_f64(f64::from_bits(bits)).map_or(Value::Null, Value::Number);
            }
            (3, Field::Bytes(text)) => found = Value::String(text_of(text)?),
            (4, Field::Varint(flag)) => found = Value::Bool(flag != 0),
            (5, Field::Bytes(bytes)) => found = object(bytes, depth)?,
            (6, Field::Bytes(bytes)) => found = list(bytes, depth)?,
            _ => {}
        }
        Some(())
    })?;
    Some(found)
}

enum Field<'a> {
    Bytes(&'a [u8]),
    Fixed(u64),
    Varint(u64),
}

/// Walks over the fields of one message.
fn fields<'a>(
    mut bytes: &'a [u8],
    mut each: impl FnMut(u64, Field<'a>) -> Option<()>,
) -> Option<()> {
    while !bytes.is_empty() {
        let tag = varint(&mut bytes)?;
        let field = match tag & 7 {
            0 => Field::Varint(varint(&mut bytes)?),
            1 => Field::Fixed(u64::from_le_bytes(*take(&mut bytes, 8)?.as_array()?)),
            2 => {
                let len = usize::try_from(varint(&mut bytes)?).ok()?;
                Field::Bytes(take(&mut bytes, len)?)
            }
            _ => return None,
        };
        each(tag >> 3, field)?;
    }
    Some(())
}

fn take<'a>(bytes: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    Some(taken)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn text_of(bytes: &[u8]) -> Option<String> {
    String::from_utf8(bytes.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    /// `{"a": {"b": [1.5, true, null, "é"]}}`, encoded.
    const NESTED: &[u8] = b"\x0a\x29\x0a\x01a\x12\x24\x2a\x22\x0a\x20\x0a\x01b\x12\x1b\x32\x19\
        \x0a\x09\x11\0\0\0\0\0\0\xf8\x3f\x0a\x02\x20\x01\x0a\x02\x08\0\x0a\x04\x1a\x02\xc3\xa9";

    #[test]
    fn a_struct_is_json() {
        let expected = serde_json::json!({"a": {"b": [1.5, true, null, "é"]}});
        assert_eq!(decode(NESTED), Some(expected));
        assert_eq!(decode(b""), Some(serde_json::json!({})));
    }

    #[test]
    fn a_cut_struct_is_none() {
        for len in 1..NESTED.len() {
            assert_eq!(decode(&NESTED[..len]), None, "{len}");
        }
        assert_eq!(
            decode(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
            None
        );
    }

    #[test]
    fn depth_is_bounded() {
        let mut bytes = Vec::new();
        let lengths = |mut n: usize| {
            let mut out = Vec::new();
            while n > 0x7f {
                out.push(u8::try_from(n & 0x7f).unwrap() | 0x80);
                n >>= 7;
            }
            out.push(u8::try_from(n).unwrap());
            out
        };
        for _ in 0..200 {
            let list = [&[0x32][..], &lengths(bytes.len()), &bytes].concat();
            bytes = [&[0x0a][..], &lengths(list.len()), &list].concat();
        }
        assert_eq!(list(&bytes, DEPTH), None);
    }
}
