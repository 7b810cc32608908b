//! `GET /`: what this is, for people who got here by the address bar.

use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::web::Visit;
use crate::web::pages::views::HomePage;

pub async fn get(State(app): State<App>, visit: Visit) -> Response {
    app.pages.render(&visit, visit.locale, &HomePage { issuer: app.issuer.as_str().to_owned() })
}
