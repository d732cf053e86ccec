//! Everything wired together: caller, Envoy, providers, sidecar.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::behind::Behind;
use crate::bootstrap::{Bootstrap, Upstream};
use crate::client::Caller;
use crate::envoy::{Envoy, Start};
use crate::place;
use crate::port::Port;
use crate::provider::tls::Authority;
use crate::provider::{Protocol, Provider, Script};
use crate::sidecar::{INGEST_TOKEN, Sidecar};

/// Public id of the caller's key.
pub const KEY_ID: &str = "caller";

/// Secret of the caller's key: nobody but the gateway may see it.
pub const SECRET: &str = "callerscanary00112233445566778899";

/// A whole gateway; gone when dropped.
#[derive(Debug)]
pub struct Stack {
    /// A caller with a key that is known.
    pub caller: Caller,
    /// Envoy.
    pub envoy: Envoy,
    /// The sidecar, running if the builder was told so.
    pub sidecar: Sidecar,
    traps: bool,
    providers: BTreeMap<String, Provider>,
    bootstrap: Bootstrap,
    environment: Vec<(String, String)>,
    dir: TempDir,
    _ports: [Port; 3],
}

/// A second Envoy with the same configuration, providers and sidecar.
#[derive(Debug)]
pub struct Twin {
    /// A caller with a key that is known.
    pub caller: Caller,
    /// Envoy.
    pub envoy: Envoy,
    _ports: [Port; 2],
}

impl Stack {
    /// Begins with the reference configuration.
    #[must_use]
    pub fn builder() -> Builder {
        Builder {
            bootstrap: Bootstrap::reference(),
            providers: Vec::new(),
            environment: Vec::new(),
            arguments: Vec::new(),
            sidecar: false,
            traps: false,
            listener_file: None,
            module: place::module(),
        }
    }

    /// A provider.
    #[must_use]
    pub fn provider(&self, name: &str) -> &Provider {
        &self.providers[name]
    }

    /// The configuration that Envoy was started with.
    #[must_use]
    pub fn bootstrap(&self) -> &Bootstrap {
        &self.bootstrap
    }

    /// Starts a second Envoy beside the first.
    pub async fn twin(&self) -> Twin {
        let ports = [Port::take(), Port::take()];
        let [gateway, admin] = ports.each_ref().map(Port::addr);
        let mut bootstrap = self.bootstrap.clone();
        bootstrap.ports(gateway, admin);
        let file = |kind: &str| {
            self.dir
                .path()
                .join(format!("twin-{}.{kind}", gateway.port()))
        };
        let config = file("json");
        bootstrap.write(&config);
        let envoy = Envoy::start(Start {
            config: &config,
            admin,
            environment: &self.environment,
            arguments: &[],
            log: file("log"),
        })
        .await;
        Twin {
            caller: Caller::new(gateway, self.caller.key().map(str::to_owned)),
            envoy,
            _ports: ports,
        }
    }

    /// The test's own directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Asserts that no provider was asked anything.
    pub fn assert_untouched(&self, why: &str) {
        for (name, provider) in &self.providers {
            let seen = provider.requests();
            assert!(
                seen.is_empty(),
                "{why}: {name} was asked: {}",
                seen[0].text()
            );
        }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if self.traps || std::thread::panicking() {
            return;
        }
        let log = self.envoy.log();
        let trap = log
            .lines()
            .find(|line| line.contains("Wasm VM failed") || line.contains("panicked at"));
        assert!(trap.is_none(), "the VM trapped: {trap:?}");
    }
}

/// The secret that is a provider's key in a test.
#[must_use]
pub fn key_of(provider: &str) -> String {
    format!("canary-key-of-{provider}-5d1c")
}

/// A stack that is being described.
#[derive(Debug)]
pub struct Builder {
    bootstrap: Bootstrap,
    providers: Vec<(String, Behind)>,
    environment: Vec<(String, String)>,
    arguments: Vec<String>,
    sidecar: bool,
    traps: bool,
    listener_file: Option<PathBuf>,
    module: PathBuf,
}

impl Builder {
    /// A provider over HTTP/1.1, with a key of its own.
    #[must_use]
    pub fn provider(self, name: &str, script: impl Into<Script>) -> Self {
        self.provider_over(Protocol::Http1, name, script)
    }

    /// A provider over another protocol.
    #[must_use]
    pub fn provider_over(self, protocol: Protocol, name: &str, script: impl Into<Script>) -> Self {
        self.behind(name, Behind::Provider(protocol, Box::new(script.into())))
    }

    /// A provider that has a key and refuses every connection.
    #[must_use]
    pub fn refusing(self, name: &str) -> Self {
        self.behind(name, Behind::Refusing)
    }

    /// What stands behind a provider's cluster; the provider has a key.
    #[must_use]
    pub fn behind(mut self, name: &str, behind: Behind) -> Self {
        self.providers.push((name.to_owned(), behind));
        self
    }

    /// Changes the gateway's configuration.
    #[must_use]
    pub fn config(mut self, edit: impl FnOnce(&mut Value)) -> Self {
        edit(self.bootstrap.gateway());
        self
    }

    /// No provider cools down: a test can have one fail again and again.
    #[must_use]
    pub fn steady(self) -> Self {
        self.health(&json!({"enabled": false}))
    }

    /// Changes what makes a provider cool down.
    #[must_use]
    pub fn health(mut self, settings: &Value) -> Self {
        let health = &mut self.bootstrap.gateway()["health"];
        for (name, value) in settings.as_object().into_iter().flatten() {
            health[name] = value.clone();
        }
        self
    }

    /// Changes Envoy's configuration.
    #[must_use]
    pub fn bootstrap(mut self, edit: impl FnOnce(&mut Bootstrap)) -> Self {
        edit(&mut self.bootstrap);
        self
    }

    /// Sets a variable of Envoy's environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds arguments to Envoy's.
    #[must_use]
    pub fn arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments
            .extend(arguments.iter().map(|&argument| argument.to_owned()));
        self
    }

    /// Starts the sidecar too. Without this nothing listens at its address.
    #[must_use]
    pub fn sidecar(mut self) -> Self {
        self.sidecar = true;
        self
    }

    /// A trap of the VM is no failure of this test.
    #[must_use]
    pub fn traps(mut self) -> Self {
        self.traps = true;
        self
    }

    /// Has the listener read from a file that Envoy watches.
    #[must_use]
    pub fn listener_file(mut self, path: &Path) -> Self {
        self.listener_file = Some(path.to_owned());
        self
    }

    /// Takes another module.
    #[must_use]
    pub fn module(mut self, path: &Path) -> Self {
        path.clone_into(&mut self.module);
        self
    }

    /// Starts all of it and waits until it is ready.
    pub async fn start(self) -> Stack {
        let dir = tempfile::tempdir().expect("a directory");
        let ports = [Port::take(), Port::take(), Port::take()];
        let [gateway, admin, ingest] = ports.each_ref().map(Port::addr);
        let Self {
            mut bootstrap,
            providers: described,
            mut environment,
            arguments,
            sidecar,
            traps,
            listener_file,
            module,
        } = self;
        bootstrap.ports(gateway, admin);
        bootstrap.module(&module);
        let key = add_key(bootstrap.gateway());
        for name in bootstrap.clusters() {
            let addr = if name == "sidecar" {
                ingest
            } else {
                ([127, 0, 0, 1], 9).into()
            };
            let upstream = Upstream {
                addr,
                protocol: Protocol::Http1,
                authority: None,
            };
            let given = described.iter().any(|(own, ..)| *own == name);
            // The way to a caller's own endpoint is not led: it is found for each request.
            if !given && !name.starts_with("vllm_") {
                bootstrap.lead(&name, &upstream);
            }
        }
        let authority = Authority::new();
        let roots = authority.write(dir.path());
        let mut providers = BTreeMap::new();
        for (name, behind) in described {
            let known = &bootstrap.gateway()["providers"][&name];
            let host = known["host"].as_str().unwrap_or(&name).to_owned();
            if let Some(variable) = known["auth"]["env"].as_str() {
                environment.insert(0, (variable.to_owned(), key_of(&name)));
            }
            let trust = (&authority, roots.as_path());
            let provider = behind.start(&mut bootstrap, &name, &host, trust).await;
            providers.extend(provider.map(|provider| (name, provider)));
        }
        environment.insert(
            0,
            ("SLUICE_INGEST_TOKEN".to_owned(), INGEST_TOKEN.to_owned()),
        );
        let config = dir.path().join("envoy.json");
        bootstrap.write(&config);
        let whole = dir.path().join("sidecar.json");
        bootstrap.write(&whole);
        if let Some(file) = listener_file {
            bootstrap.write_with_listener(&config, &file);
        }
        let mut running = Sidecar::new(ingest, dir.path(), &whole);
        if sidecar {
            running.start().await;
        }
        let envoy = Envoy::start(Start {
            config: &config,
            admin,
            environment: &environment,
            arguments: &arguments,
            log: dir.path().join("envoy.log"),
        })
        .await;
        Stack {
            caller: Caller::new(gateway, Some(key)),
            envoy,
            sidecar: running,
            traps,
            providers,
            bootstrap,
            environment,
            dir,
            _ports: ports,
        }
    }
}

/// Adds the caller's key to a configuration; gives it as the caller writes it.
fn add_key(gateway: &mut Value) -> String {
    let digest = Sha256::digest(SECRET.as_bytes());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let keys = gateway["auth"]["keys"].as_array_mut();
    keys.expect("auth.keys")
        .push(json!({"id": KEY_ID, "sha256": hex}));
    format!("sk-ollm-{KEY_ID}-{SECRET}")
}
