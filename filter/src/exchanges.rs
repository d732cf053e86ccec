//! The exchanges that are on their way in this VM, by handle.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use sluice_core::exchange::Exchange;

/// An exchange that both filters hold.
pub(crate) type Shared = Rc<RefCell<Exchange>>;

thread_local! {
    static EXCHANGES: RefCell<HashMap<u32, Shared>> = RefCell::default();
    static LAST: Cell<Option<Shared>> = const { Cell::new(None) };
}

/// Makes an exchange known to the provider filters.
pub(crate) fn insert(handle: u32, exchange: Exchange) -> Shared {
    let shared = Rc::new(RefCell::new(exchange));
    EXCHANGES.with_borrow_mut(|all| all.insert(handle, Rc::clone(&shared)));
    LAST.set(Some(Rc::clone(&shared)));
    shared
}

/// The one that was made known last, once. Where Envoy goes on at once, as it does unless another filter waits for
/// something, the attempt that begins next is its first.
pub(crate) fn last() -> Option<Shared> {
    LAST.take()
}

/// The exchange of this handle, if it is the one with this id: a VM that took the place of one that
/// trapped counts its handles anew.
pub(crate) fn get(handle: u32, id: &str) -> Option<Shared> {
    let found = EXCHANGES.with_borrow(|all| all.get(&handle).cloned());
    found.filter(|exchange| exchange.borrow().id() == id)
}

/// Begins the idle limits anew: the tick that looks for life came late.
pub(crate) fn revive(now_ms: u64) {
    EXCHANGES.with_borrow(|all| {
        for own in all.values() {
            own.borrow_mut().revive(now_ms);
        }
    });
}

/// Ends the answers that show no life any more (W32); gives the handles of their requests.
pub(crate) fn stalled(now_ms: u64) -> Vec<u32> {
    EXCHANGES.with_borrow(|all| {
        let stalled = all
            .iter()
            .filter(|(_, own)| own.borrow_mut().stalled(now_ms));
        stalled.map(|(handle, _)| *handle).collect()
    })
}

pub(crate) fn remove(handle: u32) {
    LAST.set(None);
    EXCHANGES.with_borrow_mut(|all| all.remove(&handle));
}
