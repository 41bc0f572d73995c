//! The migrations are embedded by a macro, which Cargo doesn't know to depend on them.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
