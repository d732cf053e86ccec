//! `serve`: the service itself.

use std::process::ExitCode;

use clap::Args;
use tokio::net::TcpListener;

use super::{Failure, block_on};
use crate::app::App;
use crate::router::router;
use crate::serve::{serve, signalled};
use crate::settings::{
    AccessSettings, BindSettings, DatabaseSettings, DocumentSettings, LogSettings,
};
use crate::store::Store;

/// Settings of `serve`.
#[derive(Args)]
pub(super) struct Serve {
    #[command(flatten)]
    bind: BindSettings,
    #[command(flatten)]
    document: DocumentSettings,
    #[command(flatten)]
    database: DatabaseSettings,
    #[command(flatten)]
    access: AccessSettings,
    #[command(flatten)]
    log: LogSettings,
}

impl Serve {
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        self.log.start();
        let config = self.document.read()?;
        let access = self.access.read()?;
        block_on(async {
            // Before the port is open: a signal in between must not kill without a drain.
            let stop = signalled()?;
            let store = Store::open(&self.database.database).await?;
            let listener = TcpListener::bind(&self.bind.listen)
                .await
                .map_err(|error| Failure::new(format!("{}: {error}", self.bind.listen)))?;
            let address = listener.local_addr()?;
            tracing::info!(
                %address,
                config_hash = config.hash,
                models = config.models.len(),
                store = store.name(),
                admin = access.admin.is_some(),
                ingest_token = access.ingest.is_some(),
                "sidecar listens"
            );
            let app = App::new(config, store.clone())
                .access(access)
                .max_batch_bytes(self.bind.max_batch_bytes);
            let served = serve(listener, router(app), stop, self.bind.drain()).await;
            store.close().await;
            tracing::info!("sidecar stopped");
            served?;
            Ok(ExitCode::SUCCESS)
        })
    }
}
