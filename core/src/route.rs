//! Which route a request is for (W01, W02, W03).

use crate::text::cut;

/// What a method and a path lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// A chat completion.
    Chat(Dialect),
    /// The plan of a chat completion, told (W38).
    Explain,
    /// A route that the sidecar answers.
    Sidecar {
        /// Whether it is open to everybody in every mode.
        public: bool,
    },
    /// None of the gateway's.
    Unknown,
    /// One of the gateway's, with another method.
    WrongMethod {
        /// The method that it has.
        allow: &'static str,
    },
}

/// Whose words a route is in (W01). All of them take every extension.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// OpenAI's: `/v1/chat/completions`.
    #[default]
    OpenAi,
    /// OpenGateway's: `/chat/completions`.
    OpenGateway,
    /// Orq's: `/v2/gateway/chat/completions`, with any `n` and with `stop` as a string.
    Orq,
}

impl Dialect {
    /// The word for it in a record.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::OpenGateway => "opengateway",
            Self::Orq => "orq",
        }
    }
}

impl Route {
    /// The route of a method and a path; the query does not count.
    #[must_use]
    pub fn of(method: &str, path: &str) -> Self {
        let path = cut(path, b'?').map_or(path, |(path, _)| path);
        let (allow, route) = match path {
            "/v1/chat/completions" => ("POST", Self::Chat(Dialect::OpenAi)),
            "/chat/completions" => ("POST", Self::Chat(Dialect::OpenGateway)),
            "/v2/gateway/chat/completions" => ("POST", Self::Chat(Dialect::Orq)),
            "/v1/route:explain" => ("POST", Self::Explain),
            "/v1/models" => ("GET", Self::Sidecar { public: false }),
            "/health" | "/openapi.json" | "/status" => ("GET", Self::Sidecar { public: true }),
            _ if path
                .strip_prefix("/v1/models/")
                .is_some_and(|id| !id.is_empty()) =>
            {
                ("GET", Self::Sidecar { public: false })
            }
            _ => return Self::Unknown,
        };
        if method == allow || (allow == "GET" && method == "HEAD") {
            route
        } else {
            Self::WrongMethod { allow }
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "unknown")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn w02_w03_routes() {
        let sidecar = |public| Route::Sidecar { public };
        for (method, path, route) in [
            ("POST", "/v1/chat/completions", Route::Chat(Dialect::OpenAi)),
            (
                "POST",
                "/v1/chat/completions?x=1",
                Route::Chat(Dialect::OpenAi),
            ),
            (
                "POST",
                "/chat/completions",
                Route::Chat(Dialect::OpenGateway),
            ),
            (
                "POST",
                "/v2/gateway/chat/completions",
                Route::Chat(Dialect::Orq),
            ),
            ("POST", "/v1/route:explain", Route::Explain),
            (
                "GET",
                "/v1/route:explain",
                Route::WrongMethod { allow: "POST" },
            ),
            ("POST", "/v2/chat/completions", Route::Unknown),
            (
                "GET",
                "/v1/chat/completions",
                Route::WrongMethod { allow: "POST" },
            ),
            ("GET", "/v1/models", sidecar(false)),
            ("GET", "/v1/models/gpt-4o", sidecar(false)),
            ("HEAD", "/health", sidecar(true)),
            ("POST", "/status", Route::WrongMethod { allow: "GET" }),
            ("GET", "/metrics", Route::Unknown),
            ("GET", "/v1/spend", Route::Unknown),
            ("GET", "/", Route::Unknown),
        ] {
            assert_eq!(Route::of(method, path), route, "{method} {path}");
        }
    }
}
