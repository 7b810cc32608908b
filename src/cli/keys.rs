//! `keys`.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Subcommand;
use serde_json::json;

use super::failure::Failure;
use super::moment::rfc3339;
use super::output::{Answer, table};
use super::{database, keys_at_rest};
use crate::app::App;
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::keys::{self, KeyInfo, KeyState};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// The signing keys and when they sign.
    List,
    /// Make new signing keys. They sign after `keys.publish_before_use`, once relying parties have seen them.
    Rotate {
        /// Sign with them in a few seconds, when every replica publishes them. Tokens may be refused until relying parties fetch the JWKS again.
        #[arg(long)]
        immediately: bool,
    },
    /// For a key in wrong hands: it leaves the JWKS at once, everything it signed is worthless, and another takes its place.
    Revoke { kid: String },
    /// Which key-encryption key (`*.kek`) seals how much of what rests in the database.
    Check,
    /// Make a key-encryption key: 64 hexadecimal digits on standard output, or in a new file that you alone can read.
    GenerateKek { file: Option<PathBuf> },
    /// Seal everything that rests in the database under the newest key-encryption key, so that older ones can be taken away. The service may run.
    Rewrap,
}

pub(super) async fn run(command: Command, config: &Config) -> Result<Answer, Failure> {
    match command {
        Command::List => read(config).await,
        Command::GenerateKek { file } => keys_at_rest::generate(file.as_deref()),
        Command::Check => keys_at_rest::check(config).await,
        Command::Rotate { immediately } => {
            let app = App::open(config.clone(), Arc::new(SystemClock)).await?;
            closing(&app, rotate(&app, immediately).await).await
        }
        Command::Revoke { kid } => {
            let app = App::open(config.clone(), Arc::new(SystemClock)).await?;
            closing(&app, revoke(&app, &kid).await).await
        }
        Command::Rewrap => {
            let app = App::open(config.clone(), Arc::new(SystemClock)).await?;
            closing(&app, keys_at_rest::rewrap(&app).await).await
        }
    }
}

async fn closing(app: &App, answer: Result<Answer, Failure>) -> Result<Answer, Failure> {
    app.store.close().await;
    answer
}

/// From the store alone: looking at the keys makes none.
async fn read(config: &Config) -> Result<Answer, Failure> {
    let store = database::open_to_read(config).await?;
    let keys = keys::list(&store, SystemClock.now()).await;
    store.close().await;
    Ok(list(&keys?))
}

fn list(keys: &[KeyInfo]) -> Answer {
    let until = |key: &KeyInfo| key.retires_at.map(rfc3339).unwrap_or_default();
    let row = |key: &KeyInfo| {
        let times = [rfc3339(key.created_at), rfc3339(key.active_at), until(key)];
        [key.kid.clone(), key.algorithm.name().to_owned(), state(key.state).to_owned()].into_iter().chain(times).collect()
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
    Answer::new(table(&["kid", "alg", "state", "made", "signs from", "until"], &rows), &json)
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
    Ok(Answer::new(format!("New keys:\n  {}", kids.join("\n  ")), &json!({ "kids": kids })))
}

async fn revoke(app: &App, kid: &str) -> Result<Answer, Failure> {
    let before = kids(app);
    if !before.iter().any(|known| known == kid) || !app.keys.revoke(kid).await? {
        return Err(Failure::new(format!("There is no key {kid}. `vestibule keys list` shows all.")));
    }
    let made: Vec<KeyInfo> = app.keys.list().into_iter().filter(|key| !before.contains(&key.kid)).collect();
    let new: Vec<&str> = made.iter().map(|key| key.kid.as_str()).collect();
    let text = format!("Revoked {kid}. Running services drop it within seconds; relying parties when they fetch the JWKS again.");
    let text = if new.is_empty() { text } else { format!("{text}\nIn its place:\n  {}", new.join("\n  ")) };
    Ok(Answer::new(text, &json!({ "kid": kid, "revoked": true, "kids": new })))
}

fn kids(app: &App) -> Vec<String> {
    app.keys.list().into_iter().map(|key| key.kid).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::database::within;
    use crate::clock::Timestamp;
    use crate::keys::Algorithm;
    use crate::store::{audit_events, signing_keys};

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
        assert!(answer.text.contains("k1   ES256  active  2023-11-14T22:13:20Z  2023-11-14T22:13:20Z"), "{}", answer.text);
        assert_eq!(answer.json[0]["alg"], "ES256");
    }

    #[tokio::test]
    async fn listing_makes_no_key() {
        let directory = tempfile::tempdir().unwrap();
        let config = within(directory.path());
        let store = database::open(&config).await.unwrap();
        let listed = run(Command::List, &config).await.unwrap();
        assert_eq!(listed.json, json!([]));
        assert!(signing_keys::list(&store.read()).await.unwrap().is_empty());
        assert!(!config.keys.directory.exists());
    }

    #[tokio::test]
    async fn a_revoked_key_is_gone_and_recorded_and_another_takes_its_place() {
        let directory = tempfile::tempdir().unwrap();
        let config = within(directory.path());
        run(Command::Rotate { immediately: true }, &config).await.unwrap();
        let listed = run(Command::List, &config).await.unwrap().json;
        let active = listed.as_array().unwrap().iter().find(|key| key["state"] == "active" && key["alg"] == "ES256").unwrap();
        let kid = active["kid"].as_str().unwrap().to_owned();
        let revoke = || run(Command::Revoke { kid: kid.clone() }, &config);
        let answer = revoke().await.unwrap();
        assert_eq!(answer.json["kids"].as_array().unwrap().len(), 1, "{}", answer.text);
        let listed = run(Command::List, &config).await.unwrap();
        assert!(!listed.text.contains(&kid) && listed.text.contains(answer.json["kids"][0].as_str().unwrap()), "{}", listed.text);
        let store = database::open(&config).await.unwrap();
        let events = audit_events::list(&store.read(), 100).await.unwrap();
        assert!(events.iter().any(|event| event.kind == "key.rotated" && event.detail.contains("\"immediately\":true")));
        for kind in ["key.created", "key.revoked"] {
            assert!(events.iter().any(|event| event.kind == kind && event.detail.contains(&kid)), "{kind}");
        }
        let again = revoke().await.unwrap_err().to_string();
        assert!(again.contains("There is no key"), "{again}");
    }
}
