"""The series' experiment, its runs, and the figures of papers: long, and read by few."""
