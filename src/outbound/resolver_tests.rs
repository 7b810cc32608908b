//! Names whose answers change or are mixed, and what would go around the look-up: connections that are kept, proxies.

use std::collections::VecDeque;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::super::guard::Reach;
use super::super::{CallError, Caller, Outbound, builder};
use super::*;
use crate::config;

/// A look-up that answers with one line of `answers` after the other.
fn answering(answers: &[&str]) -> impl Fn(String) -> Looking + Send + Sync + 'static {
    let parse = |line: &&str| line.split(' ').map(|address| SocketAddr::new(address.parse().unwrap(), 0)).collect::<Vec<_>>();
    let answers: Mutex<VecDeque<Vec<SocketAddr>>> = Mutex::new(answers.iter().map(parse).collect());
    move |_| {
        let next = answers.lock().unwrap().pop_front();
        Box::pin(async move { next.ok_or_else(|| io::Error::other("nobody expected this look-up")) })
    }
}

fn guard(allowed: &str, reach: Reach) -> Arc<Guard> {
    Arc::new(Guard::new(allowed.parse().unwrap(), reach))
}

/// What a resolver that may go to public addresses says to each answer in its turn: the addresses, or that they are forbidden.
async fn said(answers: &[&str]) -> Vec<Option<usize>> {
    let resolver = GuardedResolver { guard: guard("", Reach::Public), look_up: answering(answers) };
    let mut said = Vec::new();
    for _ in answers {
        said.push(match resolver.resolve("app.test".parse().unwrap()).await {
            Ok(addresses) => Some(addresses.count()),
            Err(error) if error.is::<Forbidden>() => None,
            Err(error) => panic!("{error}"),
        });
    }
    said
}

#[tokio::test]
async fn one_private_address_among_public_ones_forbids_the_name() {
    assert_eq!(said(&["8.8.8.8 2606:4700:4700::1111"]).await, [Some(2)]);
    for mixed in ["8.8.8.8 127.0.0.1", "10.0.0.1 8.8.8.8", "8.8.8.8 ::1", "2606:4700:4700::1111 169.254.169.254", "8.8.8.8 ::ffff:10.0.0.1"]
    {
        assert_eq!(said(&[mixed]).await, [None], "{mixed}");
    }
}

#[tokio::test]
async fn each_call_is_held_to_what_the_name_means_by_then() {
    assert_eq!(said(&["8.8.8.8", "127.0.0.1", "8.8.8.8"]).await, [Some(1), None, Some(1)]);
}

/// A server that keeps its connections open, answers every request on them, and counts them.
async fn patient_server() -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut request = vec![0; 4096];
                while stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                    if stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    (address, connections)
}

/// The client as it is built for the service, with names that mean what the test says.
fn outbound(allowed: &str, answers: &[&str]) -> Outbound {
    let guard = guard(allowed, Reach::AllowedOnly);
    let config = config::Outbound { allowed_networks: allowed.parse().unwrap(), ..config::Outbound::default() };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let resolver = GuardedResolver { guard: Arc::clone(&guard), look_up: answering(answers) };
    let client = builder(&config, &guard).dns_resolver(resolver).tls_certs_only([]).build().unwrap();
    let caller = Caller { client, guard };
    Outbound { public: caller.clone(), internal: caller }
}

#[tokio::test]
async fn a_second_call_asks_again_and_makes_a_connection_of_its_own() {
    let (address, connections) = patient_server().await;
    let url = format!("http://rebinding.test:{}/logout", address.port());
    let outbound = outbound("127.0.0.1", &["127.0.0.1", "127.0.0.1", "127.0.0.2", "127.0.0.1 127.0.0.2", "127.0.0.1"]);
    for _ in 0..2 {
        assert_eq!(outbound.post_form(&url, &[]).await.unwrap(), 200);
    }
    assert_eq!(connections.load(Ordering::SeqCst), 2, "no connection is used again");
    for _ in 0..2 {
        let refused = outbound.post_form(&url, &[]).await;
        assert!(matches!(&refused, Err(CallError::Forbidden { host }) if host == "rebinding.test"), "{refused:?}");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 2, "nothing was sent anywhere");
    assert_eq!(outbound.post_form(&url, &[]).await.unwrap(), 200, "forbidden then, not for ever");
}

/// Where nobody listens: a call that goes through this proxy fails.
const PROXY: &str = "http://127.0.0.1:9";

/// A proxy would look names up by itself, where no guard stands. The environment is a process's: this test runs itself in another one.
#[tokio::test]
async fn a_proxy_in_the_environment_is_ignored() {
    const VARIABLES: [&str; 3] = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
    if std::env::var(VARIABLES[0]).is_ok_and(|proxy| proxy == PROXY) {
        let (address, connections) = patient_server().await;
        let config = config::Outbound { allowed_networks: "127.0.0.1".parse().unwrap(), ..config::Outbound::default() };
        let outbound = Outbound::new(&config).unwrap();
        assert_eq!(outbound.post_form(&format!("http://{address}/logout"), &[]).await.unwrap(), 200);
        assert_eq!(connections.load(Ordering::SeqCst), 1);
        return;
    }
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", "outbound::resolver::tests::a_proxy_in_the_environment_is_ignored"]);
    for name in ["NO_PROXY", "no_proxy", "REQUEST_METHOD"] {
        again.env_remove(name);
    }
    let output = again.envs(VARIABLES.map(|name| (name, PROXY))).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}
