//! Which way the branches of the module go: a file, and the section of the module that tells V8.
//!
//! V8 moves what a hint calls unlikely behind the rest of a function. A request then runs through a fifth less code.
//!
//! The file has a line a function that is called, the most called first: its shape, and a mark a branch, `1` where its condition
//! is nearly always true, `0` where it nearly never is, `.` where it is either or is not known; `-` where it has none. A
//! function that has changed since finds no line of its shape.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write;

use crate::Result;
use crate::functions::{self, Function};

/// Name and form are those of the proposal for branch hints of the WebAssembly group, which the V8 of Envoy 1.40 (14.6) takes.
pub(crate) const SECTION: &str = "metadata.code.branch_hint";
/// Fewer times than this say nothing of a branch.
const SEEN: u64 = 20;
/// The marks of a function without a branch.
const NONE: &str = "-";
/// One in so many goes the other way at most.
const RARE: u64 = 20;

/// What is known of functions, by their shape.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Branches(BTreeMap<u64, Known>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    /// Its place among those that are called.
    place: usize,
    /// Of its branches.
    marks: String,
}

impl Branches {
    /// Learns from what a module has counted ([`counting`](crate::counting)).
    ///
    /// # Errors
    ///
    /// A module that is not readable, or has not as many functions and branches.
    pub fn learn(module: &[u8], counts: &[(u64, u64)]) -> Result<Self> {
        let (functions, _) = functions::read(module)?;
        let mut rest = counts.iter();
        let mut all = BTreeMap::<u64, Vec<(u64, u64)>>::new();
        for function in functions {
            let len = 1 + function.branches.len();
            let own: Vec<_> = rest.by_ref().take(len).collect();
            if own.len() < len {
                return Err("the module has more than was counted".into());
            }
            let sum = all.entry(function.shape).or_default();
            sum.resize(len, (0, 0));
            for (sum, own) in sum.iter_mut().zip(own) {
                *sum = (sum.0 + own.0, sum.1 + own.1);
            }
        }
        if rest.next().is_some() {
            return Err("the module has less than was counted".into());
        }
        let called = |counts: &[(u64, u64)]| counts.first().map_or(0, |(_, calls)| *calls);
        let mut all: Vec<_> = all.into_iter().collect();
        all.retain(|(_, counts)| called(counts) >= SEEN);
        all.sort_by_key(|(_, counts)| Reverse(called(counts)));
        let learnt = all.into_iter().enumerate().map(|(place, (shape, counts))| {
            let marks = match counts.get(1..).unwrap_or_default() {
                [] => NONE.to_owned(),
                branches => branches.iter().map(mark).collect(),
            };
            (shape, Known { place, marks })
        });
        Ok(Self(learnt.collect()))
    }

    /// Reads the file.
    ///
    /// # Errors
    ///
    /// A line of another form.
    pub fn read(text: &str) -> Result<Self> {
        let line = |place, line: &str| {
            let (shape, marks) = line.split_once(' ')?;
            let marks = marks.to_owned();
            Some((u64::from_str_radix(shape, 16).ok()?, Known { place, marks }))
        };
        let lines = text.lines().enumerate();
        let lines = lines.map(|(place, own)| line(place, own).ok_or(own));
        let lines = lines.collect::<std::result::Result<_, _>>();
        lines
            .map(Self)
            .map_err(|line| format!("not a shape and its marks: {line}").into())
    }

    /// The text of the file.
    #[must_use]
    pub fn write(&self) -> String {
        let mut lines: Vec<_> = self.0.iter().collect();
        lines.sort_by_key(|(_, known)| known.place);
        lines
            .into_iter()
            .fold(String::new(), |mut text, (shape, Known { marks, .. })| {
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

    /// The place of a function among those that are called; `None` where it is not.
    #[must_use]
    pub fn place(&self, function: &Function) -> Option<usize> {
        self.0.get(&function.shape).map(|known| known.place)
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
        let marks = self.0.get(&function.shape).map(|known| &known.marks);
        let marks = marks.filter(|marks| marks.len() == function.branches.len());
        let marks = marks.map_or("", String::as_str).chars();
        let hints = function.branches.iter().copied().zip(marks);
        hints
            .filter_map(|(at, mark)| Some((at, mark.to_digit(2)? == 1)))
            .collect()
    }
}

fn mark((no, yes): &(u64, u64)) -> char {
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
