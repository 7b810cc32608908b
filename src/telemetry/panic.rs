//! Panics as log lines.

use std::panic::PanicHookInfo;

/// Every panic becomes one error line with its place, instead of free text on standard error.
pub(super) fn log_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(target: "vestibule::panic", place, thread = std::thread::current().name(), "panic: {}", message(info));
    }));
}

fn message<'a>(info: &'a PanicHookInfo<'_>) -> &'a str {
    info.payload_as_str().unwrap_or("no message")
}
