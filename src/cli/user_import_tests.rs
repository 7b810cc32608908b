use super::*;
use crate::cli::database::temporary;
use crate::clock::Timestamp;
use crate::mfa::totp::TotpSecret;
use crate::secret::KeyEncryptionKey;
use crate::store::totp_credentials::{self, TotpState};
use crate::store::{Store, audit_events, users};

const BCRYPT: &str = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";

fn sealer() -> Sealer {
    Sealer::new(&[KeyEncryptionKey::new([7; 32])]).unwrap()
}

async fn import_csv(store: &Store, text: &str, dry_run: bool) -> Result<Answer, Failure> {
    let mut lines = import::read(Format::Csv, text).unwrap();
    take_in(store, &sealer(), &mut lines, dry_run).await
}

async fn people(store: &Store) -> Vec<String> {
    users::list(&store.read()).await.unwrap().into_iter().map(|user| user.email).collect()
}

#[tokio::test]
async fn people_come_with_their_hashes_and_secrets() {
    let (store, _directory) = temporary().await;
    let text = format!("email,name,password_hash,totp_secret\nana@b.example,Ana,{BCRYPT},JBSWY3DPEHPK3PXPJBSWY3DP\nbob@b.example,,,\n");
    let answer = import_csv(&store, &text, false).await.unwrap();
    assert!(!answer.json.to_string().contains("$2b$") && !answer.json.to_string().contains("JBSWY"), "{}", answer.json);
    let ana = users::find_by_email(&store.read(), "ana@b.example").await.unwrap().unwrap();
    assert_eq!(ana.password_hash.as_deref(), Some(BCRYPT));
    let totp = totp_credentials::find(&store.read(), ana.id, TotpState::Active).await.unwrap().unwrap();
    assert_eq!(TotpSecret::open(&sealer(), ana.id, &totp.secret).unwrap().base32(), "JBSWY3DPEHPK3PXPJBSWY3DP");
    let events = audit_events::list(&store.read(), 10).await.unwrap();
    assert_eq!(events.iter().filter(|event| event.kind == "user.imported").count(), 2);
}

#[tokio::test]
async fn one_bad_line_and_nobody_is_added() {
    let (store, _directory) = temporary().await;
    import_csv(&store, "email\nana@b.example\n", false).await.unwrap();
    let text = "email\nbob@b.example\nno address\nBOB@b.example\nana@b.example\n";
    for dry_run in [true, false] {
        let failure = import_csv(&store, text, dry_run).await.unwrap_err().to_string();
        for told in ["3 of 4", "line 3  no address: email:", "line 4  BOB@b.example: the same", "line 5  ana@b.example: there is"] {
            assert!(failure.contains(told), "{told}: {failure}");
        }
    }
    assert_eq!(people(&store).await, ["ana@b.example"]);
}

#[tokio::test]
async fn a_dry_run_changes_nothing() {
    let (store, _directory) = temporary().await;
    let answer = import_csv(&store, "email\nana@b.example\n", true).await.unwrap();
    assert!(answer.text.contains("would be added"));
    assert!(people(&store).await.is_empty());
}

#[tokio::test]
async fn somebody_added_meanwhile_undoes_the_whole_file() {
    let (store, _directory) = temporary().await;
    let mut lines = import::read(Format::Csv, "email\nana@b.example\nbob@b.example\n").unwrap();
    import::check(&store, &mut lines).await.unwrap();
    import_csv(&store, "email\nbob@b.example\n", false).await.unwrap();
    let refused = import::insert(&store, &sealer(), &lines, Timestamp::from_secs(1)).await;
    assert!(matches!(refused, Err(store::Error::Conflict)));
    assert_eq!(people(&store).await, ["bob@b.example"]);
}
