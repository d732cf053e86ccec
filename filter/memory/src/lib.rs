//! The memory of the Wasm module: its allocator, and its copies ([`copy`]).
//!
//! The allocator has small blocks by size class, before the system's.
//! A request makes and frees a few hundred small things. The system's allocator seeks the best place for each, which was a
//! quarter of what the filter did with its time. Here a freed block waits in its class for the next of about its size, and
//! what grows within its class stays where it is. A VM's memory never shrinks anyway.

#![expect(unsafe_code, reason = "both work on raw memory")]

pub mod copy;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::ptr::{NonNull, null_mut};

/// The bytes of the smallest class; of the next ones twice, four times, …
const SMALLEST: usize = 16;
/// Up to 2 KiB.
const CLASSES: usize = 8;

/// What stands in a block that nobody has: where the next one of its class is.
struct Free {
    next: *mut Self,
}

/// Blocks by size class, for one thread.
pub struct Memory {
    free: UnsafeCell<[*mut Free; CLASSES]>,
}

// SAFETY: a VM has one thread. Elsewhere it is not `Sync`, and so can not be a global allocator.
#[cfg(all(target_family = "wasm", not(target_feature = "atomics")))]
unsafe impl Sync for Memory {}

impl Memory {
    /// One that holds nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            free: UnsafeCell::new([null_mut(); CLASSES]),
        }
    }

    /// The blocks of a class; `None` where the system gives all.
    #[expect(
        clippy::mut_from_ref,
        reason = "one thread, and no caller holds it while another asks"
    )]
    fn of(&self, class: usize) -> Option<&mut *mut Free> {
        // SAFETY: `Memory` is not shared between threads, and each method lets go of it before it asks again.
        unsafe { &mut *self.free.get() }.get_mut(class)
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

/// The class of a layout: `CLASSES` or more for what is too large, or aligned too wide.
fn class(layout: Layout) -> usize {
    if layout.align() > SMALLEST {
        return CLASSES;
    }
    let times = layout.size().saturating_sub(1) / SMALLEST;
    (usize::BITS - times.leading_zeros()) as usize
}

// SAFETY: a block comes from the system, with the size and the alignment of its class, and is in one place only: with
// whoever asked for it, or in the list of its class.
unsafe impl GlobalAlloc for Memory {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let class = class(layout);
        let Some(free) = self.of(class) else {
            // SAFETY: the caller's promise.
            return unsafe { System.alloc(layout) };
        };
        match NonNull::new(*free) {
            // SAFETY: what is in the list was written by `dealloc`.
            Some(block) => {
                *free = unsafe { block.as_ref() }.next;
                block.as_ptr().cast()
            }
            // SAFETY: both are powers of two, and far from overflowing.
            None => unsafe {
                System.alloc(Layout::from_size_align_unchecked(
                    SMALLEST << class,
                    SMALLEST,
                ))
            },
        }
    }

    #[inline(never)]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let Some(free) = self.of(class(layout)) else {
            // SAFETY: what has no class came from the system with this layout.
            return unsafe { System.dealloc(block, layout) };
        };
        let block: *mut Free = block.cast();
        // SAFETY: nobody else has it, and the smallest class has room for it.
        unsafe { block.write(Free { next: *free }) };
        *free = block;
    }

    #[inline(never)]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        let (before, after) = (class(layout), class(wanted));
        if before >= CLASSES && after >= CLASSES {
            // SAFETY: what has no class came from the system with this layout.
            return unsafe { System.realloc(block, layout, size) };
        }
        if before == after {
            return block;
        }
        // SAFETY: two blocks, each at least as large as what is copied; the old one is not used again.
        unsafe {
            let moved = self.alloc(wanted);
            if !moved.is_null() {
                block.copy_to_nonoverlapping(moved, layout.size().min(size));
                self.dealloc(block, layout);
            }
            moved
        }
    }
}

#[cfg(test)]
mod tests;
