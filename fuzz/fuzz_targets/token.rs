//! See [`qstash_verify_fuzz::token`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    qstash_verify_fuzz::token::run(data);
});
