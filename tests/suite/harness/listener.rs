//! A relying party's back-channel logout endpoint, listening on loopback.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use http::StatusCode;
use tokio::sync::Notify;

#[derive(Clone, Default)]
struct Seen {
    bodies: Arc<Mutex<Vec<String>>>,
    arrived: Arc<Notify>,
    answers: Arc<Mutex<Vec<u16>>>,
}

pub struct Listener {
    pub url: String,
    seen: Seen,
    task: tokio::task::JoinHandle<()>,
}

impl Listener {
    /// Answers 200 to everything.
    pub async fn start() -> Self {
        Self::answering(&[]).await
    }

    /// Answers with these statuses in turn, then 200.
    pub async fn answering(statuses: &[u16]) -> Self {
        let seen = Seen::default();
        seen.answers.lock().unwrap().extend(statuses.iter().rev());
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/backchannel-logout", socket.local_addr().unwrap());
        let router = Router::new().route("/backchannel-logout", post(receive)).with_state(seen.clone());
        let task = tokio::spawn(async move {
            let _ = axum::serve(socket, router).await;
        });
        Self { url, seen, task }
    }

    /// The bodies received so far.
    pub fn received(&self) -> Vec<String> {
        self.seen.bodies.lock().unwrap().clone()
    }

    /// Waits until so many have arrived.
    pub async fn wait_for(&self, count: usize) -> Vec<String> {
        let enough = async {
            loop {
                let arrived = self.seen.arrived.notified();
                if self.received().len() >= count {
                    return;
                }
                arrived.await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(20), enough).await;
        assert!(waited.is_ok(), "{} of {count} notices arrived", self.received().len());
        self.received()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn receive(State(seen): State<Seen>, body: String) -> StatusCode {
    seen.bodies.lock().unwrap().push(body);
    let status = seen.answers.lock().unwrap().pop().unwrap_or(200);
    seen.arrived.notify_waiters();
    StatusCode::from_u16(status).unwrap()
}
