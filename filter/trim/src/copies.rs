//! Copies of memory, by a function of the module's own in the place of `memory.copy`: `filter/memory/src/copy.rs` says why.

use walrus::ir::{Call, Instr, InstrLocId, VisitorMut, dfs_pre_order_mut};
use walrus::{FunctionId, Module};

use crate::Result;

/// The function, which is exported to be found here.
const COPY: &str = "sluice_copy";

/// Has each `memory.copy` done by that function, but for its own: how many.
///
/// # Errors
///
/// A module without it.
pub fn replace(module: &mut Module) -> Result<usize> {
    let copy = module.exports.get_func(COPY)?;
    let functions = module.funcs.iter_local().map(|(id, _)| id);
    let functions: Vec<_> = functions.filter(|id| *id != copy).collect();
    let mut calls = Calls { copy, count: 0 };
    for id in functions {
        let function = module.funcs.get_mut(id).kind.unwrap_local_mut();
        let entry = function.entry_block();
        dfs_pre_order_mut(&mut calls, function, entry);
    }
    Ok(calls.count)
}

struct Calls {
    copy: FunctionId,
    /// How many there are so far.
    count: usize,
}

impl VisitorMut for Calls {
    fn visit_instr_mut(&mut self, instruction: &mut Instr, _: &mut InstrLocId) {
        if matches!(instruction, Instr::MemoryCopy(_)) {
            *instruction = Call { func: self.copy }.into();
            self.count += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use walrus::ir::{MemArg, StoreKind};
    use walrus::{FunctionBuilder, ValType};
    use wasmi::{Engine, Linker, Store};

    use super::*;

    /// Exports `sluice_copy(to, from, len)`, which copies and writes 7 at 100, and a function that copies four bytes from 0 to 8.
    fn module() -> Module {
        let mut module = Module::default();
        let memory = module.memories.add_local(false, false, 1, None, None);
        module.exports.add("memory", memory);
        let types = [ValType::I32; 3];
        let locals = types.map(|own| module.locals.add(own));
        let mut builder = FunctionBuilder::new(&mut module.types, &types, &[]);
        let mut body = builder.func_body();
        for local in locals {
            body.local_get(local);
        }
        let kind = StoreKind::I32 { atomic: false };
        let place = MemArg {
            align: 4,
            offset: 0,
        };
        body.memory_copy(memory, memory)
            .i32_const(100)
            .i32_const(7)
            .store(memory, kind, place);
        let copy = builder.finish(locals.to_vec(), &mut module.funcs);
        module.exports.add(COPY, copy);
        let mut builder = FunctionBuilder::new(&mut module.types, &[], &[]);
        builder
            .func_body()
            .i32_const(0)
            .i32_const(9)
            .store(memory, kind, place)
            .block(None, |inner| {
                inner
                    .i32_const(8)
                    .i32_const(0)
                    .i32_const(4)
                    .memory_copy(memory, memory);
            });
        let run = builder.finish(Vec::new(), &mut module.funcs);
        module.exports.add("run", run);
        module
    }

    /// What stands at 8 and at 100 once it has run.
    fn run(mut module: Module) -> (u8, u8) {
        let engine = Engine::default();
        let module = wasmi::Module::new(&engine, module.emit_wasm()).unwrap();
        let mut store = Store::new(&engine, ());
        let linker = <Linker<()>>::new(&engine);
        let instance = linker.instantiate_and_start(&mut store, &module).unwrap();
        let run = instance.get_typed_func::<(), ()>(&store, "run").unwrap();
        run.call(&mut store, ()).unwrap();
        let memory = instance.get_memory(&store, "memory").unwrap();
        let data = memory.data(&store);
        (data[8], data[100])
    }

    #[test]
    fn all_copies_but_its_own_are_done_by_the_function() {
        assert_eq!(run(module()), (9, 0));
        let mut module = module();
        assert_eq!(replace(&mut module).unwrap(), 1);
        assert_eq!(run(module), (9, 7));
    }

    #[test]
    fn a_module_without_it_is_refused() {
        assert!(replace(&mut Module::default()).is_err());
    }
}
