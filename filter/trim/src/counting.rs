//! A module that counts how often its functions are called, and which way their branches go.
//!
//! The counts stand behind its memory, after [`MAGIC`] and how many there are (32 bits, the lowest byte first): for each
//! function in order a zero and how often it was called, then for each of its branches how often its condition was false and
//! how often it was true, in as many bits.

use walrus::ir::{
    BinaryOp, Call, Const, Drop, Instr, InstrLocId, InstrSeqId, LoadKind, MemArg, StoreKind,
    UnaryOp, Value,
};
use walrus::{
    ConstExpr, DataKind, FunctionBuilder, FunctionId, LocalFunction, MemoryId, Module, ValType,
};

use crate::Result;
use crate::branches::SECTION;

/// What the counts are found by.
pub const MAGIC: &[u8; 12] = b"sluice-count";
/// Bytes before the first count.
const HEAD: u64 = MAGIC.len() as u64 + 4;
/// Bytes of a function's, or of a branch's.
const EACH: u64 = 8;
const PAGE: u64 = 65_536;

/// The module, counting.
///
/// # Errors
///
/// A module that is not readable.
pub fn counting(module: &[u8]) -> Result<Vec<u8>> {
    let mut module = Module::from_buffer(module)?;
    module.customs.remove_raw(SECTION);
    let memory = module
        .memories
        .iter()
        .next()
        .ok_or("the module has no memory")?;
    let (memory, start) = (memory.id(), memory.initial * PAGE);
    let functions: Vec<_> = module.funcs.iter_local().map(|(id, _)| id).collect();
    let mut counter = Counter {
        count: count(&mut module, memory, start + HEAD),
        counted: 0,
    };
    for id in functions {
        let function = module.funcs.get_mut(id).kind.unwrap_local_mut();
        let entry = function.entry_block();
        let [number, count] = counter.next();
        counter.sequence(function, entry);
        let value = Value::I32(1);
        let before = [Const { value }.into(), number, count, Drop {}.into()];
        let instructions = &mut function.block_mut(entry).instrs;
        instructions.splice(..0, before.map(|own| (own, InstrLocId::default())));
    }
    let pages = (HEAD + u64::from(counter.counted.unsigned_abs()) * EACH).div_ceil(PAGE);
    module.memories.get_mut(memory).initial += pages;
    let offset = ConstExpr::Value(Value::I32(i32::try_from(start)?));
    let head = [&MAGIC[..], &counter.counted.to_le_bytes()].concat();
    module.data.add(DataKind::Active { memory, offset }, head);
    Ok(module.emit_wasm())
}

/// `(condition, branch) → condition`, and one more of that branch.
fn count(module: &mut Module, memory: MemoryId, start: u64) -> FunctionId {
    let types = [ValType::I32, ValType::I32];
    let mut builder = FunctionBuilder::new(&mut module.types, &types, &[ValType::I32]);
    let [condition, branch, at] = [0; 3].map(|_| module.locals.add(ValType::I32));
    let place = MemArg {
        align: 4,
        offset: start,
    };
    builder
        .func_body()
        .local_get(branch)
        .i32_const(8)
        .binop(BinaryOp::I32Mul)
        .local_get(condition)
        .unop(UnaryOp::I32Eqz)
        .unop(UnaryOp::I32Eqz)
        .i32_const(4)
        .binop(BinaryOp::I32Mul)
        .binop(BinaryOp::I32Add)
        .local_tee(at)
        .local_get(at)
        .load(memory, LoadKind::I32 { atomic: false }, place)
        .i32_const(1)
        .binop(BinaryOp::I32Add)
        .store(memory, StoreKind::I32 { atomic: false }, place)
        .local_get(condition);
    builder.finish(vec![condition, branch], &mut module.funcs)
}

struct Counter {
    count: FunctionId,
    /// How many there were so far, functions and branches.
    counted: i32,
}

impl Counter {
    /// Counts the condition that is there, for what comes next.
    fn next(&mut self) -> [Instr; 2] {
        let value = Value::I32(self.counted);
        self.counted += 1;
        [Const { value }.into(), Call { func: self.count }.into()]
    }

    /// Counts before each branch of a sequence, in the order of the text.
    fn sequence(&mut self, function: &mut LocalFunction, sequence: InstrSeqId) {
        let before = std::mem::take(&mut function.block_mut(sequence).instrs);
        let mut after = Vec::with_capacity(before.len());
        for (instruction, place) in before {
            if matches!(instruction, Instr::BrIf(_) | Instr::IfElse(_)) {
                after.extend(self.next().map(|own| (own, place)));
            }
            match &instruction {
                Instr::Block(inner) => self.sequence(function, inner.seq),
                Instr::Loop(inner) => self.sequence(function, inner.seq),
                Instr::IfElse(inner) => {
                    self.sequence(function, inner.consequent);
                    self.sequence(function, inner.alternative);
                }
                _ => {}
            }
            after.push((instruction, place));
        }
        function.block_mut(sequence).instrs = after;
    }
}
