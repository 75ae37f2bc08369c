"""Shared by the benchmarks. Each module has one subject; none of them measures anything by itself."""
