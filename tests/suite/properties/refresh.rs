//! Rotation of refresh tokens against a model: SECURITY TE-6, TE-7; RFC 9700 §4.14.

use proptest::prelude::*;

use super::{few, runtime};
use crate::harness::{TestApp, TokenRequest, seed};

/// What a client, or a thief, does next.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Sends the token of so many generations ago.
    Refresh(usize),
    /// Waits, in seconds.
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Refresh(0)),
        2 => Just(Step::Refresh(1)),
        1 => (0_usize..5).prop_map(Step::Refresh),
        2 => (0_u64..15).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 1..12)
}

/// The family as it should be.
struct Model {
    alive: bool,
    /// When the newest generation was made, in milliseconds.
    rotated_at: i64,
}

/// How long after a rotation its answer can be had again: as shipped.
const GRACE: i64 = 10_000;

async fn walk(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let app = TestApp::start().await;
    let tokens = app.tokens(seed::AUTOTALK, "openid offline_access").await;
    // All generations, oldest first.
    let mut tokens = vec![tokens["refresh_token"].as_str().unwrap().to_owned()];
    let mut model = Model { alive: true, rotated_at: 0 };
    for step in steps {
        let back = match step {
            Step::Wait(seconds) => {
                app.seconds_pass(seconds);
                continue;
            }
            Step::Refresh(back) => back.min(tokens.len() - 1),
        };
        let sent = tokens[tokens.len() - 1 - back].clone();
        let answer = app.token(TokenRequest::refresh(seed::AUTOTALK, &sent)).await;
        let in_grace = back == 1 && app.now().millis() - model.rotated_at < GRACE;
        match (model.alive, back) {
            (true, 0) => {
                let next = answer.expect(200).json()["refresh_token"].as_str().unwrap().to_owned();
                prop_assert!(!tokens.contains(&next));
                tokens.push(next);
                model.rotated_at = app.now().millis();
            }
            (true, 1) if in_grace => {
                let again = answer.expect(200).json()["refresh_token"].as_str().unwrap().to_owned();
                // The same generation, sealed anew or not: it is the only successor there is.
                *tokens.last_mut().unwrap() = again;
            }
            (true, _) => {
                answer.expect_error(400, "invalid_grant");
                model.alive = false;
            }
            (false, _) => answer.expect_error(400, "invalid_grant"),
        }
    }
    Ok(())
}

/// The newest token works once; the one before gives the same successor again for ten seconds; anything older ends the family, for good.
#[test]
fn a_family_lives_and_dies_as_the_model_says() {
    let runtime = runtime();
    let outcome = proptest::test_runner::TestRunner::new(few(40, 10_000)).run(&steps(), |steps| runtime.block_on(walk(steps)));
    outcome.unwrap_or_else(|error| panic!("{error}"));
}
