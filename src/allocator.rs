//! What the C library's allocator is told at the start.

/// Buffers from here on are given back to the system when they are freed.
///
/// Left alone, glibc raises this bound up to 32 MiB as it goes and keeps what lies below it for later: a few giant pushes
/// then leave several times in memory what the permits allow (measured: 165 MiB in place of 88, under 96 MiB of permits).
/// Pushes of ordinary size stay below it, so their buffers are still used again.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const GIVEN_BACK: libc::c_int = 1024 * 1024;

/// Tells it. Other C libraries give large buffers back by themselves.
pub fn give_back_what_is_large() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "the only road to this setting; it takes two numbers and holds no memory of ours")]
    // SAFETY: it may be called at any time; a value that it does not take changes nothing.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, GIVEN_BACK);
    }
}
