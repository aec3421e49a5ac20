//! Code on the pages that this crate's files hold.

use crate::page::Page;

#[test]
fn development_page_shows_the_tested_files() {
    let page = Page::read("docs/development.md");
    for code in [
        include_str!("axum.rs"),
        include_str!("actix.rs"),
        include_str!("cron_secret.rs"),
    ] {
        let block = format!("```rust,ignore\n{code}```\n");
        assert!(page.text.contains(&block), "not on the page:\n{block}");
    }
}

#[test]
fn readme_has_the_test_command() {
    let readme = Page::read("README.md");
    assert!(readme.text.contains("cargo test --workspace"));
}
