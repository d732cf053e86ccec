//! The host: the only file that names its calls.
//!
//! The SDK's own methods panic on a status they do not expect; here a failed call is logged and
//! gives nothing, wherever the SDK lets it.

use std::cell::Cell;
use std::time::Duration;

use proxy_wasm::hostcalls;
use proxy_wasm::types::{BufferType, MapType};
use sluice_core::head::Head;
use sluice_core::headers::Headers;
use sluice_core::reply::Reply;

use crate::raw;

/// Filter state with the cluster of the next attempt; the route's matcher reads it.
const CLUSTER: &str = "sluice.cluster";
/// Filter state with the handle of the exchange; the provider filter reads it.
const EXCHANGE: &str = "sluice.exchange";

/// Filter state with the one address that an `ORIGINAL_DST` cluster connects to.
const PINNED: &str = "envoy.network.transport_socket.original_dst_address";

thread_local! {
    static RECENT: Cell<u64> = const { Cell::new(0) };
}

/// Unix milliseconds.
pub(crate) fn now() -> u64 {
    let now = raw::now_ns() / 1_000_000;
    RECENT.set(now);
    now
}

/// What `now` said last, for which nothing is asked of the host: as old as the last tick at most.
pub(crate) fn recent() -> u64 {
    RECENT.get()
}

/// Randomness of the host's.
pub(crate) fn random() -> [u8; 16] {
    let mut bytes = [0; 16];
    if let Err(error) = getrandom::fill(&mut bytes) {
        log::error!("no randomness from the host: {error}");
        bytes = u128::from(now()).to_le_bytes();
    }
    bytes
}

/// An environment variable of the VM.
pub(crate) fn env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

pub(crate) fn request_head() -> Head {
    head(MapType::HttpRequestHeaders)
}

/// The value of one header of the request, where it is text.
pub(crate) fn request_header(name: &str) -> Option<String> {
    let value = hostcalls::get_map_value_bytes(MapType::HttpRequestHeaders, name);
    String::from_utf8(value.ok()??).ok()
}

pub(crate) fn response_head() -> Head {
    head(MapType::HttpResponseHeaders)
}

/// Whatever a header holds: no caller and no provider can trap the VM.
fn head(map: MapType) -> Head {
    Head::read(&noted("header map", raw::header_map(map)).unwrap_or_default())
}

pub(crate) fn set_request_head(headers: Headers) {
    set_head(MapType::HttpRequestHeaders, headers);
}

pub(crate) fn set_response_head(headers: Headers) {
    set_head(MapType::HttpResponseHeaders, headers);
}

fn set_head(map: MapType, headers: Headers) {
    let set = headers.show(|bytes| raw::set_header_map(map, bytes));
    noted("set header map", set);
}

pub(crate) fn set_request_header(name: &str, value: Option<&str>) {
    noted(
        "header",
        hostcalls::set_map_value(MapType::HttpRequestHeaders, name, value),
    );
}

pub(crate) fn set_request_number(name: &str, value: u64) {
    set_request_header(name, Some(itoa::Buffer::new().format(value)));
}

pub(crate) fn set_response_header(name: &str, value: &str) {
    noted(
        "header",
        hostcalls::set_map_value(MapType::HttpResponseHeaders, name, Some(value)),
    );
}

/// Takes all trailers away: none passes, in either direction (W43).
pub(crate) fn clear_request_trailers() {
    set_head(MapType::HttpRequestTrailers, Headers::default());
}

pub(crate) fn clear_response_trailers() {
    set_head(MapType::HttpResponseTrailers, Headers::default());
}

pub(crate) fn request_body(start: usize, len: usize) -> Vec<u8> {
    buffer(BufferType::HttpRequestBody, start, len)
}

pub(crate) fn response_body(start: usize, len: usize) -> Vec<u8> {
    buffer(BufferType::HttpResponseBody, start, len)
}

/// Nothing is asked of the host when there is nothing: without a body the SDK would panic.
fn buffer(kind: BufferType, start: usize, len: usize) -> Vec<u8> {
    if len == 0 {
        return Vec::new();
    }
    noted("body", hostcalls::get_buffer(kind, start, len))
        .flatten()
        .unwrap_or_default()
}

/// Puts `bytes` in the place of the first `len` of the request's body.
pub(crate) fn replace_request_body(len: usize, bytes: &[u8]) {
    noted(
        "set body",
        hostcalls::set_buffer(BufferType::HttpRequestBody, 0, len, bytes),
    );
}

/// Puts `bytes` in the place of the first `len` of the response's body.
pub(crate) fn replace_response_body(len: usize, bytes: &[u8]) {
    noted(
        "set body",
        hostcalls::set_buffer(BufferType::HttpResponseBody, 0, len, bytes),
    );
}

/// Answers the request here.
pub(crate) fn reply(reply: &Reply) {
    let headers = reply
        .headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let body = Some(reply.body.as_bytes());
    noted(
        "reply",
        hostcalls::send_http_response(u32::from(reply.status), headers, body),
    );
}

/// Resets the request of this handle, whose answer has begun: to answer it once more does that (E26).
/// From then on the callback stands for that request.
pub(crate) fn reset(handle: u32) {
    let switched = hostcalls::set_effective_context(handle);
    if noted("effective context", switched).is_some() {
        noted(
            "reset",
            hostcalls::send_http_response(504, Vec::new(), None),
        );
    }
}

/// Tells the route which cluster an attempt goes to.
pub(crate) fn set_cluster(cluster: &str) {
    noted(
        "filter state",
        raw::set_property(CLUSTER, cluster.as_bytes()),
    );
}

/// Pins the attempts at a caller's own endpoint to an address, such as `203.0.113.7:8000`.
pub(crate) fn pin(address: &str) {
    // Envoy's `SetEnvoyFilterStateArguments`: 1 is the path, 2 the value; the span stays the stream's.
    let field = |tag: u8, text: &str| {
        let len = u8::try_from(text.len()).ok().filter(|len| *len < 0x80)?;
        Some([&[tag, len], text.as_bytes()].concat())
    };
    let arguments = field(0x0a, PINNED).zip(field(0x12, address));
    let Some((path, value)) = arguments else {
        log::error!("an address is too long to be pinned");
        return;
    };
    noted(
        "pin",
        hostcalls::call_foreign_function("set_envoy_filter_state", Some(&[path, value].concat())),
    );
}

/// Leaves filter state that bears the name of this exchange, for the provider filter to ask for.
pub(crate) fn name_exchange(id: &str) {
    noted("filter state", raw::set_property(tail(id), b""));
}

/// Leaves the handle and the id of the exchange where the provider filter finds them.
pub(crate) fn set_exchange(handle: u32, id: &str) {
    let bytes = [&handle.to_le_bytes(), id.as_bytes()].concat();
    noted("filter state", raw::set_property(EXCHANGE, &bytes));
}

/// Has the host take calls for those of another request, while the callback is `own`'s.
pub(crate) fn for_request(other: u32, own: u32, calls: impl FnOnce()) {
    let switched = hostcalls::set_effective_context(other);
    if noted("effective context", switched).is_some() {
        calls();
        noted("effective context", hostcalls::set_effective_context(own));
    }
}

/// Whether this attempt belongs to the exchange of this id.
pub(crate) fn is_exchange(id: &str) -> bool {
    raw::has_property(tail(id))
}

/// The part of an id that is left to chance. With the prefix that Envoy gives it, it is as long as a text can be there that
/// needs no memory of its own.
fn tail(id: &str) -> &str {
    id.get(19..).unwrap_or(id)
}

/// Handle and id of the exchange that this attempt belongs to.
pub(crate) fn exchange() -> Option<(u32, String)> {
    let bytes = hostcalls::get_property(vec![EXCHANGE]).ok().flatten()?;
    let (handle, id) = bytes.split_first_chunk()?;
    Some((
        u32::from_le_bytes(*handle),
        String::from_utf8(id.to_vec()).ok()?,
    ))
}

/// Envoy's word on how the response ended.
pub(crate) fn response_details() -> Option<String> {
    text_property(vec!["response", "code_details"])
}

/// `name` of the plugin: in a cluster, the provider's.
pub(crate) fn plugin_name() -> String {
    text_property(vec!["plugin_name"]).unwrap_or_default()
}

/// `root_id` of the plugin.
pub(crate) fn root_id() -> String {
    text_property(vec!["plugin_root_id"]).unwrap_or_default()
}

fn text_property(path: Vec<&str>) -> Option<String> {
    let bytes = hostcalls::get_property(path).ok().flatten()?;
    String::from_utf8(bytes).ok()
}

/// The plugin's configuration.
pub(crate) fn configuration() -> Vec<u8> {
    let bytes = hostcalls::get_buffer(BufferType::PluginConfiguration, 0, usize::MAX);
    noted("configuration", bytes).flatten().unwrap_or_default()
}

pub(crate) fn tick_every(milliseconds: u64) {
    noted(
        "tick",
        hostcalls::set_tick_period(Duration::from_millis(milliseconds)),
    );
}

/// Opens a queue that all VMs of the process share.
pub(crate) fn queue(name: &str) -> Option<u32> {
    noted("queue", hostcalls::register_shared_queue(name))
}

/// `false` when the queue did not take it.
pub(crate) fn enqueue(queue: u32, bytes: &[u8]) -> bool {
    noted(
        "enqueue",
        hostcalls::enqueue_shared_queue(queue, Some(bytes)),
    )
    .is_some()
}

pub(crate) fn dequeue(queue: u32) -> Option<Vec<u8>> {
    noted("dequeue", hostcalls::dequeue_shared_queue(queue)).flatten()
}

/// Shared data and the version to write it against.
pub(crate) fn shared(key: &str) -> (Option<Vec<u8>>, Option<u32>) {
    noted("shared data", hostcalls::get_shared_data(key)).unwrap_or_default()
}

/// `false` when another VM wrote it since it was read; without a version it is written anyway.
pub(crate) fn set_shared(key: &str, value: &[u8], version: Option<u32>) -> bool {
    hostcalls::set_shared_data(key, Some(value), version).is_ok()
}

/// Posts JSON to a cluster; the answer comes as a callback. `None` when it can not be sent.
pub(crate) fn post(cluster: &str, path: &str, token: Option<&str>, body: &[u8]) -> Option<u32> {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let mut headers = vec![
        (":method", "POST"),
        (":path", path),
        (":authority", cluster),
        ("content-type", "application/json"),
    ];
    if let Some(bearer) = &bearer {
        headers.push(("authorization", bearer));
    }
    let limit = Duration::from_secs(5);
    hostcalls::dispatch_http_call(cluster, headers, Some(body), Vec::new(), limit).ok()
}

/// Asks a cluster for the address of `host:port`; the answer comes as a callback.
///
/// `false` when the cluster can not be asked.
pub(crate) fn resolve(cluster: &str, authority: &str, limit_ms: u64) -> bool {
    let headers = vec![
        (":method", "GET"),
        (":path", "/"),
        (":authority", authority),
    ];
    let limit = Duration::from_millis(limit_ms);
    hostcalls::dispatch_http_call(cluster, headers, None, Vec::new(), limit).is_ok()
}

/// The resolver's answer of `len` bytes: an address, or other words where there is none.
pub(crate) fn resolved(len: usize) -> String {
    let bytes = buffer(BufferType::HttpCallResponseBody, 0, len.min(128));
    String::from_utf8(bytes).unwrap_or_default()
}

/// Lets a request go on that was held.
pub(crate) fn resume_request() {
    noted("resume", hostcalls::resume_http_request());
}

/// Status of the answer to a post; `None` when none came.
pub(crate) fn post_status() -> Option<u16> {
    let status =
        hostcalls::get_map_value_bytes(MapType::HttpCallResponseHeaders, ":status").ok()??;
    std::str::from_utf8(&status).ok()?.parse().ok()
}

/// The first bytes of the answer to a post.
pub(crate) fn post_body(len: usize) -> Vec<u8> {
    buffer(BufferType::HttpCallResponseBody, 0, len)
}

/// The value, or a line in the log.
fn noted<T>(call: &str, result: Result<T, proxy_wasm::types::Status>) -> Option<T> {
    result
        .map_err(|status| log::error!("the host refused a call ({call}): {status:?}"))
        .ok()
}
