//! The order of the functions: those that are called stand first, the most called before the others.
//!
//! V8 lays code out in the order of the functions, and calls go by a table in the same order.

use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{CodeSection, FunctionSection, Module};
use wasmparser::{CodeSectionReader, FunctionSectionReader, Parser};

use crate::Result;
use crate::branches::Branches;
use crate::functions;

/// The module with the functions first that are called.
///
/// # Errors
///
/// A module that is not readable.
pub fn order(module: &[u8], branches: &Branches) -> Result<Vec<u8>> {
    let (functions, _) = functions::read(module)?;
    let start = functions.first().map_or(0, |own| own.index);
    let mut ordered: Vec<_> = functions.iter().collect();
    ordered.sort_by_key(|own| branches.place(own).unwrap_or(usize::MAX));
    let order = ordered.iter().map(|own| own.index - start).collect();
    let mut ordered = Module::new();
    let mut sections = Order { start, order };
    sections.parse_core_module(&mut ordered, Parser::new(0), module)?;
    Ok(ordered.finish())
}

struct Order {
    /// Index of the first function that is not imported.
    start: u32,
    /// Which function takes each place, counted from there.
    order: Vec<u32>,
}

impl Order {
    /// What a section has for each function, in their new order.
    fn ordered<T: Clone>(
        &self,
        section: impl IntoIterator<Item = wasmparser::Result<T>>,
    ) -> wasmparser::Result<Vec<T>> {
        let all: Vec<_> = section.into_iter().collect::<wasmparser::Result<_>>()?;
        let at = |own: &u32| all.get(usize::try_from(*own).ok()?).cloned();
        Ok(self.order.iter().filter_map(at).collect())
    }
}

impl Reencode for Order {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, index: u32) -> std::result::Result<u32, Error> {
        let own = index.checked_sub(self.start);
        let place = own.and_then(|own| self.order.iter().position(|other| *other == own));
        let place = place.and_then(|place| u32::try_from(place).ok());
        Ok(place.map_or(index, |place| self.start + place))
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> std::result::Result<(), Error> {
        for own in self.ordered(section)? {
            functions.function(self.type_index(own)?);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> std::result::Result<(), Error> {
        for body in self.ordered(section)? {
            self.parse_function_body(code, body)?;
        }
        Ok(())
    }
}
