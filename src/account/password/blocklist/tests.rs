use std::collections::BTreeSet;
use std::path::PathBuf;

use super::*;

/// So many words that 103 000 entries give a false answer once in 100 000.
const SIZE: usize = 39_000;

/// Entries of the lists that are taken: the most common quarter of a million, and of the rest whatever is long enough to be a password by itself.
const TAKEN: usize = 250_000;
const LONG: usize = 15;

/// `VESTIBULE_PASSWORD_LISTS=dir` (with `seclists.txt` and `zxcvbn-ts.txt`, most common first): makes the filter anew. See `build`.
#[test]
fn the_filter_can_be_made_anew() {
    let Some(directory) = std::env::var_os("VESTIBULE_PASSWORD_LISTS").map(PathBuf::from) else { return };
    let read = |name: &str| String::from_utf8_lossy(&std::fs::read(directory.join(name)).unwrap()).into_owned();
    let (seclists, zxcvbn) = (read("seclists.txt"), read("zxcvbn-ts.txt"));
    let taken = seclists.lines().enumerate().filter(|(rank, line)| *rank < TAKEN || line.chars().count() >= LONG).map(|(_, line)| line);
    let entries: BTreeSet<String> =
        taken.chain(zxcvbn.lines()).map(str::to_lowercase).filter(|line| line.chars().count() >= SHORTEST).collect();
    let mut filter = BloomFilter::from_vec(vec![0; SIZE]).seed(&0).hashes(HASHES);
    for entry in &entries {
        filter.insert_hash(hash(entry));
    }
    assert!(filter.expected_false_pos(entries.len()) < 1.1e-5, "{} entries are too many for the filter's size", entries.len());
    let bytes: Vec<u8> = filter.iter().flat_map(u64::to_be_bytes).collect();
    std::fs::write(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/account/password/blocklist/common.bloom"), bytes).unwrap();
}

#[test]
fn the_most_common_passwords_are_on_it() {
    let list = Blocklist::embedded();
    for password in [
        "password",
        "12345678",
        "123456789",
        "baseball",
        "football",
        "1234567890",
        "superman",
        "1qaz2wsx",
        "trustno1",
        "jennifer",
        "sunshine",
        "iloveyou",
        "starwars",
        "computer",
        "michelle",
        "11111111",
        "princess",
        "passwordpassword",
        "1qaz2wsx3edc4rfv",
        "12345678900987654321",
        "qwertyuiop12345",
    ] {
        assert!(list.has(password), "{password}");
    }
}

#[test]
fn usual_disguises_do_not_hide_them() {
    let list = Blocklist::embedded();
    for password in ["PASSWORD", "P@ssw0rd", "p455w0rd!", "!!sunshine!!", "Baseball2026!", "trustno1trustno1", "Iloveyou123"] {
        assert!(list.has(password), "{password}");
    }
}

/// As stated in docs/decisions/0013: fewer than one good password in ten thousand is refused by mistake, disguises included.
#[test]
fn good_passwords_are_hardly_ever_refused() {
    let list = Blocklist::embedded();
    let asked: u32 = 200_000;
    let refused = (0..asked).filter(|number| list.contains(&format!("a random text {number} of no list"))).count();
    assert!(refused <= 10, "{refused} of {asked}: more than 5 in 100 000");
    for password in ["correct horse battery staple", "a long enough passphrase", "xk29vmq04tzb7w1"] {
        assert!(!list.has(password), "{password}");
    }
}
