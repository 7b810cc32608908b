//! What a logout request asks for, and how much of it can be believed.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::store;
use crate::store::clients::Client;
use crate::tokens::id_token::{self, Hint};
use crate::web::Params;

/// The parameters of RP-Initiated Logout §2 that are carried along beside what `id_token_hint` said. `logout_hint` names a person, and nobody is logged out
/// by name.
const KNOWN: [&str; 5] = ["logout_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales"];

/// Who speaks, according to `id_token_hint`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Voucher {
    Absent,
    /// Not signed by us, or issued to another client than `client_id` says: then nothing in the request is believed.
    Bad,
    Valid(Hint),
}

/// Where the person is to go afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Return {
    NotAsked,
    /// Registered, with the state added.
    To(String),
    /// Not registered by the client, or there is no client to look it up with.
    Refused,
}

/// A logout request, checked.
#[derive(Debug)]
pub(super) struct Demand {
    pub(super) voucher: Voucher,
    pub(super) client: Option<Arc<Client>>,
    pub(super) back: Return,
    pub(super) ui_locales: Option<String>,
}

impl Demand {
    pub(super) async fn resolve(app: &App, params: &Params, voucher: Voucher) -> store::Result<Self> {
        let client_id = match &voucher {
            Voucher::Valid(hint) => Some(hint.client_id.as_str()),
            Voucher::Absent => params.get("client_id"),
            Voucher::Bad => None,
        };
        let client = match client_id {
            Some(id) => app.clients.find(id).await?.filter(|client| client.enabled),
            None => None,
        };
        let registered = client.as_ref().map_or(&[][..], |client| &client.metadata.post_logout_redirect_uris);
        let back = back(registered, params.get("post_logout_redirect_uri"), params.get("state"));
        Ok(Self { voucher, client, back, ui_locales: params.get("ui_locales").map(str::to_owned) })
    }
}

/// Who speaks.
pub(super) fn voucher(app: &App, params: &Params) -> Voucher {
    match params.get("id_token_hint") {
        None => Voucher::Absent,
        Some(token) => vouch(id_token::open_hint(&app.keys, &app.config, token), params.get("client_id")),
    }
}

/// `hint`: what an ID token of ours says, none when it is not ours. §2: when `client_id` is there too, the OP MUST check that they fit.
fn vouch(hint: Option<Hint>, client_id: Option<&str>) -> Voucher {
    match hint {
        Some(hint) if client_id.is_none_or(|id| id == hint.client_id) => Voucher::Valid(hint),
        _ => Voucher::Bad,
    }
}

/// §3: the value MUST have been registered; compared as a string, and with the state as it was sent.
fn back(registered: &[String], received: Option<&str>, state: Option<&str>) -> Return {
    let Some(received) = received else { return Return::NotAsked };
    let Some(uri) = registered.iter().find(|uri| *uri == received) else { return Return::Refused };
    Return::To(state.map_or_else(|| uri.clone(), |state| with_state(uri, state)))
}

fn with_state(uri: &str, state: &str) -> String {
    let state = form_urlencoded::Serializer::new(String::new()).append_pair("state", state).finish();
    let (uri, fragment) = uri.split_once('#').map_or((uri, String::new()), |(uri, fragment)| (uri, format!("#{fragment}")));
    let separator = if uri.contains('?') { '&' } else { '?' };
    format!("{uri}{separator}{state}{fragment}")
}

/// The request as text again, with nothing in it that we do not know.
pub(super) fn known(params: &Params) -> String {
    let pairs = params.iter().filter(|(name, _)| KNOWN.contains(name));
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret;

    const URI: &str = "https://autotalk.example/bye";

    fn registered() -> Vec<String> {
        vec![URI.to_owned(), "https://autotalk.example/bye?from=op".to_owned()]
    }

    fn hint(client_id: &str) -> Hint {
        Hint { user_id: secret::random_id(), client_id: client_id.to_owned(), session_id: None }
    }

    #[test]
    fn only_a_registered_uri_is_returned_to() {
        assert_eq!(back(&registered(), None, Some("s")), Return::NotAsked);
        assert_eq!(back(&registered(), Some(URI), None), Return::To(URI.to_owned()));
        for other in [
            "https://autotalk.example/bye/",
            "https://autotalk.example/bye?x=1",
            "https://autotalk.example/BYE",
            "https://autotalk.example:443/bye",
            "https://autotalk.example/bye#top",
            "https://autotalk.example.evil.example/bye",
            "javascript:alert(1)",
            "//autotalk.example/bye",
        ] {
            assert_eq!(back(&registered(), Some(other), None), Return::Refused, "{other}");
        }
        assert_eq!(back(&[], Some(URI), None), Return::Refused);
    }

    #[test]
    fn the_state_comes_back_as_it_was_sent() {
        assert_eq!(back(&registered(), Some(URI), Some("a b&c")), Return::To(format!("{URI}?state=a+b%26c")));
        let with_query = "https://autotalk.example/bye?from=op";
        assert_eq!(back(&registered(), Some(with_query), Some("x")), Return::To(format!("{with_query}&state=x")));
        assert_eq!(with_state("https://a.example/#/bye", "x"), "https://a.example/?state=x#/bye");
    }

    #[test]
    fn a_hint_of_another_client_or_of_nobody_vouches_for_nothing() {
        assert_eq!(vouch(None, None), Voucher::Bad);
        assert_eq!(vouch(None, Some("autotalk")), Voucher::Bad);
        assert_eq!(vouch(Some(hint("autotalk")), Some("ticketing")), Voucher::Bad);
        assert!(matches!(vouch(Some(hint("autotalk")), Some("autotalk")), Voucher::Valid(_)));
        assert!(matches!(vouch(Some(hint("autotalk")), None), Voucher::Valid(_)));
    }
}
