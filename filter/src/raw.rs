//! The one call of the host that the SDK wraps in more than is needed: it makes two texts of each header, which is as much
//! work as all that the gateway does with them.

#![expect(unsafe_code, reason = "the host writes where it is told")]

use std::ptr::null_mut;

use proxy_wasm::types::{MapType, Status};

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_get_header_map_pairs(map: MapType, data: *mut *mut u8, size: *mut usize) -> Status;
}

/// A header map in the form of `sluice_core::head::Head::read`.
pub(crate) fn header_map(map: MapType) -> Result<Vec<u8>, Status> {
    let (mut data, mut size) = (null_mut(), 0);
    // SAFETY: the host has room for a pointer and a size.
    match unsafe { proxy_get_header_map_pairs(map, &raw mut data, &raw mut size) } {
        Status::Ok if data.is_null() => Ok(Vec::new()),
        // SAFETY: the host asked `proxy_on_memory_allocate` for it, which gives the whole of a vector of that size away.
        Status::Ok => Ok(unsafe { Vec::from_raw_parts(data, size, size) }),
        status => Err(status),
    }
}
