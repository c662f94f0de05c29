//! What the system is told of this process: that a crash writes no memory to a disk, and which memory it gets back.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// One byte, where zero would say the same and mean less: it is too little for a file in any case, and it is the value with
/// which Linux does not start a handler (`|…` in `core_pattern`) either. Handlers do not count against the limit otherwise.
const CORE: u64 = 1;

/// From now on a crash leaves no core dump: the memory of this process is full of lines that were not yet redacted.
///
/// The other road, `PR_SET_DUMPABLE`, would give `/proc/PID` to root: where we run as somebody else, our own `process_*`
/// metrics could not be read from there any more, nor could anything by whoever runs us.
pub fn leave_no_core() {
    // Nobody may raise it again; nor can we where it is lower already.
    let most = getrlimit(Resource::Core).maximum.map_or(CORE, |most| most.min(CORE));
    // A limit may always be lowered.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(most), maximum: Some(most) });
}

/// Buffers from here on are given back to the system when they are freed.
///
/// Left alone, glibc raises this bound up to 32 MiB as it goes and keeps what lies below it for later: a few giant pushes
/// then leave several times in memory what the permits allow (measured: 165 MiB in place of 88, under 96 MiB of permits).
/// Pushes of ordinary size stay below it, so their buffers are still used again.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const GIVEN_BACK: libc::c_int = 1024 * 1024;

/// Tells the allocator. Those of other C libraries give large buffers back by themselves.
pub fn give_back_what_is_large() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "the only road to this setting; it takes two numbers and holds no memory of ours")]
    // SAFETY: it may be called at any time; a value that it does not take changes nothing.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, GIVEN_BACK);
    }
}

/// Gives back what is free and large enough to be given back, wherever it lies.
///
/// By itself glibc does so at the end of its heaps alone. A push of a million labels is a million small buffers: what they
/// leave free stayed with us (measured: 30 MiB), and the next push stood on top of it.
pub fn give_back_what_is_free() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "the only road to it; it takes a number and touches nothing that is in use")]
    // SAFETY: it may be called at any time, on any thread.
    unsafe {
        libc::malloc_trim(0);
    }
}
