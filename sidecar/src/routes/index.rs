//! `GET /`: the routes, for a person who looks at the port.

const TEXT: &str = "\
Sluice sidecar: keys, spend, catalogue and health of the gateway.

GET  /v1/models         the catalogue; ?allow_tee=false and ?allow_zdr=false take tiers away
GET  /v1/models/{id}    one model
GET  /v1/spend          the ledger, newest first, with sums; needs the admin token
                        ?key= &model= &provider= &project= &contact= &thread= &episode= &dialect=
                        &tag=name:value &metadata=name:value &from= &to= &limit= &cursor=
GET  /v1/contacts       whom requests were made for, with sums; needs the admin token
                        ?id= &limit= &cursor=
GET  /v1/contacts/{id}  one contact; needs the admin token
GET  /status            version and hash of the configuration
GET  /health            whether the store works: 200 or 503; how the providers do
GET  /openapi.json      what the gateway takes and answers, as OpenAPI 3.1
GET  /metrics           for Prometheus
POST /internal/records  for the filter
POST /internal/health   for the filter
";

/// Names the routes.
pub(crate) async fn show() -> &'static str {
    TEXT
}
