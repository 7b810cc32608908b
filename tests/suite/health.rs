//! Liveness and readiness.

use crate::harness::TestApp;

/// Alive means: the process answers. Ready means: requests may be sent here.
#[tokio::test]
async fn a_running_service_is_live_and_ready() {
    let app = TestApp::start().await;
    for path in ["/health/live", "/health/ready"] {
        let answer = app.get(path).await.expect(200);
        assert!(answer.header("cache-control").contains("no-store"));
        answer.json();
    }
}

/// While draining it is not ready, but alive.
#[tokio::test]
async fn a_draining_service_is_not_ready_but_live() {
    let app = TestApp::start().await;
    app.app.draining.store(true, std::sync::atomic::Ordering::Relaxed);
    app.get("/health/ready").await.expect(503);
    app.get("/health/live").await.expect(200);
}
