//! See [`qstash_verify_fuzz::environment`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    qstash_verify_fuzz::environment::run(data);
});
