use std::fs;
use std::path::Path;

/// Bytes of all fonts together that a phone may load.
const BUDGET_BYTES: u64 = 32 * 1024;

#[test]
fn the_fonts_fit_their_budget() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../public/fonts");
    let sizes: Vec<u64> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().extension().is_some_and(|ending| ending == "woff2"))
        .map(|entry| entry.metadata().unwrap().len())
        .collect();

    assert_eq!(sizes.len(), 3);
    assert!(sizes.iter().sum::<u64>() <= BUDGET_BYTES, "{sizes:?}");
}
