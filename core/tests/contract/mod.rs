//! `docs/wire.md`: every rule of the contract with its state, and the tests that prove it.

use std::collections::BTreeSet;
use std::fs;

use crate::tree::{files, root};

/// The rules of the contract.
const RULES: [&str; 43] = [
    "W01", "W02", "W03", "W05", "W10", "W11", "W12", "W13", "W14", "W15", "W16", "W17", "W18",
    "W20", "W21", "W22", "W23", "W24", "W30", "W31", "W32", "W33", "W34", "W35", "W36", "W37",
    "W38", "W40", "W41", "W42", "W43", "W50", "W51", "W52", "W53", "W54", "W55", "W60", "W61",
    "W70", "W71", "W72", "W73",
];

/// One line of the table of `docs/wire.md`.
struct Row {
    rule: String,
    what: String,
    source: String,
    state: String,
    tests: Vec<String>,
}

fn contract() -> Vec<Row> {
    let page = fs::read_to_string(root().join("docs/wire.md")).unwrap();
    let row = |line: &str| {
        let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [rule, what, source, state, tests] = cells[..] else {
            panic!("five cells are expected: {line}")
        };
        let tests = tests.split('`').skip(1).step_by(2).map(str::to_owned);
        Row {
            rule: rule.to_owned(),
            what: what.to_owned(),
            source: source.to_owned(),
            state: state.to_owned(),
            tests: tests.collect(),
        }
    };
    page.lines()
        .filter(|line| line.starts_with("| W"))
        .map(row)
        .collect()
}

/// The names of all tests of the tree, in Rust and in Python.
fn tests() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for path in files(&root(), ".rs") {
        let mut marked = false;
        for line in fs::read_to_string(path).unwrap().lines().map(str::trim) {
            let test = line.starts_with("#[test]") || line.starts_with("#[tokio::test");
            let name = line
                .split_once("fn ")
                .and_then(|(_, rest)| rest.split_once('('));
            names.extend(name.filter(|_| marked).map(|(name, _)| name.to_owned()));
            marked = test || marked && name.is_none();
        }
    }
    for path in files(&root().join("tests/sdk"), ".py") {
        let text = fs::read_to_string(path).unwrap();
        let found = text
            .split("\ndef test_")
            .skip(1)
            .filter_map(|rest| rest.split('(').next());
        names.extend(found.map(|name| format!("test_{name}")));
    }
    names
}

/// The rules that a test's name begins with: `w35_w53_…`, `w10_to_w14_…`.
fn proved(test: &str) -> Vec<String> {
    let mut rules: Vec<String> = Vec::new();
    let mut to = false;
    for word in test.trim_start_matches("test_").split('_') {
        let digits = word.strip_prefix('w').unwrap_or_default();
        let rule = (digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit()))
            .then(|| word.to_uppercase());
        match (rule, rules.last().cloned()) {
            (Some(rule), Some(first)) if to => {
                let between = |own: &&&str| first.as_str() < **own && **own <= rule.as_str();
                rules.extend(RULES.iter().filter(between).map(|&own| own.to_owned()));
            }
            (Some(rule), _) => rules.push(rule),
            (None, Some(_)) if word == "to" => to = true,
            (None, _) => break,
        }
    }
    rules
}

#[test]
fn every_rule_of_the_contract_has_its_state() {
    let rows = contract();
    let rules: Vec<_> = rows.iter().map(|row| row.rule.as_str()).collect();
    assert_eq!(rules, RULES);
    for Row {
        rule,
        what,
        source,
        state,
        ..
    } in &rows
    {
        let known = ["S0", "S1", "S2", "S3", "S4", "own"];
        let sourced = source.split(", ").all(|own| known.contains(&own));
        assert!(sourced, "{rule}: {source}");
        assert!(
            ["done", "part", "planned"].contains(&state.as_str()),
            "{rule}: {state}"
        );
        let told = what.contains("There: ") && what.contains("Not there: ");
        assert_eq!(
            told,
            state == "part",
            "{rule}: a part says what is there and what is not"
        );
    }
}

#[test]
fn what_the_contract_calls_done_is_proved() {
    let tests = tests();
    let by_name: BTreeSet<_> = tests.iter().flat_map(|test| proved(test)).collect();
    for row in contract() {
        let rule = &row.rule;
        if row.state == "planned" {
            let proofs = by_name.contains(rule) || !row.tests.is_empty();
            assert!(!proofs, "{rule} is planned and has tests");
            continue;
        }
        assert!(
            (1..=4).contains(&row.tests.len()),
            "{rule}: one to four tests"
        );
        for test in &row.tests {
            assert!(tests.contains(test), "{rule}: there is no test `{test}`");
            assert!(
                proved(test).contains(rule),
                "{rule}: `{test}` bears another number"
            );
        }
    }
    for test in &tests {
        for rule in proved(test) {
            assert!(
                RULES.contains(&rule.as_str()),
                "`{test}`: there is no rule {rule}"
            );
        }
    }
}
