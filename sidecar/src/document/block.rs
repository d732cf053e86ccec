//! The places of an Envoy file where a wasm filter of ours is configured.

use serde_json::{Map, Value};

use super::{Fault, pointer};

/// One plugin's configuration: the object that holds `root_id`.
#[derive(Clone, Debug)]
pub(super) struct Block<'a> {
    /// JSON pointer of the object.
    pub(super) at: String,
    /// Which of the two filters it is.
    pub(super) root: Root,
    members: &'a Map<String, Value>,
}

/// The filters of the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Root {
    /// Once a request.
    Gateway,
    /// Once an attempt.
    Provider,
}

/// Every block of a file, in the order of the walk.
pub(super) fn blocks(value: &Value) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    walk(value, "", &mut found);
    found
}

fn walk<'a>(value: &'a Value, at: &str, found: &mut Vec<Block<'a>>) {
    match value {
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                walk(item, &pointer(at, &i.to_string()), found);
            }
        }
        Value::Object(members) => match Block::read(at, members) {
            Some(block) => found.push(block),
            None => {
                for (name, member) in members {
                    walk(member, &pointer(at, name), found);
                }
            }
        },
        _ => {}
    }
}

impl<'a> Block<'a> {
    fn read(at: &str, members: &'a Map<String, Value>) -> Option<Self> {
        let root = match members.get("root_id")?.as_str()? {
            "gateway" => Root::Gateway,
            "provider" => Root::Provider,
            _ => return None,
        };
        let plugin = members.contains_key("vm_config") || members.contains_key("configuration");
        plugin.then(|| Self {
            at: at.to_owned(),
            root,
            members,
        })
    }

    /// The block that the others are held against: the first gateway's, or else the first.
    pub(super) fn main(blocks: &[Self]) -> Option<&Self> {
        let gateway = blocks.iter().find(|block| block.root == Root::Gateway);
        gateway.or_else(|| blocks.first())
    }

    pub(super) fn member(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name)
    }

    /// The gateway's document with its place: the `value` of a Struct, or the JSON text of a
    /// `StringValue`.
    pub(super) fn document(&self) -> Result<(String, Value), Fault> {
        let at = pointer(&self.at, "configuration");
        let missing = |at: &str| Fault::new(at, "is required");
        let any = self.member("configuration").ok_or_else(|| missing(&at))?;
        let type_at = pointer(&at, "@type");
        let url = any
            .get("@type")
            .and_then(Value::as_str)
            .ok_or_else(|| missing(&type_at))?;
        let value_at = pointer(&at, "value");
        let value = any.get("value").ok_or_else(|| missing(&value_at))?;
        match url.rsplit('/').next() {
            Some("google.protobuf.Struct") => Ok((value_at, value.clone())),
            Some("google.protobuf.StringValue") => {
                let text = value
                    .as_str()
                    .ok_or_else(|| Fault::new(&*value_at, "must be a string"))?;
                let document = serde_json::from_str(text)
                    .map_err(|error| Fault::new(&*value_at, format!("is not JSON: {error}")))?;
                Ok((value_at, document))
            }
            _ => {
                let expected = "must be google.protobuf.Struct or google.protobuf.StringValue";
                Err(Fault::new(type_at, expected))
            }
        }
    }
}
