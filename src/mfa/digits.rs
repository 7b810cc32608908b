//! Six digits as people type them.

/// Where the decimal digits of the scripts in use begin (Unicode general category Nd); each has ten in a row.
const ZEROS: [u32; 40] = [
    0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0, 0xf20, 0x1040, 0x1090,
    0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0,
    0xff10, 0x104a0, 0x11066, 0x1e950,
];

/// Exactly six decimal digits, in ASCII.
#[derive(Clone, PartialEq, Eq)]
pub struct SixDigits(String);

/// Why a text is no code at all: nothing is tried with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    Missing,
    Format,
}

impl SixDigits {
    /// Spaces and dashes do not count, wherever they are; digits of every script do.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn parse(typed: &str) -> Result<Self, Unreadable> {
        let mut digits = String::new();
        for c in typed.chars().filter(|c| !is_separator(*c)) {
            // More than six are too many, however long the text.
            match digit(c) {
                Some(digit) if digits.len() < 6 => digits.push(digit),
                _ => return Err(Unreadable::Format),
            }
        }
        match digits.len() {
            0 => Err(Unreadable::Missing),
            6 => Ok(Self(digits)),
            _ => Err(Unreadable::Format),
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// It is a secret for half a minute.
impl std::fmt::Debug for SixDigits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[code]")
    }
}

/// White space, dashes, and what formats text without showing.
pub(super) fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '-' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{feff}' | '\u{ff0d}')
}

fn digit(c: char) -> Option<char> {
    let value = ZEROS.iter().find_map(|zero| u32::from(c).checked_sub(*zero).filter(|value| *value < 10))?;
    char::from_digit(value, 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_dashes_and_digits_of_other_scripts_are_understood() {
        for typed in
            ["123456", " 123 456\n", "123-456", "1 2 3 4 5 6", "12\u{2013}34\u{a0}56", "１２３４５６", "١٢٣٤٥٦", "१२३ ४५६", "۱۲۳۴۵۶"]
        {
            assert_eq!(SixDigits::parse(typed).unwrap().as_str(), "123456", "{typed}");
        }
    }

    #[test]
    fn anything_else_is_no_code() {
        for typed in ["12345", "1234567", "12345a", "+123456", "12.456", "²²²²²²", "Ⅰ23456", &"1".repeat(10_000)] {
            assert_eq!(SixDigits::parse(typed), Err(Unreadable::Format), "{}", typed.len());
        }
        for typed in ["", "  ", " - "] {
            assert_eq!(SixDigits::parse(typed), Err(Unreadable::Missing), "{typed:?}");
        }
    }
}
