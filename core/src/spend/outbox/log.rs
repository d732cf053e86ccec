//! What of a record may stand in a log.

use serde_json::{Map, Value};

use super::cut;

/// A [`Batch`](crate::spend::Batch) as JSON from the inside of its list, as it may stand in a log:
/// of a contact the id only, and no metadata, as both come out of request bodies. `None` when
/// there is no record in it. What is not JSON is left out.
#[must_use]
pub fn for_log(records: &[u8]) -> Option<Vec<u8>> {
    let all = batch(records);
    let reduced = cut(&all)?.records.into_iter().filter_map(reduced);
    let reduced: Vec<_> = reduced.collect();
    (!reduced.is_empty()).then(|| batch(&reduced.join(&b","[..])))
}

fn batch(records: &[u8]) -> Vec<u8> {
    [b"{\"records\":[", records, b"],\"dropped\":0}"].concat()
}

fn reduced(record: &[u8]) -> Option<Vec<u8>> {
    let mut record: Map<String, Value> = serde_json::from_slice(record).ok()?;
    record.remove("metadata");
    let contact = record.remove("contact");
    let id = contact.and_then(|mut contact| contact.get_mut("id").map(Value::take));
    if let Some(id) = id.filter(Value::is_string) {
        let contact = Map::from_iter([("id".to_owned(), id)]);
        record.insert("contact".to_owned(), Value::Object(contact));
    }
    serde_json::to_vec(&record).ok()
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::json::MAX_DEPTH;
    use crate::spend::{Batch, Contact, Record, Thread};

    fn labelled() -> Record {
        let secret = || "canary@example.com".to_owned();
        Record {
            id: "1".into(),
            started_ms: u64::MAX,
            contact: Some(Contact {
                id: "crm/7".into(),
                display_name: Some(secret()),
                email: Some(secret()),
                logo_url: Some(secret()),
                tags: vec![secret()],
                metadata: vec![json!({secret(): secret()})],
            }),
            thread: Some(Thread {
                id: "t".into(),
                tags: vec!["a".into()],
            }),
            metadata: BTreeMap::from([(secret(), secret())]),
            tags: BTreeMap::from([("team".into(), "\"},\n{".into())]),
            ..Record::default()
        }
    }

    #[test]
    fn w55_a_log_holds_the_id_of_a_contact_and_no_metadata() {
        let plain = Record {
            id: "2".into(),
            ..Record::default()
        };
        let json = [labelled(), plain.clone()].map(|own| serde_json::to_vec(&own).unwrap());
        let logged = for_log(&json.join(&b","[..])).unwrap();
        let text = String::from_utf8(logged).unwrap();
        assert!(!text.contains("canary") && !text.contains('\n'), "{text}");
        let batch: Batch = serde_json::from_str(&text).unwrap();
        let kept = Record {
            contact: Some(Contact {
                id: "crm/7".into(),
                ..Contact::default()
            }),
            metadata: BTreeMap::new(),
            ..labelled()
        };
        assert_eq!((batch.records, batch.dropped), (vec![kept, plain], 0));
    }

    #[test]
    fn w55_a_record_that_is_nested_as_deep_as_a_body_may_be_is_logged() {
        let depth = MAX_DEPTH - 3; // `{"orq": {"identity": {"metadata": …`
        let deep = (1..depth).fold(json!([]), |inner, _| json!([inner]));
        let mut record = labelled();
        record.contact.as_mut().unwrap().metadata = deep.as_array().unwrap().clone();
        let json = serde_json::to_vec(&record).unwrap();
        let text = String::from_utf8(for_log(&json).unwrap()).unwrap();
        assert!(text.contains("crm/7") && !text.contains("[["), "{text}");
    }

    #[test]
    fn w55_what_is_no_record_is_not_logged() {
        for json in ["", "7,\"canary\"", "{", "canary", "{}{}"] {
            assert_eq!(for_log(json.as_bytes()), None, "{json}");
        }
        let odd =
            r#"{"canary": ,{"contact": "canary"},{"id": "1", "contact": {"id": {"canary": 1}}}"#;
        assert_eq!(for_log(odd.as_bytes()), None, "the brackets do not meet");
        let odd = odd.replace(": ,", ": },");
        let text = String::from_utf8(for_log(odd.as_bytes()).unwrap()).unwrap();
        assert_eq!(text, r#"{"records":[{},{"id":"1"}],"dropped":0}"#);
    }
}
