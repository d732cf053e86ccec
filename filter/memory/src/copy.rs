//! Copies, the short ones by code of the module.
//!
//! V8 has none for `memory.copy`: it leaves the module and calls the C library, which takes longer than a short copy itself. Of
//! those of a request half have sixteen bytes at most.

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use std::arch::wasm32::v128 as Row;

/// Sixteen bytes.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
type Row = u128;
type Rows = (One<Row>, One<Row>);

/// Copies bytes, which may overlap: what `memory.copy` does. `sluice-trim` puts it in the place of each.
///
/// # Safety
///
/// As of [`std::ptr::copy`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sluice_copy(to: *mut u8, from: *const u8, len: usize) {
    // SAFETY: the caller's promise; what is read and written stands between the first of the bytes and the last.
    unsafe {
        match len {
            0 => {}
            1..4 => {
                // The first, the middle and the last are all of them.
                let (half, last) = (len / 2, len - 1);
                let (a, b, c) = (from.read(), from.add(half).read(), from.add(last).read());
                to.write(a);
                to.add(half).write(b);
                to.add(last).write(c);
            }
            4..8 => both_ends::<One<u32>>(to, from, len),
            8..16 => both_ends::<One<u64>>(to, from, len),
            16..=32 => both_ends::<One<Row>>(to, from, len),
            33..=64 => both_ends::<Rows>(to, from, len),
            65..=128 => both_ends::<(Rows, Rows)>(to, from, len),
            _ => from.copy_to(to, len),
        }
    }
}

/// Copies the first words and the last, which reach over all of the bytes, once they are read.
///
/// # Safety
///
/// As of [`std::ptr::copy`]; there are `T::LEN` bytes at least.
#[inline(always)]
unsafe fn both_ends<T: Words>(to: *mut u8, from: *const u8, len: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        let back = len - T::LEN;
        let (first, last) = (T::read(from), T::read(from.add(back)));
        first.write(to);
        last.write(to.add(back));
    }
}

/// What is read and written at once, wherever it stands.
trait Words {
    /// Bytes.
    const LEN: usize;

    /// # Safety
    ///
    /// There are so many bytes.
    unsafe fn read(at: *const u8) -> Self;

    /// # Safety
    ///
    /// There is room for so many.
    unsafe fn write(self, at: *mut u8);
}

struct One<T>(T);

impl<T> Words for One<T> {
    const LEN: usize = size_of::<T>();

    #[inline(always)]
    unsafe fn read(at: *const u8) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { at.cast::<T>().read_unaligned() })
    }

    #[inline(always)]
    unsafe fn write(self, at: *mut u8) {
        // SAFETY: the caller's promise.
        unsafe { at.cast::<T>().write_unaligned(self.0) }
    }
}

impl<T: Words> Words for (T, T) {
    const LEN: usize = 2 * T::LEN;

    #[inline(always)]
    unsafe fn read(at: *const u8) -> Self {
        // SAFETY: the caller's promise.
        unsafe { (T::read(at), T::read(at.add(T::LEN))) }
    }

    #[inline(always)]
    unsafe fn write(self, at: *mut u8) {
        // SAFETY: the caller's promise.
        unsafe {
            self.0.write(at);
            self.1.write(at.add(T::LEN));
        }
    }
}
