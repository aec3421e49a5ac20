//! Target `authenticate`: complete verifications.
//!
//! Headers, claims, clocks, URLs, limits and bodies are arbitrary; most deliveries are
//! correctly signed.

use crate::compare;
use crate::delivery::Delivery;
use crate::reader::Reader;
use crate::reference::Head;

/// Runs one input; returns `ok`, a code, or `no verifier`.
///
/// # Panics
/// If the core and the reference differ.
pub fn run(data: &[u8]) -> &'static str {
    let delivery = Delivery::read(Reader::new(data));
    let signed = delivery.sign();
    let Some(verifier) = signed.verifier() else {
        return "no verifier";
    };
    let (setup, body) = (&signed.setup, &signed.body);
    let head = Head {
        headers: signed.headers.clone(),
        target: signed.target.clone(),
    };
    let request = compare::request_head(&head);
    compare::metadata(&head);

    let expected = setup.verify_head(&head);
    let pending = verifier.authenticate(&request);
    let whole = verifier.verify(&request, body);
    let (genuine, mut pending) = match (&expected, pending) {
        (Err(code), Err(refused)) => {
            compare::verdicts(Err(code), Err(&refused));
            compare::verdicts(Err(code), whole.as_ref());
            return code;
        }
        (Err(code), Ok(_)) => panic!("authenticated, and should be {code}"),
        (Ok(genuine), Err(refused)) => {
            panic!("{refused}, and should be authenticated: {genuine:?}")
        }
        (Ok(genuine), Ok(pending)) => (genuine, pending),
    };
    assert_eq!(pending.key_slot().as_str(), genuine.slot);

    let too_large = body.len() as u64 > setup.limit;
    assert_eq!(
        pending.declare_length(body.len() as u64).is_err(),
        too_large
    );
    let mut refused = false;
    // Empty chunks must not change the outcome.
    for chunk in body.chunks(delivery.chunks.max(1)) {
        for chunk in [&[], chunk] {
            refused |= pending.update(chunk).is_err();
        }
    }
    assert_eq!(refused, too_large);
    let verdict = setup.verify_body(genuine, body);
    compare::verdicts(verdict.map(|()| genuine), pending.finish().as_ref());
    compare::verdicts(verdict.map(|()| genuine), whole.as_ref());
    verdict.err().unwrap_or("ok")
}
