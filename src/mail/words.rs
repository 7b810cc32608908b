//! What people wrote, made fit for a mail that goes out under our name.

/// Longest name that is used, and longest other text, in code points.
const MAX_NAME: usize = 60;
const MAX_TEXT: usize = 1000;

/// One line: white space of any kind becomes a space, what cannot be seen or turns the direction of writing goes.
pub(super) fn line(text: &str) -> String {
    let seen: String = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|&c| !is_unseen(c)).collect();
    seen.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The same, of bounded length.
pub(super) fn short(text: &str) -> String {
    line(text).chars().take(MAX_TEXT).collect()
}

/// A name people gave themselves or something of theirs. Somebody may sign up with a stranger's address and an advertisement for a name:
/// what a mail program would make a link of is not used as a name, and neither is what is too long to be one.
pub(super) fn name(text: &str) -> Option<String> {
    let name = line(text);
    let fits = !name.is_empty() && name.chars().count() <= MAX_NAME && !name.contains([':', '/', '@', '\\']);
    (fits && !name.split(' ').any(looks_like_a_host)).then_some(name)
}

/// `evil.example`, but not `J.R.R.`: a dot with something before it, and two or more letters after it.
fn looks_like_a_host(word: &str) -> bool {
    word.trim_end_matches(['.', ',', ';', '!', '?', ')'])
        .rsplit_once(['.', '\u{3002}', '\u{ff0e}'])
        .is_some_and(|(before, after)| !before.is_empty() && after.chars().take_while(|c| c.is_alphanumeric()).count() > 1)
}

/// Control characters and those that format text without showing.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_others_is_one_line_that_reads_forwards() {
        assert_eq!(line(" Ana\r\nBcc: x@evil.example\t\u{202e}oh\0 "), "Ana Bcc: x@evil.example oh");
        assert_eq!(line("\u{2028}\u{200b}"), "");
        assert_eq!(short(&"a".repeat(2000)).len(), 1000);
    }

    #[test]
    fn names_of_people_are_names() {
        for good in ["Ana Lima", "J.R.R. Tolkien", "O’Brien, Jr.", "Zoë", "محمد", "Dr. Ada", "X Æ A-12"] {
            assert_eq!(name(good).as_deref(), Some(good));
        }
    }

    #[test]
    fn advertisements_are_not() {
        let long = "a".repeat(61);
        for bad in ["", " ", "win at evil.example", "http://evil", "evil.example/x", "mail me@evil.example", "Go to evil.example!", &long] {
            assert_eq!(name(bad), None, "{bad}");
        }
    }
}
