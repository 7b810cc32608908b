//! `keys`.

use std::sync::Arc;

use clap::Subcommand;
use serde_json::json;

use super::failure::Failure;
use super::moment::rfc3339;
use super::output::{Answer, table};
use crate::app::App;
use crate::audit::{self, Event, Kind, Origin};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::keys::{KeyInfo, KeyState};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// The signing keys and when they sign.
    List,
    /// Make new signing keys. They sign after `keys.publish_before_use`, once relying parties have seen them.
    Rotate {
        /// Sign with them at once: after a key was lost. Tokens may be refused until relying parties fetch the JWKS again.
        #[arg(long)]
        immediately: bool,
    },
}

pub(super) async fn run(command: Command, config: &Config) -> Result<Answer, Failure> {
    let app = App::open(config.clone(), Arc::new(SystemClock)).await?;
    let answer = match command {
        Command::List => Ok(list(&app.keys.list())),
        Command::Rotate { immediately } => rotate(&app, immediately).await,
    };
    app.store.close().await;
    answer
}

fn list(keys: &[KeyInfo]) -> Answer {
    let until = |key: &KeyInfo| key.retires_at.map(rfc3339).unwrap_or_default();
    let row = |key: &KeyInfo| {
        vec![key.kid.clone(), key.algorithm.name().to_owned(), state(key.state).to_owned(), rfc3339(key.active_at), until(key)]
    };
    let view = |key: &KeyInfo| {
        json!({
            "kid": key.kid,
            "alg": key.algorithm.name(),
            "state": state(key.state),
            "created_at": rfc3339(key.created_at),
            "active_at": rfc3339(key.active_at),
            "retires_at": key.retires_at.map(rfc3339),
            "expires_at": key.expires_at.map(rfc3339),
        })
    };
    let rows: Vec<Vec<String>> = keys.iter().map(row).collect();
    let json: Vec<serde_json::Value> = keys.iter().map(view).collect();
    Answer::new(table(&["kid", "alg", "state", "signs from", "until"], &rows), &json)
}

const fn state(state: KeyState) -> &'static str {
    match state {
        KeyState::Next => "next",
        KeyState::Active => "active",
        KeyState::Retiring => "retiring",
    }
}

async fn rotate(app: &App, immediately: bool) -> Result<Answer, Failure> {
    let kids = app.keys.rotate(immediately).await?;
    let now = app.now();
    let event = Event::new(Kind::KeyRotated, &Origin::default())
        .detail("by", "command line")
        .detail("kids", kids.clone())
        .detail("immediately", immediately);
    app.store
        .write(move |conn| {
            let event = event.clone();
            Box::pin(async move { audit::record(conn, &event, now).await })
        })
        .await?;
    Ok(Answer::new(format!("New keys:\n  {}", kids.join("\n  ")), &json!({ "kids": kids })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::keys::Algorithm;

    #[test]
    fn keys_are_listed_with_their_state() {
        let at = Timestamp::from_secs(1_700_000_000);
        let key = KeyInfo {
            kid: "k1".to_owned(),
            algorithm: Algorithm::ES256,
            state: KeyState::Active,
            created_at: at,
            active_at: at,
            retires_at: None,
            expires_at: None,
        };
        let answer = list(&[key]);
        assert!(answer.text.contains("k1   ES256  active  2023-11-14T22:13:20Z"), "{}", answer.text);
        assert_eq!(answer.json[0]["alg"], "ES256");
    }
}
