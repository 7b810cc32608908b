//! The whole space of `next_step`: rows for every clause, and laws over every combination.

use super::*;

const NOW: i64 = 1_000_000;
const ANN: Uuid = Uuid::from_u128(1);
const BOB: Uuid = Uuid::from_u128(2);
const SESSION: Uuid = Uuid::from_u128(10);
const OTHER_SESSION: Uuid = Uuid::from_u128(11);

fn at(offset_secs: i64) -> Timestamp {
    Timestamp::from_secs(NOW + offset_secs)
}

fn scope(text: &str) -> Scope {
    Scope::parse(text).unwrap()
}

fn demand() -> Demand {
    Demand { requested_at: at(0), scope: scope("openid email"), ..Demand::default() }
}

/// Ann, signed in at this offset from the request.
fn ann(offset_secs: i64) -> Facts {
    Facts { session_id: SESSION, user_id: ANN, auth_time: at(offset_secs), aal2: false, second_factor: false }
}

fn allowed(text: &str, offset_secs: i64) -> Allowed {
    Allowed { scope: scope(text), at: at(offset_secs) }
}

const LOGIN: Prompt = Prompt { none: false, login: true, consent: false, select_account: false, create: false };
const NONE: Prompt = Prompt { none: true, login: false, consent: false, select_account: false, create: false };
const CONSENT: Prompt = Prompt { none: false, login: false, consent: true, select_account: false, create: false };
const CREATE: Prompt = Prompt { none: false, login: false, consent: false, select_account: false, create: true };
const SELECT: Prompt = Prompt { none: false, login: false, consent: false, select_account: true, create: false };

#[test]
fn each_clause_has_its_step() {
    let secs = |n| Some(Duration::from_secs(n));
    let base = Demand { consent_by_operator: true, ..demand() };
    let with = |change: &dyn Fn(&mut Demand)| {
        let mut demand = base.clone();
        change(&mut demand);
        demand
    };
    let rows: Vec<(&str, Demand, Option<Facts>, Step)> = vec![
        ("nobody is there", base.clone(), None, Step::Login),
        ("nobody is there, and no page may be shown", with(&|d| d.prompt = NONE), None, Step::Fail(Missing::LoginRequired)),
        ("somebody is there", base.clone(), Some(ann(-60)), Step::Issue),
        ("silently", with(&|d| d.prompt = NONE), Some(ann(-60)), Step::Issue),
        ("prompt=login asks again", with(&|d| d.prompt = LOGIN), Some(ann(-1)), Step::Login),
        ("prompt=login is satisfied by a sign-in since", with(&|d| d.prompt = LOGIN), Some(ann(0)), Step::Issue),
        ("max_age too long ago", with(&|d| d.max_age = secs(10)), Some(ann(-11)), Step::Login),
        (
            "max_age too long ago, silently",
            with(&|d| (d.max_age, d.prompt) = (secs(10), NONE)),
            Some(ann(-11)),
            Step::Fail(Missing::LoginRequired),
        ),
        ("max_age just in time", with(&|d| d.max_age = secs(10)), Some(ann(-10)), Step::Issue),
        ("max_age=0 is like login", with(&|d| d.max_age = secs(0)), Some(ann(-1)), Step::Login),
        ("max_age=0 after a sign-in", with(&|d| d.max_age = secs(0)), Some(ann(1)), Step::Issue),
        ("max_age does not weaken prompt=login", with(&|d| (d.max_age, d.prompt) = (secs(9999), LOGIN)), Some(ann(-1)), Step::Login),
        ("the largest max_age", with(&|d| d.max_age = secs(u64::MAX)), Some(ann(-9999)), Step::Issue),
        ("the hint names her", with(&|d| d.hinted_user = Some(ANN)), Some(ann(-60)), Step::Issue),
        ("the hint names somebody else", with(&|d| d.hinted_user = Some(BOB)), Some(ann(-60)), Step::Login),
        (
            "the same, silently",
            with(&|d| (d.hinted_user, d.prompt) = (Some(BOB), NONE)),
            Some(ann(-60)),
            Step::Fail(Missing::LoginRequired),
        ),
        ("somebody else signed in for the request", with(&|d| d.hinted_user = Some(BOB)), Some(ann(1)), Step::Fail(Missing::LoginRequired)),
        ("another account is asked for", with(&|d| d.turned_down = Some(ann(-60).sign_in())), Some(ann(-60)), Step::Login),
        ("another sign-in of the same person will do", with(&|d| d.turned_down = Some(ann(-60).sign_in())), Some(ann(5)), Step::Issue),
        ("prompt=create without anybody", with(&|d| d.prompt = CREATE), None, Step::SignUp),
        ("prompt=create with somebody", with(&|d| d.prompt = CREATE), Some(ann(-1)), Step::SignUp),
        ("prompt=create is satisfied by a sign-in since", with(&|d| d.prompt = CREATE), Some(ann(0)), Step::Issue),
        ("no account chosen", with(&|d| d.prompt = SELECT), Some(ann(-60)), Step::ChooseAccount),
        ("this one chosen", with(&|d| (d.prompt, d.chosen) = (SELECT, Some(SESSION))), Some(ann(-60)), Step::Issue),
        ("one chosen that is gone", with(&|d| (d.prompt, d.chosen) = (SELECT, Some(OTHER_SESSION))), Some(ann(-60)), Step::ChooseAccount),
        ("signing in is choosing", with(&|d| d.prompt = SELECT), Some(ann(1)), Step::Issue),
        ("login comes before the choice", with(&|d| d.prompt = Prompt { login: true, ..SELECT }), Some(ann(-60)), Step::Login),
        ("the choice comes before consent", with(&|d| d.prompt = Prompt { consent: true, ..SELECT }), Some(ann(-60)), Step::ChooseAccount),
    ];
    for (name, demand, session, expected) in rows {
        assert_eq!(next_step(&demand, session, None), expected, "{name}");
    }
}

#[test]
fn consent_is_asked_of_everybody_but_the_operators_own_applications() {
    let third_party = demand();
    let first_party = Demand { consent_by_operator: true, ..demand() };
    let openid = Demand { scope: scope("openid"), ..demand() };
    let prompting = |demand: &Demand| Demand { prompt: CONSENT, ..demand.clone() };
    let silent = |demand: &Demand| Demand { prompt: NONE, ..demand.clone() };
    let rows = [
        ("never asked", third_party.clone(), None, Step::Consent),
        ("openid alone", openid, None, Step::Consent),
        ("allowed before", third_party.clone(), Some(allowed("openid email profile", -999)), Step::Issue),
        ("allowed less", third_party.clone(), Some(allowed("openid", -999)), Step::Consent),
        ("silently", silent(&third_party), None, Step::Fail(Missing::ConsentRequired)),
        ("silently, allowed before", silent(&third_party), Some(allowed("openid email", -999)), Step::Issue),
        ("prompt=consent asks again", prompting(&third_party), Some(allowed("openid email", -1)), Step::Consent),
        ("prompt=consent, answered", prompting(&third_party), Some(allowed("openid email", 0)), Step::Issue),
        ("first-party", first_party.clone(), None, Step::Issue),
        ("first-party with prompt=consent", prompting(&first_party), None, Step::Consent),
        ("first-party with prompt=consent, answered", prompting(&first_party), Some(allowed("openid email", 3)), Step::Issue),
    ];
    for (name, demand, allowed, expected) in rows {
        assert_eq!(next_step(&demand, Some(ann(-60)), allowed.as_ref()), expected, "{name}");
    }
}

fn prompts() -> impl Iterator<Item = Prompt> {
    (0..32u8).map(|bits| Prompt {
        none: bits & 1 > 0,
        login: bits & 2 > 0,
        consent: bits & 4 > 0,
        select_account: bits & 8 > 0,
        create: bits & 16 > 0,
    })
}

fn demands() -> Vec<Demand> {
    let mut all = Vec::new();
    for prompt in prompts() {
        for max_age in [None, Some(0), Some(30), Some(u64::MAX)] {
            for hinted_user in [None, Some(ANN), Some(BOB)] {
                for chosen in [None, Some(SESSION), Some(OTHER_SESSION)] {
                    for turned_down in [None, Some(ann(-60).sign_in()), Some(ann(-10).sign_in()), Some(ann(5).sign_in())] {
                        for consent_by_operator in [false, true] {
                            for (aal2, second_factor) in [(false, false), (true, false), (false, true)] {
                                let max_age = max_age.map(Duration::from_secs);
                                let flow = Demand { chosen, turned_down, aal2, second_factor, ..demand() };
                                all.push(Demand { prompt, max_age, hinted_user, consent_by_operator, ..flow });
                            }
                        }
                    }
                }
            }
        }
    }
    all
}

fn sessions() -> Vec<Option<Facts>> {
    let mut all = vec![None];
    all.extend([-60, -10, 0, 5].map(|offset| Some(ann(offset))));
    all.push(Some(Facts { session_id: OTHER_SESSION, user_id: BOB, ..ann(-60) }));
    all.push(Some(Facts { second_factor: true, ..ann(-10) }));
    all.push(Some(Facts { aal2: true, second_factor: true, ..ann(5) }));
    all
}

fn consents() -> Vec<Option<Allowed>> {
    vec![
        None,
        Some(allowed("openid", -5)),
        Some(allowed("openid email", -5)),
        Some(allowed("openid email phone", 5)),
        Some(allowed("openid", 5)),
    ]
}

fn every_case(law: impl Fn(&Demand, Option<Facts>, Option<&Allowed>, Step)) {
    for demand in demands() {
        for session in sessions() {
            for allowed in consents() {
                law(&demand, session, allowed.as_ref(), next_step(&demand, session, allowed.as_ref()));
            }
        }
    }
}

#[test]
fn prompt_none_never_leads_to_a_page() {
    every_case(|demand, session, allowed, step| {
        if demand.prompt.none {
            assert!(matches!(step, Step::Issue | Step::Fail(_)), "{demand:?} {session:?} {allowed:?}");
        }
    });
}

/// Said a second time, clause by clause, and not by calling the function's own parts.
#[test]
fn nothing_is_issued_while_any_demand_is_unmet() {
    every_case(|demand, session, allowed, step| {
        if step != Step::Issue {
            return;
        }
        let facts = session.expect("nothing is issued to nobody");
        assert!(demand.hinted_user.is_none_or(|user| user == facts.user_id));
        assert!(!(demand.prompt.login || demand.prompt.create) || facts.auth_time >= demand.requested_at);
        if let Some(age) = demand.max_age {
            assert!(demand.requested_at.since(facts.auth_time) <= age);
        }
        assert_ne!(demand.turned_down, Some(facts.sign_in()));
        assert!(!demand.aal2 || facts.aal2, "less than was asked for");
        assert!(!demand.second_factor || facts.second_factor, "the second factor is owed");
        assert!(!demand.prompt.select_account || demand.chosen == Some(facts.session_id) || facts.auth_time > demand.requested_at);
        if !demand.consent_by_operator || demand.prompt.consent {
            assert!(demand.scope.is_subset(&allowed.expect("consent").scope));
        }
        assert!(!demand.prompt.consent || allowed.expect("consent").at >= demand.requested_at);
    });
}

#[test]
fn the_login_page_shows_its_form_whenever_it_is_the_next_step() {
    every_case(|demand, session, _, step| {
        let form = session.is_none_or(|facts| !demand.wanted().is_met_by(facts));
        let sent_there = matches!(step, Step::Login | Step::SignUp);
        assert!(!sent_there || form, "sent to a page that sends back: {demand:?} {session:?}");
    });
}

/// A person who does what each page asks arrives, or the application gets an error: no request goes in circles.
#[test]
fn doing_what_is_asked_ends_within_five_steps() {
    every_case(|demand, session, allowed, _| {
        let (mut demand, mut session, mut allowed) = (demand.clone(), session, allowed.cloned());
        for count in 0.. {
            assert!(count < 6, "in circles: {demand:?}");
            match next_step(&demand, session, allowed.as_ref()) {
                Step::Issue | Step::Fail(_) => break,
                Step::Login | Step::SignUp => session = Some(Facts { auth_time: at(60), ..ann(0) }),
                Step::SecondFactor => session = session.map(|facts| Facts { aal2: true, second_factor: true, ..facts }),
                Step::ChooseAccount => demand.chosen = session.map(|facts| facts.session_id),
                Step::Consent => allowed = Some(Allowed { scope: demand.scope.clone(), at: at(61) }),
            }
        }
    });
}
