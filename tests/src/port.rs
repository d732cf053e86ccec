//! Ports that no other test has, in this process or in another.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// A port of the loopback address, kept from other tests as long as this value lives.
///
/// The kernel gives ports below 20000 to no outgoing connection, so nothing takes it between two
/// starts of the program that listens there.
#[derive(Debug)]
pub struct Port {
    number: u16,
    _lock: File,
}

impl Port {
    /// Takes a free port.
    #[must_use]
    pub fn take() -> Self {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        let start = u16::try_from(std::process::id() % 9000).expect("below 9000");
        let locks = std::env::temp_dir().join("sluice-ports");
        fs::create_dir_all(&locks).expect("a directory for locks");
        for _ in 0..9000 {
            let step = NEXT.fetch_add(1, Ordering::Relaxed);
            let number = 10_000 + (start.wrapping_mul(7) % 9000 + step % 9000) % 9000;
            let lock = File::create(locks.join(number.to_string())).expect("a lock file");
            if lock.try_lock().is_ok() && TcpListener::bind((Ipv4Addr::LOCALHOST, number)).is_ok() {
                return Self {
                    number,
                    _lock: lock,
                };
            }
        }
        panic!("no free port");
    }

    /// Its number.
    #[must_use]
    pub fn number(&self) -> u16 {
        self.number
    }

    /// Its address.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.number).into()
    }
}
