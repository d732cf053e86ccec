//! [`Shape`] → JSON Schema 2020-12.

use serde_json::{Map, Value, json};
use sluice_core::request::shape::{self, Field, List, Object, Shape, Tag, Text};

/// The schema of a value that must be there.
pub(super) fn of(shape: &Shape) -> Value {
    match shape {
        Shape::Any => json!({}),
        Shape::Bool => json!({"type": "boolean"}),
        Shape::Either(shapes) => json!({"anyOf": shapes.iter().map(of).collect::<Vec<_>>()}),
        Shape::Inline(inner) => {
            let inner = of(inner);
            let text = json!({
                "type": "string",
                "description": "The same as JSON in a string.",
                "contentMediaType": "application/json",
                "contentSchema": inner,
            });
            json!({"anyOf": [inner, text]})
        }
        Shape::List(list) => array(list),
        Shape::Map(map) => names(map),
        Shape::Number(least, most) => {
            let mut schema = json!({"type": "number"});
            for (name, bound) in [("minimum", least), ("maximum", most)] {
                if bound.is_finite() {
                    set(&mut schema, name, json!(bound));
                }
            }
            schema
        }
        Shape::Object(object) => members(object),
        Shape::One => json!({"type": "integer", "const": 1}),
        Shape::Text(text) => string(text),
        Shape::Whole(least, most) => {
            json!({"type": "integer", "minimum": least, "maximum": most})
        }
        Shape::Word(words) => json!({"type": "string", "enum": words}),
    }
}

/// The schema of a member of an object, with what it is in words.
pub(super) fn field(field: &Field) -> Value {
    let mut schema = of(&field.shape);
    if !field.required {
        nullable(&mut schema);
    }
    set(&mut schema, "description", json!(field.about));
    schema
}

/// Lets null stand for an absent member.
pub(super) fn nullable(schema: &mut Value) {
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    if let Some(kind) = members.get("type").cloned() {
        members.insert("type".to_owned(), json!([kind, "null"]));
        if let Some(one) = members.remove("const") {
            members.insert("enum".to_owned(), json!([one]));
        }
    }
    for name in ["anyOf", "enum"] {
        let typed = members.contains_key("type");
        if let Some(Value::Array(options)) = members.get_mut(name) {
            match name {
                "anyOf" if typed => {}
                "anyOf" => options.push(json!({"type": "null"})),
                _ => options.push(Value::Null),
            }
        }
    }
}

/// Sets a keyword of a schema.
pub(super) fn set(schema: &mut Value, name: &str, value: Value) {
    if let Some(members) = schema.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

fn array(list: &List) -> Value {
    let mut schema = json!({"type": "array", "items": of(list.items)});
    bound(&mut schema, "minItems", list.least);
    bound(&mut schema, "maxItems", list.most);
    schema
}

fn names(map: &shape::Map) -> Value {
    let mut schema = json!({"type": "object", "additionalProperties": of(map.values)});
    bound(&mut schema, "maxProperties", map.most);
    if map.name > 0 {
        set(&mut schema, "propertyNames", json!({"maxLength": map.name}));
    }
    schema
}

fn string(text: &Text) -> Value {
    let mut schema = json!({"type": "string"});
    bound(&mut schema, "minLength", text.least);
    bound(&mut schema, "maxLength", text.most);
    if let Some(form) = &text.form {
        set(&mut schema, "pattern", json!(form.pattern));
    }
    schema
}

/// A limit that is there where it is not 0.
fn bound(schema: &mut Value, name: &str, limit: usize) {
    if limit > 0 {
        set(schema, name, json!(limit));
    }
}

fn members(object: &Object) -> Value {
    let named = |own: &Field| (own.name.to_owned(), field(own));
    let mut properties: Map<String, Value> = object.fields.iter().map(named).collect();
    let required = object.fields.iter().filter(|own| own.required);
    let mut required: Vec<_> = required.map(|own| own.name).collect();
    let mut schema = json!({"type": "object"});
    if let Some((name, tag)) = object.named_tag() {
        required.push(name);
        let word = properties.entry(name).or_insert_with(|| json!({}));
        set(word, "type", json!("string"));
        if !tag.open {
            let words: Vec<_> = tag.cases.iter().map(|(word, _)| word).collect();
            set(word, "enum", json!(words));
        }
        if tag.cases.iter().any(|(_, required)| !required.is_empty()) {
            set(&mut schema, "anyOf", json!(cases(name, tag, object.fields)));
        }
    }
    set(&mut schema, "properties", Value::Object(properties));
    if !required.is_empty() {
        set(&mut schema, "required", json!(required));
    }
    schema
}

/// What the words of a tag require: one schema for all words that require the same.
fn cases(name: &str, tag: &Tag, fields: &[Field]) -> Vec<Value> {
    let mut groups: Vec<(&[&str], Vec<&str>)> = Vec::new();
    for (word, required) in tag.cases {
        match groups.iter_mut().find(|(own, _)| own == required) {
            Some((_, words)) => words.push(word),
            None => groups.push((required, vec![word])),
        }
    }
    let case = |(required, words): (&[&str], Vec<&str>)| {
        let must = fields.iter().filter(|own| required.contains(&own.name));
        let named = |own: &Field| (own.name.to_owned(), of(&own.shape));
        let mut properties: Map<String, Value> = must.map(named).collect();
        properties.insert(name.to_owned(), json!({"enum": words}));
        json!({"required": required, "properties": properties})
    };
    let mut cases: Vec<Value> = groups.into_iter().map(case).collect();
    if tag.open {
        let words: Vec<_> = tag.cases.iter().map(|(word, _)| word).collect();
        cases.push(json!({"properties": {name: {"not": {"enum": words}}}}));
    }
    cases
}
