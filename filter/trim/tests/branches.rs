//! A module is counted, learnt from, and told.

#![expect(
    clippy::unwrap_used,
    reason = "a test that finds what it does not expect is to panic"
)]

use sluice_trim::branches::Branches;
use sluice_trim::{counting, functions, order};
use walrus::ir::BinaryOp;
use walrus::{FunctionBuilder, Module, ValType};
use wasmi::{Engine, Linker, Store};
use wasmparser::{KnownCustom, Parser, Payload};

/// Exports `which(a, b)`: a loop of `a` rounds, and a function behind it, which chooses by `b`.
fn module() -> Vec<u8> {
    let mut module = Module::default();
    let memory = module.memories.add_local(false, false, 1, None, None);
    module.exports.add("memory", memory);
    let [a, b, c] = [0; 3].map(|_| module.locals.add(ValType::I32));
    let mut builder = FunctionBuilder::new(&mut module.types, &[ValType::I32], &[ValType::I32]);
    builder.func_body().local_get(c).if_else(
        ValType::I32,
        |then| {
            then.i32_const(7);
        },
        |other| {
            other.i32_const(8);
        },
    );
    let choice = builder.finish(vec![c], &mut module.funcs);
    let types = [ValType::I32, ValType::I32];
    let mut builder = FunctionBuilder::new(&mut module.types, &types, &[ValType::I32]);
    let mut body = builder.func_body();
    body.loop_(None, |rounds| {
        let again = rounds.id();
        rounds
            .local_get(a)
            .i32_const(1)
            .binop(BinaryOp::I32Sub)
            .local_tee(a)
            .br_if(again);
    });
    body.local_get(b).call(choice);
    let which = builder.finish(vec![a, b], &mut module.funcs);
    module.exports.add("which", which);
    module.emit_wasm()
}

/// A module of one function without a branch.
fn plain() -> Vec<u8> {
    let mut module = Module::default();
    let mut builder = FunctionBuilder::new(&mut module.types, &[], &[]);
    builder.func_body();
    let empty = builder.finish(vec![], &mut module.funcs);
    module.exports.add("empty", empty);
    module.emit_wasm()
}

/// Runs a module's `which` with these arguments one after the other; what it gave, and its memory.
fn run(module: &[u8], arguments: &[(i32, i32)]) -> (Vec<i32>, Vec<u8>) {
    let engine = Engine::default();
    let module = wasmi::Module::new(&engine, module).unwrap();
    let mut store = Store::new(&engine, ());
    let linker = <Linker<()>>::new(&engine);
    let instance = linker.instantiate_and_start(&mut store, &module).unwrap();
    let which = instance
        .get_typed_func::<(i32, i32), i32>(&store, "which")
        .unwrap();
    let given = arguments
        .iter()
        .map(|own| which.call(&mut store, *own).unwrap());
    let given = given.collect();
    let memory = instance.get_memory(&store, "memory").unwrap();
    (given, memory.data(&store).to_vec())
}

#[test]
fn what_is_counted_is_told() {
    let module = module();
    let arguments = [(30, 0), (40, 0), (30, 1)];
    let counting = counting::counting(&module).unwrap();
    let (given, memory) = run(&counting, &arguments);
    assert_eq!(given, run(&module, &arguments).0, "it does the same");

    let counts = memory
        .windows(12)
        .position(|own| own == counting::MAGIC)
        .unwrap();
    assert_eq!(counts % 65_536, 0);
    let numbers: Vec<_> = memory[counts + 12..counts + 48]
        .chunks(4)
        .map(|own| u64::from(u32::from_le_bytes(own.try_into().unwrap())))
        .collect();
    // How many counts; three calls, whose loop goes on 97 times and ends three times; three more, whose choice is true once.
    assert_eq!(numbers, [4, 0, 3, 3, 97, 0, 3, 2, 1]);

    let seldom = Branches::learn(&module, &[(0, 30), (3, 97), (0, 30), (2, 1)]).unwrap();
    let marks: Vec<_> = seldom
        .write()
        .lines()
        .filter_map(|line| Some(line.split_once(' ')?.1.to_owned()))
        .collect();
    assert_eq!(marks, ["1", "."], "three say nothing of a branch");
    let often = [(0, 30), (3, 97), (0, 52), (50, 2)];
    let branches = Branches::learn(&module, &often).unwrap();
    let read = Branches::read(&branches.write()).unwrap();
    assert_eq!((read.known(&module).unwrap(), &read), ((2, 2), &branches));

    let (told, hinted) = read.tell(&module).unwrap();
    assert_eq!((told, run(&hinted, &arguments).0), (2, given));
    let (of_it, _) = functions::read(&module).unwrap();
    let places = of_it.iter().flat_map(|own| own.branches.iter().copied());
    assert_eq!(
        hints(&hinted),
        places.zip([true, false]).collect::<Vec<_>>()
    );
    // A module that has hints is counted and learnt from anew.
    let again = counting::counting(&hinted).unwrap();
    assert_eq!(hints(&again), []);
    assert_eq!(Branches::learn(&hinted, &often).unwrap(), branches);
}

#[test]
fn what_is_called_most_stands_first() {
    let module = module();
    let shapes = |module: &[u8]| {
        let (functions, _) = functions::read(module).unwrap();
        functions.iter().map(|own| own.shape).collect::<Vec<_>>()
    };
    let [loops, chooses] = shapes(&module).try_into().unwrap();
    for (loops_calls, order) in [
        (0, [chooses, loops]),
        (51, [chooses, loops]),
        (53, [loops, chooses]),
    ] {
        let counts = [(0, loops_calls), (0, 0), (0, 52), (50, 2)];
        let branches = Branches::learn(&module, &counts).unwrap();
        let branches = Branches::read(&branches.write()).unwrap();
        let ordered = order::order(&module, &branches).unwrap();
        assert_eq!(shapes(&ordered), order);
        let arguments = [(30, 0), (40, 1)];
        assert_eq!(run(&ordered, &arguments).0, run(&module, &arguments).0);
    }
    // One without a branch has its place too.
    let lone = Branches::learn(&plain(), &[(0, 30)]).unwrap();
    assert!(lone.write().ends_with(" -\n"));
    assert_eq!(
        Branches::read(&lone.write())
            .unwrap()
            .known(&plain())
            .unwrap(),
        (1, 1)
    );
}

/// What the section says, which has to stand before the code.
fn hints(module: &[u8]) -> Vec<(u32, bool)> {
    let mut found = Vec::new();
    let before = Parser::new(0)
        .parse_all(module)
        .map(Result::unwrap)
        .take_while(|payload| !matches!(payload, Payload::CodeSectionStart { .. }));
    for payload in before {
        if let Payload::CustomSection(section) = payload
            && let KnownCustom::BranchHints(functions) = section.as_known()
        {
            for function in functions {
                for hint in function.unwrap().hints {
                    let hint = hint.unwrap();
                    found.push((hint.func_offset, hint.taken));
                }
            }
        }
    }
    found
}

#[test]
fn what_does_not_fit_is_refused() {
    let module = module();
    for counts in [&[][..], &[(1, 1); 3], &[(1, 1); 5]] {
        assert!(Branches::learn(&module, counts).is_err(), "{counts:?}");
    }
    assert!(Branches::read("xyz 01").is_err() && Branches::read("01").is_err());
    // Of a function of another shape nothing is said.
    let other = Branches::read("0000000000000001 01\n").unwrap();
    assert_eq!(other.known(&module).unwrap(), (1, 0));
    assert_eq!(other.tell(&module).unwrap().0, 0);
    assert!(functions::read(b"nonsense").is_err());
}
