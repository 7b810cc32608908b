//! Starting the servers, and what they cost: CPU and memory as the kernel accounts for them.

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Problem;
use crate::http::Connection;

/// A server process and those it depends on; ended when dropped.
pub struct Server {
    child: Child,
    /// Processes whose children count as well: PostgreSQL's postmaster.
    beside: Vec<u32>,
    pub address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn free_port() -> Result<u16, Problem> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

impl Server {
    /// Starts a command that will listen on `port`; answers when `path` gives 200, and how long that took.
    pub async fn start(mut command: Command, port: u16, path: &str, beside: Vec<u32>) -> Result<(Self, Duration), Problem> {
        let started = Instant::now();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log_file()?).spawn()?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let mut server = Self { child, beside, address };
        while started.elapsed() < Duration::from_mins(1) {
            if let Some(status) = server.child.try_wait()? {
                return Err(format!("{command:?} ended with {status}; see {}", log_path().display()).into());
            }
            if let Ok(mut connection) = Connection::open(address).await
                && connection.get(path, "").await.is_ok_and(|answer| answer.status == 200)
            {
                return Ok((server, started.elapsed()));
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Err(format!("{command:?} does not answer").into())
    }

    /// CPU used so far by the server and what it depends on.
    pub fn cpu(&self) -> Duration {
        let own = ticks(self.child.id());
        let others: u64 = self.beside.iter().flat_map(|&pid| family(pid)).map(ticks).sum();
        // USER_HZ is 100 on every Linux that matters.
        Duration::from_millis((own + others) * 10)
    }

    /// Resident memory of the server alone, in MiB.
    pub fn rss_mib(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).and_then(|rest| rest.trim().strip_suffix(" kB"));
        kib.and_then(|kib| kib.trim().parse::<f64>().ok()).unwrap_or_default() / 1024.0
    }
}

fn log_path() -> PathBuf {
    std::env::temp_dir().join("vestibule-load.log")
}

fn log_file() -> Result<std::fs::File, Problem> {
    Ok(std::fs::OpenOptions::new().create(true).append(true).open(log_path())?)
}

/// User and system time of a process, in clock ticks.
fn ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The command's name may contain spaces: fields are counted after it.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    [11, 12].iter().filter_map(|&at| fields.get(at)?.parse::<u64>().ok()).sum()
}

/// A process and all that descend from it.
fn family(root: u32) -> Vec<u32> {
    let mut parents: HashMap<u32, u32> = HashMap::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let parent = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)?.parse().ok());
        parents.insert(pid, parent.unwrap_or(0));
    }
    let descends = |mut pid: u32| {
        while pid > 1 {
            if pid == root {
                return true;
            }
            pid = parents.get(&pid).copied().unwrap_or(0);
        }
        false
    };
    parents.keys().copied().filter(|&pid| descends(pid)).collect()
}

/// A Vestibule server on a directory of its own.
pub fn vestibule(directory: &Path, database_url: &str, port: u16, settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
    command
        .arg("serve")
        .env("VESTIBULE_SERVER__LISTEN", format!("127.0.0.1:{port}"))
        .env("VESTIBULE_SERVER__PUBLIC_URL", format!("http://127.0.0.1:{port}"))
        .env("VESTIBULE_DATABASE__URL", database_url)
        .env("VESTIBULE_KEYS__DIRECTORY", directory.join("keys"))
        .env("VESTIBULE_LIMITS__ENABLED", "false")
        .env("VESTIBULE_LOG__FILTER", "warn")
        .envs(settings.iter().copied());
    command
}
