//! Cross-origin requests of browsers' clients (Fetch §3.2): discovery, JWKS, token, device authorization, revocation, userinfo; never the authorization endpoint.
//!
//! Any origin may ask and nothing is ever sent with the browser's own credentials: what protects these endpoints is the code, the
//! verifier or the token in the request, and no cookie is read there.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, StatusCode, header};

/// Answers preflights and marks every other answer, refusals included, as readable from any origin. To be mounted outside the limits: a
/// preflight costs nothing, and a refusal that a script cannot read helps nobody.
pub async fn layer(request: Request, next: Next) -> Response {
    let mut response = if request.method() == Method::OPTIONS { preflight().into_response() } else { next.run(request).await };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("WWW-Authenticate, Retry-After"));
    response
}

/// `OPTIONS` (Fetch §3.2.2). No `Access-Control-Allow-Credentials`: browsers then send no cookies.
fn preflight() -> impl IntoResponse {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "Authorization, Content-Type"),
        (header::ACCESS_CONTROL_MAX_AGE, "7200"),
    ];
    (StatusCode::NO_CONTENT, headers)
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn;
    use axum::routing::post;
    use tower::ServiceExt as _;

    use super::*;

    async fn ask(method: Method) -> Response {
        let router = Router::new().route("/token", post(|| async { "token" }).layer(from_fn(layer)));
        let request = Request::builder().method(method).uri("/token").body(Body::empty()).unwrap();
        router.oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn a_preflight_is_answered_without_the_handler() {
        let response = ask(Method::OPTIONS).await;
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
        assert_eq!(response.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        assert_eq!(response.headers()[header::ACCESS_CONTROL_ALLOW_HEADERS], "Authorization, Content-Type");
        assert!(!response.headers().contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
    }

    #[tokio::test]
    async fn answers_and_refusals_alike_are_readable() {
        assert_eq!(ask(Method::POST).await.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        let refused = ask(Method::GET).await;
        assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(refused.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    }
}
