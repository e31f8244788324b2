//! What is tried on the finished server from outside: worked scenarios, kills, benchmarks.

fn main() {}
