//! The physical limits of the steps, measured in the same run: signatures, hashes and durable commits per second.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use vestibule::account::password::Passwords;
use vestibule::clock::{Clock as _, SystemClock};
use vestibule::config;
use vestibule::secret::{Secret, id, random_id};
use vestibule::store::Store;
use vestibule::store::grants::{self, Grant};

use crate::Problem;

/// Per second and core.
pub struct Limits {
    pub es256_signatures: f64,
    pub rs256_signatures: f64,
    pub password_hashes: f64,
    pub sqlite_commits: f64,
    pub postgres_commits: f64,
}

pub async fn measure(directory: &Path, sqlite_url: &str, postgres_url: &str, time: Duration) -> Result<Limits, Problem> {
    let _ = directory;
    Ok(Limits {
        es256_signatures: signatures(
            &josekit::jws::ES256.signer_from_jwk(&josekit::jwk::Jwk::generate_ec_key(josekit::jwk::alg::ec::EcCurve::P256)?)?,
            time,
        )?,
        rs256_signatures: signatures(&josekit::jws::RS256.signer_from_jwk(&josekit::jwk::Jwk::generate_rsa_key(2048)?)?, time)?,
        password_hashes: password_hashes(time).await?,
        sqlite_commits: commits(sqlite_url, time).await?,
        postgres_commits: commits(postgres_url, time).await?,
    })
}

fn signatures(signer: &dyn josekit::jws::JwsSigner, time: Duration) -> Result<f64, Problem> {
    let (message, started) = ([7_u8; 600], Instant::now());
    let mut count = 0_u32;
    while started.elapsed() < time {
        signer.sign(&message)?;
        count += 1;
    }
    Ok(f64::from(count) / started.elapsed().as_secs_f64())
}

/// All hash threads busy, nothing else running.
async fn password_hashes(time: Duration) -> Result<f64, Problem> {
    let settings = config::Password { hash_queue: 256, hash_deadline: config::Span::secs(60), ..config::Password::default() };
    let passwords = Passwords::start(&settings);
    let (started, until) = (Instant::now(), Instant::now() + time);
    let workers = (0..4).map(|_| {
        let passwords = passwords.clone();
        tokio::spawn(async move {
            let mut count = 0_u32;
            while Instant::now() < until && passwords.hash(Secret::new("a password for load runs".to_owned())).await.is_ok() {
                count += 1;
            }
            count
        })
    });
    let counts = futures_util::future::try_join_all(workers).await?;
    Ok(f64::from(counts.iter().sum::<u32>()) / started.elapsed().as_secs_f64())
}

/// One durable row per commit, sixteen callers.
async fn commits(url: &str, time: Duration) -> Result<f64, Problem> {
    let settings = config::Database { url: Secret::new(url.to_owned()), ..config::Database::default() };
    let store = Store::connect(&settings).await?;
    store.migrate_up().await?;
    let store = Arc::new(store);
    let (started, until) = (Instant::now(), Instant::now() + time);
    let workers = (0..16).map(|_| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let mut count = 0_u32;
            while Instant::now() < until {
                let grant = grant();
                store
                    .write(move |conn| {
                        let grant = grant.clone();
                        Box::pin(async move { grants::redeem(conn, &grant).await })
                    })
                    .await?;
                count += 1;
            }
            Ok::<_, vestibule::store::Error>(count)
        })
    });
    let mut total = 0;
    for count in futures_util::future::try_join_all(workers).await? {
        total += count?;
    }
    let rate = f64::from(total) / started.elapsed().as_secs_f64();
    store.close().await;
    Ok(rate)
}

fn grant() -> Grant {
    let now = SystemClock.now();
    Grant {
        id: id(now),
        client_id: "load".to_owned(),
        user_id: random_id(),
        session_id: random_id(),
        scope: "openid profile email".to_owned(),
        offline: false,
        auth_time: now,
        amr: vec!["pwd".to_owned()],
        acr: "aal1".to_owned(),
        nonce: Some("load".to_owned()),
        generation: 0,
        rotated_at: now,
        epoch: 0,
        created_at: now,
        expires_at: now.plus(Duration::from_hours(1)),
        revoked_at: None,
        revoked_reason: None,
    }
}
