//! A reused block of Argon2 memory on huge pages: the only unsafe code of Vestibule.
//!
//! Argon2id jumps about in its memory at random, so with 4 KiB pages nearly every jump misses the TLB, and memory that is given back
//! to the system after each hash is zeroed page by page by the kernel before the next one. An [`Arena`] is mapped once, aligned to and
//! advised for 2 MiB pages, lent out for one hash at a time and wiped afterwards (RFC 9106 §4 leaves memory handling to the caller).
//!
//! Owns: the mapping. Must not: know what a password is.
#![deny(unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks, clippy::multiple_unsafe_ops_per_block)]

use std::hint::black_box;
use std::io;
use std::ops::{Deref, DerefMut};

use argon2::Block;
use memmap2::{MmapMut, MmapOptions};

/// What x86-64 and AArch64 kernels with 4 KiB base pages call huge.
const HUGE_PAGE: usize = 2 * 1024 * 1024;

// What the cast in `Arena::blocks` relies on.
const _: () = assert!(size_of::<Block>() == Block::SIZE);
const _: () = assert!(HUGE_PAGE.is_multiple_of(align_of::<Block>()));

/// Memory for Argon2, all zero whenever it is not lent out.
pub struct Arena {
    map: MmapMut,
    /// Where the first block begins: at a huge-page boundary inside `map`.
    offset: usize,
    /// Blocks (KiB) there are from `offset` on.
    blocks: usize,
}

impl Arena {
    /// Maps room for `blocks` blocks of 1 KiB. Pages are taken from the system when they are first used.
    ///
    /// # Errors
    /// When the system has no address space to give.
    pub fn new(blocks: usize) -> io::Result<Self> {
        let bytes = blocks.checked_mul(Block::SIZE).and_then(|bytes| bytes.checked_next_multiple_of(HUGE_PAGE));
        let mapped = bytes.and_then(|bytes| bytes.checked_add(HUGE_PAGE)).ok_or(io::ErrorKind::OutOfMemory)?;
        let map = MmapOptions::new().len(mapped).map_anon()?;
        advise_huge_pages(&map);
        let offset = map.as_ptr().align_offset(HUGE_PAGE);
        if offset.checked_add(blocks * Block::SIZE).is_none_or(|end| end > map.len()) {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        Ok(Self { map, offset, blocks })
    }

    /// How many blocks there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.blocks
    }

    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.blocks == 0
    }

    /// The first `blocks` blocks for one computation; wiped when the loan ends, also by a panic. `None` when there are not so many.
    pub fn lend(&mut self, blocks: usize) -> Option<Loan<'_>> {
        self.blocks().get_mut(..blocks).map(Loan)
    }

    #[expect(clippy::cast_ptr_alignment, reason = "the offset is a multiple of a huge page; see the proof below")]
    fn blocks(&mut self) -> &mut [Block] {
        let bytes: &mut [u8] = self.map.get_mut(self.offset..).unwrap_or_default();
        let count = self.blocks.min(bytes.len() / Block::SIZE);
        let first = bytes.as_mut_ptr().cast::<Block>();
        debug_assert!(first.is_aligned());
        // SAFETY:
        // - In bounds: `count` is at most `bytes.len() / size_of::<Block>()` (the size is asserted above), so the slice lies within `bytes`.
        // - Aligned: `offset` was computed by `align_offset(HUGE_PAGE)` from the start of a mapping that never moves, and a huge page is a
        //   multiple of a block's alignment (asserted above).
        // - Initialised: an anonymous mapping is zero-filled, and only blocks are ever written through this slice. `Block` is an array of
        //   `u64`, for which every bit pattern is a value.
        // - Exclusive: the result borrows `self` mutably by its lifetime, `bytes` is not used again, and nobody else maps this memory.
        // - Length: a slice obtained from `MmapMut` is at most `isize::MAX` bytes long.
        unsafe { std::slice::from_raw_parts_mut(first, count) }
    }
}

/// Transparent huge pages are a wish: without them the arena is slower, not wrong.
#[cfg(target_os = "linux")]
fn advise_huge_pages(map: &MmapMut) {
    let _ = map.advise(memmap2::Advice::HugePage);
}

#[cfg(not(target_os = "linux"))]
const fn advise_huge_pages(_map: &MmapMut) {}

/// Blocks on loan. Dropping it wipes them.
pub struct Loan<'arena>(&'arena mut [Block]);

impl Deref for Loan<'_> {
    type Target = [Block];

    fn deref(&self) -> &[Block] {
        self.0
    }
}

impl DerefMut for Loan<'_> {
    fn deref_mut(&mut self) -> &mut [Block] {
        self.0
    }
}

impl AsMut<[Block]> for Loan<'_> {
    fn as_mut(&mut self) -> &mut [Block] {
        self.0
    }
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        // A plain fill runs at memory speed, which writing word by word with volatile stores would not; `black_box` claims to read the
        // result, so that the fill cannot be left out as a store nobody looks at.
        self.0.fill(Block::new());
        black_box(&*self.0);
    }
}

#[cfg(test)]
mod tests {
    use argon2::{Algorithm, Argon2, Params, Version};

    use super::*;

    fn argon2(memory_kib: u32) -> Argon2<'static> {
        Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(memory_kib, 2, 1, None).unwrap())
    }

    fn is_zero(blocks: &[Block]) -> bool {
        blocks.iter().all(|block| block.as_ref().iter().all(|&word| word == 0))
    }

    #[test]
    fn a_hash_made_in_the_arena_is_the_one_made_without() {
        let mut arena = Arena::new(4096).unwrap();
        for memory_kib in [4096, 512, 4096] {
            let argon2 = argon2(memory_kib);
            let (mut here, mut there) = ([0; 32], [0; 32]);
            let loan = arena.lend(argon2.params().block_count()).unwrap();
            argon2.hash_password_into_with_memory(b"correct horse", b"battery staple", &mut here, loan).unwrap();
            argon2.hash_password_into(b"correct horse", b"battery staple", &mut there).unwrap();
            assert_eq!(here, there);
        }
    }

    #[test]
    fn a_loan_begins_and_ends_with_zeros() {
        let mut arena = Arena::new(1024).unwrap();
        assert!(is_zero(&arena.lend(1024).unwrap()));
        let mut loan = arena.lend(1024).unwrap();
        argon2(1024).fill_memory(b"secret", b"saltsaltsalt", &mut *loan).unwrap();
        assert!(!is_zero(&loan));
        drop(loan);
        assert!(is_zero(&arena.lend(1024).unwrap()));
    }

    #[test]
    fn a_panic_wipes_too() {
        let mut arena = Arena::new(64).unwrap();
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let mut loan = arena.lend(64).unwrap();
            loan.first_mut().unwrap().as_mut().fill(7);
            panic!("in the middle of a hash");
        }));
        assert!(result.is_err());
        assert!(is_zero(&arena.lend(64).unwrap()));
    }

    #[test]
    fn blocks_begin_at_a_huge_page_and_end_inside_the_mapping() {
        for blocks in [1, 2047, 2048, 2049, 19_456] {
            let mut arena = Arena::new(blocks).unwrap();
            let mut loan = arena.lend(blocks).unwrap();
            assert_eq!(loan.as_ptr().align_offset(HUGE_PAGE), 0);
            assert_eq!(loan.len(), blocks);
            loan.last_mut().unwrap().as_mut().fill(u64::MAX);
        }
    }

    #[test]
    fn more_than_there_is_is_not_lent() {
        let mut arena = Arena::new(8).unwrap();
        assert_eq!(arena.len(), 8);
        assert!(arena.lend(9).is_none());
        assert!(Arena::new(usize::MAX).is_err());
    }
}
