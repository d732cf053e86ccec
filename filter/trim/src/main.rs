//! `sluice-trim MODULE BRANCHES` trims the module, in place, and tells V8 of its branches.
//!
//! `sluice-trim count MODULE OUT` writes one that counts its calls and branches; `sluice-trim learn MODULE COUNTS BRANCHES` makes the
//! file of them from what it has counted (a line a function: 0, and how often it was called; then a line for each of its branches: how
//! often its condition was false, and true). `make profile` does both.
//! `sluice-trim known MODULE BRANCHES` fails where the file is too old for the module.

use std::path::Path;
use std::{env, fs};

use sluice_trim::branches::Branches;
use sluice_trim::{Result, copies, counting, exports, order};
use walrus::Module;

/// One function in so many may have changed since the branches were counted.
const OLD: usize = 8;

fn main() -> Result<()> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match *arguments {
        ["count", module, out] => Ok(fs::write(out, counting::counting(&fs::read(module)?)?)?),
        ["learn", module, counts, branches] => learn(module, counts, branches),
        ["known", module, branches] => known(module, branches),
        [module, branches] => trim(Path::new(module), branches),
        _ => Err(
            "usage: sluice-trim MODULE BRANCHES | count MODULE OUT | learn MODULE COUNTS BRANCHES | known MODULE BRANCHES"
                .into(),
        ),
    }
}

fn trim(path: &Path, branches: &str) -> Result<()> {
    let before = fs::read(path)?;
    let mut module = Module::from_buffer(&before)?;
    let needless = exports::needless(&module)?;
    if needless.is_empty() {
        return Ok(()); // it is trimmed already
    }
    let copies = copies::replace(&mut module)?;
    exports::remove(&mut module, &needless);
    let branches = Branches::read(&fs::read_to_string(branches)?)?;
    let (told, after) = branches.tell(&order::order(&module.emit_wasm(), &branches)?)?;
    // Beside it, then in its place: cargo has the same file under another name.
    let beside = path.with_extension("wasm.trimmed");
    fs::write(&beside, &after)?;
    fs::rename(&beside, path)?;
    println!(
        "{}: {} exports fewer, {copies} copies inside, {told} branches foretold, {} of {} bytes",
        path.display(),
        needless.len(),
        after.len(),
        before.len()
    );
    Ok(())
}

fn learn(module: &str, counts: &str, branches: &str) -> Result<()> {
    let counts = fs::read_to_string(counts)?;
    let count = |line: &str| {
        let (no, yes) = line.split_once(' ')?;
        Some((no.parse().ok()?, yes.parse().ok()?))
    };
    let counts: Option<Vec<_>> = counts.lines().map(count).collect();
    let counts = counts.ok_or("not two numbers a line")?;
    let learnt = Branches::learn(&fs::read(module)?, &counts)?;
    Ok(fs::write(branches, learnt.write())?)
}

fn known(module: &str, branches: &str) -> Result<()> {
    let branches = Branches::read(&fs::read_to_string(branches)?)?;
    let (all, known) = branches.known(&fs::read(module)?)?;
    println!("branches foretold in {known} of {all} functions");
    if known * OLD < all * (OLD - 1) {
        return Err(
            "the others have changed since: count the branches anew with make profile".into(),
        );
    }
    Ok(())
}
