//! A machine that is the same everywhere: an interpreter whose clock counts instructions.
//!
//! An instruction is a nanosecond ([`crate::counted`]). What a program may ask of WASI is the clock,
//! chance (always 0), its arguments and its output.

use wasmi::{Caller, Engine, Error, Extern, Linker, Memory, Module, Store, Val};

use crate::counted::{COUNT, counted};

const WASI: &str = "wasi_snapshot_preview1";
const SUCCESS: i32 = 0;
const STDOUT: i32 = 1;

/// A program on its machine.
pub(crate) struct Machine {
    engine: Engine,
    module: Module,
    linker: Linker<Process>,
}

/// One run of the program.
struct Process {
    /// Each with a zero byte at its end.
    args: Vec<Vec<u8>>,
    out: Vec<u8>,
    /// What it says on stderr.
    fault: Vec<u8>,
}

type Here<'a> = Caller<'a, Process>;

impl Machine {
    /// Compiles a program for WASI.
    pub(crate) fn new(wasm: &[u8]) -> Result<Self, Error> {
        let counted = counted(wasm).map_err(|why| Error::new(why.to_string()))?;
        let engine = Engine::default();
        let module = Module::new(&engine, &counted)?;
        let linker = linker(&engine, &module)?;
        Ok(Self {
            engine,
            module,
            linker,
        })
    }

    /// Runs it in a fresh memory; what it says on stdout.
    pub(crate) fn run(&self, args: &[&str]) -> Result<String, String> {
        let args = ["program"].iter().chain(args);
        let process = Process {
            args: args.map(|arg| [arg.as_bytes(), b"\0"].concat()).collect(),
            out: Vec::new(),
            fault: Vec::new(),
        };
        let mut store = Store::new(&self.engine, process);
        let instance = self.linker.instantiate_and_start(&mut store, &self.module);
        let ran = instance.and_then(|instance| {
            let start = instance.get_typed_func::<(), ()>(&store, "_start")?;
            start.call(&mut store, ())
        });
        let process = store.into_data();
        match ran {
            Ok(()) => {}
            Err(why) if why.i32_exit_status() == Some(0) => {}
            Err(why) => {
                return Err(format!(
                    "{why}\n{}",
                    String::from_utf8_lossy(&process.fault)
                ));
            }
        }
        String::from_utf8(process.out).map_err(|why| why.to_string())
    }
}

fn linker(engine: &Engine, module: &Module) -> Result<Linker<Process>, Error> {
    let mut linker = Linker::new(engine);
    linker.func_wrap(WASI, "clock_time_get", clock)?;
    linker.func_wrap(
        WASI,
        "random_get",
        |mut host: Here<'_>, at: u32, len: u32| {
            host.put(at, &vec![0; usize::try_from(len).unwrap_or_default()])
        },
    )?;
    linker.func_wrap(
        WASI,
        "args_sizes_get",
        |mut host: Here<'_>, count: u32, len: u32| {
            let args = &host.data().args;
            let (number, bytes) = (args.len(), args.concat().len());
            host.put_len(count, number)?;
            host.put_len(len, bytes)
        },
    )?;
    linker.func_wrap(WASI, "args_get", args)?;
    linker.func_wrap(
        WASI,
        "environ_sizes_get",
        |mut host: Here<'_>, count: u32, len: u32| {
            host.put_len(count, 0)?;
            host.put_len(len, 0)
        },
    )?;
    linker.func_wrap(WASI, "environ_get", |_: u32, _: u32| SUCCESS)?;
    linker.func_wrap(WASI, "fd_write", write)?;
    linker.func_wrap(WASI, "proc_exit", |status: i32| -> Result<(), Error> {
        Err(Error::i32_exit(status))
    })?;
    for import in module.imports() {
        let Some(ty) = import.ty().func() else {
            continue;
        };
        let name = import.name().to_owned();
        let refuse = move |_: Here<'_>, _: &[Val], _: &mut [Val]| {
            Err(Error::new(format!("the machine has no `{name}`")))
        };
        // One that is there already stays.
        drop(linker.func_new(import.module(), import.name(), ty.clone(), refuse));
    }
    Ok(linker)
}

/// Whatever clock is asked for.
fn clock(mut host: Here<'_>, _id: i32, _precision: i64, at: u32) -> Result<i32, Error> {
    let count = host.get_export(COUNT).and_then(Extern::into_global);
    let count = count.ok_or_else(|| Error::new("the program does not count"))?;
    let count = count.get(&host).i64().unwrap_or_default();
    host.put(at, &count.to_le_bytes())
}

fn args(mut host: Here<'_>, mut pointer: u32, mut at: u32) -> Result<i32, Error> {
    for arg in host.data().args.clone() {
        host.put(pointer, &at.to_le_bytes())?;
        host.put(at, &arg)?;
        pointer = pointer.saturating_add(4);
        at = at.saturating_add(u32::try_from(arg.len()).unwrap_or_default());
    }
    Ok(SUCCESS)
}

fn write(
    mut host: Here<'_>,
    fd: i32,
    mut pieces: u32,
    count: u32,
    told: u32,
) -> Result<i32, Error> {
    let mut all = Vec::new();
    for _ in 0..count {
        let (at, len) = (host.word(pieces)?, host.word(pieces.saturating_add(4))?);
        all.extend(host.bytes(at, len)?);
        pieces = pieces.saturating_add(8);
    }
    let process = host.data_mut();
    let out = if fd == STDOUT {
        &mut process.out
    } else {
        &mut process.fault
    };
    out.extend_from_slice(&all);
    host.put_len(told, all.len())
}

/// The program's memory.
trait Guest {
    fn memory(&self) -> Result<Memory, Error>;
    fn put(&mut self, at: u32, bytes: &[u8]) -> Result<i32, Error>;
    fn bytes(&self, at: u32, len: u32) -> Result<Vec<u8>, Error>;

    fn put_len(&mut self, at: u32, len: usize) -> Result<i32, Error> {
        self.put(at, &u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes())
    }

    fn word(&self, at: u32) -> Result<u32, Error> {
        let bytes = self.bytes(at, 4)?;
        Ok(bytes
            .first_chunk()
            .map_or(0, |bytes| u32::from_le_bytes(*bytes)))
    }
}

impl Guest for Here<'_> {
    fn memory(&self) -> Result<Memory, Error> {
        let memory = self.get_export("memory").and_then(Extern::into_memory);
        memory.ok_or_else(|| Error::new("the program exports no memory"))
    }

    fn put(&mut self, at: u32, bytes: &[u8]) -> Result<i32, Error> {
        self.memory()?.write(self, place(at), bytes)?;
        Ok(SUCCESS)
    }

    fn bytes(&self, at: u32, len: u32) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![0; place(len)];
        self.memory()?.read(self, place(at), &mut bytes)?;
        Ok(bytes)
    }
}

fn place(at: u32) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}
