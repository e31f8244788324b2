//! The module is split into one piece for each page, and whoever splits must find every reference.

fn main() {
    println!("cargo::rustc-link-arg-cdylib=--emit-relocs");
}
