use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

const QUOTA: Quota = Quota { burst: 1, per: Duration::from_secs(8) };

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(seconds)
}

fn word(looked: &Looked<(), ()>) -> &'static str {
    match looked {
        Looked::Unpaid(Ok(())) => "right",
        Looked::Unpaid(Err(())) => "wrong",
        Looked::Paid(Ok(())) => "right, paid",
        Looked::Paid(Err(())) => "wrong, paid",
        Looked::RefusedUntil(_) => "refused",
        Looked::ToPay => "to pay",
    }
}

fn look(noted: &Noted, now: i64, shown: Result<(), ()>) -> &'static str {
    word(&noted.look("a", (at(now), QUOTA.per), || shown))
}

#[test]
fn after_the_first_that_fails_nothing_is_checked_unpaid_until_it_is_forgotten() {
    let (noted, checked) = (Noted::default(), AtomicUsize::new(0));
    assert_eq!((look(&noted, 1, Ok(())), look(&noted, 1, Ok(()))), ("right", "right"));
    std::thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| {
                noted.look("a", (at(2), QUOTA.per), || {
                    checked.fetch_add(1, Ordering::Relaxed);
                    Err::<(), ()>(())
                })
            });
        }
    });
    assert_eq!(checked.load(Ordering::Relaxed), 1);
    assert_eq!((look(&noted, 9, Ok(())), look(&noted, 10, Ok(()))), ("to pay", "right"));
}

/// Of those that are in there together the first pays and the last takes it back; whoever is wrong has used it up.
#[tokio::test]
async fn what_one_has_paid_does_for_all_that_are_right() {
    let noted = Noted::default();
    look(&noted, 1, Err(()));
    let (mut first, mut second) = (noted.enter("a"), noted.enter("a"));
    let turn = first.comes().await;
    assert!(second.turns.as_ref().unwrap().try_lock().is_err(), "one at a time");
    assert_eq!(first.check_paid(QUOTA, at(2), || Ok::<(), ()>(())), Ok(()));
    assert_eq!(first.leave(), None, "the second may use it");
    drop(turn);
    let _turn = second.comes().await;
    assert_eq!(look(&noted, 2, Ok(())), "right, paid");
    assert_eq!((second.leave(), second.leave()), (Some(QUOTA), None));
    assert_eq!(look(&noted, 2, Ok(())), "to pay");

    let mut third = noted.enter("a");
    third.check_paid(QUOTA, at(2), || Ok::<(), ()>(())).unwrap();
    drop(third);
    assert_eq!(look(&noted, 3, Ok(())), "right, paid", "one that went away leaves it to the next");
    assert_eq!((look(&noted, 3, Err(())), look(&noted, 3, Err(()))), ("wrong, paid", "to pay"));
    assert_eq!(noted.lock().kept["a"].inside, 0);
}

#[test]
fn the_store_is_asked_again_after_a_second_however_long_it_said() {
    let noted = Noted::default();
    look(&noted, 1, Err(()));
    noted.refuse("a", at(60), at(2));
    assert!(matches!(noted.look("a", (at(2), QUOTA.per), || Ok::<(), ()>(())), Looked::RefusedUntil(until) if until == at(60)));
    assert_eq!(look(&noted, 3, Ok(())), "to pay");
}

#[tokio::test]
async fn without_room_everybody_pays_first_and_nothing_is_kept() {
    let noted = Noted::default();
    for number in 0..MOST {
        noted.look(&number.to_string(), (at(1), QUOTA.per), || Err::<(), ()>(()));
    }
    assert_eq!(look(&noted, 2, Ok(())), "to pay");
    let mut turn = noted.enter("a");
    assert!(turn.comes().await.is_none());
    turn.check_paid(QUOTA, at(2), || Ok::<(), ()>(())).unwrap();
    assert_eq!((turn.leave(), turn.leave()), (Some(QUOTA), None));
    assert_eq!(noted.lock().kept.len(), MOST);
    assert_eq!(look(&noted, 9, Ok(())), "right");
    assert!(noted.lock().kept.is_empty(), "what is over makes room");
}
