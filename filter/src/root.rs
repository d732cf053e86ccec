//! The root contexts: configuration, contexts, the tick that delivers records and health.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;
use sluice_core::auth::Known;
use sluice_core::config::Config;
use sluice_core::endpoint;
use sluice_core::exchange::Tracer;
use sluice_core::gateway::Gateway as Core;
use sluice_core::luck::Luck;
use sluice_core::plan::Kept;
use sluice_core::timeout;

use crate::exchanges;
use crate::gateway::Gateway;
use crate::health::Health;
use crate::host;
use crate::outbox::Outbox;
use crate::provider::Provider;

/// What all contexts of one VM and one configuration share.
pub(crate) struct Vm {
    pub(crate) gateway: Arc<Core>,
    pub(crate) luck: RefCell<Luck>,
    /// Callers whose key was right.
    pub(crate) known: RefCell<Known>,
    /// Plans that come out the same.
    pub(crate) kept: RefCell<Kept>,
    pub(crate) tracer: RefCell<Tracer>,
    pub(crate) outbox: Outbox,
    pub(crate) health: Health,
    /// Whether it was told that no name can be resolved.
    pub(crate) unresolved: Cell<bool>,
}

thread_local! {
    /// The VM of the last configuration: every cluster's filter comes with the same document.
    static LAST: RefCell<Option<Rc<Vm>>> = RefCell::default();
}

/// One root context: `root_id` `gateway` for the listener, `provider` for each cluster.
#[derive(Default)]
pub(crate) struct Root {
    role: Role,
    /// When its last tick was, Unix milliseconds.
    ticked: u64,
}

#[derive(Default)]
enum Role {
    #[default]
    Unconfigured,
    Gateway(Rc<Vm>),
    Provider(Rc<Vm>, Rc<str>),
}

impl Root {
    fn vm(document: &[u8]) -> Option<Rc<Vm>> {
        let config = Config::parse(document).map_err(|faults| {
            for fault in faults {
                log::error!("configuration: {fault}");
            }
        });
        let config = config.ok()?;
        // Envoy spells the same document in another order each time.
        let last = LAST.with_borrow(Clone::clone);
        if let Some(last) = last.filter(|vm| vm.gateway.config.hash == config.hash) {
            return Some(last);
        }
        let gateway = Arc::new(Core::new(config, host::env));
        let mut luck = Luck::new(host::random());
        let outbox = Outbox::new(Arc::clone(&gateway), luck.bits());
        let health = Health::new(Arc::clone(&gateway), luck.bits());
        let vm = Rc::new(Vm {
            gateway,
            luck: RefCell::new(luck),
            known: RefCell::new(Known::new(&host::random())),
            kept: RefCell::default(),
            tracer: RefCell::default(),
            outbox,
            health,
            unresolved: Cell::default(),
        });
        LAST.set(Some(Rc::clone(&vm)));
        Some(vm)
    }
}

impl Context for Root {
    fn on_http_call_response(&mut self, call: u32, _: usize, size: usize, _: usize) {
        if let Role::Gateway(vm) = &self.role {
            let now = host::now();
            if !vm.health.answered(call, size, now) {
                vm.outbox.answered(call, host::post_status(), now);
            }
        }
    }
}

/// The plugin, or the process, comes to its end.
impl Drop for Root {
    fn drop(&mut self) {
        if let Role::Gateway(vm) = &self.role {
            vm.outbox.end();
        }
    }
}

impl RootContext for Root {
    fn on_configure(&mut self, _: usize) -> bool {
        let Some(vm) = Self::vm(&host::configuration()) else {
            return false;
        };
        let name = host::plugin_name();
        match host::root_id().as_str() {
            "gateway" => {
                for (provider, env) in vm.gateway.unused() {
                    log::info!("provider {provider} is not used: {env} is not set");
                }
                host::tick_every(vm.gateway.config.sidecar.flush_interval_ms);
                vm.outbox.begin(host::now());
                self.role = Role::Gateway(vm);
            }
            "provider"
                if vm.gateway.config.providers.contains_key(&name) || endpoint::is_one(&name) =>
            {
                self.role = Role::Provider(vm, name.into());
            }
            "provider" => {
                log::error!("configuration: the plugin's name `{name}` is not a provider's");
                return false;
            }
            other => {
                log::error!("configuration: root_id `{other}` is neither gateway nor provider");
                return false;
            }
        }
        true
    }

    fn on_tick(&mut self) {
        if let Role::Gateway(vm) = &self.role {
            let now = host::now();
            vm.health.tick(now);
            if vm.outbox.tick(now) {
                vm.health.report(now);
            }
            let last = std::mem::replace(&mut self.ticked, now);
            let period = vm.gateway.config.sidecar.flush_interval_ms;
            if timeout::is_late_tick(last, now, period) {
                exchanges::revive(now);
            }
            // Last: they leave the callback with another context.
            exchanges::stalled(now).into_iter().for_each(host::reset);
        }
    }

    fn create_http_context(&self, id: u32) -> Option<Box<dyn HttpContext>> {
        match &self.role {
            Role::Gateway(vm) => Some(Box::new(Gateway::new(Rc::clone(vm), id))),
            Role::Provider(vm, name) => {
                Some(Box::new(Provider::new(Rc::clone(vm), Rc::clone(name))))
            }
            Role::Unconfigured => None,
        }
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}
