//! Code on the pages that this crate's files and the examples hold.

use crate::links::pages;
use crate::page::Page;

/// Asserts that a page shows these files.
fn assert_shown(page: &str, files: &[&str]) {
    let page = Page::read(page);
    for code in files {
        let block = format!("```rust,ignore\n{code}```\n");
        assert!(page.text.contains(&block), "not on the page:\n{block}");
    }
}

#[test]
fn development_page_shows_the_tested_files() {
    let files = [
        include_str!("axum.rs"),
        include_str!("actix.rs"),
        include_str!("cron_secret.rs"),
    ];
    assert_shown("docs/development.md", &files);
}

#[test]
fn frameworks_on_axum_page_shows_the_tested_files() {
    let files = [
        include_str!("../frameworks/tonic.rs"),
        include_str!("../frameworks/utoipa.rs"),
        include_str!("../frameworks/aide.rs"),
        include_str!("../frameworks/hyper_util.rs"),
    ];
    assert_shown("docs/frameworks-on-axum.md", &files);
}

/// A Markdown renderer shows the lines that rustdoc hides.
#[test]
fn code_has_no_hidden_lines() {
    for page in pages() {
        for code in page.blocks("rust") {
            let hidden = code
                .lines()
                .find(|line| line.trim() == "#" || line.trim_start().starts_with("# "));
            assert_eq!(hidden, None, "{}", page.path.display());
        }
    }
}

#[test]
fn platforms_page_shows_items_of_the_examples() {
    let page = Page::read("docs/platforms.md");
    let examples = [
        "examples/worker/src/lib.rs",
        "examples/lambda/src/main.rs",
        "examples/vercel/api/webhook.rs",
    ];
    let blocks = page.blocks("rust");
    assert_eq!(blocks.len(), examples.len());
    for (block, example) in blocks.into_iter().zip(examples) {
        let source = Page::read(example).text;
        for item in block.trim_end().split("\n\n") {
            let lines = format!("\n{item}\n");
            assert!(source.contains(&lines), "not in {example}:{lines}");
        }
    }
}

#[test]
fn readme_has_the_test_command() {
    let readme = Page::read("README.md");
    assert!(readme.text.contains("cargo test --workspace"));
}
