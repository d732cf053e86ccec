//! A program → the same program, which counts its instructions as it runs.
//!
//! Where a run of instructions ends that are executed together or not at all, its length is added to a
//! global. What costs a compiled program nothing counts nothing: constants, locals, the ends of blocks.
//! Of what copies or fills memory, 64 bytes are an instruction more.

use wasm_encoder::reencode::utils;
use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{
    CodeSection, ConstExpr, ExportKind, ExportSection, Function, GlobalSection, GlobalType,
    Instruction, Module, ValType,
};
use wasmparser::{ExportSectionReader, FunctionBody, GlobalSectionReader, Parser};

/// The export that has the count, an `i64`.
pub(crate) const COUNT: &str = "instructions";
/// Bytes that are copied at the price of an instruction, as a power of two.
const COPIED: i64 = 6;

/// Rewrites a program that imports no globals.
pub(crate) fn counted(wasm: &[u8]) -> Result<Vec<u8>, Error> {
    let mut module = Module::new();
    Counter::default().parse_core_module(&mut module, Parser::new(0), wasm)?;
    Ok(module.finish())
}

#[derive(Default)]
struct Counter {
    /// Index of the global with the count; the next one keeps a length for a moment.
    count: u32,
}

impl Reencode for Counter {
    type Error = std::convert::Infallible;

    fn parse_global_section(
        &mut self,
        globals: &mut GlobalSection,
        section: GlobalSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_global_section(self, globals, section)?;
        self.count = globals.len();
        let [count, length] = [ValType::I64, ValType::I32].map(|val_type| GlobalType {
            val_type,
            mutable: true,
            shared: false,
        });
        globals.global(count, &ConstExpr::i64_const(0));
        globals.global(length, &ConstExpr::i32_const(0));
        Ok(())
    }

    fn parse_export_section(
        &mut self,
        exports: &mut ExportSection,
        section: ExportSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_export_section(self, exports, section)?;
        exports.export(COUNT, ExportKind::Global, self.count);
        Ok(())
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), Error> {
        let mut function = self.new_function_with_parsed_locals(&body)?;
        let mut reader = body.get_operators_reader()?;
        let mut run = 0;
        while !reader.eof() {
            let instruction = self.parse_instruction(&mut reader)?;
            run += cost(&instruction);
            if ends_run(&instruction) {
                self.add(&mut function, std::mem::take(&mut run));
            }
            if is_bulk(&instruction) {
                self.add_length(&mut function);
            }
            function.instruction(&instruction);
        }
        code.function(&function);
        Ok(())
    }
}

impl Counter {
    fn add(&self, function: &mut Function, run: i64) {
        if run > 0 {
            let mut sink = function.instructions();
            sink.global_get(self.count).i64_const(run).i64_add();
            sink.global_set(self.count);
        }
    }

    /// The length of a copy is on the stack, and stays there.
    fn add_length(&self, function: &mut Function) {
        let length = self.count + 1;
        let mut sink = function.instructions();
        sink.global_set(length).global_get(self.count);
        sink.global_get(length).i64_extend_i32_u();
        sink.i64_const(COPIED).i64_shr_u().i64_add();
        sink.global_set(self.count).global_get(length);
    }
}

fn cost(instruction: &Instruction<'_>) -> i64 {
    use Instruction as I;
    match instruction {
        I::Block(_) | I::Loop(_) | I::Else | I::End | I::Nop | I::Drop => 0,
        I::LocalGet(_) | I::LocalSet(_) | I::LocalTee(_) => 0,
        I::I32Const(_) | I::I64Const(_) | I::F32Const(_) | I::F64Const(_) | I::V128Const(_) => 0,
        _ => 1,
    }
}

/// Whether what comes next is not always executed with what came before, or the count is read there.
fn ends_run(instruction: &Instruction<'_>) -> bool {
    use Instruction as I;
    match instruction {
        I::Loop(_) | I::If(_) | I::Else | I::End => true,
        I::Br(_) | I::BrIf(_) | I::BrTable(..) | I::Return | I::Unreachable => true,
        I::Call(_) | I::CallIndirect { .. } => true,
        _ => false,
    }
}

fn is_bulk(instruction: &Instruction<'_>) -> bool {
    use Instruction as I;
    matches!(instruction, I::MemoryCopy { .. } | I::MemoryFill(_))
}
