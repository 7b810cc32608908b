//! `mail`.

use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::json;

use super::failure::Failure;
use super::output::Answer;
use crate::account::email;
use crate::app::App;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::mail::{self, Message, Recipient, samples};
use crate::store::mails;
use crate::web::Locale;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Send samples through the configured transport, and print what the server answered.
    Test(Test),
}

#[derive(Debug, Args)]
pub(super) struct Test {
    /// Who gets them.
    #[arg(long, value_name = "ADDRESS")]
    to: String,
    /// Which message, such as password_reset; `all` for one of each in every state.
    #[arg(long, default_value = "password_changed")]
    kind: String,
    /// In which language: en, pt-BR or es. By default brand.default_locale.
    #[arg(long, value_name = "TAG")]
    locale: Option<String>,
    /// Leave them in the outbox, for the running service to send.
    #[arg(long)]
    queue: bool,
}

pub(super) async fn run(command: Command, config: &Config) -> Result<Answer, Failure> {
    let Command::Test(arguments) = command;
    let to = recipient(&arguments, config)?;
    let app = App::open(config.clone(), Arc::new(SystemClock)).await?;
    let answer = test(&app, &to, &arguments).await;
    app.store.close().await;
    answer
}

fn recipient(arguments: &Test, config: &Config) -> Result<Recipient, Failure> {
    let tag = arguments.locale.as_deref().unwrap_or(&config.brand.default_locale);
    let locale = Locale::ALL.into_iter().find(|locale| locale.tag().eq_ignore_ascii_case(tag));
    let locale = locale.ok_or_else(|| Failure::new(format!("There is no mail in {tag}. Write en, pt-BR or es.")))?;
    let address = email::canonical(&arguments.to).ok_or_else(|| Failure::new(format!("{} is not a mail address.", arguments.to)))?;
    Ok(Recipient { user_id: None, email: address, name: None, locale: locale.tag().to_owned() })
}

/// One after the other; the first that is not taken ends it.
async fn test(app: &App, to: &Recipient, arguments: &Test) -> Result<Answer, Failure> {
    let all = samples::messages(&app.issuer, app.now());
    let mut kinds: Vec<&str> = all.iter().map(Message::kind).collect();
    kinds.dedup();
    let kind = arguments.kind.as_str();
    let chosen: Vec<&Message> = match kind {
        "all" => all.iter().collect(),
        one => all.iter().find(|message| message.kind() == one).into_iter().collect(),
    };
    if chosen.is_empty() {
        return Err(Failure::new(format!("There is no message {kind}. Write all, or one of: {}.", kinds.join(", "))));
    }
    let (mut lines, mut sent) = (Vec::new(), Vec::new());
    for message in chosen {
        let answer = if arguments.queue { queue(app, to, message).await? } else { send(app, to, message).await? };
        lines.push(format!("{}: {answer}", message.kind()));
        sent.push(json!({ "kind": message.kind(), "answer": answer }));
    }
    Ok(Answer::new(lines.join("\n"), &json!({ "to": to.email, "locale": to.locale, "sent": sent })))
}

async fn send(app: &App, to: &Recipient, message: &Message) -> Result<String, Failure> {
    let answer = mail::send_now(app, to, message).await;
    answer.map_err(|why| Failure::new(format!("{} was not sent to {}: {why}", message.kind(), to.email)))
}

async fn queue(app: &App, to: &Recipient, message: &Message) -> Result<String, Failure> {
    let row = mail::prepare(app, to, message, app.now());
    let inserted = app.store.write(move |conn| {
        let row = row.clone();
        Box::pin(async move { mails::insert(conn, &row).await })
    });
    inserted.await?;
    Ok("waits in the outbox".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::database::within;
    use crate::config::MailTransport;

    fn arguments(kind: &str, locale: Option<&str>) -> Command {
        Command::Test(Test { to: "Ana@Example.com".to_owned(), kind: kind.to_owned(), locale: locale.map(str::to_owned), queue: false })
    }

    #[tokio::test]
    async fn samples_go_where_mail_goes() {
        let directory = tempfile::tempdir().unwrap();
        let mut config = within(directory.path());
        config.database.migrate_on_start = true;
        config.mail.transport = MailTransport::File;
        config.mail.directory = directory.path().join("mail");
        let answer = run(arguments("one_time_code", Some("es")), &config).await.unwrap();
        assert!(answer.text.starts_with("one_time_code: ") && answer.text.contains("/mail/"), "{}", answer.text);
        assert_eq!(answer.json["to"], "ana@example.com");
        let all = run(arguments("all", None), &config).await.unwrap();
        let sent = all.json["sent"].as_array().unwrap().len();
        assert_eq!(std::fs::read_dir(&config.mail.directory).unwrap().count(), sent + 1);
    }

    #[tokio::test]
    async fn what_does_not_exist_is_refused_with_what_does() {
        let directory = tempfile::tempdir().unwrap();
        let config = within(directory.path());
        let unknown = run(arguments("spam", None), &config).await.unwrap_err().to_string();
        assert!(unknown.contains("password_reset"), "{unknown}");
        assert!(run(arguments("all", Some("de")), &config).await.is_err());
    }
}
