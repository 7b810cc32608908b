//! A keep-alive HTTP/1.1 connection that costs the driver as little as possible: what it does not spend, the servers have.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::Problem;

/// An answer: status, head as text, body.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).next()
    }

    pub fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(':'))
            .filter(move |(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.trim())
    }

    pub fn json(&self) -> Result<serde_json::Value, Problem> {
        Ok(serde_json::from_slice(&self.body)?)
    }

    pub fn expect(self, status: u16) -> Result<Self, Problem> {
        if self.status == status {
            return Ok(self);
        }
        Err(format!("expected {status}, got {}: {}", self.status, String::from_utf8_lossy(&self.body)).into())
    }
}

pub struct Connection {
    address: SocketAddr,
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Result<Self, Problem> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { address, stream, buffer: Vec::with_capacity(8192) })
    }

    pub async fn get(&mut self, path: &str, headers: &str) -> Result<Answer, Problem> {
        self.send(format!("GET {path} HTTP/1.1\r\nhost: {}\r\n{headers}\r\n", self.address)).await
    }

    pub async fn post(&mut self, path: &str, headers: &str, form: &str) -> Result<Answer, Problem> {
        let length = form.len();
        self.send(format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n{headers}\r\n{form}",
            self.address
        ))
        .await
    }

    async fn send(&mut self, request: String) -> Result<Answer, Problem> {
        self.stream.write_all(request.as_bytes()).await?;
        self.buffer.clear();
        let head_end = loop {
            if let Some(at) = find(&self.buffer, b"\r\n\r\n") {
                break at;
            }
            self.fill().await?;
        };
        let head = String::from_utf8_lossy(self.buffer.get(..head_end).unwrap_or_default()).into_owned();
        let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).ok_or("no status")?;
        let mut answer = Answer { status, head, body: Vec::new() };
        let start = head_end + 4;
        answer.body = match answer.header("content-length") {
            Some(length) => self.sized(start, length.parse()?).await?,
            None if answer.header("transfer-encoding").is_some() => self.chunked(start).await?,
            None => Vec::new(),
        };
        if answer.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close")) {
            *self = Self::open(self.address).await?;
        }
        Ok(answer)
    }

    async fn fill(&mut self) -> Result<(), Problem> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Err("the server closed the connection".into());
        }
        Ok(())
    }

    async fn sized(&mut self, start: usize, length: usize) -> Result<Vec<u8>, Problem> {
        while self.buffer.len() < start + length {
            self.fill().await?;
        }
        Ok(self.buffer.get(start..start + length).unwrap_or_default().to_vec())
    }

    async fn chunked(&mut self, mut at: usize) -> Result<Vec<u8>, Problem> {
        let mut body = Vec::new();
        loop {
            let line_end = loop {
                if let Some(end) = find(self.buffer.get(at..).unwrap_or_default(), b"\r\n") {
                    break at + end;
                }
                self.fill().await?;
            };
            let size = std::str::from_utf8(self.buffer.get(at..line_end).unwrap_or_default())?;
            let size = usize::from_str_radix(size.trim(), 16)?;
            let chunk = self.sized(line_end + 2, size + 2).await?;
            if size == 0 {
                return Ok(body);
            }
            body.extend_from_slice(chunk.get(..size).unwrap_or_default());
            at = line_end + 2 + size + 2;
        }
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// A browser's cookies, names and values only.
#[derive(Default, Clone)]
pub struct Jar(Vec<(String, String)>);

impl Jar {
    pub fn take(&mut self, answer: &Answer) {
        for cookie in answer.headers("set-cookie") {
            let Some((name, value)) = cookie.split(';').next().and_then(|pair| pair.split_once('=')) else { continue };
            self.0.retain(|(n, _)| n != name);
            if !value.is_empty() {
                self.0.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    pub fn header(&self) -> String {
        let pairs: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("cookie: {}\r\n", pairs.join("; "))
    }
}
