//! The one decision of a logout: a pure function of the request and the session.

use super::Outcome;
use super::request::{Demand, Return, Voucher};
use crate::session::Current;
use crate::tokens::id_token::Hint;

/// What happens next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The session ends without a question.
    End(Outcome),
    /// There is no session.
    Finish(Outcome),
    /// The person is asked.
    Ask(Outcome),
}

pub(super) fn decide(demand: &Demand, current: Option<&Current>) -> Step {
    let outcome = Outcome {
        target: match &demand.back {
            Return::To(uri) => Some(uri.clone()),
            Return::NotAsked | Return::Refused => None,
        },
        not_returned: demand.back == Return::Refused,
        ui_locales: demand.ui_locales.clone(),
    };
    match (&demand.voucher, current) {
        (Voucher::Valid(hint), Some(current)) if names(hint, current) && !outcome.not_returned => Step::End(outcome),
        (Voucher::Valid(_), None) => Step::Finish(outcome),
        // Anybody can make a link without a hint: it leads nowhere unless a person says so on our page.
        (Voucher::Absent | Voucher::Bad, None) => Step::Finish(Outcome { target: None, ..outcome }),
        (_, Some(_)) => Step::Ask(outcome),
    }
}

/// Whether the hint is of the person, and the session, that this browser is signed in with.
fn names(hint: &Hint, current: &Current) -> bool {
    hint.user_id == current.user.id && hint.session_id.is_none_or(|id| id == current.session.id)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::clock::Timestamp;
    use crate::secret::{self, Digest};
    use crate::store::sessions::Session;
    use crate::store::users::{Profile, User};

    const URI: &str = "https://autotalk.example/bye?state=s";

    fn signed_in() -> Current {
        let now = Timestamp::from_secs(1000);
        let user = User {
            id: secret::random_id(),
            email: "ada@example.com".to_owned(),
            email_verified: true,
            profile: Profile::default(),
            password_hash: None,
            enabled: true,
            suspended: false,
            administrator: false,
            auth_epoch: 0,
            created_at: now,
            updated_at: now,
            last_sign_in_at: None,
        };
        let session = Session {
            id: secret::id(now),
            user_id: user.id,
            digest: Digest::of(b"cookie"),
            created_at: now,
            auth_time: now,
            last_seen_at: now,
            expires_at: now,
            amr: Vec::new(),
            acr: "aal1".to_owned(),
            epoch: 0,
            ended_at: None,
            second_factor_at: None,
            device: None,
            address: None,
            idle: None,
        };
        Current { session, user }
    }

    fn hint(user_id: Uuid, session_id: Option<Uuid>) -> Voucher {
        Voucher::Valid(Hint { user_id, client_id: "autotalk".to_owned(), session_id })
    }

    fn step(voucher: Voucher, back: Return, current: Option<&Current>) -> Step {
        decide(&Demand { voucher, client: None, back, ui_locales: None }, current)
    }

    fn to(target: Option<&str>, not_returned: bool) -> Outcome {
        Outcome { target: target.map(str::to_owned), not_returned, ui_locales: None }
    }

    fn back() -> Return {
        Return::To(URI.to_owned())
    }

    /// `oidcc-rp-initiated-logout`, `-no-state`, `-no-post-logout-redirect-uri`.
    #[test]
    fn a_hint_of_this_session_ends_it_without_a_question() {
        let ada = signed_in();
        for session_id in [None, Some(ada.session.id)] {
            assert_eq!(step(hint(ada.user.id, session_id), back(), Some(&ada)), Step::End(to(Some(URI), false)));
            assert_eq!(step(hint(ada.user.id, session_id), Return::NotAsked, Some(&ada)), Step::End(to(None, false)));
        }
    }

    /// `-bad-post-logout-redirect-uri`, `-query-added-to-post-logout-redirect-uri`.
    #[test]
    fn an_unregistered_uri_is_a_question_that_leads_nowhere() {
        let ada = signed_in();
        assert_eq!(step(hint(ada.user.id, None), Return::Refused, Some(&ada)), Step::Ask(to(None, true)));
        assert_eq!(step(hint(ada.user.id, None), Return::Refused, None), Step::Finish(to(None, true)));
    }

    /// `-modified-id-token-hint`, `-bad-id-token-hint`: `Demand::resolve` finds no client for them, so their target is refused.
    #[test]
    fn a_bad_hint_is_a_question() {
        let ada = signed_in();
        assert_eq!(step(Voucher::Bad, Return::Refused, Some(&ada)), Step::Ask(to(None, true)));
        assert_eq!(step(Voucher::Bad, Return::Refused, None), Step::Finish(to(None, true)));
    }

    /// `-no-id-token-hint`, `-no-params`, `-only-state`.
    #[test]
    fn without_a_hint_nothing_happens_before_the_person_says_so() {
        let ada = signed_in();
        assert_eq!(step(Voucher::Absent, Return::NotAsked, Some(&ada)), Step::Ask(to(None, false)));
        assert_eq!(step(Voucher::Absent, back(), Some(&ada)), Step::Ask(to(Some(URI), false)));
        assert_eq!(step(Voucher::Absent, back(), None), Step::Finish(to(None, false)));
        assert_eq!(step(Voucher::Absent, Return::NotAsked, None), Step::Finish(to(None, false)));
    }

    #[test]
    fn a_hint_of_somebody_else_or_of_an_older_session_is_a_question() {
        let ada = signed_in();
        assert_eq!(step(hint(secret::random_id(), None), back(), Some(&ada)), Step::Ask(to(Some(URI), false)));
        assert_eq!(step(hint(ada.user.id, Some(secret::random_id())), back(), Some(&ada)), Step::Ask(to(Some(URI), false)));
    }

    #[test]
    fn who_is_signed_out_already_goes_back_at_once() {
        let ada = signed_in();
        assert_eq!(step(hint(ada.user.id, Some(ada.session.id)), back(), None), Step::Finish(to(Some(URI), false)));
    }
}
