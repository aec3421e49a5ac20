//! The tests that the README shows, and that it shows these.

mod actix;
mod axum;

#[test]
fn the_readme_shows_these_tests() {
    let readme = include_str!("../../../README.md");
    for shown in [include_str!("axum.rs"), include_str!("actix.rs")] {
        let block = format!("```rust,ignore\n{shown}```\n");
        assert!(readme.contains(&block), "not in the README:\n{block}");
    }
}
