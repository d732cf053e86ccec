//! The exchanges that are on their way in this VM, by handle.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use sluice_core::exchange::Exchange;

/// An exchange that both filters hold.
pub(crate) type Shared = Rc<RefCell<Box<Exchange>>>;

/// One whose first attempt has not begun, with its handle.
pub(crate) type Waiting = (u32, Shared);

thread_local! {
    static EXCHANGES: RefCell<HashMap<u32, Shared>> = RefCell::default();
    static LAST: Cell<Option<Waiting>> = const { Cell::new(None) };
}

/// Makes an exchange known to the provider filters, and gives the one before it, where that waits still.
pub(crate) fn insert(handle: u32, exchange: Box<Exchange>) -> (Shared, Option<Waiting>) {
    let shared = Rc::new(RefCell::new(exchange));
    EXCHANGES.with_borrow_mut(|all| all.insert(handle, Rc::clone(&shared)));
    let before = LAST.replace(Some((handle, Rc::clone(&shared))));
    (shared, before)
}

/// The one that was made known last, once, if `is` says that it is the right one. Where Envoy goes on at once, as it does
/// unless another filter waits for something, the attempt that begins next is its first.
pub(crate) fn last(is: impl FnOnce(&Exchange) -> bool) -> Option<Waiting> {
    let (handle, exchange) = LAST.take()?;
    if is(&exchange.borrow()) {
        return Some((handle, exchange));
    }
    LAST.set(Some((handle, exchange)));
    None
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
    LAST.set(LAST.take().filter(|(own, _)| *own != handle));
    EXCHANGES.with_borrow_mut(|all| all.remove(&handle));
}
