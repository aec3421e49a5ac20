//! Names of the variables of QStash's SDKs.

use qstash_verify::variables;

use crate::keys::all_pairs;

/// Returns the names of all variables of QStash, including those of regions.
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
