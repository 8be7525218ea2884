//! Memory that is not needed any more is given back: what only the start of a program needed, and what is free.
//!
//! Flags, settings, patterns and TLS are read once, by code that is spread over the whole program. The kernel maps
//! 64 KiB around each page that is touched, so all of a program's text counts as resident for ever, though little
//! of it is used again. What is freed between pieces of memory that stay, the allocator keeps for ever.

use std::ffi::c_void;
use std::io;
use std::num::NonZeroUsize;
use std::ptr::NonNull;
use std::time::Duration;

use nix::sys::mman::{MmapAdvise, madvise};

/// By then a program has read its settings and done each of its rounds at least once.
const START: Duration = Duration::from_secs(10);

/// Between two looks for memory that is free.
const ROUND: Duration = Duration::from_mins(1);

/// Gives text back some seconds from now, once, and then and each minute what the allocator has free; what goes wrong
/// costs memory and nothing else.
pub async fn tend() {
    tokio::time::sleep(START).await;
    if let Err(error) = give_back() {
        tracing::debug!("memory of the start is not given back: {error}");
    }
    loop {
        // Where much is free it takes its time.
        if tokio::task::spawn_blocking(trim).await.is_err() {
            return;
        }
        tokio::time::sleep(ROUND).await;
    }
}

/// Gives whole pages back that the allocator has free, wherever they are; other allocators than glibc's do so by
/// themselves, or not at all.
fn trim() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it takes no pointer, keeps none, and may be called at any time by any thread (malloc_trim(3)): what it
    // gives back belongs to nobody. Without it an agent with 100 targets of 1,000 series has 40 MiB, of which 16 are
    // free (`make bench-remote-write`).
    #[allow(unsafe_code, reason = "no crate has it without; see above for why it is sound")]
    unsafe {
        nix::libc::malloc_trim(0);
    }
}

/// Takes all program text off this process' resident pages; what is used comes back from the page cache, page by
/// page. How many bytes were asked for. Elsewhere than on Linux there is no list of mappings, and this an error.
pub fn give_back() -> io::Result<usize> {
    let maps = std::fs::read_to_string("/proc/self/maps")?;
    let mut all = 0;
    for (start, length) in maps.lines().filter_map(text) {
        let Some(start) = NonNull::new(std::ptr::with_exposed_provenance_mut::<c_void>(start.get())) else {
            continue;
        };
        // SAFETY: on a private mapping of a file MADV_DONTNEED drops the process' own changes and reads the file
        // again. `text` lets only mappings through that can be executed and cannot be written: nothing of ours
        // changed them, as the loader writes relocations to writable pages alone (the linker refuses relocations
        // of text), and the kernel does not let a file be written that is being executed. A mapping that went
        // since it was listed is an error of the call, and one that another thread put in its place is text too:
        // nobody here maps executable memory but the loader. Without this an idle agent has 12.7 MiB, not
        // under 10 (`make bench-agent`).
        #[allow(unsafe_code, reason = "no crate has it without; see above for why it is sound")]
        unsafe {
            madvise(start, length, MmapAdvise::MADV_DONTNEED)?;
        }
        all += length;
    }
    Ok(all)
}

/// Start and length of a mapping of program text, from a line of `/proc/PID/maps` (proc(5)).
fn text(line: &str) -> Option<(NonZeroUsize, usize)> {
    let mut fields = line.split_ascii_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let is_text = fields.next()? == "r-xp";
    // Offset, device, inode; then the file. Without one the kernel has nothing to read again.
    let file = fields.nth(3)?;
    let (start, end) = (usize::from_str_radix(start, 16).ok()?, usize::from_str_radix(end, 16).ok()?);
    (is_text && file.starts_with('/')).then_some((NonZeroUsize::new(start)?, end.checked_sub(start)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_text_of_files_is_given_back() {
        for (line, want) in [
            ("1000-3000 r-xp 00001000 fe:00 42     /bin/some thing", Some((0x1000, 0x2000))),
            ("1000-3000 r--p 00001000 fe:00 42     /bin/thing", None),
            ("1000-3000 rw-p 00001000 fe:00 42     /bin/thing", None),
            ("1000-3000 rwxp 00001000 fe:00 42     /bin/thing", None),
            ("1000-3000 r-xs 00001000 fe:00 42     /bin/thing", None),
            ("1000-3000 r-xp 00000000 00:00 0      [vdso]", None),
            ("1000-3000 r-xp 00000000 00:00 0", None),
            ("3000-1000 r-xp 00001000 fe:00 42     /bin/thing", None),
            ("", None),
        ] {
            assert_eq!(text(line).map(|(start, length)| (start.get(), length)), want, "{line}");
        }
    }

    #[test]
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    fn what_is_free_between_what_stays_is_given_back() {
        let mut all: Vec<Vec<u8>> = (0..400).map(|_| vec![1; 100_000]).collect();
        let full = resident("RssAnon:");
        // Every other one stays, so that none of them is at an end of what the allocator has.
        let mut nth = 0..;
        all.retain(|_| nth.next().is_some_and(|nth: u32| nth.is_multiple_of(2)));
        trim();
        assert!(resident("RssAnon:") + 15_000 < full, "{} KiB of {full}", resident("RssAnon:"));
        assert!(all.iter().flatten().all(|byte| *byte == 1));
    }

    /// In KiB.
    fn resident(kind: &str) -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(kind)).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    #[test]
    fn a_program_goes_on_without_the_pages_that_it_gave_back() {
        // Other tests of this process use text, too: never as much as all that was ever used.
        let before = resident("RssFile:");
        assert!(give_back().unwrap() > 1 << 20);
        assert!(resident("RssFile:") < before, "{} KiB of {before}", resident("RssFile:"));
        assert_eq!(format!("{:?}", "still here".split(' ').collect::<Vec<_>>()), "[\"still\", \"here\"]");
    }
}
