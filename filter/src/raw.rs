//! The calls of the host in which the SDK does more than is needed, or tells less: of a header map it makes two texts a
//! header, which is as much work as all that the gateway does with them; it writes one with a copy for each text, and puts a
//! name together of its parts; a property without a value is none for it; and it makes seconds and their parts of a time.

#![expect(unsafe_code, reason = "the host writes where it is told")]

use std::ptr::null_mut;

use proxy_wasm::types::{MapType, Status};

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_get_current_time_nanoseconds(now: *mut u64) -> Status;
    fn proxy_get_header_map_pairs(map: MapType, data: *mut *mut u8, size: *mut usize) -> Status;
    fn proxy_set_header_map_pairs(map: MapType, data: *const u8, size: usize) -> Status;
    fn proxy_set_property(path: *const u8, len: usize, data: *const u8, size: usize) -> Status;
    fn proxy_get_property(
        path: *const u8,
        len: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> Status;
}

/// Unix nanoseconds.
pub(crate) fn now_ns() -> u64 {
    let mut now = 0;
    // SAFETY: the host has room for a number; it refuses nothing here.
    unsafe { proxy_get_current_time_nanoseconds(&raw mut now) };
    now
}

/// A header map in the form of `sluice_core::head::Head::read`.
pub(crate) fn header_map(map: MapType) -> Result<Vec<u8>, Status> {
    let (mut data, mut size) = (null_mut(), 0);
    // SAFETY: the host has room for a pointer and a size.
    match unsafe { proxy_get_header_map_pairs(map, &raw mut data, &raw mut size) } {
        // SAFETY: these are the host's words.
        Status::Ok => Ok(unsafe { taken(data, size) }),
        status => Err(status),
    }
}

/// Puts a header map, in the form of `sluice_core::headers::Headers::show`, in the place of what is there.
pub(crate) fn set_header_map(map: MapType, headers: &[u8]) -> Result<(), Status> {
    // SAFETY: the host reads them before it returns.
    done(unsafe { proxy_set_header_map_pairs(map, headers.as_ptr(), headers.len()) })
}

/// Sets a property with a path of one part.
pub(crate) fn set_property(name: &str, value: &[u8]) -> Result<(), Status> {
    // SAFETY: the host reads both before it returns.
    done(unsafe { proxy_set_property(name.as_ptr(), name.len(), value.as_ptr(), value.len()) })
}

fn done(status: Status) -> Result<(), Status> {
    match status {
        Status::Ok => Ok(()),
        status => Err(status),
    }
}

/// Whether there is a property of this name. Where it has no value the host needs no memory to say so, and does not enter
/// the VM to ask for it.
pub(crate) fn has_property(name: &str) -> bool {
    let (mut data, mut size) = (null_mut(), 0);
    // SAFETY: the host reads the name and has room for a pointer and a size.
    let status =
        unsafe { proxy_get_property(name.as_ptr(), name.len(), &raw mut data, &raw mut size) };
    // SAFETY: as of a header map.
    drop(unsafe { taken(data, size) });
    status == Status::Ok
}

/// What the host has written into the VM.
///
/// # Safety
///
/// Both are zero, or as the host said.
unsafe fn taken(data: *mut u8, size: usize) -> Vec<u8> {
    if data.is_null() {
        return Vec::new();
    }
    // SAFETY: the host asked `proxy_on_memory_allocate` for it, which gives the whole of a vector of that size away.
    unsafe { Vec::from_raw_parts(data, size, size) }
}
