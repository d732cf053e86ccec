//! Which way the branches of the module go: a file, and the section of the module that tells V8.
//!
//! V8 moves what a hint calls unlikely behind the rest of a function. A request then runs through a fifth less code.
//!
//! The file has a line a function: its shape, and a mark a branch, `1` where its condition is nearly always true, `0` where it
//! nearly never is, `.` where it is either or is not known. A function that has changed since finds no line of its shape.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::Result;
use crate::functions::{self, Function};

/// Name and form are those of the proposal for branch hints of the WebAssembly group, which the V8 of Envoy 1.40 (14.6) takes.
pub(crate) const SECTION: &str = "metadata.code.branch_hint";
/// Fewer times than this say nothing of a branch.
const SEEN: u64 = 20;
/// One in so many goes the other way at most.
const RARE: u64 = 20;

/// The marks of functions, by their shape.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Branches(BTreeMap<u64, String>);

impl Branches {
    /// Learns from how often each branch of a module has gone either way: how often its condition was false, and true.
    ///
    /// # Errors
    ///
    /// A module that is not readable, or has not as many branches.
    pub fn learn(module: &[u8], counts: &[(u64, u64)]) -> Result<Self> {
        let (functions, _) = functions::read(module)?;
        let mut rest = counts.iter();
        let mut all = BTreeMap::<u64, Vec<(u64, u64)>>::new();
        for function in functions {
            let own: Vec<_> = rest.by_ref().take(function.branches.len()).collect();
            let sum = all.entry(function.shape).or_default();
            sum.resize(function.branches.len(), (0, 0));
            for (sum, own) in sum.iter_mut().zip(own) {
                *sum = (sum.0 + own.0, sum.1 + own.1);
            }
        }
        let branches: usize = all.values().map(Vec::len).sum();
        if rest.next().is_some() || branches > counts.len() {
            return Err("these are not the counts of this module".into());
        }
        let marks = |counts: Vec<_>| counts.into_iter().map(mark).collect::<String>();
        let mut learnt: BTreeMap<_, _> = all
            .into_iter()
            .map(|(own, all)| (own, marks(all)))
            .collect();
        learnt.retain(|_, marks| marks.contains(['0', '1']));
        Ok(Self(learnt))
    }

    /// Reads the file.
    ///
    /// # Errors
    ///
    /// A line of another form.
    pub fn read(text: &str) -> Result<Self> {
        let line = |line: &str| {
            let (shape, marks) = line.split_once(' ')?;
            Some((u64::from_str_radix(shape, 16).ok()?, marks.to_owned()))
        };
        let lines = text.lines().map(|own| line(own).ok_or(own));
        let lines = lines.collect::<std::result::Result<_, _>>();
        lines
            .map(Self)
            .map_err(|line| format!("not a shape and its marks: {line}").into())
    }

    /// The text of the file.
    #[must_use]
    pub fn write(&self) -> String {
        self.0
            .iter()
            .fold(String::new(), |mut text, (shape, marks)| {
                // A String takes all that is written.
                let _ = writeln!(text, "{shape:016x} {marks}");
                text
            })
    }

    /// How many functions have a line, and how many of these lines are of a function of the module.
    ///
    /// # Errors
    ///
    /// A module that is not readable.
    pub fn known(&self, module: &[u8]) -> Result<(usize, usize)> {
        let (functions, _) = functions::read(module)?;
        let is_there = |shape: &&u64| functions.iter().any(|own| own.shape == **shape);
        Ok((self.0.len(), self.0.keys().filter(is_there).count()))
    }

    /// Whether something is known of the branches of a function.
    #[must_use]
    pub fn knows(&self, function: &Function) -> bool {
        self.0.contains_key(&function.shape)
    }

    /// The module with the section: how many branches have a hint, and its bytes.
    ///
    /// # Errors
    ///
    /// A module that is not readable.
    pub fn tell(&self, module: &[u8]) -> Result<(usize, Vec<u8>)> {
        let (functions, at) = functions::read(module)?;
        let (mut told, mut count, mut body) = (0, 0, Vec::new());
        for function in &functions {
            let hints = self.hints(function);
            if hints.is_empty() {
                continue;
            }
            told += hints.len();
            count += 1;
            number(&mut body, function.index);
            number(&mut body, u32::try_from(hints.len())?);
            for (offset, likely) in hints {
                number(&mut body, offset);
                body.extend([1, u8::from(likely)]);
            }
        }
        let mut content = Vec::new();
        number(&mut content, u32::try_from(SECTION.len())?);
        content.extend(SECTION.as_bytes());
        number(&mut content, count);
        content.extend(body);
        let mut section = vec![0];
        number(&mut section, u32::try_from(content.len())?);
        section.extend(content);
        let (before, code) = module.split_at(at);
        Ok((told, [before, &section, code].concat()))
    }

    /// Where the branches stand of which something is known, and whether they are likely.
    fn hints(&self, function: &Function) -> Vec<(u32, bool)> {
        let marks = self.0.get(&function.shape);
        let marks = marks.filter(|marks| marks.len() == function.branches.len());
        let marks = marks.map_or("", String::as_str).chars();
        let hints = function.branches.iter().copied().zip(marks);
        hints
            .filter_map(|(at, mark)| Some((at, mark.to_digit(2)? == 1)))
            .collect()
    }
}

fn mark((no, yes): (u64, u64)) -> char {
    let all = no + yes;
    match all {
        ..SEEN => '.',
        _ if yes * RARE <= all => '0',
        _ if no * RARE <= all => '1',
        _ => '.',
    }
}

/// LEB128.
fn number(out: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}
