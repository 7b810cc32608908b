//! HTTP/2 over real sockets, frame by frame (RFC 9113): what costs a client nothing must not cost the service much.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use crate::connections::{PATIENCE, Running, get};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const CANCEL: [u8; 4] = [0, 0, 0, 8];

struct Frame {
    kind: u8,
    stream: u32,
    payload: Vec<u8>,
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// RFC 7541 §6.2.2: a literal with a name of the static table, or of its own.
fn literal(index: u8, value: &str) -> Vec<u8> {
    let name = if index < 15 { vec![index] } else { vec![15, index - 15] };
    [name, vec![u8::try_from(value.len()).unwrap()], value.as_bytes().to_vec()].concat()
}

/// `GET /jwks`.
fn asking() -> Vec<u8> {
    [vec![0x82, 0x86], literal(4, "/jwks"), literal(1, "idp.test")].concat()
}

/// `POST /login`, which waits for its body.
fn posting() -> Vec<u8> {
    [vec![0x83, 0x86], literal(4, "/login"), literal(1, "idp.test"), literal(31, "application/x-www-form-urlencoded")].concat()
}

async fn connect(address: SocketAddr) -> (OwnedReadHalf, OwnedWriteHalf) {
    let (reader, mut writer) = TcpStream::connect(address).await.unwrap().into_split();
    writer.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()).await.unwrap();
    (reader, writer)
}

/// The next frame; none when the connection is closed.
async fn next(reader: &mut OwnedReadHalf) -> Option<Frame> {
    let read = async {
        let mut head = [0; 9];
        reader.read_exact(&mut head).await.ok()?;
        let mut payload = vec![0; usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2])];
        reader.read_exact(&mut payload).await.ok()?;
        Some(Frame { kind: head[3], stream: u32::from_be_bytes([head[5], head[6], head[7], head[8]]), payload })
    };
    tokio::time::timeout(PATIENCE, read).await.expect("a frame, or the end")
}

/// Reads what comes, until the connection is closed.
fn drain(mut reader: OwnedReadHalf) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move { while next(&mut reader).await.is_some() {} })
}

/// Whether the other side closes before all of this is sent.
async fn is_stopped(address: SocketAddr, mut flood: impl FnMut(u32) -> Option<Vec<u8>>) -> bool {
    let (reader, mut writer) = connect(address).await;
    let draining = drain(reader);
    let mut round = 0;
    while let Some(bytes) = flood(round) {
        let written = tokio::time::timeout(PATIENCE, writer.write_all(&bytes)).await.expect("it takes the bytes, or closes");
        if written.is_err() || draining.is_finished() {
            return true;
        }
        round += 1;
    }
    tokio::time::timeout(PATIENCE, draining).await.is_ok()
}

async fn still_serves(running: Running) {
    assert!(get(running.address, "/jwks").await.starts_with("HTTP/1.1 200"));
    running.end().await;
}

/// What a client may do is announced, and holds: streams beyond the limit are refused, those below stay.
#[tokio::test]
async fn streams_have_a_limit_that_is_announced() {
    let running = Running::with(|_| {}).await;
    let (mut reader, mut writer) = connect(running.address).await;
    let settings = next(&mut reader).await.unwrap();
    assert_eq!(settings.kind, SETTINGS);
    let value =
        |id: u8| settings.payload.chunks(6).find(|pair| pair[..2] == [0, id]).map(|pair| u32::from_be_bytes(pair[2..].try_into().unwrap()));
    assert_eq!((value(3), value(6)), (Some(100), Some(16 * 1024)), "MAX_CONCURRENT_STREAMS, MAX_HEADER_LIST_SIZE");
    let opened: Vec<u8> = (0..150).flat_map(|n| frame(HEADERS, END_HEADERS, 2 * n + 1, &posting())).collect();
    writer.write_all(&opened).await.unwrap();
    let mut refused = 0;
    while refused < 50 {
        let frame = next(&mut reader).await.expect("the connection stays");
        if frame.kind == RST_STREAM {
            assert_eq!((frame.payload.as_slice(), frame.stream > 200), (&[0, 0, 0, 7][..], true), "REFUSED_STREAM");
            refused += 1;
        }
    }
    drop((reader, writer));
    still_serves(running).await;
}

/// CVE-2023-44487, rapid reset: requests that are taken back at once, in the same packet.
#[tokio::test]
async fn cve_2023_44487_requests_taken_back_at_once_end_the_connection() {
    let running = Running::with(|_| {}).await;
    let stopped = is_stopped(running.address, |round| {
        let pair =
            |n: u32| [frame(HEADERS, END_HEADERS | END_STREAM, 2 * n + 1, &asking()), frame(RST_STREAM, 0, 2 * n + 1, &CANCEL)].concat();
        (round < 200).then(|| (round * 100..(round + 1) * 100).flat_map(pair).collect())
    })
    .await;
    assert!(stopped, "twenty thousand requests were taken back on one connection");
    still_serves(running).await;
}

/// The same when each is let in first: the limit of concurrent streams bounds nothing when they come and go.
#[tokio::test]
async fn cve_2023_44487_requests_taken_back_when_they_run_end_the_connection() {
    let running = Running::with(|_| {}).await;
    let (mut reader, mut writer) = connect(running.address).await;
    let mut rounds = 0_u32;
    'rounds: while rounds < 100 {
        let streams = || (rounds * 50..(rounds + 1) * 50).map(|n| 2 * n + 1);
        let open: Vec<u8> = streams().flat_map(|stream| frame(HEADERS, END_HEADERS, stream, &posting())).collect();
        let end: Vec<u8> = streams().flat_map(|stream| frame(RST_STREAM, 0, stream, &CANCEL)).collect();
        if writer.write_all(&[open, frame(PING, 0, 0, &[0; 8])].concat()).await.is_err() {
            break;
        }
        loop {
            match next(&mut reader).await {
                None => break 'rounds,
                Some(frame) if frame.kind == PING => break,
                Some(_) => {}
            }
        }
        if writer.write_all(&end).await.is_err() {
            break;
        }
        rounds += 1;
    }
    assert!(rounds < 100, "five thousand running requests were taken back on one connection");
    still_serves(running).await;
}

/// CVE-2024-27316 and others: headers that never end.
#[tokio::test]
async fn cve_2024_27316_headers_without_end_end_the_connection() {
    let running = Running::with(|_| {}).await;
    for payload in [vec![], literal(31, "text/plain")] {
        let stopped = is_stopped(running.address, |round| match round {
            0 => Some(frame(HEADERS, 0, 1, &asking())),
            1..2000 => Some(frame(CONTINUATION, 0, 1, &payload).repeat(100)),
            _ => None,
        })
        .await;
        assert!(stopped, "two hundred thousand CONTINUATION frames of {} bytes were read", payload.len());
    }
    still_serves(running).await;
}

/// More headers than were announced are no request.
#[tokio::test]
async fn giant_headers_are_refused() {
    let running = Running::with(|_| {}).await;
    let (mut reader, mut writer) = connect(running.address).await;
    let many = literal(31, &"x".repeat(120)).repeat(400);
    let mut bytes = frame(HEADERS, END_STREAM, 1, &asking());
    for part in many.chunks(16_000) {
        bytes.extend(frame(CONTINUATION, 0, 1, part));
    }
    bytes.extend(frame(CONTINUATION, END_HEADERS, 1, &[]));
    let _ = writer.write_all(&bytes).await;
    loop {
        match next(&mut reader).await {
            None => break,
            Some(frame) if frame.stream != 1 && frame.kind != 7 => {}
            Some(frame) => {
                assert!(frame.kind != HEADERS || frame.payload.first() != Some(&0x88), "answered 200");
                break;
            }
        }
    }
    drop((reader, writer));
    still_serves(running).await;
}

/// Frames that ask for an answer, from somebody who reads none: the connection ends with the deadline for its first request, whatever comes.
#[tokio::test]
async fn pings_and_settings_keep_no_connection_and_fill_no_memory() {
    let running = Running::with(|config| config.server.header_read_timeout = "400ms".parse().unwrap()).await;
    for flood in [frame(PING, 0, 0, &[0; 8]), frame(SETTINGS, 0, 0, &[0, 2, 0, 0, 0, 0])] {
        let (_reader, mut writer) = connect(running.address).await;
        let flooding = async { while writer.write_all(&flood.repeat(1000)).await.is_ok() {} };
        tokio::time::timeout(PATIENCE, flooding).await.expect("closed although frames kept coming");
    }
    still_serves(running).await;
}
