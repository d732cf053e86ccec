//! The price of a call between Envoy and a filter: a request names one in `x-call`, and the filter makes it a hundred times.
//!
//! What such a request costs Envoy more than one that names none, divided by that, is the price (bench/prices.py).

#![expect(
    missing_docs,
    reason = "the SDK's macro exports a function without any"
)]

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, BufferType, ContextType, LogLevel, MapType, Status};

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Warn);
    proxy_wasm::set_root_context(|_| Box::<Root>::default());
}}

/// How often a request makes its call.
const TIMES: usize = 100;

const STATE: &str = "sluice.price";
const EMPTY: &str = "sluice.price.empty";
const DATA: &str = "sluice.price";
const BYTES: [u8; 40] = [b'x'; 40];
/// About as long as the record of a request.
const RECORD: [u8; 700] = [b'r'; 700];

#[derive(Default)]
struct Root;

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _: usize) -> bool {
        hostcalls::set_shared_data(DATA, Some(&BYTES), None).is_ok()
    }

    fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Request {
            call: Call::None,
            queue: hostcalls::register_shared_queue("sluice.price").unwrap_or_default(),
        }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

/// What is asked again and again.
#[derive(Clone, Copy)]
enum Call {
    None,
    Time,
    Header,
    NoHeader,
    Headers,
    SetHeaders,
    ReplaceHeader,
    Property,
    EmptyProperty,
    SetProperty,
    Shared,
    SetShared,
    Queue,
    Body,
    SetBody,
}

impl Call {
    fn named(name: &str) -> Self {
        match name {
            "get_current_time_nanoseconds" => Self::Time,
            "get_header_map_value" => Self::Header,
            "get_header_map_value, absent" => Self::NoHeader,
            "get_header_map_pairs" => Self::Headers,
            "set_header_map_pairs" => Self::SetHeaders,
            "replace_header_map_value" => Self::ReplaceHeader,
            "get_property" => Self::Property,
            "get_property, no value" => Self::EmptyProperty,
            "set_property" => Self::SetProperty,
            "get_shared_data" => Self::Shared,
            "set_shared_data" => Self::SetShared,
            "enqueue_shared_queue" => Self::Queue,
            "get_buffer_bytes" => Self::Body,
            "set_buffer_bytes" => Self::SetBody,
            _ => Self::None,
        }
    }

    fn of_the_body(self) -> bool {
        matches!(self, Self::Body | Self::SetBody)
    }

    fn make(self, request: &Request, headers: &[(&str, &str)], size: usize) -> Result<(), Status> {
        match self {
            Self::None => Ok(()),
            Self::Time => hostcalls::get_current_time().map(drop),
            Self::Header => {
                hostcalls::get_map_value_bytes(MapType::HttpRequestHeaders, "user-agent").map(drop)
            }
            Self::NoHeader => {
                hostcalls::get_map_value_bytes(MapType::HttpRequestHeaders, "x-absent").map(drop)
            }
            Self::Headers => hostcalls::get_map_bytes(MapType::HttpRequestHeaders).map(drop),
            Self::SetHeaders => hostcalls::set_map(MapType::HttpRequestHeaders, headers.to_vec()),
            Self::ReplaceHeader => hostcalls::set_map_value(
                MapType::HttpRequestHeaders,
                "x-envoy-max-retries",
                Some("1"),
            ),
            Self::Property => hostcalls::get_property(vec![STATE]).map(drop),
            Self::EmptyProperty => hostcalls::get_property(vec![EMPTY]).map(drop),
            Self::SetProperty => hostcalls::set_property(vec![STATE], Some(&BYTES)),
            Self::Shared => hostcalls::get_shared_data(DATA).map(drop),
            Self::SetShared => hostcalls::set_shared_data(DATA, Some(&BYTES), None),
            // Taken out again, so that it does not grow.
            Self::Queue => {
                hostcalls::enqueue_shared_queue(request.queue, Some(&RECORD))?;
                hostcalls::dequeue_shared_queue(request.queue).map(drop)
            }
            Self::Body => hostcalls::get_buffer(BufferType::HttpRequestBody, 0, size).map(drop),
            Self::SetBody => {
                hostcalls::set_buffer(BufferType::HttpRequestBody, 0, BYTES.len(), &BYTES)
            }
        }
    }
}

struct Request {
    call: Call,
    queue: u32,
}

impl Request {
    fn make(&self, size: usize) -> Action {
        let headers = match self.call {
            Call::SetHeaders => self.get_http_request_headers(),
            _ => Vec::new(),
        };
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        match self.call {
            Call::Property => self.set_property(vec![STATE], Some(&BYTES)),
            Call::EmptyProperty => self.set_property(vec![EMPTY], Some(b"")),
            _ => {}
        }
        for _ in 0..TIMES {
            if self.call.make(self, &headers, size).is_err() {
                self.send_http_response(500, Vec::new(), None);
                return Action::Pause;
            }
        }
        Action::Continue
    }
}

impl Context for Request {}

impl HttpContext for Request {
    fn on_http_request_headers(&mut self, _: usize, _: bool) -> Action {
        let name = self.get_http_request_header("x-call").unwrap_or_default();
        self.call = Call::named(&name);
        if self.call.of_the_body() {
            return Action::Pause;
        }
        self.make(0)
    }

    fn on_http_request_body(&mut self, size: usize, end: bool) -> Action {
        match (self.call.of_the_body(), end) {
            (false, _) => Action::Continue,
            (true, false) => Action::Pause,
            (true, true) => self.make(size),
        }
    }
}
