//! Sizes of the pages, and links between them.

use std::path::{Component, Path, PathBuf};

use crate::page::{Page, repository};

pub(crate) fn pages() -> Vec<Page> {
    let mut pages = Page::in_folder("");
    for folder in ["docs", "tests/interop", "tests/tests/contract"] {
        pages.extend(Page::in_folder(folder));
    }
    let crates = std::fs::read_dir(repository().join("crates")).unwrap();
    for entry in crates {
        let name = entry.unwrap().file_name();
        pages.extend(Page::in_folder(&format!("crates/{}", name.display())));
    }
    pages
}

/// The targets of the links to files and headings of this repository.
fn links(page: &Page) -> Vec<&str> {
    let links = page.prose().flat_map(|line| line.split("](").skip(1));
    let targets = links.filter_map(|rest| rest.split(')').next());
    let targets = targets.filter(|target| !target.contains("://") || on_github(target).is_some());
    targets.collect()
}

/// The path and anchor of a link to this repository on GitHub.
fn on_github(link: &str) -> Option<&str> {
    let rest = link.strip_prefix(env!("CARGO_PKG_REPOSITORY"))?;
    let kinds = ["/blob/main/", "/tree/main/"];
    kinds.iter().find_map(|kind| rest.strip_prefix(kind))
}

/// The path with its `..` resolved.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => assert!(normal.pop(), "outside: {}", path.display()),
            component => normal.push(component),
        }
    }
    normal
}

/// Returns the problem of a link, if it has one.
fn problem(page: &Page, link: &str) -> Option<String> {
    let (folder, target) = match on_github(link) {
        Some(target) => (Path::new(""), target),
        None => (page.path.parent().unwrap(), link),
    };
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = match file {
        "" => page.path.clone(),
        file => normal(&folder.join(file)),
    };
    let place = format!("{}: {link}", page.path.display());
    if !repository().join(&path).exists() {
        return Some(format!("{place}: no such file"));
    }
    let is_missing = !anchor.is_empty() && !Page::read(path).anchors().contains(anchor);
    is_missing.then(|| format!("{place}: no such heading"))
}

#[test]
fn links_lead_to_files_and_headings() {
    let pages = pages();
    let problems = pages.iter().flat_map(|page| {
        let links = links(page).into_iter();
        links.filter_map(|link| problem(page, link))
    });
    let problems: Vec<_> = problems.collect();
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn broken_links_are_found() {
    const GITHUB: &str = env!("CARGO_PKG_REPOSITORY");
    let (good, bad) = (
        format!("{GITHUB}/blob/main/docs/cli.md#keys"),
        format!("{GITHUB}/blob/main/docs/cli.md#no"),
    );
    let (folder, missing) = (
        format!("{GITHUB}/tree/main/docs"),
        format!("{GITHUB}/tree/main/no"),
    );
    let page = Page {
        path: "docs/a.md".into(),
        text: format!(
            "[a](../README.md#license) [b](no.md)\n```\n[c](code.md)\n```\n[d](cli.md#no)\n\
             [e](https://docs.rs) [f]({GITHUB}) [g]({good}) [h]({bad}) [i]({folder}) [j]({missing})"
        ),
    };
    let expected = [
        ("../README.md#license", false),
        ("no.md", true),
        ("cli.md#no", true),
        (&good, false),
        (&bad, true),
        (&folder, false),
        (&missing, true),
    ];
    let found = links(&page).into_iter();
    let found: Vec<_> = found
        .map(|link| (link, problem(&page, link).is_some()))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn readme_links_to_every_page() {
    let readme = Page::read("README.md");
    let linked = links(&readme);
    let linked: Vec<_> = linked
        .iter()
        .map(|link| Path::new(link.split('#').next().unwrap()))
        .collect();
    let mut pages = Page::in_folder("docs");
    pages.retain(|page| !linked.contains(&page.path.as_path()));
    let missing: Vec<_> = pages.iter().map(|page| &page.path).collect();
    assert!(missing.is_empty(), "not in the README: {missing:?}");
}

#[test]
fn pages_are_short() {
    let length = Page::read("README.md").text.len();
    assert!(length <= 10_000, "README.md has {length} bytes");
    for page in Page::in_folder("docs") {
        let length = page.text.len();
        assert!(
            length <= 12_000,
            "{} has {length} bytes",
            page.path.display()
        );
    }
}
