//! Over real sockets: slow clients, giant inputs, many connections; and that cheap answers do not wait for passwords.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use vestibule::app::Server;
use vestibule::config::Config;

use crate::harness::TestApp;

/// Longer than anything here takes, however busy the machine is.
pub const PATIENCE: Duration = Duration::from_mins(1);

pub struct Running {
    app: TestApp,
    pub address: SocketAddr,
    internal: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let app = TestApp::with(|config| {
            config.server.listen = "127.0.0.1:0".parse().unwrap();
            config.server.internal_listen = Some("127.0.0.1:0".parse().unwrap());
            config.server.drain_delay = "0s".parse().unwrap();
            config.server.drain_timeout = "1s".parse().unwrap();
            change(config);
        })
        .await;
        let server = Server::bind(app.app.clone()).await.unwrap();
        let (address, internal) = (server.local_addr().unwrap(), server.internal_addr().unwrap());
        let stop = CancellationToken::new();
        let task = tokio::spawn(server.run(stop.clone()));
        Self { app, address, internal, stop, task }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    pub async fn end(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

/// What comes until the other side closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    let _ = read.expect("the connection is closed in the end");
    String::from_utf8_lossy(&bytes).into_owned()
}

pub async fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: idp.test\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    rest(&mut stream).await
}

/// Slowloris: a client that sends its headers byte by byte, or nothing, is closed; others are answered meanwhile.
#[tokio::test]
async fn slow_headers_are_not_waited_for() {
    let running = Running::with(|config| config.server.header_read_timeout = "400ms".parse().unwrap()).await;
    let (mut silent, mut slow) = (running.connect().await, running.connect().await);
    let (mut reader, mut writer) = slow.split();
    let dripping = async {
        for byte in b"GET / HTTP/1.1\r\nhost: idp.test\r\nx-slow: ".iter().chain(std::iter::repeat(&b'a')) {
            if writer.write_all(&[*byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let closed = async {
        let mut bytes = Vec::new();
        let _ = reader.read_to_end(&mut bytes).await;
    };
    let ended = async {
        tokio::select! {
            () = dripping => {}
            () = closed => {}
        }
    };
    assert!(get(running.address, "/jwks").await.starts_with("HTTP/1.1 200"));
    tokio::time::timeout(PATIENCE, ended).await.expect("closed although bytes kept coming");
    assert_eq!(rest(&mut silent).await, "", "closed without an answer");
    running.end().await;
}

/// Giant headers, too many of them, and giant bodies are refused.
#[tokio::test]
async fn giant_inputs_are_refused() {
    let running = Running::with(|_| {}).await;
    let large = format!("GET / HTTP/1.1\r\nhost: idp.test\r\nx-large: {}\r\n\r\n", "a".repeat(64 * 1024));
    let many = format!("GET / HTTP/1.1\r\nhost: idp.test\r\n{}\r\n", "x-many: a\r\n".repeat(200));
    for request in [large, many] {
        let mut stream = running.connect().await;
        let _ = stream.write_all(request.as_bytes()).await;
        let answer = rest(&mut stream).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
    for path in ["/token", "/login"] {
        let mut stream = running.connect().await;
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: idp.test\r\nconnection: close\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 10000000\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let _ = stream.write_all("a".repeat(200_000).as_bytes()).await;
        // The refusal, or nothing of it when the connection is gone before it was read.
        let answer = rest(&mut stream).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{path}: {answer}");
    }
    assert!(get(running.address, "/jwks").await.starts_with("HTTP/1.1 200"));
    running.end().await;
}

/// One address has so many connections and no more; when one ends there is room again; operators see it.
#[tokio::test]
async fn one_address_does_not_take_all_connections() {
    let running = Running::with(|config| config.server.max_connections_per_address = 3).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        let mut stream = running.connect().await;
        stream.write_all(b"GET /jwks HTTP/1.1\r\nhost: idp.test\r\n\r\n").await.unwrap();
        let mut begin = [0; 12];
        tokio::time::timeout(PATIENCE, stream.read_exact(&mut begin)).await.unwrap().unwrap();
        assert_eq!(&begin, b"HTTP/1.1 200");
        held.push(stream);
    }
    assert_eq!(get(running.address, "/jwks").await, "", "closed unanswered");
    let metrics = get(running.internal, "/metrics").await;
    assert!(metrics.contains("vestibule_connections 3") && metrics.contains("vestibule_connections_refused_total 1"), "{metrics}");
    held.pop();
    let room = async {
        while get(running.address, "/jwks").await.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, room).await.expect("there is room again");
    drop(held);
    running.end().await;
}

/// PW-8: while every hash thread is busy and the queue is full, cheap answers come, and further sign-ins are told to come back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cheap_answers_do_not_wait_for_passwords() {
    let running = Running::with(|config| {
        config.password.memory_kib = 64 * 1024;
        config.password.iterations = 6;
        config.password.hash_threads = 1;
        config.password.hash_queue = 4;
        config.password.hash_deadline = "500ms".parse().unwrap();
    })
    .await;
    let passwords = running.app.app.passwords.clone();
    let busy: Vec<_> = (0..8)
        .map(|_| {
            let passwords = passwords.clone();
            tokio::spawn(async move { passwords.verify(vestibule::secret::Secret::new("x".repeat(12)), None).await.is_err() })
        })
        .collect();
    let saturated = async {
        while passwords.load().1 == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, saturated).await.unwrap();
    for path in ["/jwks", "/.well-known/openid-configuration", "/login", "/health/ready"] {
        assert!(get(running.address, path).await.starts_with("HTTP/1.1 200"), "{path}");
    }
    let refused = futures_util::future::join_all(busy).await.into_iter().filter(|refused| *refused.as_ref().unwrap()).count();
    assert!(refused >= 3, "a queue of four takes no eight: {refused}");
    running.end().await;
}
