//! The routes as `src/routes.rs` lists them, read from its text: what the router has, nobody forgets here.

use std::fmt;
use std::path::Path;

use http::Method;

use crate::harness::TestApp;

/// One path with what it takes.
#[derive(Clone, Debug)]
pub struct Route {
    pub path: String,
    /// As they are written; a `GET` also takes `HEAD`.
    pub methods: Vec<Method>,
}

impl Route {
    pub fn takes(&self, method: &Method) -> bool {
        self.methods.contains(method) || (method == Method::HEAD && self.methods.contains(&Method::GET))
    }

    /// A path that can be asked for: one with a placeholder, with a file that is there.
    pub fn example(&self, app: &TestApp) -> String {
        match self.path.as_str() {
            "/static/{file}" => app.app.pages.statics().url("style.css").unwrap().to_owned(),
            path => path.to_owned(),
        }
    }

    /// Whether scripts of other origins may call it (docs/architecture.md: no cookie is read there).
    pub fn is_open(&self) -> bool {
        [
            "/token",
            "/revoke",
            "/device/authorize",
            "/userinfo",
            "/jwks",
            "/.well-known/openid-configuration",
            "/.well-known/oauth-authorization-server",
            "/.well-known/passkey-endpoints",
        ]
        .contains(&self.path.as_str())
    }

    /// Whether programs ask here rather than people, and are answered in JSON.
    pub fn is_for_clients(&self) -> bool {
        self.is_open() || self.path == "/introspect"
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)
    }
}

const WORDS: [(&str, Method); 7] = [
    ("get", Method::GET),
    ("post", Method::POST),
    ("put", Method::PUT),
    ("patch", Method::PATCH),
    ("delete", Method::DELETE),
    ("head", Method::HEAD),
    ("options", Method::OPTIONS),
];

fn source(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The text up to the parenthesis that closes the one before it.
fn argument(text: &str) -> &str {
    let mut depth = 1;
    for (at, c) in text.char_indices() {
        depth += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        if depth == 0 {
            return &text[..at];
        }
    }
    panic!("no closing parenthesis: {text}");
}

fn methods_in(handlers: &str) -> Vec<Method> {
    let called = |word: &str| {
        handlers.match_indices(&format!("{word}(")).any(|(at, _)| {
            let before = handlers[..at].chars().next_back();
            before.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '_' && c != ':')
        })
    };
    assert!(!called("any") && !called("on"), "say which methods: {handlers}");
    WORDS.into_iter().filter(|(word, _)| called(word)).map(|(_, method)| method).collect()
}

/// The text without the router of the port for operators' machines, and that router (`server.internal_listen`): the public port has none of it that is not
/// listed for it, too.
fn parted(text: &str) -> (String, String) {
    let (before, after) = text.split_once("pub fn internal_router").expect("the router of operators' machines");
    let (internal, after) = after.split_once("\n}\n").expect("the end of a function");
    // Before the database is open that port has its probes already.
    let (between, starting) = after.split_once("pub fn starting_router").expect("the router of a service that starts");
    let (_, after) = starting.split_once("\n}\n").expect("the end of a function");
    (format!("{before}{between}{after}"), internal.to_owned())
}

/// All routes of the public port, by path.
pub fn all() -> Vec<Route> {
    routes_in(&parted(&source("src/routes.rs")).0)
}

/// Those of the port for operators' machines.
pub fn internal() -> Vec<Route> {
    routes_in(&parted(&source("src/routes.rs")).1)
}

fn routes_in(text: &str) -> Vec<Route> {
    let mut routes: Vec<Route> = text
        .match_indices(".route(")
        .map(|(at, call)| {
            let argument = argument(&text[at + call.len()..]);
            let path = argument.trim_start().strip_prefix('"').expect("a path in quotes").split('"').next().unwrap();
            let handlers = &argument[argument.find(path).unwrap() + path.len() + 1..];
            Route { path: path.to_owned(), methods: methods_in(handlers) }
        })
        .collect();
    routes.sort_by(|one, two| one.path.cmp(&two.path));
    routes
}

/// Those that take this method, by path.
pub fn taking(method: &Method) -> Vec<Route> {
    all().into_iter().filter(|route| route.methods.contains(method)).collect()
}

/// The list is whole: routes are made in `src/routes.rs` alone, by `.route("…", …)` with at least one method, and each path once.
#[test]
fn the_list_of_routes_is_whole() {
    let routes = all();
    assert!(routes.len() > 50, "{}", routes.len());
    for route in &routes {
        assert!(!route.methods.is_empty() && route.path.starts_with('/'), "{route:?}");
    }
    assert!(routes.windows(2).all(|pair| pair[0].path != pair[1].path), "a path twice");
    for word in [".route_service(", ".nest(", ".nest_service(", ".fallback_service("] {
        // What is nowhere has a layer of its own, and no route.
        let text = source("src/routes.rs").replace(".fallback_service(nowhere)", "");
        assert!(!text.contains(word), "{word} hides routes from this list");
    }
    let mut elsewhere = Vec::new();
    crate::architecture::each_source(|path, line| {
        if path != "routes.rs" && line.contains(".route(\"") {
            elsewhere.push(format!("src/{path}: {line}"));
        }
    });
    assert!(elsewhere.is_empty(), "routes belong to src/routes.rs: {elsewhere:#?}");
}
