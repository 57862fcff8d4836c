"""One remote API per folder, translated to the domain."""
