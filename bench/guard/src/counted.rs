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
    let joins = matches!(instruction, I::Loop(_) | I::If(_) | I::Else | I::End);
    let leaves = matches!(
        instruction,
        I::Br(_) | I::BrIf(_) | I::BrTable(..) | I::Return | I::Unreachable
    );
    joins || leaves || matches!(instruction, I::Call(_) | I::CallIndirect { .. })
}

fn is_bulk(instruction: &Instruction<'_>) -> bool {
    use Instruction as I;
    matches!(instruction, I::MemoryCopy { .. } | I::MemoryFill(_))
}

#[cfg(test)]
mod tests {
    use std::error;

    use wasm_encoder::{
        BlockType, FunctionSection, InstructionSink, MemorySection, MemoryType, TypeSection,
    };
    use wasmi::{Engine, Extern, Linker, Store};

    use super::*;

    /// What a function counts that takes an `i32`.
    fn count(
        argument: i32,
        body: impl Fn(&mut InstructionSink<'_>),
    ) -> Result<Option<i64>, Box<dyn error::Error>> {
        let mut types = TypeSection::new();
        types.ty().function([ValType::I32], []);
        let mut functions = FunctionSection::new();
        functions.function(0);
        let mut memories = MemorySection::new();
        memories.memory(MemoryType {
            minimum: 1,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        let mut exports = ExportSection::new();
        exports.export("f", ExportKind::Func, 0);
        let mut code = CodeSection::new();
        let mut function = Function::new([]);
        body(&mut function.instructions());
        function.instructions().end();
        code.function(&function);
        let mut module = Module::new();
        module
            .section(&types)
            .section(&functions)
            .section(&memories);
        module.section(&GlobalSection::new());
        module.section(&exports).section(&code);

        let engine = Engine::default();
        let program = wasmi::Module::new(&engine, counted(&module.finish())?)?;
        let mut store = Store::new(&engine, ());
        let instance = Linker::new(&engine).instantiate_and_start(&mut store, &program)?;
        let f = instance.get_typed_func::<i32, ()>(&store, "f")?;
        f.call(&mut store, argument)?;
        let count = instance.get_export(&store, COUNT);
        let count = count.and_then(Extern::into_global);
        Ok(count.and_then(|count| count.get(&store).i64()))
    }

    #[test]
    fn each_turn_of_a_loop_counts() -> Result<(), Box<dyn error::Error>> {
        let body = |sink: &mut InstructionSink<'_>| {
            sink.loop_(BlockType::Empty);
            sink.local_get(0).i32_const(1).i32_sub().local_tee(0);
            sink.br_if(0).end();
        };
        assert_eq!(count(1, body)?, Some(2));
        assert_eq!(count(1000, body)?, Some(2000));
        Ok(())
    }

    #[test]
    fn what_is_not_executed_does_not_count() -> Result<(), Box<dyn error::Error>> {
        let body = |sink: &mut InstructionSink<'_>| {
            sink.block(BlockType::Empty).block(BlockType::Empty);
            sink.local_get(0).br_table([0], 1);
            sink.end().i32_const(7).i32_eqz().i32_eqz().drop().br(0);
            sink.end();
            sink.local_get(0).i32_const(5).i32_eq();
            sink.if_(BlockType::Empty).i32_const(0).i32_eqz().drop();
            sink.else_().end();
        };
        // br_table and the arm: two of `eqz` and a branch; then the comparison and `if`.
        assert_eq!(count(0, body)?, Some(1 + 3 + 2));
        assert_eq!(count(1, body)?, Some(1 + 2));
        assert_eq!(count(5, body)?, Some(1 + 2 + 1));
        Ok(())
    }

    #[test]
    fn what_is_copied_counts_by_its_length() -> Result<(), Box<dyn error::Error>> {
        let body = |sink: &mut InstructionSink<'_>| {
            sink.i32_const(0).i32_const(0).local_get(0).memory_fill(0);
            sink.i32_const(0)
                .i32_const(9)
                .local_get(0)
                .memory_copy(0, 0);
        };
        assert_eq!(count(63, body)?, Some(2));
        assert_eq!(count(64, body)?, Some(4));
        assert_eq!(count(6400, body)?, Some(202));
        Ok(())
    }
}
