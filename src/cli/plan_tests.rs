use super::*;
use crate::cli::database::{cheap, temporary};

const STATE: &str = "[[organizations]]\nid = \"acme\"\nname = \"Acme\"\n\
    [[clients]]\nclient_id = \"app\"\nclient_secret = \"a-secret-for-the-demonstration\"\nredirect_uris = [\"http://localhost:8081/cb\"]\n";

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

#[tokio::test]
async fn a_plan_says_what_would_change_and_writes_nothing() {
    let (store, directory) = temporary().await;
    let file = directory.path().join("state.toml");
    std::fs::write(&file, STATE).unwrap();
    let writes = store.statement_counts().1;
    let first = execute(std::slice::from_ref(&file), &cheap(), &store, NOW).await.unwrap();
    assert!(first.drift && first.text.contains("+ client app") && first.text.ends_with("2 would change, 0 as declared"), "{}", first.text);
    assert!(!format!("{}{}", first.text, first.json).contains("a-secret-for"), "{}", first.text);
    assert_eq!(first.json["applied"], false);
    assert_eq!(store.statement_counts().1, writes);
    let document = declare::read(std::slice::from_ref(&file), &cheap()).unwrap();
    let options = Options { now: NOW, secret_overlap: std::time::Duration::ZERO };
    let plan = declare::plan(&store, &Passwords::start(&cheap().password), &document, options).await.unwrap();
    declare::apply(&store, &plan, NOW).await.unwrap();
    let second = execute(std::slice::from_ref(&file), &cheap(), &store, NOW).await.unwrap();
    assert!(!second.drift && !second.bad && second.text == "0 would change, 2 as declared", "{}", second.text);
}

#[tokio::test]
async fn directories_are_read_and_what_is_declared_twice_is_named_with_both_places() {
    let (store, directory) = temporary().await;
    let documents = directory.path().join("declared");
    std::fs::create_dir(&documents).unwrap();
    std::fs::write(documents.join("a.toml"), STATE).unwrap();
    let paths = [documents.clone()];
    assert!(execute(&paths, &cheap(), &store, NOW).await.unwrap().drift);
    std::fs::write(documents.join("b.toml"), "\n[[organizations]]\nid = \"acme\"\nname = \"Acme\"\n").unwrap();
    let refused = execute(&paths, &cheap(), &store, NOW).await.unwrap_err().to_string();
    assert!(refused.contains("organizations[acme] (") && refused.contains("b.toml:2)"), "{refused}");
    assert!(refused.contains("declared twice, first at") && refused.contains("a.toml:1"), "{refused}");
}

#[tokio::test]
async fn without_a_name_it_is_the_directory_of_the_settings() {
    let (store, directory) = temporary().await;
    let mut config = cheap();
    let refused = execute(&[], &config, &store, NOW).await.unwrap_err().to_string();
    assert!(refused.contains("declared.directory"), "{refused}");
    config.declared.directory = Some(directory.path().join("declared"));
    assert!(execute(&[], &config, &store, NOW).await.unwrap_err().to_string().contains("cannot be read"));
    std::fs::create_dir(directory.path().join("declared")).unwrap();
    assert!(execute(&[], &config, &store, NOW).await.unwrap_err().to_string().contains("no document"));
    std::fs::write(directory.path().join("declared/a.toml"), STATE.replace("client_secret = ", "client_secret_file = ")).unwrap();
    let answer = execute(&[], &config, &store, NOW).await.unwrap();
    assert!(answer.drift && !answer.bad && answer.text.contains("! client app is not ready (pending):"), "{}", answer.text);
    std::fs::write(directory.path().join("declared/b.toml"), "[[client]]\n").unwrap();
    let answer = execute(&[], &config, &store, NOW).await.unwrap();
    assert!(answer.bad && answer.text.contains("! document b.toml is not ready (error):"), "{}", answer.text);
    assert!(answer.text.contains("Did you mean `clients`?"), "{}", answer.text);
}
