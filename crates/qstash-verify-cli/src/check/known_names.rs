//! Names of the variables that QStash's SDKs read.

use qstash_verify::variables;

use crate::keys::all_pairs;

/// Returns the name of every variable of QStash, those of both regions included.
pub(super) fn known_names() -> Vec<&'static str> {
    let regional = all_pairs().flat_map(|region| {
        let [current, next] = variables::signing_keys(region);
        [
            variables::url(region),
            variables::token(region),
            current,
            next,
        ]
    });
    let mut names: Vec<_> = [variables::REGION, variables::DEVELOPMENT].into();
    names.extend(regional);
    names
}
