//! The fields of a chat completion, as tables (W10 to W15, W42, W51, W55, W70 to W73).
//!
//! Known are the fields of the five contracts and of OpenAI's current request. One table a kind:
//! those that reach a provider, and the gateway's own, which never do.

mod gateway;
mod message;
mod orq;
mod standard;

pub use gateway::GATEWAY;
pub use standard::STANDARD;

use super::shape::{Field, Form, Shape, Text};
use crate::route::Dialect;
use crate::text::{head, same};

/// The field of this name, whichever table it stands in.
#[must_use]
pub fn find(name: &str, dialect: Dialect) -> Option<&'static Field> {
    let head = head(name);
    let in_table = |heads: &[u64], table: &'static [Field]| {
        let first = heads.partition_point(|own| *own < head);
        let mut same_head = table.iter().skip(first).take_while(|own| own.head == head);
        same_head.find(|own| same(own.name, name))
    };
    let own = match dialect {
        Dialect::Orq => standard::ORQ.iter().find(|field| same(field.name, name)),
        Dialect::OpenAi | Dialect::OpenGateway => None,
    };
    own.or_else(|| in_table(&STANDARD_HEADS, STANDARD))
        .or_else(|| in_table(&GATEWAY_HEADS, GATEWAY))
}

/// The heads of the fields of a table, close together.
const fn heads<const N: usize>(table: &[Field]) -> [u64; N] {
    let mut heads = [0; N];
    let (mut places, mut rest) = (heads.as_mut_slice(), table);
    while let ([place, free @ ..], [field, more @ ..]) = (places, rest) {
        *place = field.head;
        (places, rest) = (free, more);
    }
    heads
}

static STANDARD_HEADS: [u64; STANDARD.len()] = heads(STANDARD);
static GATEWAY_HEADS: [u64; GATEWAY.len()] = heads(GATEWAY);

/// Whether a top-level field is the gateway's alone, known or not.
pub(super) fn is_gateway(name: &str) -> bool {
    name.starts_with("ollm::") || name == "orq" || name == "project_id"
}

/// A name of a function or a schema.
const IDENTIFIER: Shape = Shape::Text(Text {
    least: 1,
    most: 64,
    form: Some(Form {
        takes: |text| {
            let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-".contains(&b);
            (1..=64).contains(&text.len()) && text.bytes().all(plain)
        },
        words: "1 to 64 characters of A-Z a-z 0-9 _ -",
        pattern: "^[A-Za-z0-9_-]{1,64}$",
    }),
});

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn w15_the_tables_are_sorted() {
        assert!(STANDARD.is_sorted_by_key(|field| field.name));
        assert!(GATEWAY.is_sorted_by_key(|field| field.name));
        assert!(GATEWAY.iter().all(|field| is_gateway(field.name)));
        assert!(!STANDARD.iter().any(|field| is_gateway(field.name)));
    }
}
