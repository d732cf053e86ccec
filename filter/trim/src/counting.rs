//! A module that counts which way its branches go.
//!
//! The counts stand behind its memory, after [`MAGIC`] and how many branches there are (32 bits, the lowest byte first): of
//! each, in order, how often its condition was false and how often it was true, in as many bits.

use walrus::ir::{
    BinaryOp, Call, Const, Instr, InstrSeqId, LoadKind, MemArg, StoreKind, UnaryOp, Value,
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
/// Bytes of the counts of a branch.
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
        branches: 0,
    };
    for id in functions {
        let function = module.funcs.get_mut(id).kind.unwrap_local_mut();
        let entry = function.entry_block();
        counter.sequence(function, entry);
    }
    let pages = (HEAD + u64::from(counter.branches.unsigned_abs()) * EACH).div_ceil(PAGE);
    module.memories.get_mut(memory).initial += pages;
    let offset = ConstExpr::Value(Value::I32(i32::try_from(start)?));
    let head = [&MAGIC[..], &counter.branches.to_le_bytes()].concat();
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
    /// How many there were so far.
    branches: i32,
}

impl Counter {
    /// Counts before each branch of a sequence, in the order of the text.
    fn sequence(&mut self, function: &mut LocalFunction, sequence: InstrSeqId) {
        let before = std::mem::take(&mut function.block_mut(sequence).instrs);
        let mut after = Vec::with_capacity(before.len());
        for (instruction, place) in before {
            if matches!(instruction, Instr::BrIf(_) | Instr::IfElse(_)) {
                let value = Value::I32(self.branches);
                self.branches += 1;
                after.push((Const { value }.into(), place));
                after.push((Call { func: self.count }.into(), place));
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
