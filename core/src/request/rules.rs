//! Types and ranges of the simple fields, as a table (W11, W14).

use super::faults::Faults;
use crate::error::Code;
use crate::json::{Cursor, Fault, Kind};

/// What a field must be; `null` is the same as absent.
enum Rule {
    Bool,
    /// A number from the first to the second.
    Number(f64, f64),
    /// A whole number from the first to the second.
    Whole(i64, i64),
    Text,
    Word(&'static str, &'static [&'static str]),
}

const RULES: [(&str, Rule); 16] = [
    ("frequency_penalty", Rule::Number(-2.0, 2.0)),
    ("logprobs", Rule::Bool),
    ("parallel_tool_calls", Rule::Bool),
    ("presence_penalty", Rule::Number(-2.0, 2.0)),
    ("prompt_cache_key", Rule::Text),
    ("reasoning_effort", Rule::Text),
    ("safety_identifier", Rule::Text),
    ("seed", Rule::Whole(i64::MIN, i64::MAX)),
    (
        "service_tier",
        Rule::Word(
            "`auto`, `default`, `priority` or `flex`",
            &["auto", "default", "priority", "flex"],
        ),
    ),
    ("store", Rule::Bool),
    ("temperature", Rule::Number(0.0, 2.0)),
    ("top_k", Rule::Whole(0, i64::MAX)),
    ("top_logprobs", Rule::Whole(0, 20)),
    ("top_p", Rule::Number(0.0, 1.0)),
    ("user", Rule::Text),
    ("verbosity", Rule::Text),
];

/// Reads a field that has a rule of the table; `false` when it has none and was not read.
pub(super) fn check(
    name: &str,
    cursor: &mut Cursor<'_>,
    faults: &mut Faults,
) -> Result<bool, Fault> {
    let Ok(found) = RULES.binary_search_by(|(rule, _)| (*rule).cmp(name)) else {
        return Ok(false);
    };
    let Some((_, rule)) = RULES.get(found) else {
        return Ok(false);
    };
    let pointer = || format!("/{name}");
    let kind = cursor.kind()?;
    match (rule, kind) {
        (_, Kind::Null) | (Rule::Bool, Kind::Bool) | (Rule::Text, Kind::String) => {
            cursor.skip()?;
        }
        (Rule::Word(expected, words), Kind::String) => {
            if !words.contains(&cursor.string()?.decode().as_ref()) {
                faults.invalid(&pointer(), expected);
            }
        }
        (Rule::Number(least, most), Kind::Number) => {
            let number = cursor.number()?.as_f64();
            if !number.is_some_and(|number| (*least..=*most).contains(&number)) {
                faults.invalid(&pointer(), &format!("a number from {least} to {most}"));
            }
        }
        (Rule::Whole(least, most), Kind::Number) => {
            let number = cursor.number()?.as_i64();
            if !number.is_some_and(|number| (*least..=*most).contains(&number)) {
                faults.invalid(&pointer(), &whole(*least, *most));
            }
        }
        (rule, kind) => {
            cursor.skip()?;
            faults.wrong_type(&pointer(), expected(rule), kind);
        }
    }
    Ok(true)
}

fn whole(least: i64, most: i64) -> String {
    match (least, most) {
        (i64::MIN, _) => "a whole number of 64 bits".to_owned(),
        (_, i64::MAX) => format!("a whole number of at least {least}"),
        _ => format!("a whole number from {least} to {most}"),
    }
}

fn expected(rule: &Rule) -> &'static str {
    match rule {
        Rule::Bool => "true or false",
        Rule::Number(..) => "a number",
        Rule::Whole(..) => "a whole number",
        Rule::Text | Rule::Word(..) => "a string",
    }
}

/// `n`, which must be 1 (W11).
pub(super) fn n(cursor: &mut Cursor<'_>, faults: &mut Faults) -> Result<(), Fault> {
    match cursor.kind()? {
        Kind::Null => cursor.pass(),
        Kind::Number => {
            if cursor.number()?.as_i64() != Some(1) {
                let message = "`n` must be 1 or absent.".to_owned();
                faults.add("/n", Code::UnsupportedValue, message);
            }
            Ok(())
        }
        kind => {
            faults.wrong_type("/n", "the number 1", kind);
            cursor.pass()
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn w14_the_table_is_sorted() {
        assert!(RULES.is_sorted_by_key(|(name, _)| *name));
    }
}
