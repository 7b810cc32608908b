//! The web's ground floor: the only room that knows minijinja.
//!
//! Owns: pages and their languages, page errors, security headers and CSP, static files, cookies, strict parameters, the
//! client's address. Must not: know OAuth.

pub mod address;
pub mod cookies;
pub mod csrf;
pub mod device;
pub mod etag;
mod files;
pub mod headers;
pub mod i18n;
pub mod observe;
pub mod page_error;
pub mod pages;
pub mod params;
pub mod statics;
pub mod texts;
pub mod visit;

pub use i18n::Locale;
pub use page_error::{ErrorKind, PageError, Wait};
pub use pages::{Page, Pages};
pub use params::{Params, ParamsError, StrictForm, StrictQuery};
pub use visit::Visit;
