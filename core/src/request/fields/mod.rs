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

use std::cmp::Ordering;

use super::shape::{Field, Form, Shape, Text};
use crate::route::Dialect;
use crate::text::{head, same};

/// The field of this name, whichever table it stands in.
#[must_use]
pub fn find(name: &str, dialect: Dialect) -> Option<&'static Field> {
    let head = head(name);
    let order = |field: &Field| match field.head.cmp(&head) {
        Ordering::Equal if same(field.name, name) => Ordering::Equal,
        Ordering::Equal => field.name.cmp(name),
        other => other,
    };
    let in_table = |table: &'static [Field]| {
        let found = table.binary_search_by(order).ok()?;
        table.get(found)
    };
    let own = match dialect {
        Dialect::Orq => standard::ORQ.iter().find(|field| same(field.name, name)),
        Dialect::OpenAi | Dialect::OpenGateway => None,
    };
    own.or_else(|| in_table(STANDARD))
        .or_else(|| in_table(GATEWAY))
}

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
