//! Route × principal: `table.txt` states each answer, and has no line too few or too many. SECURITY AD-1.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use http::Method;

use super::principals::{Principal, ask, cell};
use super::{acts, listed};
use crate::harness::seed;

const TABLE: &str = include_str!("table.txt");

/// The stated answers, by method and path.
fn stated() -> BTreeMap<(String, String), Vec<String>> {
    let lines = TABLE.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let mut words = line.split_whitespace().map(str::to_owned);
            ((words.next().unwrap(), words.next().unwrap()), words.collect())
        })
        .collect()
}

/// The methods of a route that are asked: `HEAD` and `OPTIONS` have tests of their own.
fn asked() -> Vec<(Method, listed::Route)> {
    let routes = listed::all().into_iter();
    let pairs = routes.flat_map(|route| route.methods.clone().into_iter().map(move |method| (method, route.clone())));
    pairs.filter(|(method, _)| *method != Method::HEAD && *method != Method::OPTIONS).collect()
}

/// A new route needs a line in `table.txt`, and a line needs its route.
#[test]
fn every_route_has_its_line_and_every_line_its_route() {
    let stated = stated();
    let routes: Vec<(String, String)> = asked().into_iter().map(|(method, route)| (method.to_string(), route.path)).collect();
    let missing: Vec<_> = routes.iter().filter(|route| !stated.contains_key(route)).collect();
    let gone: Vec<_> = stated.keys().filter(|route| !routes.contains(route)).collect();
    assert!(missing.is_empty() && gone.is_empty(), "tests/suite/routes/table.txt: missing {missing:?}, without a route {gone:?}");
    assert!(stated.values().all(|cells| cells.len() == Principal::ALL.len()), "one cell for each principal");
}

/// All cells of one principal, in the order of the routes.
async fn column(principal: Principal) -> Vec<String> {
    let (mut scene, mut cells) = (None, Vec::new());
    for (method, route) in asked() {
        cells.push(principal.asks(&mut scene, &method, &route).await);
    }
    cells
}

/// Every principal is answered as `table.txt` says.
#[tokio::test]
async fn every_principal_is_answered_as_the_table_says() {
    let stated = stated();
    let mut columns = Vec::new();
    for principal in Principal::ALL {
        columns.push(column(principal).await);
    }
    let (mut actual, mut wrong) = (String::new(), String::new());
    for (row, (method, route)) in asked().into_iter().enumerate() {
        let key = (method.to_string(), route.path.clone());
        let mut line = format!("{:<4} {:<42}", method.as_str(), route.path);
        for (column, principal) in Principal::ALL.into_iter().enumerate() {
            let answer = &columns[column][row];
            let expected = stated.get(&key).and_then(|cells| cells.get(column)).map_or("nothing", String::as_str);
            if answer != expected {
                writeln!(wrong, "{method} {route}, {}: {answer}, not {expected}", principal.name()).unwrap();
            }
            write!(line, " {answer:<26}").unwrap();
        }
        writeln!(actual, "{}", line.trim_end()).unwrap();
    }
    assert!(wrong.is_empty(), "{wrong}\nAs answered, for tests/suite/routes/table.txt when that is right:\n{actual}");
}

/// The rows of `/sign-up` once more, where people may register: everybody is answered alike, and for an address that is somebody's as for one that is nobody's.
#[tokio::test]
async fn where_people_may_register_everybody_is_answered_alike() {
    let email = |address: &str| vec![("email".to_owned(), address.to_owned())];
    let rows = [
        (Method::GET, "/sign-up", Vec::new(), "200"),
        (Method::GET, "/sign-up/sent", Vec::new(), "303>/sign-up"),
        (Method::POST, "/sign-up/sent", Vec::new(), "303>/sign-up"),
        (Method::GET, "/sign-up/finish", Vec::new(), "303>/sign-up"),
        (Method::POST, "/sign-up/finish", Vec::new(), "303>/sign-up"),
        (Method::POST, "/sign-up", Vec::new(), "422"),
        (Method::POST, "/sign-up", email("eve@example.test"), "303>/sign-up/sent"),
        (Method::POST, "/sign-up", email(seed::ANA), "303>/sign-up/sent"),
    ];
    for principal in Principal::ALL.into_iter().filter(|principal| !matches!(principal, Principal::Client | Principal::WrongClient)) {
        let scene = principal.scene_in(acts::service().await).await;
        let browser = principal.browser(&scene.app).await;
        for (method, path, form, expected) in &rows {
            let answer = ask(&scene.app, &browser, method, path, form.clone()).await;
            assert_eq!(cell(&answer), *expected, "{method} {path}, {}: {answer:?}", principal.name());
        }
        assert!(scene.app.user_or_none("eve@example.test").await.is_none(), "{}: nobody is anybody before the mail", principal.name());
    }
}
