//! Passwords that are one pattern: repeats and rows of neighbours; and the form in which words are compared.

/// Lower case, with the usual swaps of signs for letters undone.
pub(super) fn fold(text: &str) -> String {
    let letter = |c: char| match c {
        '@' | '4' => 'a',
        '3' => 'e',
        '1' | '!' | '|' => 'i',
        '0' => 'o',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    };
    text.chars().flat_map(char::to_lowercase).map(letter).collect()
}

/// Shorter units do not become a password by being repeated.
const SHORTEST_UNIT: usize = 8;

/// With fewer different characters it is a repeat, whatever their order.
const FEWEST_CHARACTERS: usize = 4;

/// The same few characters again and again.
pub(super) fn is_repeat(password: &str) -> bool {
    let characters: Vec<char> = password.chars().collect();
    let mut different = characters.clone();
    different.sort_unstable();
    different.dedup();
    different.len() < FEWEST_CHARACTERS || period(&characters).is_some_and(|period| period < SHORTEST_UNIT)
}

/// What a password repeats from its first character to its last, when that is at least twice.
pub(super) fn unit(password: &str) -> Option<String> {
    let characters: Vec<char> = password.chars().collect();
    period(&characters).map(|period| characters.iter().take(period).collect())
}

/// The shortest length after which the characters repeat.
fn period(characters: &[char]) -> Option<usize> {
    (1..=characters.len() / 2).find(|&period| characters.iter().zip(characters.iter().skip(period)).all(|(a, b)| a == b))
}

/// A row of neighbours: at least four of five steps lead to the next or the previous character, or from 9 to 0.
pub(super) fn is_sequence(password: &str) -> bool {
    let characters: Vec<char> = password.chars().flat_map(char::to_lowercase).collect();
    let steps = characters.len().saturating_sub(1);
    let neighbours = characters.iter().zip(characters.iter().skip(1)).filter(|(a, b)| are_neighbours(**a, **b)).count();
    steps > 0 && neighbours * 5 >= steps * 4
}

fn are_neighbours(a: char, b: char) -> bool {
    u32::from(a).abs_diff(u32::from(b)) == 1 || matches!((a, b), ('9', '0') | ('0', '9'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_are_noticed() {
        for password in ["aaaaaaaaaaaaaaaa", "abababababababab", "abcabcabcabcabca", "12121212121212123", "🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑"]
        {
            assert!(is_repeat(password), "{password}");
        }
        for password in ["correct horse battery staple", "abcabdabeabfabga", "correct horse correct horse"] {
            assert!(!is_repeat(password), "{password}");
        }
    }

    #[test]
    fn what_is_repeated_is_known() {
        assert_eq!(unit("passwordpassword").as_deref(), Some("password"));
        assert_eq!(unit("passwordpasswordpass").as_deref(), Some("password"));
        assert_eq!(unit("password"), None);
    }

    #[test]
    fn rows_of_neighbours_are_noticed() {
        for password in ["abcdefghijklmnop", "123456789012345", "zyxwvutsrqponml", "ABCDEFGH12345678", "абвгдежзийклмноп"] {
            assert!(is_sequence(password), "{password}");
        }
        for password in ["correct horse battery staple", "a", "", "acegikmoqsuwy"] {
            assert!(!is_sequence(password), "{password}");
        }
    }
}
