//! `user invite`.

use std::sync::Arc;

use serde_json::json;

use super::failure::Failure;
use super::output::Answer;
use super::user::{Invite, canonical};
use crate::account::registration::{self, Invitation};
use crate::app::App;
use crate::audit::Origin;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::store::{self, organizations};
use crate::web::Locale;

/// Puts the mail into the outbox, from where the service sends it.
pub(super) async fn run(arguments: Invite, config: &Config) -> Result<Answer, Failure> {
    let invitation = invitation(arguments)?;
    let app = App::open(config.clone(), Arc::new(SystemClock)).await?;
    if let Some(id) = &invitation.organization
        && organizations::find(&app.store.read(), id).await?.is_none()
    {
        app.store.close().await;
        return Err(Failure::new(format!("There is no organization {id}. `vestibule organization list` shows them.")));
    }
    let link = registration::invite(&app, &invitation, &Origin::default(), "command line").await;
    app.store.close().await;
    let email = &invitation.email;
    match link {
        Ok(link) => {
            let text = format!("Invited {email}. The mail is in the outbox; its link, which opens the account to whoever has it:\n{link}");
            Ok(Answer::new(text, &json!({ "email": email, "link": link })))
        }
        Err(store::Error::Conflict) => Err(Failure::new(format!("There is somebody with the address {email} already."))),
        Err(error) => Err(error.into()),
    }
}

fn invitation(arguments: Invite) -> Result<Invitation, Failure> {
    let unknown = |tag: &str| Failure::new(format!("{tag} is not a language of the pages: en, pt-BR or es."));
    let locale = arguments.locale.map(|tag| Locale::matching(&tag).map(Locale::tag).ok_or_else(|| unknown(&tag))).transpose()?;
    Ok(Invitation {
        email: canonical(&arguments.email)?,
        name: arguments.name,
        locale: locale.map(str::to_owned),
        organization: arguments.organization,
        inviter: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::database::{self, within};
    use crate::store::{audit_events, mails};

    fn eve(locale: Option<&str>) -> Invite {
        Invite {
            email: " Eve@Example.com ".to_owned(),
            name: Some("Eve".to_owned()),
            organization: None,
            locale: locale.map(str::to_owned),
        }
    }

    #[tokio::test]
    async fn an_invitation_is_a_mail_in_the_outbox_and_a_link() {
        let directory = tempfile::tempdir().unwrap();
        let config = within(directory.path());
        let answer = run(eve(Some("es")), &config).await.unwrap();
        assert_eq!(answer.json["email"], "eve@example.com");
        assert!(answer.json["link"].as_str().unwrap().starts_with("http://localhost:8080/invitation?token="), "{}", answer.text);
        let store = database::open(&config).await.unwrap();
        let kinds: Vec<String> = mails::list(&store.read(), 10).await.unwrap().into_iter().map(|mail| mail.kind).collect();
        assert_eq!(kinds, ["invitation"]);
        let events = audit_events::list(&store.read(), 10).await.unwrap();
        assert!(events.iter().any(|event| event.kind == "user.invited" && event.detail.contains("command line")));
    }

    #[tokio::test]
    async fn an_organization_that_does_not_exist_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let invite = Invite { organization: Some("acme".to_owned()), ..eve(None) };
        let failure = run(invite, &within(directory.path())).await.unwrap_err().to_string();
        assert!(failure.contains("no organization acme"), "{failure}");
    }

    #[test]
    fn languages_are_those_of_the_pages() {
        assert_eq!(invitation(eve(Some("pt"))).unwrap().locale.as_deref(), Some("pt-BR"));
        assert!(invitation(eve(Some("tlh"))).is_err());
    }
}
