//! The whole of `authenticate` and of what follows it: arbitrary headers, claims,
//! clocks, URLs, limits and bodies, most of them really signed.

use crate::agree;
use crate::delivery::Delivery;
use crate::reader::Reader;
use crate::reference::Head;

/// Runs one input, and says what came of it: `ok`, a code, or `no verifier`.
///
/// # Panics
/// If the core and the reference differ.
pub fn run(data: &[u8]) -> &'static str {
    let delivery = Delivery::read(Reader::new(data));
    let finished = delivery.finish();
    let Some(verifier) = finished.verifier() else {
        return "no verifier";
    };
    let (setup, body) = (&finished.setup, &finished.body);
    let head = Head {
        headers: finished.headers.clone(),
        target: finished.target.clone(),
    };
    let request = agree::request_head(&head);
    agree::metadata(&head);

    let expected = setup.judge_head(&head);
    let pending = verifier.authenticate(&request);
    let whole = verifier.verify(&request, body);
    let (genuine, mut pending) = match (&expected, pending) {
        (Err(code), Err(refused)) => {
            agree::verdicts(Err(code), Err(&refused));
            agree::verdicts(Err(code), whole.as_ref());
            return code;
        }
        (Err(code), Ok(_)) => panic!("authenticated, and should be {code}"),
        (Ok(genuine), Err(refused)) => {
            panic!("{refused}, and should be authenticated: {genuine:?}")
        }
        (Ok(genuine), Ok(pending)) => (genuine, pending),
    };
    assert_eq!(pending.key().as_str(), genuine.slot);

    let too_large = body.len() as u64 > setup.limit;
    assert_eq!(
        pending.declare_length(body.len() as u64).is_err(),
        too_large
    );
    let mut refused = false;
    // Chunks of no bytes change nothing, so one goes before each.
    for chunk in body.chunks(delivery.chunks.max(1)) {
        for chunk in [&[], chunk] {
            refused |= pending.update(chunk).is_err();
        }
    }
    assert_eq!(refused, too_large);
    let verdict = setup.judge_body(genuine, body);
    agree::verdicts(verdict.map(|()| genuine), pending.finish().as_ref());
    agree::verdicts(verdict.map(|()| genuine), whole.as_ref());
    verdict.err().unwrap_or("ok")
}
