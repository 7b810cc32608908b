use http::HeaderValue;

use super::*;
use crate::store::clients::Metadata;

const NOW: Timestamp = Timestamp::from_secs(1000);

fn client(method: AuthMethod, secrets: &[(&str, Option<i64>)]) -> Arc<Client> {
    let secret = |&(secret, expires_at): &(&str, Option<i64>)| ClientSecret {
        digest: Digest::of(secret.as_bytes()),
        created_at: NOW,
        expires_at: expires_at.map(Timestamp::from_secs),
    };
    Arc::new(Client {
        client_id: "app".to_owned(),
        enabled: true,
        metadata: Metadata { token_endpoint_auth_method: method, ..Metadata::default() },
        secrets: secrets.iter().map(secret).collect(),
        managed: false,
        created_at: NOW,
        updated_at: NOW,
    })
}

fn with(method: AuthMethod, secret: &str) -> Credentials {
    Credentials { client_id: "app".to_owned(), method, secret: Secret::new(secret.to_owned()) }
}

fn header_of(value: &str) -> HeaderMap {
    HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap())])
}

#[test]
fn basic_is_form_decoded_after_base64() {
    let encoded = STANDARD.encode("my%3Aapp:p%25ss+w%2Brd%C3%A9");
    assert_eq!(basic(&format!("bAsIc {encoded}")).unwrap(), ("my:app".to_owned(), "p%ss w+rd\u{e9}".to_owned()));
    assert!(basic("Basic !").is_none());
    assert!(basic(&format!("Basic {}", STANDARD.encode("no-colon"))).is_none());
    assert!(basic("Bearer abc").is_none());
}

#[test]
fn a_header_that_is_no_basic_is_challenged() {
    let error = presented(&header_of("Bearer abc"), &Params::default()).unwrap_err();
    assert_eq!(error.code, Code::InvalidClient);
}

#[test]
fn nothing_at_all_is_invalid_client() {
    let error = presented(&HeaderMap::new(), &Params::default()).unwrap_err();
    assert_eq!(error.code, Code::InvalidClient);
}

#[test]
fn every_unexpired_secret_is_accepted_and_no_other() {
    let method = AuthMethod::ClientSecretBasic;
    let known = client(method, &[("new", None), ("old", Some(1001)), ("older", Some(1000))]);
    assert!(check(Some(Arc::clone(&known)), &with(method, "new"), NOW).is_ok());
    assert!(check(Some(Arc::clone(&known)), &with(method, "old"), NOW).is_ok());
    assert!(check(Some(Arc::clone(&known)), &with(method, "older"), NOW).is_err());
    assert!(check(Some(known), &with(method, ""), NOW).is_err());
}

#[test]
fn a_client_without_secrets_is_not_entered_with_an_empty_one() {
    let method = AuthMethod::ClientSecretPost;
    assert!(check(Some(client(method, &[])), &with(method, ""), NOW).is_err());
}

#[test]
fn an_unknown_client_and_a_wrong_secret_get_the_same_answer() {
    let method = AuthMethod::ClientSecretBasic;
    let unknown = check(None, &with(method, "secret"), NOW).unwrap_err();
    let wrong = check(Some(client(method, &[("right", None)])), &with(method, "secret"), NOW).unwrap_err();
    assert_eq!(unknown.description, wrong.description);
    assert_eq!(unknown.code, wrong.code);
}

#[test]
fn only_the_registered_method_is_accepted_and_the_answer_names_it() {
    let methods = [AuthMethod::ClientSecretBasic, AuthMethod::ClientSecretPost, AuthMethod::None];
    for registered in methods {
        for used in methods {
            let answer = check(Some(client(registered, &[("secret", None)])), &with(used, "secret"), NOW);
            match answer {
                Ok(_) => assert_eq!(registered, used),
                Err(error) => {
                    assert_ne!(registered, used);
                    assert!(error.description.contains(&format!("(registered: {})", method_name(registered))));
                }
            }
        }
    }
}

#[test]
fn a_disabled_client_is_refused_even_with_the_right_secret() {
    for (method, secret) in [(AuthMethod::ClientSecretBasic, "secret"), (AuthMethod::None, "")] {
        let mut disabled = Arc::unwrap_or_clone(client(method, &[("secret", None)]));
        disabled.enabled = false;
        let error = check(Some(Arc::new(disabled)), &with(method, secret), NOW).unwrap_err();
        assert_eq!(error.code, Code::InvalidClient);
    }
}
