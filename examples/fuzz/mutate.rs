//! Changing bytes by chance, the same way for the same seed.

/// xorshift64*: no secret depends on it.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Below `end`; 0 when there is nothing below.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap_or(0) % end.max(1)
    }
}

/// FNV-1a: names files and seeds, nothing else.
pub fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Longer inputs find nothing here that shorter ones do not.
const LONGEST: usize = 16 * 1024;

const INTERESTING: [&[u8]; 16] = [
    b"\0",
    b"\xff",
    b"%",
    b"%00",
    b"=",
    b"&",
    b";",
    b",",
    b"\"",
    b"\r\n",
    b"..",
    b"\xe2\x80\xae",
    b"\xf0\x9f\x94\x91",
    b"18446744073709551616",
    b"-1",
    b"",
];

pub struct Mutator {
    random: Random,
    words: &'static [&'static str],
}

impl Mutator {
    pub fn new(seed: u64, words: &'static [&'static str]) -> Self {
        Self { random: Random(seed | 1), words }
    }

    /// One of the corpus, changed in one to eight places.
    pub fn next(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let mut input = corpus[self.random.below(corpus.len())].clone();
        for _ in 0..=self.random.below(8) {
            self.change(&mut input, corpus);
        }
        input.truncate(LONGEST);
        input
    }

    fn change(&mut self, input: &mut Vec<u8>, corpus: &[Vec<u8>]) {
        let at = self.random.below(input.len() + 1);
        let end = (at + 1 + self.random.below(8)).min(input.len());
        match self.random.below(9) {
            0 if at < input.len() => input[at] ^= 1 << self.random.below(8),
            1 if at < input.len() => input[at] = self.random.next().to_le_bytes()[0],
            2 if at < end => drop(input.drain(at..end)),
            3 => insert(input, at, INTERESTING[self.random.below(INTERESTING.len())]),
            4 if !self.words.is_empty() => insert(input, at, self.words[self.random.below(self.words.len())].as_bytes()),
            5 => {
                // A piece of another input.
                let other = &corpus[self.random.below(corpus.len())];
                let from = self.random.below(other.len() + 1);
                insert(input, at, &other[from..(from + 32).min(other.len())].to_vec());
            }
            6 if at < end => {
                // The same piece often: what is quadratic shows.
                let piece = input[at..end].repeat(1 << self.random.below(10));
                insert(input, at, &piece);
            }
            7 => input.truncate(at),
            _ => input.insert(at, self.random.next().to_le_bytes()[0]),
        }
    }
}

fn insert(input: &mut Vec<u8>, at: usize, piece: &[u8]) {
    input.splice(at..at, piece.iter().copied());
    input.truncate(LONGEST);
}
