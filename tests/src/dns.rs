//! A name server: A records that a test sets, and changes while Envoy runs.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

use crate::bootstrap::{Bootstrap, address};

/// Bytes before the question of a message.
const HEADER: usize = 12;

/// A name server on UDP; gone when dropped.
#[derive(Debug)]
pub struct Dns {
    addr: SocketAddr,
    zone: Arc<Mutex<Zone>>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Zone {
    silent: bool,
    records: BTreeMap<String, Vec<Ipv4Addr>>,
    asked: Vec<String>,
}

impl Dns {
    /// Starts without a record: no name is known.
    pub async fn start() -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let socket = socket.expect("a port is free");
        let addr = socket.local_addr().expect("it is bound");
        let zone = Arc::<Mutex<Zone>>::default();
        let task = tokio::spawn(serve(socket, Arc::clone(&zone)));
        Self { addr, zone, task }
    }

    /// Sets the addresses of a name, each good for no time at all.
    pub fn set(&self, name: &str, addresses: &[Ipv4Addr]) {
        let mut zone = self.zone.lock().expect("no test holds it");
        zone.records.insert(name.to_owned(), addresses.to_vec());
    }

    /// Answers nothing from here on.
    pub fn silence(&self) {
        self.zone.lock().expect("no test holds it").silent = true;
    }

    /// How often the addresses of this name were asked for.
    #[must_use]
    pub fn asked(&self, name: &str) -> usize {
        let zone = self.zone.lock().expect("no test holds it");
        zone.asked.iter().filter(|own| *own == name).count()
    }

    /// Has Envoy ask it for the names of callers' own endpoints.
    pub fn lead(&self, bootstrap: &mut Bootstrap) {
        let cluster = &mut bootstrap.cluster("vllm_names")["cluster_type"]["typed_config"];
        cluster["dns_cache_config"]["typed_dns_resolver_config"] = self.resolver();
    }

    /// It as Envoy's resolver: a `typed_dns_resolver_config`.
    fn resolver(&self) -> Value {
        json!({
            "name": "envoy.network.dns_resolver.cares",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig",
                "resolvers": [address(self.addr)],
                "dns_resolver_options": {"no_default_search_domain": true},
            },
        })
    }
}

impl Drop for Dns {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(socket: UdpSocket, zone: Arc<Mutex<Zone>>) {
    let mut buffer = [0; 1500];
    while let Ok((len, from)) = socket.recv_from(&mut buffer).await {
        let answer = answer(&buffer[..len], &mut zone.lock().expect("no test holds it"));
        if let Some(answer) = answer {
            let _gone = socket.send_to(&answer, from).await;
        }
    }
}

/// The answer to a message with one question; `None` for what is none (RFC 1035, section 4).
fn answer(query: &[u8], zone: &mut Zone) -> Option<Vec<u8>> {
    let mut labels = Vec::new();
    let mut at = HEADER;
    while let Some(len) = query
        .get(at)
        .map(|len| usize::from(*len))
        .filter(|len| *len > 0)
    {
        labels.push(String::from_utf8_lossy(query.get(at + 1..at + 1 + len)?).to_lowercase());
        at += 1 + len;
    }
    let name = labels.join(".");
    let question = query.get(HEADER..at + 5)?;
    let is_a = query.get(at + 1..at + 3)? == [0, 1];
    let known = zone.records.get(&name);
    let addresses = known.filter(|_| is_a).cloned().unwrap_or_default();
    let code = if known.is_some() { 0 } else { 3 };
    let count = u8::try_from(addresses.len()).ok()?;
    let mut out = query.get(..2)?.to_vec();
    // An answer with authority, to one question.
    out.extend([0x84, code, 0, 1, 0, count, 0, 0, 0, 0]);
    out.extend(question);
    for ip in addresses {
        // The name of the question, A, IN, no time to live, four bytes.
        out.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4]);
        out.extend(ip.octets());
    }
    if is_a {
        zone.asked.push(name);
    }
    (!zone.silent).then_some(out)
}
