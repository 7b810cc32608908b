//! All targets in one program, driven by libFuzzer: what `tests/fuzz/run` builds. `FUZZ_TARGET` names one; the arguments are libFuzzer's. Without a name it
//! lists them.
//!
//! An example of the service's package, not a part of this one, so that it is built with what the other tests have compiled; linked with libFuzzer by
//! `tests/fuzz/rustc`, which `--features fuzzing` presupposes.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "what a target finds must stop it")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program on the command line")]

mod files;
mod requests;
#[path = "../../suite/harness/seed.rs"]
mod seed;
mod service;
mod targets;
mod texts;

use std::ffi::{CString, c_char, c_int};
use std::process::ExitCode;
use std::sync::OnceLock;

use targets::TARGETS;

unsafe extern "C" {
    /// Of libFuzzer, for programs with a `main` of their own.
    fn LLVMFuzzerRunDriver(argc: *mut c_int, argv: *mut *mut *mut c_char, one_input: extern "C" fn(*const u8, usize) -> c_int) -> c_int;
}

static CHOSEN: OnceLock<fn(&[u8])> = OnceLock::new();

extern "C" fn one_input(data: *const u8, size: usize) -> c_int {
    // SAFETY: libFuzzer hands over `size` bytes that live until this returns.
    let input = if size == 0 { &[] } else { unsafe { std::slice::from_raw_parts(data, size) } };
    if let Some(run) = CHOSEN.get() {
        run(input);
    }
    0
}

fn main() -> ExitCode {
    let Ok(name) = std::env::var("FUZZ_TARGET") else {
        for (name, _) in TARGETS {
            println!("{name}");
        }
        return ExitCode::SUCCESS;
    };
    let Some((_, run)) = TARGETS.iter().find(|(known, _)| *known == name) else {
        eprintln!("no such target: {name}");
        return ExitCode::from(2);
    };
    CHOSEN.get_or_init(|| *run);
    // A handler's panic is caught by the service. Here nothing goes on after one.
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        tell(panic);
        std::process::abort();
    }));
    let words: Vec<CString> = std::env::args().filter_map(|word| CString::new(word).ok()).collect();
    let mut pointers: Vec<*mut c_char> = words.iter().map(|word| word.as_ptr().cast_mut()).collect();
    let mut count = c_int::try_from(pointers.len()).unwrap_or_default();
    pointers.push(std::ptr::null_mut());
    let mut list = pointers.as_mut_ptr();
    // SAFETY: as C's `main` gets them; words and pointers outlive the call.
    let code = unsafe { LLVMFuzzerRunDriver(&raw mut count, &raw mut list, one_input) };
    u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from)
}
