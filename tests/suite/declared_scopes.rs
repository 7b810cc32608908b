//! Scopes in a directory of declared state: what clients name is there, and what is taken out of the documents is in no token.

use serde_json::json;
use vestibule::config::Removal;
use vestibule::store::declared_objects::State;
use vestibule::store::scopes::{self, CustomScope};

use crate::declared::{Replica, ready, rows};
use crate::harness::{TestApp, TokenRequest, claims_of, seed};

const STAFF: &str = "[[scopes]]\nname = \"staff\"\ndescription = \"see your role\"\nclaims = { tier = { constant = \"gold\" } }\n";

/// The seed's own client, registered for more.
const AUTOTALK: &str = "[[clients]]\nclient_id = \"autotalk\"\nclient_secret_file = \"tickets-secret\"\nfirst_party = true\nscope = \"openid staff\"\n\
    redirect_uris = [\"https://autotalk.test/callback\"]\ngrant_types = [\"authorization_code\", \"refresh_token\"]\n";

async fn scope(app: &TestApp) -> Option<CustomScope> {
    scopes::find(&app.app.store.read(), "staff").await.unwrap()
}

async fn actions(app: &TestApp) -> usize {
    app.audit().await.iter().filter(|kind| *kind == "scope.changed").count()
}

/// A client waits for a scope that nobody has declared yet; with it both are there, in one look, and a second look writes nothing.
#[tokio::test]
async fn a_client_waits_for_its_scope() {
    let app = TestApp::start().await;
    let mut replica = Replica::new(&app);
    replica.write("clients.toml", AUTOTALK);
    replica.look().await;
    assert_eq!(replica.states().await, [("client autotalk".to_owned(), State::Pending)]);
    let reason = rows(&app).await[0].reason.clone().unwrap();
    assert!(reason.contains("there is no scope \"staff\"") && reason.contains("[[scopes]]"), "{reason}");
    replica.write("scopes.toml", STAFF);
    assert_eq!(replica.look().await.changed.len(), 2);
    assert_eq!(replica.states().await, ready(&["client autotalk", "scope staff"]));
    let (made, writes) = (scope(&app).await.unwrap(), app.app.store.statement_counts().1);
    assert!(made.managed && made.enabled);
    assert_eq!(replica.look().await.changed.len(), 0);
    assert_eq!((app.app.store.statement_counts().1, actions(&app).await), (writes, 1));
}

/// Drift is undone, and what is declared anew is changed, each with its event.
#[tokio::test]
async fn a_scope_is_kept_to() {
    let app = TestApp::start().await;
    let mut replica = Replica::new(&app);
    replica.write("scopes.toml", STAFF);
    replica.look().await;
    let made = scope(&app).await.unwrap();
    let changed = CustomScope { definition: "{}".to_owned(), enabled: false, ..made.clone() };
    app.app
        .store
        .write(move |conn| {
            let changed = changed.clone();
            Box::pin(async move { scopes::update_seen(conn, &changed, changed.updated_at).await })
        })
        .await
        .unwrap();
    assert_eq!(replica.look().await.changed.len(), 1);
    let kept = scope(&app).await.unwrap();
    assert_eq!((&kept.definition, kept.enabled), (&made.definition, true));
    replica.write("scopes.toml", &format!("{STAFF}in = [\"access_token\"]\n"));
    assert_eq!(replica.look().await.changed.len(), 1);
    assert_eq!(actions(&app).await, 3);
}

/// What is taken out is in no token any more, whatever the policy; what was granted goes on. Declared again it is there again.
#[tokio::test]
async fn a_scope_that_is_taken_out_goes_by_the_policy() {
    for removal in [Removal::Orphan, Removal::Disable, Removal::Delete] {
        let app = TestApp::start().await;
        let mut replica = Replica::new(&app);
        replica.removal = removal;
        replica.write("clients.toml", &AUTOTALK.replace("tickets-secret", "autotalk-secret"));
        replica.write("autotalk-secret", seed::SECRET);
        replica.write("scopes.toml", STAFF);
        replica.look().await;
        app.app.clients.forget(seed::AUTOTALK);
        app.app.scopes.forget();
        let tokens = app.tokens(seed::AUTOTALK, "openid staff").await;
        assert_eq!(claims_of(tokens["id_token"].as_str().unwrap())["tier"], "gold");
        replica.remove("scopes.toml");
        replica.look().await;
        app.app.scopes.forget();
        let left = scope(&app).await.unwrap();
        assert_eq!((left.managed, left.enabled), (false, removal == Removal::Orphan), "{removal:?}: a client has it still");
        assert_eq!(replica.states().await, ready(&["client autotalk"]));
        let refresh = TokenRequest::refresh(seed::AUTOTALK, tokens["refresh_token"].as_str().unwrap());
        let refreshed = app.token(refresh).await.expect(200).json();
        assert_eq!(refreshed["scope"] == json!("openid staff"), removal == Removal::Orphan, "{removal:?}: {refreshed}");
        replica.write("scopes.toml", STAFF);
        replica.look().await;
        assert!(scope(&app).await.is_some_and(|scope| scope.enabled && scope.managed), "{removal:?}");
        // Nobody has it: then `delete` deletes it.
        replica.remove("scopes.toml");
        replica.write("clients.toml", &AUTOTALK.replace(" staff", "").replace("tickets-secret", "autotalk-secret"));
        replica.look().await;
        assert_eq!(scope(&app).await.is_none(), removal == Removal::Delete, "{removal:?}");
    }
}

/// A document with a scope that cannot be is not used, and says what is wrong with it, where.
#[tokio::test]
async fn a_scope_that_cannot_be_is_refused_with_its_line() {
    let app = TestApp::start().await;
    let mut replica = Replica::new(&app);
    for (text, said) in [
        ("name = \"openid\"", "a standard scope"),
        ("name = \"x\"\nclaims = { sub = \"email\" }", "scopes[x].claims.sub (scopes.toml:3)"),
        ("name = \"x\"\nclaims = { roles = \"organisation_roles\" }", "Did you mean `organization_roles`?"),
        ("name = \"x\"\nclaims = { roles = 7 }", "no source of a claim"),
        ("name = \"x\"\nclaims = { at = { constant = 1.5 } }", "cannot be a constant"),
        ("name = \"x\"\ndescription = { de = \"x\" }", "no language of the pages"),
        ("name = \"x\"\nin = [\"cookie\"]", "scopes[x].in"),
        ("name = \"x\"\nclams = {}", "Did you mean `claims`?"),
        ("description = \"x\"", "scopes[1].name"),
    ] {
        replica.write("scopes.toml", &format!("[[scopes]]\n{text}\n"));
        replica.look().await;
        let row = rows(&app).await.remove(0);
        let reason = row.reason.unwrap_or_default().replace(&format!("{}/", replica.path().display()), "");
        assert!(row.kind == "document" && reason.contains(said), "{text}: {} {} {reason}", row.kind, row.id);
    }
    assert!(scope(&app).await.is_none());
}
