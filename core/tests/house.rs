//! What holds the house together: the core stays pure, its modules point one way, its tests run in
//! Wasm too, files stay small, and what the documents link to is there.

#![expect(
    clippy::unwrap_used,
    reason = "a test that finds what it does not expect is to panic"
)]

mod tree;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use tree::{code, files, is_test, root};

/// The modules of the core in the order of the data's way: each may use those before it.
const LAYERS: [&str; 30] = [
    "text", "wire", "sorted", "near", "scrub", "luck", "id", "head", "headers", "json", "address",
    "config", "health", "spend", "error", "reply", "reject", "timeout", "route", "auth", "gateway",
    "request", "selector", "endpoint", "auto", "plan", "dialect", "answer", "explain", "exchange",
];

/// Crates that the core may depend on: none of them does I/O.
const PURE: [&str; 9] = [
    "itoa",
    "memchr",
    "serde",
    "serde_json",
    "sha2",
    "simdutf8",
    "siphasher",
    "subtle",
    "thiserror",
];

/// What pure code does not name.
const IMPURE: [&str; 12] = [
    "std::fs",
    "std::io",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "std::time",
    "SystemTime",
    "thread_local!",
    "static mut",
    "proxy_wasm",
    "getrandom",
];

fn core_files() -> Vec<(PathBuf, String)> {
    let folder = root().join("core/src");
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        (path.strip_prefix(&folder).unwrap().to_owned(), text)
    };
    files(&folder, ".rs").into_iter().map(read).collect()
}

#[test]
fn imports_point_one_way() {
    let place = |module: &str| LAYERS.iter().position(|layer| *layer == module);
    for (path, text) in core_files() {
        let module = path
            .iter()
            .next()
            .unwrap()
            .to_str()
            .unwrap()
            .trim_end_matches(".rs");
        if is_test(&path) || module == "lib" {
            continue;
        }
        let own = place(module).unwrap_or_else(|| panic!("`{module}` has no place in LAYERS"));
        for used in code(&text).split("crate::").skip(1) {
            let used = used
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .next()
                .unwrap();
            let at = place(used).unwrap_or_else(|| panic!("{}: crate::{used}", path.display()));
            assert!(
                at <= own,
                "{}: `{module}` may not use `{used}`",
                path.display()
            );
        }
    }
}

#[test]
fn the_core_is_pure() {
    for (path, text) in core_files() {
        for word in IMPURE {
            assert!(
                is_test(&path) || !code(&text).contains(word),
                "{}: {word}",
                path.display()
            );
        }
    }
    let manifest = fs::read_to_string(root().join("core/Cargo.toml")).unwrap();
    let dependencies = manifest.split("[dependencies]\n").nth(1).unwrap();
    let named: BTreeSet<_> = dependencies
        .lines()
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| {
            line.split(['.', ' '])
                .next()
                .filter(|name| !name.is_empty())
        })
        .collect();
    assert_eq!(named, PURE.into_iter().collect());
}

#[test]
fn the_cores_tests_run_in_wasm_too() {
    for (path, text) in core_files() {
        let runs = text.contains("use wasm_bindgen_test::wasm_bindgen_test as test;");
        assert!(runs || !text.contains("#[test]"), "{}", path.display());
    }
}

#[test]
fn host_calls_stand_in_one_file() {
    for path in files(&root().join("filter/src"), ".rs") {
        let named = fs::read_to_string(&path).unwrap().contains("hostcalls");
        assert!(!named || path.ends_with("host.rs"), "{}", path.display());
    }
}

#[test]
fn files_stay_small() {
    for path in files(&root(), ".rs") {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= 400, "{}: {lines} lines", path.display());
    }
}

#[test]
fn what_the_documents_link_to_is_there() {
    for path in files(&root(), ".md") {
        let text = fs::read_to_string(&path).unwrap();
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let file = link.split('#').next().unwrap();
            let outside = link.contains("://") || file.is_empty();
            let there = path.parent().unwrap().join(file).exists();
            assert!(outside || there, "{}: {link}", path.display());
        }
    }
}
