//! The migrations are embedded by a macro, which Cargo doesn't know to depend on them.

#[expect(clippy::print_stdout, reason = "it is how a build script speaks to Cargo")]
fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
