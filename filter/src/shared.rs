//! Values in the host's shared data that several VMs change.

use crate::host;

/// How often a change is tried while other VMs are in the way.
const TRIES: usize = 100;

/// Gives a value of this name a version, without which no change of it could be guarded.
pub(crate) fn begin(name: &str, empty: impl FnOnce() -> Vec<u8>) {
    if host::shared(name).1.is_none() {
        host::set_shared(name, &empty(), None);
    }
}

/// Changes a value by compare-and-swap; `None` when other VMs were in the way again and again.
pub(crate) fn change<S, T>(
    name: &str,
    read: impl Fn(Option<&[u8]>) -> S,
    write: impl Fn(&S) -> Vec<u8>,
    mut with: impl FnMut(&mut S) -> T,
) -> Option<T> {
    for _ in 0..TRIES {
        let (found, version) = host::shared(name);
        let mut value = read(found.as_deref());
        let out = with(&mut value);
        let bytes = write(&value);
        if found.is_some_and(|found| found == bytes) || host::set_shared(name, &bytes, version) {
            return Some(out);
        }
    }
    log::error!("`{name}` can not be changed: other workers are in the way");
    None
}
