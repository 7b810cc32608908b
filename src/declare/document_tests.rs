use super::*;

fn read_with(text: &str, config: &Config) -> Result<Document, String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.toml");
    std::fs::write(&path, text).unwrap();
    std::fs::write(directory.path().join("secret"), "a-random-secret-from-a-mounted-file\n").unwrap();
    read(&[path], config).map_err(|error| error.to_string())
}

fn read_here(text: &str) -> Result<Document, String> {
    read_with(text, &Config::default())
}

fn public_issuer() -> Config {
    let mut config = Config::default();
    config.server.public_url = Some("https://id.example".parse().unwrap());
    config
}

const CLIENT: &str = r#"
[[clients]]
client_id = "app"
client_secret_file = "secret"
client_name = "App"
redirect_uris = ["https://app.example/cb"]
grant_types = ["authorization_code", "refresh_token"]
subject_type = "public"
require_pkce = false
"#;

#[test]
fn clients_and_people_are_read() {
    let text = format!(
        "{CLIENT}\n[[users]]\nemail = \"Ana@Example.com\"\npassword = \"correct horse battery\"\nname = \"Ana\"\nemail_verified = true\n\
         [users.address]\ncountry = \"BR\"\n"
    );
    let document = read_with(&text, &public_issuer()).unwrap();
    let client = &document.clients[0];
    assert_eq!(client.secret.as_ref().unwrap().expose(), "a-random-secret-from-a-mounted-file");
    assert_eq!(client.metadata.client_name.as_deref(), Some("App"));
    assert!(!client.metadata.require_pkce);
    let user = &document.users[0];
    assert_eq!(user.email, "ana@example.com");
    assert_eq!(user.email_verified, Some(true));
    assert_eq!(user.administrator, None);
    assert_eq!(user.profile["address"]["country"], "BR");
}

#[test]
fn unknown_members_are_refused_with_the_nearest_and_the_line() {
    let error = read_here("[[clients]]\nclient_id = \"app\"\nredirect_uri = [\"https://app.example/cb\"]\n").unwrap_err();
    assert!(error.contains("clients[app].redirect_uri ("), "{error}");
    assert!(error.contains("state.toml:3): no such member. Did you mean `redirect_uris`?"), "{error}");
    let error = read_here("[[users]]\nemail = \"a@b.example\"\npasword = \"x\"\naddress = { cuntry = \"BR\" }\n[[client]]\n").unwrap_err();
    assert!(error.contains("users[a@b.example].pasword") && error.contains("Did you mean `password`?"), "{error}");
    assert!(error.contains("address.cuntry") && error.contains("Did you mean `country`?"), "{error}");
    assert!(error.contains("client (") && error.contains("Did you mean `clients`?"), "{error}");
}

#[test]
fn members_of_later_versions_are_refused_by_name() {
    let text = "[[users]]\nemail = \"a@b.example\"\ntotp_secret = \"JBSW\"\n\
                [[clients]]\nclient_id = \"app\"\nsector_identifier_uri = \"https://app.example/s\"\nsubject_type = \"pairwise\"\n";
    let error = read_here(text).unwrap_err();
    for name in ["users[a@b.example].totp_secret", "clients[app].sector_identifier_uri"] {
        assert!(
            error.lines().any(|line| line.starts_with(name) && line.contains("this version of Vestibule does not have it")),
            "{name}: {error}"
        );
    }
    assert!(error.contains("subject_type") && error.contains("only \"public\""), "{error}");
    assert!(!error.contains("JBSW"));
}

#[test]
fn every_wrong_value_is_reported_with_its_line_and_no_secret() {
    let text = "[[clients]]\nclient_id = \"app\"\nclient_secret = 12345678\nredirect_uris = \"https://app.example/cb\"\nrequire_pkce = \"no\"\n\
                grant_types = [\"password\"]\n";
    let error = read_here(text).unwrap_err();
    for line in [":3): not text", ":4): ", ":5): ", ":6): "] {
        assert!(error.contains(line), "{line}: {error}");
    }
    assert!(!error.contains("12345678"), "{error}");
}

#[test]
fn rules_of_client_metadata_are_those_of_the_protocol() {
    let error =
        read_here("[[clients]]\nclient_id = \"app\"\nclient_secret = \"s\"\nredirect_uris = [\"https://app.example/cb#x\"]\n").unwrap_err();
    assert!(error.contains("clients[app].redirect_uris") && error.contains(":4): "), "{error}");
}

#[test]
fn keys_of_clients_are_read_and_held_against_the_rules() {
    let keys = "jwks = { keys = [{ kty = \"OKP\", crv = \"Ed25519\", kid = \"1\", x = \"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\" }] }";
    let with = |lines: &str| {
        let head = "[[clients]]\nclient_id = \"app\"\nredirect_uris = [\"https://app.example/cb\"]\ntoken_endpoint_auth_method = \"private_key_jwt\"\n";
        read_here(&format!("{head}{lines}\n"))
    };
    let read = with(&format!("token_endpoint_auth_signing_alg = \"EdDSA\"\n{keys}")).unwrap();
    let metadata = &read.clients[0].metadata;
    assert_eq!(metadata.jwks.as_ref().unwrap()["keys"][0]["kid"], "1");
    assert!(with("jwks_uri = \"https://app.example/jwks\"").is_ok());
    let wrong = [
        ("", "token_endpoint_auth_method"),
        ("jwks_uri = \"http://app.example/jwks\"", "jwks_uri"),
        ("jwks = { keys = [] }", "jwks"),
        ("jwks = \"keys.json\"", "jwks"),
        ("token_endpoint_auth_signing_alg = \"HS256\"", "token_endpoint_auth_signing_alg"),
        ("jwks_uri = \"https://app.example/jwks\"\nclient_secret = \"a-random-secret-of-32-characters\"", "client_secret"),
    ];
    for (lines, member) in wrong {
        let error = with(lines).unwrap_err();
        assert!(error.contains(&format!("clients[app].{member} (")), "{lines}: {error}");
    }
    let private = with(&keys.replace("kid", "d = \"AAAA\", kid")).unwrap_err();
    assert!(private.contains("private or symmetric") && !private.contains("AAAA"), "{private}");
}

#[test]
fn short_secrets_and_passwords_are_for_loopback_issuers() {
    let text = "[[clients]]\nclient_id = \"app\"\nclient_secret = \"demo\"\nredirect_uris = [\"http://localhost:8081/cb\"]\n\
                [[users]]\nemail = \"a@b.example\"\npassword = \"demo\"\n";
    assert!(read_here(text).is_ok());
    let error = read_with(text, &public_issuer()).unwrap_err();
    assert!(error.contains("clients[app].client_secret") && error.contains("secrets chosen by people are refused"), "{error}");
    assert!(error.contains("users[a@b.example].password") && error.contains("at least 15 characters"), "{error}");
    assert!(!error.contains("demo"), "{error}");
}

#[test]
fn a_password_hash_must_be_one_and_alone() {
    let error = read_here("[[users]]\nemail = \"a@b.example\"\npassword = \"x\"\npassword_hash = \"$2b$12$abc\"\n").unwrap_err();
    assert!(error.contains("password is there too") && error.contains("not a PHC string") || error.contains("argon2id"), "{error}");
    assert!(!error.contains("$2b$12$abc"), "{error}");
}

#[test]
fn nothing_is_declared_twice() {
    let text = "[[users]]\nemail = \"a@b.example\"\n[[users]]\nemail = \"A@B.example\"\n";
    let error = read_here(text).unwrap_err();
    assert!(error.starts_with("users[a@b.example] (") && error.contains("state.toml:3): declared twice, first at"), "{error}");
    assert!(error.contains("state.toml:1. Keep one"), "{error}");
}

#[test]
fn a_missing_file_and_a_broken_one_are_named() {
    let error = read(&["/nonexistent/state.toml".into()], &Config::default()).unwrap_err().to_string();
    assert!(error.contains("/nonexistent/state.toml: cannot be read"), "{error}");
    assert!(read_here("[[clients]\n").unwrap_err().contains("state.toml:1: not TOML"));
    assert!(read_here("clients = 3\n").unwrap_err().contains("not a list of tables"));
}

#[test]
fn organisations_and_memberships_are_read() {
    let text = "[[organizations]]\nid = \"acme\"\nname = \"Acme\"\n[organizations.policy]\nsecond_factor = \"required\"\nsession_idle = \"10m\"\n\
                [[users]]\nemail = \"a@b.example\"\norganizations = [\"acme\"]\norganization_administrator_of = [\"bolt\"]\n";
    let document = read_here(text).unwrap();
    assert_eq!(document.organizations[0].rules.to_json(), r#"{"second_factor":"required","session_idle":"10m"}"#);
    let memberships = document.users[0].memberships.as_ref().unwrap();
    assert_eq!(memberships.of, [("acme".to_owned(), false), ("bolt".to_owned(), true)].into());
    assert!(read_here("[[users]]\nemail = \"a@b.example\"\n").unwrap().users[0].memberships.is_none());
}

#[test]
fn wrong_organisations_are_refused_with_their_line() {
    let text = "[[organizations]]\nid = \"Acme!\"\nname = \"Acme\"\n[[organizations]]\nid = \"bolt\"\nname = \"Bolt\"\n\
                policy = { second_faktor = \"required\" }\n[[organizations]]\nid = \"core\"\nname = \"\"\npolicy = { session_idle = \"0s\" }\n";
    let error = read_here(text).unwrap_err();
    for (name, line) in [("organizations[Acme!].id", ":2): "), ("organizations[bolt].policy.second_faktor", ":7): ")] {
        assert!(error.lines().any(|row| row.starts_with(name) && row.contains(line)), "{name}: {error}");
    }
    assert!(error.contains("Did you mean `second_factor`?") && error.contains("organizations[core].name"), "{error}");
    assert!(error.contains("organizations[core].policy.session_idle"), "{error}");
}
