//! SHA-1 (RFC 3174), for services that name known passwords by it. Good for nothing else: nothing here rests on its strength.

const START: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
const BLOCK: usize = 64;

/// The digest of a short text.
pub(super) fn digest(text: &[u8]) -> Vec<u8> {
    let mut padded = text.to_vec();
    padded.push(0x80);
    while padded.len() % BLOCK != BLOCK - 8 {
        padded.push(0);
    }
    let bits = u64::try_from(text.len()).unwrap_or(u64::MAX).saturating_mul(8);
    padded.extend(bits.to_be_bytes());
    let state = padded.chunks_exact(BLOCK).fold(START, |state, block| compress(state, &schedule(block)));
    state.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// The eighty words of a block (§6.1 a, b).
fn schedule(block: &[u8]) -> Vec<u32> {
    let mut words: Vec<u32> = block.chunks_exact(4).filter_map(|four| four.try_into().ok()).map(u32::from_be_bytes).collect();
    for t in 16..80 {
        let word = |back: usize| words.get(t - back).copied().unwrap_or_default();
        let next = (word(3) ^ word(8) ^ word(14) ^ word(16)).rotate_left(1);
        words.push(next);
    }
    words
}

/// Eighty rounds (§6.1 c, d, e).
#[expect(clippy::many_single_char_names, reason = "the names of RFC 3174")]
fn compress(state: [u32; 5], words: &[u32]) -> [u32; 5] {
    let [mut a, mut b, mut c, mut d, mut e] = state;
    for (t, word) in words.iter().enumerate() {
        let (f, k) = match t {
            0..20 => ((b & c) | (!b & d), 0x5a82_7999),
            20..40 => (b ^ c ^ d, 0x6ed9_eba1),
            40..60 => ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc),
            _ => (b ^ c ^ d, 0xca62_c1d6_u32),
        };
        let next = a.rotate_left(5).wrapping_add(f).wrapping_add(e).wrapping_add(*word).wrapping_add(k);
        (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
    }
    let [h0, h1, h2, h3, h4] = state;
    [h0.wrapping_add(a), h1.wrapping_add(b), h2.wrapping_add(c), h3.wrapping_add(d), h4.wrapping_add(e)]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3174 §7.3, and the empty text.
    #[test]
    fn the_published_examples_come_out() {
        let hexadecimal = |text: &[u8]| digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(hexadecimal(b"abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(hexadecimal(b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"), "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
        assert_eq!(hexadecimal(b""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        assert_eq!(hexadecimal(&[b'a'; 1000]), "291e9a6c66994949b57ba5e650361e98fc36b1ba");
    }
}
