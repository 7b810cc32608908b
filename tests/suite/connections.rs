//! Over real sockets: slow clients, giant inputs, many connections; and that cheap answers do not wait for passwords.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
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

    /// So many connections, each answered once and still open.
    async fn held(&self, number: usize) -> Vec<TcpStream> {
        let mut held = Vec::new();
        for _ in 0..number {
            let mut stream = self.connect().await;
            stream.write_all(b"GET /jwks HTTP/1.1\r\nhost: idp.test\r\n\r\n").await.unwrap();
            let mut begin = [0; 12];
            tokio::time::timeout(PATIENCE, stream.read_exact(&mut begin)).await.unwrap().unwrap();
            assert_eq!(&begin, b"HTTP/1.1 200");
            held.push(stream);
        }
        held
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

/// Sends this, then one byte after another; so many have been sent. Ends when the other side closes.
fn dripping(stream: TcpStream, begin: &'static [u8], pause: Duration) -> (Arc<AtomicUsize>, JoinHandle<Vec<u8>>) {
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    let task = tokio::spawn(async move {
        let (mut reader, mut writer) = stream.into_split();
        let reading = tokio::spawn(async move {
            let mut answer = Vec::new();
            let _ = reader.read_to_end(&mut answer).await;
            answer
        });
        if writer.write_all(begin).await.is_ok() {
            while !reading.is_finished() && writer.write_all(b"a").await.is_ok() {
                counted.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(pause).await;
            }
        }
        reading.await.unwrap()
    });
    (sent, task)
}

/// Others are answered while those drip, which they do before and after.
async fn answers_meanwhile(running: &Running, dripping: &[&AtomicUsize]) {
    let more = async |at_least: usize| {
        while dripping.iter().any(|sent| sent.load(Ordering::Relaxed) < at_least) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, more(3)).await.expect("they drip");
    let before = dripping.iter().map(|sent| sent.load(Ordering::Relaxed)).max().unwrap_or_default();
    for path in ["/jwks", "/login", "/health/ready"] {
        assert!(get(running.address, path).await.starts_with("HTTP/1.1 200"), "{path}");
    }
    tokio::time::timeout(PATIENCE, more(before + 1)).await.expect("they still drip when the answer has come");
}

/// Slowloris: clients that send their headers byte by byte, or nothing, are closed; others are answered meanwhile.
#[tokio::test]
async fn slow_headers_are_not_waited_for() {
    let running = Running::with(|config| config.server.header_read_timeout = "8s".parse().unwrap()).await;
    let mut silent = running.connect().await;
    let mut slow = Vec::new();
    for _ in 0..20 {
        slow.push(dripping(running.connect().await, b"GET / HTTP/1.1\r\nhost: idp.test\r\nx-slow: ", Duration::from_millis(20)));
    }
    let sent: Vec<&AtomicUsize> = slow.iter().map(|(sent, _)| &**sent).collect();
    answers_meanwhile(&running, &sent).await;
    for (_, task) in slow {
        let answer = tokio::time::timeout(PATIENCE, task).await.expect("closed although bytes kept coming").unwrap();
        assert!(!answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    }
    assert_eq!(rest(&mut silent).await, "", "closed without an answer");
    running.end().await;
}

/// The same with a body that does not end: the request has a time for all of it.
#[tokio::test]
async fn slow_bodies_are_not_waited_for() {
    const HEAD: &[u8] =
        b"POST /token HTTP/1.1\r\nhost: idp.test\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 60000\r\n\r\n";
    let running = Running::with(|config| config.server.request_timeout = "8s".parse().unwrap()).await;
    let mut slow = Vec::new();
    for _ in 0..20 {
        slow.push(dripping(running.connect().await, HEAD, Duration::from_millis(20)));
    }
    let sent: Vec<&AtomicUsize> = slow.iter().map(|(sent, _)| &**sent).collect();
    answers_meanwhile(&running, &sent).await;
    for (_, task) in slow {
        let answer = tokio::time::timeout(PATIENCE, task).await.expect("ended although bytes kept coming").unwrap();
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 503") || answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
    running.end().await;
}

/// Of all connections there are so many and no more: who comes later waits, and has their turn when one ends. Operators' own port is not counted.
#[tokio::test]
async fn there_are_so_many_connections_and_no_more() {
    let running = Running::with(|config| config.server.max_connections = 3).await;
    let mut held = running.held(3).await;
    let address = running.address;
    let waiting = tokio::spawn(async move { get(address, "/jwks").await });
    let metrics = get(running.internal, "/metrics").await;
    assert!(metrics.contains("vestibule_connections 3"), "{metrics}");
    assert!(get(running.internal, "/health/live").await.starts_with("HTTP/1.1 200"));
    assert!(!waiting.is_finished(), "a fourth was answered beside three");
    held.pop();
    let answer = tokio::time::timeout(PATIENCE, waiting).await.expect("its turn comes").unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    running.end().await;
}

/// Giant headers, too many of them, and giant bodies are refused.
#[tokio::test]
async fn giant_inputs_are_refused() {
    let running = Running::with(|_| {}).await;
    let large = format!("GET / HTTP/1.1\r\nhost: idp.test\r\nx-large: {}\r\n\r\n", "a".repeat(64 * 1024));
    let many = format!("GET / HTTP/1.1\r\nhost: idp.test\r\n{}\r\n", "x-many: a\r\n".repeat(200));
    // Sixty-four are taken with the host among them, and not one more.
    for (others, status) in [(63, 200), (64, 431)] {
        let mut stream = running.connect().await;
        let head = format!("GET /jwks HTTP/1.1\r\nhost: idp.test\r\n{}connection: close\r\n\r\n", "x-many: a\r\n".repeat(others - 1));
        stream.write_all(head.as_bytes()).await.unwrap();
        let answer = rest(&mut stream).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{others}: {answer}");
    }
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

/// What is no HTTP never reaches us: hyper answers it, without our headers and without anything that they would protect. Decision 0027.
#[tokio::test]
async fn what_is_no_request_is_answered_with_nothing() {
    let running = Running::with(|_| {}).await;
    for request in [
        "GET /<script> HTTP/9.9\r\n\r\n",
        "<script>alert(1)</script>\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: idp.test\r\nbroken header\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: idp.test\r\ncontent-length: <script>\r\n\r\n",
    ] {
        let mut stream = running.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = rest(&mut stream).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 400"), "{request}: {answer}");
        assert!(body.is_empty() && !head.contains("script") && !head.contains("content-type"), "{request}: {answer}");
    }
    running.end().await;
}

/// One address has so many connections and no more; when one ends there is room again; operators see it.
#[tokio::test]
async fn one_address_does_not_take_all_connections() {
    let running = Running::with(|config| config.server.max_connections_per_address = 3).await;
    let mut held = running.held(3).await;
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
        // A hash takes so long that none of the queue ends while this looks.
        config.password.memory_kib = 256 * 1024;
        config.password.iterations = 16;
        config.password.hash_threads = 1;
        config.password.hash_queue = 4;
        config.password.hash_deadline = "60s".parse().unwrap();
    })
    .await;
    let passwords = running.app.app.passwords.clone();
    let verify = || {
        let passwords = passwords.clone();
        tokio::spawn(async move { passwords.verify(vestibule::secret::Secret::new("x".repeat(12)), None).await })
    };
    let reached = async |load: (usize, usize)| {
        while passwords.load() != load {
            tokio::task::yield_now().await;
        }
    };
    let mut busy = vec![verify()];
    tokio::time::timeout(PATIENCE, reached((0, 1))).await.expect("one is computed");
    busy.extend((0..4).map(|_| verify()));
    tokio::time::timeout(PATIENCE, reached((4, 1))).await.expect("four wait");
    for path in ["/jwks", "/.well-known/openid-configuration", "/login", "/health/ready"] {
        assert!(get(running.address, path).await.starts_with("HTTP/1.1 200"), "{path}");
        assert_eq!(passwords.load(), (4, 1), "{path} was answered while they waited");
    }
    {
        let browser = running.app.browser();
        let page = browser.open("/login").await.sign_in(crate::harness::seed::ANA).await;
        assert_eq!(page.status(), 503, "no room in the queue: {page:?}");
        assert!(page.answer.header("retry-after").parse::<u64>().unwrap() >= 1);
    }
    assert_eq!(passwords.load(), (4, 1), "and it did not wait to be told");
    for waiting in busy {
        waiting.abort();
    }
    running.end().await;
}
