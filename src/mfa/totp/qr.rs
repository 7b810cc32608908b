//! QR codes as the path of an inline SVG.

use std::fmt::Write as _;

use qrcodegen::QrCodeEcc;

/// The light border that scanners need, in modules (ISO/IEC 18004).
const QUIET_ZONE: i32 = 4;

/// A drawing: `<path d>` within a `viewBox` of `size` by `size`, on white.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QrCode {
    pub size: i32,
    pub path: String,
}

/// Draws a text. `None` when it is longer than a QR code can hold.
#[must_use]
pub fn draw(text: &str) -> Option<QrCode> {
    let code = qrcodegen::QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let mut path = String::new();
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            let run = (x..code.size()).take_while(|x| code.get_module(*x, y)).count();
            let length = i32::try_from(run).unwrap_or(0);
            if length > 0 {
                // Writing to a text does not fail.
                let _ = write!(path, "M{},{}h{length}v1h-{length}z", x.saturating_add(QUIET_ZONE), y.saturating_add(QUIET_ZONE));
            }
            x = x.saturating_add(length.max(1));
        }
    }
    Some(QrCode { size: code.size().saturating_add(2 * QUIET_ZONE), path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drawing_has_a_quiet_zone_and_every_dark_module() {
        let text = "otpauth://totp/Vestibule:ana@example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        let drawn = draw(text).unwrap();
        let code = qrcodegen::QrCode::encode_text(text, QrCodeEcc::Medium).unwrap();
        assert_eq!(drawn.size, code.size() + 8);
        // The top of the finder pattern, left and right.
        assert!(drawn.path.starts_with("M4,4h7v1h-7z"), "{}", drawn.path);
        let runs = drawn.path.split('h').skip(1).step_by(2).map(|run| run.split('v').next().unwrap().parse::<usize>().unwrap());
        let dark = (0..code.size()).flat_map(|y| (0..code.size()).map(move |x| (x, y))).filter(|(x, y)| code.get_module(*x, *y)).count();
        assert_eq!(runs.sum::<usize>(), dark);
        assert!(draw(&"x".repeat(3000)).is_none());
    }
}
