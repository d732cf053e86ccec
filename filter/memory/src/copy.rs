//! Copies of a few bytes.

#[cfg(target_arch = "wasm32")]
use core::arch::wasm32::v128 as Wide;
#[cfg(not(target_arch = "wasm32"))]
type Wide = u128;

/// What `memory.copy` does, without leaving the VM for what is short.
///
/// V8 has no code of its own for that instruction: it calls the host's `memmove`, which takes 70 instructions however little
/// there is to copy. A request has 180 of them. `sluice-trim` puts a call of this function in the place of each.
///
/// # Safety
///
/// `len` bytes can be read at `from` and written at `to`. The two may overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sluice_copy(to: *mut u8, from: *const u8, len: usize) {
    // SAFETY: each arm reads and writes within `len` bytes of both ends. Everything is read before anything is written.
    unsafe {
        match len {
            0 => {}
            1 => to.write(from.read()),
            2..4 => ends::<u16>(to, from, len),
            4..8 => ends::<u32>(to, from, len),
            8..16 => ends::<u64>(to, from, len),
            16..=32 => ends::<Wide>(to, from, len),
            33..=64 => ends::<[Wide; 2]>(to, from, len),
            65..=128 => ends::<[Wide; 4]>(to, from, len),
            _ => from.copy_to(to, len),
        }
    }
}

/// Copies `len` bytes, which are one to two `T`s: the first of them and the last, which overlap.
///
/// # Safety
///
/// As of [`sluice_copy`].
#[inline(always)]
unsafe fn ends<T>(to: *mut u8, from: *const u8, len: usize) {
    // SAFETY: a `T` is not larger than `len`.
    unsafe {
        let end = len - size_of::<T>();
        let first = from.cast::<T>().read_unaligned();
        let last = from.add(end).cast::<T>().read_unaligned();
        to.cast::<T>().write_unaligned(first);
        to.add(end).cast::<T>().write_unaligned(last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_copies_what_memory_copy_does() {
        let bytes: Vec<u8> = (0..=255).cycle().take(512).collect();
        for len in 0..200 {
            // Apart, one beside the other, and each way over the other.
            for (from, to) in [
                (0, 300),
                (150, 151),
                (151, 150),
                (100, 140),
                (140, 100),
                (7, 7),
            ] {
                let mut expected = bytes.clone();
                expected.copy_within(from..from + len, to);
                let mut found = bytes.clone();
                let start = found.as_mut_ptr();
                unsafe { sluice_copy(start.add(to), start.add(from), len) };
                assert_eq!(found, expected, "{len} bytes from {from} to {to}");
            }
        }
    }
}
