//! The functions of a module, and the branches in each.

use wasmparser::{Operator, Parser, Payload, TypeRef};

use crate::Result;

/// A function with a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its place among all functions, the imported ones counted.
    pub index: u32,
    /// A digest of its instructions without their operands: another place of its data does not change it.
    pub shape: u64,
    /// Where its `if` and `br_if` stand, from the beginning of its body, in order.
    pub branches: Vec<u32>,
}

/// The functions in order, and where the section of their code begins.
///
/// # Errors
///
/// A module that is not readable.
pub fn read(module: &[u8]) -> Result<(Vec<Function>, usize)> {
    let (mut functions, mut imported, mut before_code, mut end) = (Vec::new(), 0, 0, 0);
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        match &payload {
            Payload::ImportSection(section) => {
                for import in section.clone().into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionStart { .. } => before_code = end,
            Payload::CodeSectionEntry(body) => {
                let start = body.range().start;
                let (mut shape, mut branches) = (FNV_START, Vec::new());
                let mut reader = body.get_operators_reader()?;
                while !reader.eof() {
                    let (operator, at) = reader.read_with_offset()?;
                    if matches!(operator, Operator::BrIf { .. } | Operator::If { .. }) {
                        branches.push(u32::try_from(at - start)?);
                    }
                    let code = module.get(at..).unwrap_or_default();
                    let len = if code.first() >= Some(&PREFIX) { 2 } else { 1 };
                    shape = code.iter().take(len).fold(shape, digest);
                }
                let index = imported + u32::try_from(functions.len())?;
                functions.push(Function {
                    index,
                    shape,
                    branches,
                });
            }
            _ => {}
        }
        if let Some((_, range)) = payload.as_section() {
            end = range.end;
        }
    }
    Ok((functions, before_code))
}

/// From here on the first byte of an instruction says that the next one tells which it is.
const PREFIX: u8 = 0xfb;

/// FNV-1a, 64 bits.
const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

fn digest(hash: u64, byte: &u8) -> u64 {
    (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
}
